#include "client/cli/trace_text.hpp"

#include "client/cli/admin_port.hpp"
#include "client/text/describe.hpp"
#include "client/words.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <charconv>

namespace ringdown::cli {

std::optional<std::chrono::seconds> parse_trace_time(std::string_view text) {
  constexpr int seconds_of_minute = 60;
  int number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{})
    return std::nullopt;
  auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (number < 1 || number > trace_time_max.count() ||
      !(unit.empty() || unit == "s" || unit == "m"))
    return std::nullopt;
  std::chrono::seconds time{unit == "m" ? number * seconds_of_minute : number};
  return time <= trace_time_max ? std::optional{time} : std::nullopt;
}

std::string trace_line_text(const json& line) {
  constexpr std::int64_t us_of_second = 1'000'000;
  auto time_us = number_of(line, "time_us");
  auto shown = [&](const char* key) { return printable(text_of(line, key)); };
  auto text =
    fmt::format("{}.{:06} {:3} {} {} ({}) {}", client::clock_text(time_us),
                time_us < 0 ? 0 : time_us % us_of_second, shown("direction"), shown("role"),
                printable_word(text_of(line, "application")), shown("client"), shown("kind"));
  auto add = [&](std::string_view before, const std::string& what) {
    if (!what.empty())
      text += fmt::format(" {}{}", before, what);
  };
  auto dn = text_of(line, "dn");
  if (!dn.empty())
    add("", printable_word(dn));
  if (auto dns = number_of(line, "dns"); dns > 1)
    add("of ", fmt::format("{} DNs", dns));
  add("", shown("verb"));
  add("light ", client::upper(shown("light")));
  if (auto reference = number_of(line, "reference"); reference != 0)
    add("ref ", std::to_string(reference));
  add("command ", shown("command"));
  add("-> ", shown("result"));
  return text;
}

} // namespace ringdown::cli
