#include "client/cli/misbehavior.hpp"

#include "client/script.hpp"
#include "messages/text.hpp"

namespace ringdown::client {

namespace {

constexpr std::string_view kinds_accepted =
  "ignore VERB, fail VERB, confirm after TIME, crash on VERB, stop answering heartbeats";
constexpr std::string_view verbs_accepted = "start, stop, pause, resume";

std::string complaint(std::string_view problem, std::string_view accepted) {
  constexpr std::size_t problem_bytes_max = 200;
  return printable(problem.substr(0, problem_bytes_max)) + "; accepted: " + std::string{accepted};
}

/// Takes the words off the text's front.
bool begins(std::string_view& text, std::string_view words) {
  if (!text.starts_with(words))
    return false;
  text.remove_prefix(words.size());
  return true;
}

std::optional<std::string> add_verb(std::string_view name, std::set<capture_verb>& into) {
  auto verb = parse_capture_verb(name);
  if (!verb || !is_command(*verb))
    return complaint("unknown command '" + std::string{name} + "'", verbs_accepted);
  if (*verb == capture_verb::query)
    return complaint("a query is answered by the client library", verbs_accepted);
  into.insert(*verb);
  return std::nullopt;
}

} // namespace

std::optional<std::string> add_misbehavior(std::string_view text, misbehavior& into) {
  auto rest = text;
  if (begins(rest, "ignore "))
    return add_verb(rest, into.ignored);
  if (begins(rest, "fail "))
    return add_verb(rest, into.failed);
  if (begins(rest, "crash on "))
    return add_verb(rest, into.crash_on);
  if (begins(rest, "confirm after ")) {
    into.confirm_after = parse_time(rest);
    return into.confirm_after
             ? std::nullopt
             : std::optional{complaint("'" + std::string{rest} + "' is no time", time_accepted)};
  }
  if (text == "stop answering heartbeats") {
    into.silent = true;
    return std::nullopt;
  }
  return complaint("unknown misbehavior '" + std::string{text} + "'", kinds_accepted);
}

} // namespace ringdown::client
