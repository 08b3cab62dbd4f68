#include "actors/session_step.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

void note_word(session_state& session, client_id recorder, capture_state said) {
  auto of = [recorder](const recorder_word& w) { return w.recorder == recorder; };
  auto known = std::find_if(session.words.begin(), session.words.end(), of);
  if (known == session.words.end())
    session.words.push_back({recorder, said});
  else
    known->state = said;
  session.spoken = true;
  auto any = [&](capture_state wanted) {
    return std::any_of(session.words.begin(), session.words.end(),
                       [wanted](const recorder_word& w) { return w.state == wanted; });
  };
  // One recorder that records is enough for the light to be lit.
  session.observed = any(capture_state::enabled)  ? capture_state::enabled
                     : any(capture_state::paused) ? capture_state::paused
                                                  : capture_state::disabled;
}

bool speaks_for_all(const session_state& without_call, capture_state said, command_version echoed,
                    bool exact) noexcept {
  return without_call.desired == said && (!exact || echoed >= without_call.version);
}

bool has_spoken(const session_state& session, client_id recorder) noexcept {
  return std::any_of(session.words.begin(), session.words.end(),
                     [recorder](const recorder_word& w) { return w.recorder == recorder; });
}

void take_words(session_state& into, const session_state& from) {
  if (from.observed == capture_state::unknown)
    return; // it was in doubt
  auto nearer = [&](const recorder_word& word) {
    return std::none_of(into.words.begin(), into.words.end(), [&](const recorder_word& own) {
      return own.recorder == word.recorder &&
             (own.state == capture_state::enabled || word.state == capture_state::disabled);
    });
  };
  for (auto& word : from.words)
    if (nearer(word))
      note_word(into, word.recorder, word.state);
}

void forget_words_of(session_state& session, client_id recorder) noexcept {
  session.observed = capture_state::unknown;
  std::erase_if(session.words, [&](const recorder_word& w) { return w.recorder == recorder; });
}

namespace {

confirm_policy policy_for(capture_verb verb, const confirm_rules& rules) noexcept {
  switch (verb) {
  case capture_verb::start: return rules.start;
  case capture_verb::resume: return rules.resume;
  case capture_verb::pause: return rules.pause;
  case capture_verb::stop: return rules.stop;
  default: return confirm_policy::all; // a query asks everybody
  }
}

/// An indication against what a command expects of its recorder.
void hear(pending_command& command, const indication_heard& event) {
  for (auto& r : command.recorders) {
    if (r.recorder != event.recorder || r.verdict == recorder_verdict::not_queued ||
        r.verdict == recorder_verdict::lost)
      continue;
    auto wanted = desired_by(command.verb);
    if (wanted && r.exact && event.echoed < command.version)
      continue; // it answers an earlier command
    r.said = event.state;
    r.verdict =
      !wanted || *wanted == event.state ? recorder_verdict::confirmed : recorder_verdict::otherwise;
  }
}

std::size_t count(const pending_command& command, recorder_verdict wanted) {
  auto has = [wanted](const awaited_recorder& r) { return r.verdict == wanted; };
  return static_cast<std::size_t>(
    std::count_if(command.recorders.begin(), command.recorders.end(), has));
}

/// What its recorders have made of a command so far; nothing while it is open.
std::optional<outcome> verdict_on(const pending_command& command, const confirm_rules& rules) {
  auto all = command.recorders.size();
  auto confirmed = count(command, recorder_verdict::confirmed);
  auto open =
    count(command, recorder_verdict::silent) + count(command, recorder_verdict::otherwise);
  if (all != 0 && confirmed >= confirmations_needed(policy_for(command.verb, rules), all))
    return outcome::confirmed;
  if (all == 0 || open != 0)
    return std::nullopt;
  return confirmed != 0 ? outcome::partial : outcome::recorder_lost;
}

capture_aggregate aggregate_for(const pending_command& command) {
  if (command.verb != capture_verb::query)
    return capture_aggregate::none;
  std::vector<capture_state> words;
  for (auto& r : command.recorders)
    words.push_back(r.said);
  return aggregate_of(words);
}

/// One visit of an event to a session; each overload is one kind of event.
struct visitor {
  session_state state;
  std::vector<session_effect> effects;
  steady_ms now;
  const session_rules& rules;

  void heard() { state.last_event = now; }

  // ---- outcomes ----------------------------------------------------------------------------

  void decide(pending_command command, outcome result, command_version superseded_by = {}) {
    auto aggregate = aggregate_for(command);
    effects.push_back(decided{std::move(command), result, superseded_by, aggregate});
  }

