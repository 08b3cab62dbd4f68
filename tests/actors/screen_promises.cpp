#include "tests/actors/screen_life.hpp"

#include <algorithm>
#include <map>

namespace ringdown::test {

namespace {

bool records(capture_verb verb) {
  return verb == capture_verb::start || verb == capture_verb::resume;
}

std::string name_of(const screen_order& o) {
  return std::string{to_string(o.verb)} + " " + std::to_string(o.sequence.value);
}

// ---- 1: nothing records while a pause stands ---------------------------------------------------

std::string recorded_in_a_pause(const screen_event& event, const screen_result& result) {
  if (result.state.pauses.empty())
    return "";
  for (auto& order : all_of<send_order>(result.effects))
    if (records(order.verb))
      return "the broker orders to record while a pause stands";
  if (auto* c = std::get_if<command_admitted>(&event))
    if (records(c->command.verb) && !c->recorders.empty())
      return "a command to record went to recorders while a pause stands";
  return "";
}

// ---- 2: the light never hides a recording ------------------------------------------------------

std::string hidden_recording(const screen& after) {
  auto shown = light(after);
  for (auto& r : after.recorders) {
    bool records_one = std::any_of(r.calls.begin(), r.calls.end(), [](const call_word& w) {
      return w.state == capture_state::enabled;
    });
    bool says = r.said == capture_state::enabled || (r.per_call && records_one);
    if (says && shown != capture_state::enabled)
      return "a recorder says enabled and the light does not";
    if (!r.said && (shown == capture_state::paused || shown == capture_state::disabled))
      return "a recorder has said nothing and the light is sure";
  }
  return "";
}

std::string light_in_silence(const screen& before, const screen_event& event,
                             const screen_result& result) {
  auto was = light(before);
  auto is = light(result.state);
  bool is_word = std::holds_alternative<indication_heard>(event);
  auto said = all_of<say_unknown>(result.effects);
  if (was != is && !is_word && (said.empty() || is != capture_state::unknown))
    return "the light changed without a word";
  if (!said.empty() && is != capture_state::unknown)
    return "unknown is said, and the light is not";
  return "";
}

// ---- 3: what ends a pause ----------------------------------------------------------------------

const command_admitted* as_command(const screen_event& event) {
  return std::get_if<command_admitted>(&event);
}

bool is_excused(const screen& before, const screen_pause& p, const screen_event& event, moment at,
                const screen_rules& rules) {
  bool long_gone = p.gone_since && at.now - *p.gone_since >= rules.confirm.dead_desktop_after;
  if (auto* c = as_command(event)) {
    auto& from = c->command.from;
    switch (c->command.verb) {
    case capture_verb::stop: return true;
    case capture_verb::start: return rules.confirm.new_call == new_call_policy::lifts;
    case capture_verb::pause: return p.holder.is_same(from); // it stands on, as a newer one
    case capture_verb::resume:
      return rules.confirm.ownership == pause_ownership::anyone || p.holder.is_same(from) ||
             long_gone || (c->command.by_supervisor && p.gone_since);
    default: return false;
    }
  }
  if (auto* ended = std::get_if<call_ended>(&event)) {
    auto* call = find_call(before, ended->connection);
    return p.covers == ended->connection || (call != nullptr && call->is_of(p.covers));
  }
  return std::holds_alternative<tick_due>(event) && long_gone &&
         rules.confirm.dead_desktop == dead_desktop_policy::resume;
}

std::string pause_ended_wrongly(const screen& before, const screen_event& event, moment at,
                                const screen_rules& rules, const screen& after) {
  for (auto& p : before.pauses) {
    bool stands = std::any_of(after.pauses.begin(), after.pauses.end(),
                              [&](const screen_pause& q) { return q.version == p.version; });
    if (!stands && !is_excused(before, p, event, at, rules))
      return "a pause of " + p.holder.application + " ended, and nobody may have ended it";
  }
  return "";
}

// ---- 5: outcomes -------------------------------------------------------------------------------

std::size_t count(const screen_order& o, recorder_verdict v) {
  return static_cast<std::size_t>(
    std::count_if(o.recorders.begin(), o.recorders.end(), [v](auto& r) { return r.verdict == v; }));
}

std::string wrong_outcome(const decided& d, moment at, const screen_rules& rules,
                          const screen& after) {
  auto& o = d.order;
  auto confirmed = count(o, recorder_verdict::confirmed);
  auto needed = confirmations_needed(policy_for(o.verb, rules.confirm), o.recorders.size());
  bool is_told = !o.recorders.empty();
  bool has_enough = is_told && confirmed >= needed;
  bool is_late = o.deadline <= at.now;
  bool some_final =
    std::any_of(o.recorders.begin(), o.recorders.end(), [](auto& r) { return r.is_final; });
  bool none_open =
    count(o, recorder_verdict::silent) + count(o, recorder_verdict::otherwise) ==
    static_cast<std::size_t>(std::count_if(o.recorders.begin(), o.recorders.end(), [](auto& r) {
      return r.verdict == recorder_verdict::otherwise && r.is_final;
    }));
  bool was_kept = o.deadline == steady_ms{0} && !is_told;
  auto wrong = [&](bool right) {
    return right ? std::string{}
                 : name_of(o) + " is " + std::string{to_string(d.result)} + " wrongly";
  };
  switch (d.result) {
  case outcome::confirmed: return wrong(has_enough || was_kept);
  case outcome::timed_out: return wrong(is_late && confirmed == 0);
  case outcome::partial:
    return wrong(confirmed != 0 && !has_enough && (is_late || none_open || some_final));
  case outcome::superseded: return wrong(d.superseded_by > o.version);
  case outcome::held: return wrong(was_kept && d.held_by && !after.pauses.empty());
  case outcome::recorder_lost: return wrong(is_told && confirmed == 0 && none_open && !some_final);
  case outcome::failed: return wrong(is_told && confirmed == 0 && some_final);
  case outcome::unknown: return "";
  }
  return "no outcome";
}

/// An order of the broker's that failed calls for a person.
std::string failed_in_silence(const screen_result& result) {
  if (result.state.is_draining)
    return "";
  for (auto& d : all_of<decided>(result.effects)) {
    bool is_no_room = d.result == outcome::recorder_lost &&
                      count(d.order, recorder_verdict::not_queued) == d.order.recorders.size();
    bool has_failed = d.result == outcome::timed_out || d.result == outcome::partial ||
                      d.result == outcome::failed || is_no_room;
    if (!d.order.is_own() || d.order.verb == capture_verb::query || !has_failed)
      continue;
    auto alarms = all_of<raise_alarm>(result.effects);
    if (std::none_of(alarms.begin(), alarms.end(), [](const raise_alarm& a) {
          return a.reason == broker_reason::recorder_unconfirmed;
        }))
      return "the broker's " + name_of(d.order) + " failed in silence";
  }
  return "";
}

/// Every order in sight before, or begun now, is in sight after or decided, just once.
std::string miscounted(const screen& before, const screen_event& event,
                       const screen_result& result) {
  std::map<std::uint64_t, int> owed;
  std::map<std::uint64_t, int> held;
  for (auto& o : before.orders)
    ++owed[o.sequence.value];
  for (auto& h : before.held)
    ++held[h.sequence.value];
  if (auto* c = as_command(event))
    ++owed[c->sequence.value];
  if (auto* sent = std::get_if<order_sent>(&event))
    ++owed[sent->sequence.value];
  for (auto& o : result.state.orders) {
    --owed[o.sequence.value];
    if (auto* c = as_command(event); c != nullptr && o.sequence == c->sequence)
      for (auto released : o.releases)
        --held[released.value];
  }
  for (auto& d : all_of<decided>(result.effects)) {
    --owed[d.order.sequence.value];
    if (d.result == outcome::held)
      ++held[d.order.sequence.value];
  }
  for (auto& o : all_of<send_order>(result.effects))
    for (auto released : o.releases)
      --held[released.value];
  for (auto& over : all_of<hold_over>(result.effects))
    --held[over.command.sequence.value];
  for (auto& h : result.state.held)
    --held[h.sequence.value];
  for (auto& [sequence, left] : owed)
    if (left != 0)
      return "order " + std::to_string(sequence) + (left > 0 ? " got lost" : " was doubled");
  for (auto& [sequence, left] : held)
    if (left != 0)
      return "held " + std::to_string(sequence) + (left > 0 ? " got lost" : " was doubled");
  return "";
}

// ---- bounds and time ---------------------------------------------------------------------------

std::string out_of_bounds(const screen& before, const screen_rules& rules, const screen& after) {
  if (after.calls.size() > rules.calls_max)
    return "too many calls";
  if (after.held.size() > held_max || after.alarms.size() > alarms_max ||
      after.ended.size() > ended_calls_max)
    return "a bound is broken";
  if (after.pauses.size() > std::max(before.pauses.size(), pauses_max))
    return "too many pauses";
  for (auto& r : after.recorders) {
    if (r.owes.size() > owed_max)
      return "a recorder owes too much";
    if (r.drift.told > corrections_max + 1 || r.drift.corrections > corrections_max ||
        r.drift.in_a_row > r.drift.corrections)
      return "too many corrections";
  }
  if (after.graces > graces_max)
    return "too many graces";
  if (after.pauses.empty() && !after.held.empty())
    return "something is held, and no pause stands";
  return "";
}

std::string late_tick(const screen_event& event, moment at, const screen_result& result) {
  auto& after = result.state;
  auto latest = steady_ms::max();
  for (auto& o : after.orders)
    latest = std::min(latest, o.deadline);
  if (latest != steady_ms::max() && (!after.tick_at || *after.tick_at > latest))
    return "the tick comes after a deadline";
  if (std::holds_alternative<tick_due>(event) && latest < at.now && after.tick_at > at.now)
    return "a deadline has passed and nothing followed";
  return "";
}

} // namespace

std::string broken_promise(const screen& before, const screen_event& event, moment at,
                           const screen_rules& rules, const screen_result& result) {
  for (auto& wrong : {recorded_in_a_pause(event, result), hidden_recording(result.state),
                      light_in_silence(before, event, result),
                      pause_ended_wrongly(before, event, at, rules, result.state),
                      failed_in_silence(result), miscounted(before, event, result),
                      out_of_bounds(before, rules, result.state), late_tick(event, at, result)})
    if (!wrong.empty())
      return wrong;
  for (auto& d : all_of<decided>(result.effects))
    if (auto wrong = wrong_outcome(d, at, rules, result.state); !wrong.empty())
      return wrong;
  return "";
}

} // namespace ringdown::test
