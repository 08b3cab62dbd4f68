#include "tests/actors/session_life.hpp"

#include <algorithm>
#include <map>

namespace ringdown::test {

namespace {

template <class Effect>
std::vector<Effect> all(const session_result& result) {
  std::vector<Effect> found;
  for (auto& effect : result.effects)
    if (auto* one = std::get_if<Effect>(&effect))
      found.push_back(*one);
  return found;
}

confirm_policy policy(capture_verb verb, const confirm_rules& rules) {
  switch (verb) {
  case capture_verb::start: return rules.start;
  case capture_verb::resume: return rules.resume;
  case capture_verb::pause: return rules.pause;
  case capture_verb::stop: return rules.stop;
  default: return confirm_policy::all;
  }
}

std::size_t confirmed(const pending_command& c) {
  std::size_t count = 0;
  for (auto& r : c.recorders)
    count += r.verdict == recorder_verdict::confirmed ? 1 : 0;
  return count;
}

std::string wrong_outcome(const decided& d, const session_state& after, steady_ms now,
                          const session_rules& rules) {
  auto& c = d.command;
  auto enough = confirmations_needed(policy(c.verb, rules.confirm), c.recorders.size());
  bool has_enough = !c.recorders.empty() && confirmed(c) >= enough;
  auto lost = [](const awaited_recorder& r) {
    return r.verdict == recorder_verdict::lost || r.verdict == recorder_verdict::not_queued;
  };
  bool nobody_left = std::all_of(c.recorders.begin(), c.recorders.end(), [&](auto& r) {
    return lost(r) || r.verdict == recorder_verdict::confirmed;
  });
  switch (d.result) {
  case outcome::confirmed: return has_enough ? "" : "confirmed without enough recorders";
  case outcome::timed_out: return now >= c.deadline && confirmed(c) == 0 ? "" : "timed out wrongly";
  case outcome::partial:
    return confirmed(c) != 0 && !has_enough && (now >= c.deadline || nobody_left)
             ? ""
             : "partial wrongly";
  case outcome::superseded:
    return d.superseded_by == after.version && c.version < after.version && desired_by(c.verb) &&
               desired_by(c.verb) != after.desired
             ? ""
             : "superseded wrongly";
  case outcome::held: return c.recorders.empty() ? "" : "held and asked for";
  case outcome::recorder_lost:
    return !c.recorders.empty() && nobody_left && confirmed(c) == 0 ? "" : "lost wrongly";
  case outcome::unknown: return "";
  }
  return "no outcome";
}

/// Every command in sight before is in sight after, or decided, exactly once.
std::string wrong_count(const session_state& before, const session_event& event,
                        const session_result& result) {
  std::map<std::uint64_t, int> owed;
  for (auto& c : before.pending)
    ++owed[c.sequence.value];
  if (auto* command = std::get_if<command_admitted>(&event))
    ++owed[command->command.sequence.value];
  if (auto* merged = std::get_if<merged_in>(&event))
    for (auto& c : merged->other.pending)
      ++owed[c.sequence.value];
  for (auto& c : result.state.pending)
    --owed[c.sequence.value];
  for (auto& d : outcomes_in(result))
    --owed[d.command.sequence.value];
  for (auto& [sequence, count] : owed)
    if (count != 0)
      return "command " + std::to_string(sequence) + (count > 0 ? " got lost" : " was doubled");
  return "";
}

std::string wrong_words(const session_state& before, const session_event& event,
                        const session_result& result) {
  auto told = all<say_unknown>(result);
  bool became_unknown =
    before.observed != capture_state::unknown && result.state.observed == capture_state::unknown;
  if (became_unknown && told.size() != 1)
    return "the light went out in silence";
  if (!told.empty() && result.state.observed != capture_state::unknown)
    return "unknown is said, and something is known";
  auto* gone = std::get_if<recorder_gone>(&event);
  bool guarded =
    before.desired == capture_state::enabled || before.desired == capture_state::paused;
  if (gone != nullptr && gone->was_active && gone->active_left == 0 && guarded &&
      (told.empty() || !told.front().alarm))
    return "the last recorder is lost and nobody is called";
  if (result.state.observed != capture_state::unknown && result.state.words.empty())
    return "nobody has spoken, and something is known";
  return "";
}

std::string wrong_tick(const session_event& event, steady_ms now, const session_rules& rules,
                       const session_state& after) {
  if (after.life == session_life::ended)
    return "";
  if (!after.tick_at)
    return "a live session without a tick";
  auto latest = after.last_event + rules.session_idle_max;
  for (auto& c : after.pending)
    latest = std::min(latest, c.deadline);
  for (auto& r : after.rechecks)
    latest = std::min(latest, r.deadline);
  if (after.alarm_at)
    latest = std::min(latest, *after.alarm_at);
  if (*after.tick_at > latest)
    return "the tick comes too late";
  if (std::holds_alternative<tick_due>(event) && latest <= now)
    return "a deadline has passed and nothing followed";
  return "";
}

} // namespace

std::vector<decided> outcomes_in(const session_result& result) {
  return all<decided>(result);
}

std::string broken_promise(const session_state& before, const session_event& event, steady_ms now,
                           const session_rules& rules, const session_result& result) {
  if (before.life == session_life::ended)
    return result.state == before && result.effects.empty() ? "" : "an ended session moved";
  auto ends = all<end_session>(result);
  if ((result.state.life == session_life::ended) != (ends.size() == 1))
    return "the end is not told once";
  if (!ends.empty() && !std::holds_alternative<end_session>(result.effects.back()))
    return "something follows the end";
  bool hands_over = std::holds_alternative<merged_away>(event);
  if (!ends.empty() && !hands_over && !result.state.pending.empty())
    return "it ended and owes an outcome";
  for (auto& d : outcomes_in(result))
    if (auto wrong = wrong_outcome(d, result.state, now, rules); !wrong.empty())
      return wrong;
  if (auto wrong = wrong_count(before, event, result); !wrong.empty())
    return wrong;
  if (auto wrong = wrong_words(before, event, result); !wrong.empty())
    return wrong;
  return wrong_tick(event, now, rules, result.state);
}

command_admitted admitted(capture_verb verb, std::uint64_t number, steady_ms deadline,
                          std::vector<awaited_recorder> recorders) {
  command_admitted event;
  event.command = {{number}, verb, {}, deadline, std::move(recorders)};
  if (desired_by(verb))
    event.command.version = {number};
  return event;
}

} // namespace ringdown::test
