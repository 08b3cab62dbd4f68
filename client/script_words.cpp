// What may be typed next at the prompt of `ringdown desktop`.
#include "client/script.hpp"

#include "messages/outcome.hpp"

#include <algorithm>
#include <span>

namespace ringdown::client {

namespace {

using words = std::span<const std::string_view>;

constexpr std::string_view blanks = " \t\r";

constexpr std::string_view first_words[] = {
  "start", "stop", "pause", "resume",   "query",  "expect", "expect-outcome",
  "wait",  "send", "merge", "end-call", "status", "help",   "quit"};
constexpr std::string_view light_words[] = {"recording", "paused", "off", "unknown"};
constexpr std::string_view outcome_words[] = {"confirmed", "timed_out",     "partial", "superseded",
                                              "held",      "recorder_lost", "failed",  "unknown"};
constexpr std::string_view option_words[] = {"conn=", "if-version=", "reason="};
constexpr std::string_view within_word[] = {"within"};

std::vector<std::string_view> split(std::string_view step) {
  std::vector<std::string_view> out;
  while (true) {
    auto begin = step.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
      return out;
    auto end = std::min(step.find_first_of(blanks, begin), step.size());
    out.push_back(step.substr(begin, end - begin));
    step.remove_prefix(end);
  }
}

/// Behind `expect`, `wait for` or `expect-outcome`: a word of these, then a time.
words expected(std::size_t behind, words accepted) {
  return behind == 0 ? accepted : behind == 1 ? within_word : words{};
}

/// What may stand behind these words of a step.
words behind(const std::vector<std::string_view>& before) {
  if (before.empty())
    return first_words;
  auto& first = before.front();
  auto count = before.size();
  if (first == "expect")
    return expected(count - 1, light_words);
  if (first == "expect-outcome")
    return expected(count - 1, outcome_words);
  if (first == "wait" && count == 1) {
    static constexpr std::string_view for_word[] = {"for"};
    return for_word;
  }
  if (first == "wait" && before[1] == "for")
    return expected(count - 2, light_words);
  if (first == "merge" && count == 2) {
    static constexpr std::string_view into_word[] = {"into"};
    return into_word;
  }
  auto verb = parse_capture_verb(first);
  return verb && is_command(*verb) ? option_words : words{};
}

} // namespace

script_completion complete_script(std::string_view line) {
  auto separator = line.find_last_of(",;");
  auto step = separator == std::string_view::npos ? line : line.substr(separator + 1);
  auto before = split(step);
  script_completion result;
  bool has_begun = !step.empty() && blanks.find(step.back()) == std::string_view::npos;
  auto begun = has_begun ? before.back() : std::string_view{};
  result.begun = begun.size();
  if (has_begun)
    before.pop_back();
  for (auto word : behind(before))
    if (word.starts_with(begun))
      result.words.push_back(word);
  return result;
}

} // namespace ringdown::client
