#include "client/script.hpp"

#include "client/text/data_item.hpp"
#include "messages/limits.hpp"
#include "messages/text.hpp"
#include "messages/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ringdown::client {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view steps_accepted =
  "start, stop, pause, resume, query, wait TIME, wait for STATE, expect STATE, "
  "expect-outcome OUTCOME, send key=value, merge HEX into HEX, end-call HEX";
constexpr std::string_view states_accepted = "recording, paused, off, unknown";
constexpr std::string_view outcomes_accepted =
  "confirmed, timed_out, partial, superseded, held, recorder_lost, failed, unknown";

/// A word of a step, with its place in the text.
struct word {
  std::string text;
  std::size_t offset = 0;
};

/// Thrown and caught within this file only.
struct failure {
  std::size_t offset;
  std::string problem;
  std::string accepted;
};

constexpr bool ends_step(char c) {
  return c == ',' || c == ';' || c == '\n';
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/// Cuts a script into the words of its steps.
class word_reader {
public:
  explicit word_reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }

  /// The words of the next step; empty for an empty one.
  std::vector<word> step() {
    std::vector<word> words;
    for (;;) {
      while (!at_end() && is_blank(text_[at_]))
        ++at_;
      if (!at_end() && text_[at_] == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      if (at_end())
        return words;
      if (ends_step(text_[at_])) {
        ++at_;
        return words;
      }
      words.push_back(one_word());
    }
  }

private:
  word one_word() {
    word w{{}, at_};
    while (!at_end() && !is_blank(text_[at_]) && !ends_step(text_[at_])) {
      if (text_[at_] == '"')
        quoted(w.text);
      else
        w.text += text_[at_++];
    }
    return w;
  }

  void quoted(std::string& into) {
    auto begin = at_++;
    for (; !at_end() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size())
        ++at_;
      into += text_[at_];
    }
    if (at_end())
      throw failure{begin, "a quote is not closed", "a closing \""};
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Reads the words of one step.
class step_reader {
public:
  explicit step_reader(const std::vector<word>& words) : words_(words) {}

  script_step step() {
    auto& first = words_.front();
    ++at_;
    if (first.text == "wait") {
      if (more() && words_[at_].text == "for") {
        ++at_;
        return expect(first);
      }
      script_wait wait{time(first)};
      no_more();
      return wait;
    }
    if (first.text == "expect")
      return expect(first);
    if (first.text == "expect-outcome")
      return expect_outcome(first);
    if (first.text == "send")
      return send(capture_verb::none, first);
    if (first.text == "merge") {
      script_merge merge;
      merge.old = connection(first);
      auto& into = take(first, "into HEX");
      if (into.text != "into")
        throw failure{into.offset, "unexpected '" + into.text + "'", "into HEX"};
      merge.into = connection(into);
      no_more();
      return merge;
    }
    if (first.text == "end-call") {
      script_end_call end{connection(first)};
      no_more();
      return end;
    }
    auto verb = parse_capture_verb(first.text);
    if (!verb || !is_command(*verb))
      throw failure{first.offset, "unknown step '" + first.text + "'", std::string{steps_accepted}};
    return send(*verb, first);
  }

private:
  bool more() const { return at_ < words_.size(); }

  void no_more() const {
    if (more())
      throw failure{words_[at_].offset, "unexpected '" + words_[at_].text + "'",
                    "a comma, a semicolon or a new line"};
  }

  const word& take(const word& behind, std::string_view accepted) {
    if (!more())
      throw failure{behind.offset + behind.text.size(),
                    "something is missing after '" + behind.text + "'", std::string{accepted}};
    return words_[at_++];
  }

  milliseconds time(const word& behind) {
    auto& w = take(behind, time_accepted);
    auto parsed = parse_time(w.text);
    if (!parsed)
      throw failure{w.offset, "'" + w.text + "' is no time", std::string{time_accepted}};
    return *parsed;
  }

  conn_id connection(const word& behind) {
    auto& w = take(behind, "1 to 16 hex digits");
    auto id = parse_conn_id(w.text);
    if (!id)
      throw failure{w.offset, "'" + w.text + "' is no ConnID", "1 to 16 hex digits"};
    return *id;
  }

  script_expect expect(const word& first) {
    script_expect result;
    auto& state = take(first, states_accepted);
    result.wanted = light_named(state);
    within(result.within);
    return result;
  }

  script_expect_outcome expect_outcome(const word& first) {
    script_expect_outcome result;
    result.wanted = outcome_named(take(first, outcomes_accepted));
    within(result.within);
    return result;
  }

  /// The rest of the step: `within TIME`, or nothing.
  void within(milliseconds& limit) {
    if (more()) {
      auto& within = words_[at_++];
      if (within.text != "within")
        throw failure{within.offset, "unexpected '" + within.text + "'", "within TIME"};
      limit = time(within);
    }
    no_more();
  }

  static outcome outcome_named(const word& w) {
    for (auto o : {outcome::confirmed, outcome::timed_out, outcome::partial, outcome::superseded,
                   outcome::held, outcome::recorder_lost, outcome::failed, outcome::unknown})
      if (w.text == to_string(o))
        return o;
    throw failure{w.offset, "unknown outcome '" + w.text + "'", std::string{outcomes_accepted}};
  }

  static light light_named(const word& w) {
    for (auto l : {light::unknown, light::recording, light::paused, light::off})
      if (w.text == to_string(l))
        return l;
    if (w.text == "enabled")
      return light::recording;
    if (w.text == "disabled")
      return light::off;
    throw failure{w.offset, "unknown state '" + w.text + "'", std::string{states_accepted}};
  }

  script_send send(capture_verb verb, const word& first) {
    script_send result;
    result.verb = verb;
    while (more()) {
      auto& w = words_[at_++];
      if (!option(w, result))
        item(w, result);
    }
    if (verb == capture_verb::none && result.data.pairs.empty())
      throw failure{first.offset + first.text.size(), "nothing to send",
                    "key=value, n:key=NUMBER or b:key=HEX"};
    return result;
  }

  static bool option(const word& w, script_send& into) {
    std::string_view text = w.text;
    if (text.starts_with("conn=")) {
      into.connection = parse_conn_id(text.substr(5));
      if (!into.connection)
        throw failure{w.offset, "'" + w.text + "' is no ConnID", "conn= and 1 to 16 hex digits"};
      return true;
    }
    if (text.starts_with("if-version=")) {
      text.remove_prefix(11);
      std::uint64_t number = 0;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc{} || end != text.data() + text.size())
        throw failure{w.offset, "'" + w.text + "' is no version", "if-version= and a number"};
      into.if_version = command_version{number};
      return true;
    }
    if (text.starts_with("reason=") && into.verb != capture_verb::none) {
      into.reason = text.substr(7);
      if (into.reason.size() > reason_bytes_max || !wire::valid_utf8(into.reason) ||
          wire::has_control_character(into.reason) || wire::has_layout_character(into.reason))
        throw failure{w.offset, "'" + w.text + "' is no reason",
                      "reason= and at most " + std::to_string(reason_bytes_max) +
                        " bytes of UTF-8 without control characters"};
      return true;
    }
    return false;
  }

  static void item(const word& w, script_send& into) {
    if (into.verb != capture_verb::none)
      throw failure{w.offset, "unexpected '" + w.text + "'",
                    "conn=HEX, if-version=NUMBER or reason=TEXT"};
    auto parsed = parse_data_item(w.text);
    if (auto* error = std::get_if<data_item_error>(&parsed))
      throw failure{w.offset, "'" + w.text + "' is no data", error->text};
    into.data.pairs.push_back(std::move(std::get<user_data_pair>(parsed)));
  }

  const std::vector<word>& words_;
  std::size_t at_ = 0;
};

script_error at(std::string_view text, failure f) {
  script_error error;
  auto before = text.substr(0, std::min(f.offset, text.size()));
  error.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  auto line_start = before.rfind('\n');
  error.column = before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
  constexpr std::size_t problem_bytes_max = 200;
  if (f.problem.size() > problem_bytes_max)
    f.problem = f.problem.substr(0, problem_bytes_max) + "...";
  error.problem = std::move(f.problem);
  error.accepted = std::move(f.accepted);
  return error;
}

} // namespace