  /// Decides those commands for which `judge` has an outcome.
  template <class Judge>
  void decide_where(Judge judge, command_version superseded_by = {}) {
    std::erase_if(state.pending, [&](pending_command& command) {
      std::optional<outcome> result = judge(command);
      if (result)
        decide(std::move(command), *result, superseded_by);
      return result.has_value();
    });
  }

  void decide_by_verdicts() {
    decide_where([this](const pending_command& c) { return verdict_on(c, rules.confirm); });
  }

  /// Commands that wanted something else than what is desired now.
  void supersede() {
    auto judge = [this](const pending_command& c) -> std::optional<outcome> {
      auto wanted = desired_by(c.verb);
      if (wanted && wanted != state.desired && c.version < state.version)
        return outcome::superseded;
      return std::nullopt;
    };
    decide_where(judge, state.version);
  }

  void decide_all_unknown() {
    decide_where([](const pending_command&) { return std::optional{outcome::unknown}; });
  }

  // ---- doubts and ends ---------------------------------------------------------------------

  void doubt(client_id lost, broker_reason reason, bool alarm) {
    bool was_told = state.observed == capture_state::unknown;
    forget_words_of(state, lost);
    if (!was_told || alarm)
      effects.push_back(say_unknown{reason, alarm});
  }

  void end(bool forced) {
    state.life = session_life::ended;
    effects.push_back(end_session{forced});
  }

  /// Told even if the state was unknown before: the desired state goes with the session.
  void end_and_tell(broker_reason reason, bool forced) {
    decide_all_unknown();
    state.observed = capture_state::unknown;
    state.words.clear();
    effects.push_back(say_unknown{reason});
    end(forced);
  }

  bool must_be_guarded() const {
    return state.desired == capture_state::enabled || state.desired == capture_state::paused;
  }

  /// A stop that was confirmed, or nothing left that a session is for.
  void end_if_done() {
    if (state.life == session_life::ended || !state.pending.empty())
      return;
    bool stopped = state.desired.value_or(capture_state::disabled) == capture_state::disabled &&
                   state.observed == capture_state::disabled;
    if (stopped || (!state.desired && !state.spoken))
      end(false);
  }

  // ---- time --------------------------------------------------------------------------------

  /// Of what recorders owe; far away if they owe nothing.
  steady_ms earliest_deadline() const {
    auto due = steady_ms::max();
    for (auto& c : state.pending)
      due = std::min(due, c.deadline);
    for (auto& r : state.rechecks)
      due = std::min(due, r.deadline);
    return due;
  }

  steady_ms earliest() const {
    auto due = std::min(earliest_deadline(), state.last_event + rules.session_idle_max);
    if (state.alarm_at)
      due = std::min(due, *state.alarm_at);
    return due;
  }

  void arm() {
    if (state.life == session_life::ended)
      return;
    auto due = earliest();
    if (state.tick_at && *state.tick_at <= due)
      return;
    state.tick_at = due;
    effects.push_back(arm_tick{due});
  }

  /// Time passed while nobody could listen: it is given back. A machine that is always late would
  /// never come to a decision, so not for ever.
  bool overslept(steady_ms due_at) {
    bool is_late = earliest_deadline() <= now && now - due_at >= overslept_min;
    if (!is_late || state.graces == graces_max) {
      state.graces = 0;
      return false;
    }
    ++state.graces;
    put_off(now + overslept_grace);
    return true;
  }

  /// Nothing of what is owed now falls due before; what comes later has its own time.
  void put_off(steady_ms until) {
    for (auto& c : state.pending)
      c.deadline = std::max(c.deadline, until);
    for (auto& r : state.rechecks)
      r.deadline = std::max(r.deadline, until);
    if (state.alarm_at)
      state.alarm_at = std::max(*state.alarm_at, until);
    state.last_event = std::max(state.last_event, until - rules.session_idle_max);
  }

  void time_out(pending_command& command) {
    auto confirmed = count(command, recorder_verdict::confirmed);
    decide(std::move(command), confirmed != 0 ? outcome::partial : outcome::timed_out);
  }

  // ---- events ------------------------------------------------------------------------------

  void desire(capture_state wanted, command_version version) {
    state.desired = wanted;
    state.version = version;
    state.alarm_at.reset();
    state.rechecks.clear(); // the same recorders are asked anew
    supersede();
  }

  void operator()(const command_admitted& event) {
    heard();
    if (auto desired = desired_by(event.command.verb))
      desire(*desired, event.command.version);
    if (event.held)
      decide(event.command, outcome::held);
    else
      state.pending.push_back(event.command);
  }

  void operator()(const indication_heard& event) {
    heard();
    if (!event.of_another)
      note_word(state, event.recorder, event.state);
    for (auto& command : state.pending)
      hear(command, event);
    check(event);
    decide_by_verdicts();
  }

