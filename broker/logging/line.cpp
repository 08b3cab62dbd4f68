#include "broker/logging/line.hpp"

#include "messages/text.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace ringdown::logging {
namespace {

constexpr std::array<std::string_view, 6> upper_names{"TRACE", "DEBUG", "INFO",
                                                      "WARN",  "ERROR", "OFF"};

enum class fraction { milliseconds, microseconds };

/// "2026-11-22", a separator, "15:04:05.", then the fraction.
void append_time(std::string& out, std::chrono::system_clock::time_point at, char separator,
                 fraction parts) {
  using namespace std::chrono;
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{floor<microseconds>(at - day)};
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}."),
                 int{date.year()}, unsigned{date.month()}, unsigned{date.day()}, separator,
                 time.hours().count(), time.minutes().count(), time.seconds().count());
  auto us = time.subseconds().count();
  if (parts == fraction::milliseconds)
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{:03}"), us / 1000);
  else
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{:06}"), us);
}

/// A text cut to its bound, with the number of bytes that are gone.
struct bounded {
  std::string_view kept;
  std::size_t gone;
};
bounded bound(std::string_view text) noexcept {
  const auto kept = cut_text(text, text_bytes_max);
  return {kept, text.size() - kept.size()};
}

void append_gone(std::string& out, std::size_t bytes) {
  if (bytes > 0)
    fmt::format_to(std::back_inserter(out), "...(+{} bytes)", bytes);
}

bool needs_quotes(std::string_view text) noexcept {
  auto plain = [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '=' && c != '\\' && c != 0x7f;
  };
  return text.empty() || !std::all_of(text.begin(), text.end(), plain);
}

void append_quoted(std::string& out, std::string_view text, bad_bytes bad) {
  const auto [kept, gone] = bound(text);
  out += '"';
  append_escaped(out, kept, bad);
  append_gone(out, gone);
  out += '"';
}

struct human_value {
  std::string& out;
  void operator()(bool v) const { out += v ? "true" : "false"; }
  void operator()(std::string_view v) const {
    if (needs_quotes(v)) {
      append_quoted(out, v, bad_bytes::shown);
      return;
    }
    const auto [kept, gone] = bound(v);
    append_printable(out, kept);
    append_gone(out, gone);
  }
  void operator()(auto number) const {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), number);
  }
};

struct json_value {
  std::string& out;
  void operator()(bool v) const { out += v ? "true" : "false"; }
  void operator()(std::string_view v) const { append_quoted(out, v, bad_bytes::replaced); }
  void operator()(double v) const {
    // JSON has no word for infinity and not-a-number.
    if (std::isfinite(v))
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), v);
    else
      out += "null";
  }
  void operator()(auto number) const {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), number);
  }
};

/// A column: as wide at least, and a space.
void append_padded(std::string& out, std::string_view text, std::size_t width) {
  out += text;
  out.append(1 + width - std::min(width, text.size()), ' ');
}

void append_human(std::string& out, const entry& e, reader who) {
  if (who != reader::journal) {
    append_time(out, e.at, ' ', fraction::milliseconds);
    out += ' ';
  }
  append_padded(out, upper_names[static_cast<std::size_t>(e.importance)], 5);
  append_padded(out, to_string(e.from), 10);
  const auto [kept, gone] = bound(e.message);
  append_printable(out, kept);
  append_gone(out, gone);
  std::string_view separator = "  ";
  for (const auto& f : e.fields) {
    out += separator;
    append_printable(out, f.key);
    out += '=';
    std::visit(human_value{out}, f.value);
    separator = " ";
  }
}

bool is_fixed_key(std::string_view key) noexcept {
  return key == "time" || key == "level" || key == "component" || key == "message";
}

void append_json(std::string& out, const entry& e) {
  out += R"({"time":")";
  append_time(out, e.at, 'T', fraction::microseconds);
  out += R"(Z","level":")";
  out += to_string(e.importance);
  out += R"(","component":")";
  out += to_string(e.from);
  out += R"(","message":)";
  append_quoted(out, e.message, bad_bytes::replaced);
  for (const auto& f : e.fields) {
    out += is_fixed_key(f.key) ? ",\"_" : ",\"";
    append_escaped(out, f.key, bad_bytes::replaced);
    out += "\":";
    std::visit(json_value{out}, f.value);
  }
  out += '}';
}

} // namespace

void append_line(std::string& out, format f, const entry& e, reader who) {
  if (who == reader::journal)
    out += priority(e.importance);
  switch (f) {
  case format::human: append_human(out, e, who); return;
  case format::json: append_json(out, e); return;
  }
}

} // namespace ringdown::logging