std::optional<milliseconds> parse_time(std::string_view text) {
  double factor = 0;
  if (text.ends_with("ms")) {
    factor = 1;
    text.remove_suffix(2);
  } else if (text.ends_with("s")) {
    factor = 1000;
    text.remove_suffix(1);
  }
  double number = 0;
  auto [end, error] =
    std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  auto whole = error == std::errc{} && end == text.data() + text.size();
  auto limit = static_cast<double>(script_wait_max.count());
  if (!whole || factor == 0 || !(number >= 0) || number * factor > limit)
    return std::nullopt;
  return milliseconds{std::llround(number * factor)};
}

std::string script_error::text() const {
  return printable("line " + std::to_string(line) + ", column " + std::to_string(column) + ": " +
                   problem + "; accepted: " + accepted);
}

std::variant<script, script_error> parse_script(std::string_view text) {
  if (text.size() > script_bytes_max)
    return at(text, {script_bytes_max, "the script is too long",
                     "at most " + std::to_string(script_bytes_max) + " bytes"});
  try {
    script result;
    word_reader reader{text};
    while (!reader.at_end()) {
      auto words = reader.step();
      if (words.empty())
        continue;
      if (result.size() == script_steps_max)
        throw failure{words.front().offset, "too many steps",
                      "at most " + std::to_string(script_steps_max)};
      result.push_back(step_reader{words}.step());
    }
    return result;
  } catch (failure& f) {
    return at(text, std::move(f));
  }
}

