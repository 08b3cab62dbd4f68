// The script language of `ringdown desktop`.
//
// Input: the script.
#include "client/script.hpp"
#include "tests/fuzz/promise.hpp"

#include <algorithm>

using namespace ringdown::client;
using namespace ringdown::fuzz;

namespace {

void check_error(std::string_view text, const script_error& error) {
  auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  promise(error.line >= 1 && error.line <= static_cast<std::size_t>(lines),
          "an error's line is one of the text");
  auto line = text;
  for (auto i = error.line; i > 1; --i)
    line.remove_prefix(line.find('\n') + 1);
  line = line.substr(0, line.find('\n'));
  promise(error.column >= 1 && error.column <= line.size() + 1, "an error's column is in its line");
  promise(!error.problem.empty() && !error.accepted.empty(),
          "an error says what is wrong and what is accepted");
  promise(is_one_line(error.text()) && error.text().size() < 2000,
          "an error may be shown to people as one line");
}

void check_script(const script& steps, std::string_view separator) {
  std::string written;
  for (auto& step : steps)
    written.append(to_text(step)).append(separator);
  if (written.size() > script_bytes_max)
    return; // what is written in full may be longer than what was read
  auto again = parse_script(written);
  if (auto* error = std::get_if<script_error>(&again))
    broken("a script written out can be read", error->text() + "\nin: " + written);
  promise(std::get<script>(again) == steps, "a script written and read again is the same");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = input{data, size}.rest();
  auto parsed = parse_script(text);
  if (auto* error = std::get_if<script_error>(&parsed)) {
    check_error(text, *error);
    return 0;
  }
  auto& steps = std::get<script>(parsed);
  promise(steps.size() <= script_steps_max, "no script has more steps than allowed");
  check_script(steps, ",");
  check_script(steps, "\n");
  return 0;
}