  /// An indication against what recorders must yet confirm.
  void check(const indication_heard& event) {
    std::erase_if(state.rechecks, [&](const recheck& r) {
      return r.recorder == event.recorder && event.state == state.desired &&
             (!r.exact || event.echoed >= state.version);
    });
  }

  void operator()(const desired_told& event) {
    heard();
    if (!state.desired)
      return;
    std::erase_if(state.rechecks, [&](const recheck& r) { return r.recorder == event.recorder; });
    state.rechecks.push_back({event.recorder, event.exact, now + rules.confirm_timeout});
  }

  void operator()(const recorder_gone& event) {
    heard();
    for (auto& command : state.pending)
      for (auto& r : command.recorders)
        if (r.recorder == event.recorder && r.verdict != recorder_verdict::confirmed)
          r.verdict = recorder_verdict::lost;
    std::erase_if(state.rechecks, [&](const recheck& r) { return r.recorder == event.recorder; });
    bool had_spoken = has_spoken(state, event.recorder);
    bool last = event.was_active && event.active_left == 0;
    if (last || had_spoken)
      doubt(event.recorder, broker_reason::recorder_lost, last && must_be_guarded());
    decide_by_verdicts();
  }

  void operator()(const commander_gone&) {
    if (state.desired == capture_state::paused &&
        rules.confirm.dead_desktop != dead_desktop_policy::stay)
      state.alarm_at = now + rules.confirm.dead_desktop_after;
  }

  void operator()(const commander_back&) { state.alarm_at.reset(); }

  void operator()(const resumed& event) {
    heard();
    desire(capture_state::enabled, event.version);
  }

  void operator()(const merged_in& event) {
    heard();
    auto& other = event.other;
    take_words(state, other);
    if (other.desired && other.version > state.version) {
      state.desired = other.desired;
      state.version = other.version;
      state.alarm_at = other.alarm_at;
      state.rechecks = other.rechecks;
    }
    auto owed = other.pending;
    for (auto& word : event.said_since) {
      check(word);
      for (auto& command : owed)
        hear(command, word);
    }
    state.pending.insert(state.pending.end(), owed.begin(), owed.end());
    supersede();
    decide_by_verdicts();
  }

  void operator()(const merged_away&) { end(false); }

  void operator()(const renamed& event) { state.connection = event.connection; }

  void operator()(const call_ended&) { end_and_tell(broker_reason::call_ended, false); }

  void operator()(const tick_due&) {
    auto due_at = std::exchange(state.tick_at, std::nullopt).value_or(now);
    bool early = now < due_at; // a distant time is reached in steps
    if (early || overslept(due_at))
      return;
    std::erase_if(state.pending, [&](pending_command& command) {
      bool due = command.deadline <= now;
      if (due)
        time_out(command);
      return due;
    });
    auto late = std::erase_if(state.rechecks, [&](const recheck& r) {
      if (r.deadline <= now)
        forget_words_of(state, r.recorder);
      return r.deadline <= now;
    });
    if (late != 0)
      effects.push_back(
        say_unknown{broker_reason::recorder_unconfirmed, state.desired == capture_state::paused});
    if (state.alarm_at && *state.alarm_at <= now) {
      state.alarm_at.reset();
      if (rules.confirm.dead_desktop == dead_desktop_policy::resume)
        effects.push_back(resume_for_gone{});
      else
        effects.push_back(raise_alarm{broker_reason::pause_holder_gone});
    }
    if (state.pending.empty() && now >= state.last_event + rules.session_idle_max)
      end_and_tell(broker_reason::session_ended, true);
  }

  void operator()(const room_needed&) { end_and_tell(broker_reason::session_ended, true); }

  void operator()(const draining& event) {
    decide_where([&](const pending_command& c) -> std::optional<outcome> {
      if (event.at_the_end || c.recorders.empty())
        return outcome::unknown;
      return std::nullopt;
    });
  }
};

} // namespace

session_result step(session_state before, const session_event& event, steady_ms now,
                    const session_rules& rules) {
  switch (before.life) {
  case session_life::ended: return {std::move(before), {}};
  case session_life::live: break;
  }
  visitor visit{std::move(before), {}, now, rules};
  std::visit(visit, event);
  visit.end_if_done();
  visit.arm();
  return {std::move(visit.state), std::move(visit.effects)};
}

session_result begin_session(session_state known, steady_ms now, const session_rules& rules) {
  visitor visit{std::move(known), {}, now, rules};
  visit.state.last_event = now;
  visit.arm();
  return {std::move(visit.state), std::move(visit.effects)};
}

} // namespace ringdown