// ---- back to text --------------------------------------------------------------------------

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out += '"';
}

std::string item_text(const user_data_pair& pair) {
  if (auto* number = std::get_if<std::int64_t>(&pair.value))
    return quoted("n:" + pair.key + "=" + std::to_string(*number));
  if (auto* binary = std::get_if<binary_value>(&pair.value))
    return quoted("b:" + pair.key + "=" + to_hex(std::string_view{binary->bytes}));
  auto* text = std::get_if<std::string>(&pair.value);
  return quoted("s:" + pair.key + "=" + (text != nullptr ? *text : std::string{}));
}

std::string text_of(const script_send& send) {
  std::string out{send.verb == capture_verb::none ? "send" : to_string(send.verb)};
  for (auto& pair : send.data.pairs)
    out += " " + item_text(pair);
  if (send.connection)
    out += " conn=" + to_string(*send.connection);
  if (send.if_version)
    out += " if-version=" + std::to_string(send.if_version->value);
  if (!send.reason.empty())
    out += " " + quoted("reason=" + send.reason);
  return out;
}

std::string text_of(const script_wait& wait) {
  return "wait " + std::to_string(wait.time.count()) + "ms";
}

std::string text_of(const script_expect& expect) {
  return "expect " + std::string{to_string(expect.wanted)} + " within " +
         std::to_string(expect.within.count()) + "ms";
}

std::string text_of(const script_expect_outcome& expect) {
  return "expect-outcome " + std::string{to_string(expect.wanted)} + " within " +
         std::to_string(expect.within.count()) + "ms";
}

std::string text_of(const script_merge& merge) {
  return "merge " + to_string(merge.old) + " into " + to_string(merge.into);
}

std::string text_of(const script_end_call& end) {
  return "end-call " + to_string(end.connection);
}

} // namespace

std::string to_text(const script_step& step) {
  return std::visit([](const auto& s) { return text_of(s); }, step);
}

} // namespace ringdown::client
