#include "actors/screen/step.hpp"

#include "actors/screen/order_desk.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

/// What an event brings about as a rule: a decision, an order, a tick.
constexpr std::size_t usual_effects = 4;

/// One visit of an event to a screen; each overload is one kind of event.
struct visitor : order_desk {
  using order_desk::order_desk;

  // ---- commands ----------------------------------------------------------------------------

  void operator()(const command_admitted& event) {
    state.last_event = at.now;
    auto judged = judge(state, event.command, at.now, rules);
    switch (event.command.verb) {
    case capture_verb::pause: note_commander(event); return pause(event);
    case capture_verb::resume: note_commander(event); return resume(event, judged);
    case capture_verb::start: note_commander(event); return start(event, judged);
    case capture_verb::stop: note_commander(event); return stop(event);
    default: return send(event);
    }
  }

  void note_commander(const command_admitted& event) {
    state.was_asked = true;
    state.connection = event.command.connection;
    state.version = event.version;
    state.last_commander = event.command.from;
    state.commanded_us = event.time_us;
  }

  static screen_order order_of(const command_admitted& event) {
    screen_order o;
    o.sequence = event.sequence;
    o.verb = event.command.verb;
    o.connection = event.command.connection;
    o.version = event.version;
    return o;
  }

  /// The command goes to the recorders.
  void send(const command_admitted& event) {
    begin(order_of(event), event.recorders, event.timeout);
  }

  /// The command reaches nobody, and that is its outcome.
  void conclude(const command_admitted& event, outcome result,
                std::optional<screen_pause> by = {}) {
    effects.push_back(decided{order_of(event), result, {}, capture_aggregate::none, std::move(by)});
  }

  void hold(const command_admitted& event, const judgement& judged) {
    conclude(event, outcome::held, judged.by);
    held_command waits{event.sequence, event.command.verb, event.command.connection, event.version};
    if (state.is_draining) // it was on its way: nobody will lift the pause
      return effects.push_back(hold_over{waits, outcome::unknown});
    if (state.held.size() == held_max) {
      auto oldest = state.held.front().sequence;
      end_holds([&](const held_command& h) { return h.sequence == oldest; }, outcome::superseded,
                event.version);
    }
    state.held.push_back(waits);
  }

  void pause(const command_admitted& event) {
    auto& command = event.command;
    keep_what_records(event);
    newest(command.connection, event.version);
    for (auto& r : state.recorders)
      r.began = false;
    add_pause(state, event, at.now, rules);
    // A resume of what is paused again must not end this pause when it is let go.
    auto is_undone = [&](const held_command& h) {
      bool about = !command.connection || !command.calls_are_told ||
                   is_one_call(state, h.connection, command.connection);
      return h.verb == capture_verb::resume && about;
    };
    end_holds(is_undone, outcome::superseded, event.version);
    send(event);
  }

  /// What a recorder does that nobody asked for goes on after the pause: as the call that it named,
  /// where calls have lives of their own. One that had paused by itself had been recording.
  void keep_what_records(const command_admitted& event) {
    if (!state.pauses.empty() || wanting_call(state) != nullptr)
      return;
    for (auto& r : state.recorders) {
      bool goes_on = r.began || (r.said == capture_state::paused && r.paused_by_itself);
      if (!goes_on)
        continue;
      bool is_named = event.command.calls_are_told && r.said_of && !is_ended(r.said_of);
      newest(is_named ? r.said_of : event.command.connection, event.version).wants =
        wish::as_recorder;
    }
  }

  void resume(const command_admitted& event, const judgement& judged) {
    lift_pauses(state, event.command, at.now, rules);
    if (!is_ended(event.command.connection)) // a call that is over stays so
      newest(event.command.connection, event.version);
    if (judged.goes == way::held)
      return hold(event, judged);
    if (judged.goes == way::nowhere) {
      conclude(event, outcome::confirmed);
      return release();
    }
    if (wanting_call(state) == nullptr) { // the broker does not know: the recorder does
      auto& call = newest(event.command.connection, event.version);
      call.wants = wish::as_recorder;
      call.stopped = false;
    }
    send(event);
  }

  void start(const command_admitted& event, const judgement& judged) {
    lift_pauses(state, event.command, at.now, rules);
    auto& call = newest(event.command.connection, event.version);
    call.wants = wish::asked;
    call.stopped = false;
    if (judged.goes == way::held)
      return hold(event, judged);
    send(event);
  }

  void stop(const command_admitted& event) {
    auto& command = event.command;
    bool is_of_all = !command.connection || !command.calls_are_told;
    lift_pauses(state, command, at.now, rules);
    const auto& stopped = newest(command.connection, event.version);
    for (auto& c : state.calls)
      if (is_of_all || c.is_of(command.connection)) {
        c.wants = wish::none;
        c.stopped = true;
      }
    for (auto& r : state.recorders) {
      r.paused_by_itself &= !is_of_all && !is_paused_in(r, stopped);
      r.began = false;
    }
    auto is_undone = [&](const held_command& h) {
      return is_of_all || is_one_call(state, h.connection, command.connection);
    };
    end_holds(is_undone, outcome::superseded, event.version);
    send(event);
    bool had_held = !state.held.empty();
    if (!state.pauses.empty())
      return;
    release(nullptr, true);
    if (auto* other = wanting_call(state); other != nullptr && !had_held)
      order(capture_verb::start, other->connection, broker_reason::call_goes_on);
  }

  void operator()(const order_sent& event) {
    screen_order o;
    o.sequence = event.sequence;
    o.verb = event.what.verb;
    o.connection = event.what.connection;
    o.version = event.version;
    o.cause = event.what.cause;
    o.only = event.what.for_recorder;
    o.releases = event.what.releases;
    if (event.version && !o.only)
      state.version = event.version;
    if (event.version && o.only)
      remember_given(state, {event.version, o.only});
    begin(std::move(o), event.recorders, rules.confirm_timeout);
  }

  // ---- recorders ---------------------------------------------------------------------------

  void operator()(const indication_heard& event) {
    auto* r = recorder_of(event.recorder);
    if (r == nullptr)
      return; // on standby: it does not count
    state.last_event = at.now;
    auto before = r->said;
    bool was_asked = std::exchange(r->asked, false);
    bool owed_order = !r->owes.empty();
    bool owed_pause = std::any_of(r->owes.begin(), r->owes.end(), [](const owed_answer& one) {
      return one.verb == capture_verb::pause;
    });
    auto answered = answered_by(*r, event);
    if (event.state) {
      state.has_lost = false;
      note_word(*r, by_its_name(event), at.utc_us, owed_order, !state.pauses.empty());
      put_back_unfinished(*r, answered, event);
      r->began |= !desired(state) && r->said == capture_state::enabled;
    }
    note_late_refusal(r->id, answered, event);
    for (auto& o : state.orders) {
      bool is_answer = std::any_of(answered.begin(), answered.end(),
                                   [&](const owed_answer& one) { return one.order == o.sequence; });
      // What an exact recorder says of a later order is so behind an earlier one, too, also where
      // it said something else before.
      is_answer |=
        r->exact && !r->per_call && !event.has_failed && o.version && event.echoed >= o.version;
      judge_word(o, event, *r, is_answer, was_asked);
    }
    if (!before && r->said == capture_state::enabled && owed_pause)
      recorded_before_pause();
    if (event.state)
      watch_word(*r, before, owed_order);
    decide_by_verdicts();
  }

  /// A recorder may go on with the ConnID that a call had before it was merged.
  indication_heard by_its_name(indication_heard word) const {
    if (auto* call = find_call(state, word.connection))
      word.connection = call->connection;
    return word;
  }

  /// Its first word crossed the pause on its way: what it recorded then is what goes on after it,
  /// if it was not stopped since.
  void recorded_before_pause() {
    if (wanting_call(state) != nullptr || state.pauses.empty())
      return;
    auto& pause = state.pauses.back();
    if (auto* call = find_call(state, pause.covers); call == nullptr || !call->stopped)
      newest(pause.covers, pause.version).wants = wish::as_recorder;
  }

  void operator()(const recorder_came& event) {
    state.last_event = at.now;
    doubt = broker_reason::recorder_came;
    if (recorder_of(event.recorder) == nullptr)
      state.recorders.emplace_back().id = event.recorder;
    auto& r = *recorder_of(event.recorder);
    r.exact = event.exact;
    r.per_call = event.per_call;
    auto wanted = desired(state);
    bool is_well = r.said && (!leaves(wanted, *r.said) || r.began) && r.owes.empty();
    if (is_well || state.is_draining)
      return;
    if (!wanted)
      ask_soon(r);
    else if (!is_ordered(r.id, *wanted)) // one that registers again and again has that one order
      order_desired(broker_reason::recorder_came, event.recorder);
  }

  /// Whether an order of the broker's to this recorder alone, to do what is desired, is open.
  bool is_ordered(client_id recorder, capture_state wanted) const {
    return std::any_of(state.orders.begin(), state.orders.end(), [&](const screen_order& o) {
      return o.is_own() && o.only == recorder && desired_by(o.verb) == wanted;
    });
  }

  void operator()(const recorder_gone& event) {
    if (recorder_of(event.recorder) == nullptr)
      return;
    state.last_event = at.now;
    auto light_before = light(state);
    std::erase_if(state.recorders,
                  [&](const screen_recorder& r) { return r.id == event.recorder; });
    // One that steps down is no loss, where those that are left say what was shown.
    bool is_loss = !event.is_standby || state.recorders.empty() || light(state) != light_before;
    state.has_lost |= is_loss;
    if (is_loss)
      for (auto& r : state.recorders) // also one that owes an answer: it may not repeat itself
        ask_soon(r);
    for (auto& o : state.orders)
      for (auto& r : o.recorders)
        if (r.recorder == event.recorder && r.verdict != recorder_verdict::confirmed && !r.is_final)
          r.verdict = recorder_verdict::lost;
    auto wanted = desired(state).value_or(capture_state::disabled);
    if (state.recorders.empty() && wanted != capture_state::disabled && !state.is_draining) {
      stand_alarm(state, broker_reason::recorder_lost, {}, at.utc_us);
      effects.push_back(say_unknown{broker_reason::recorder_lost, true});
    }
    decide_by_verdicts();
  }

  // ---- who holds a pause, and calls --------------------------------------------------------

  template <class Desktop>
  static bool is_of(const commander& holder, const Desktop& event) {
    return holder.principal == event.principal && holder.application == event.application;
  }

  void operator()(const desktop_came& event) {
    for (auto& p : state.pauses)
      if (is_of(p.holder, event)) {
        p.gone_since.reset();
        p.gone_told = false;
      }
  }

  void operator()(const desktop_gone& event) {
    for (auto& p : state.pauses)
      if (is_of(p.holder, event) && !event.another_is_here && !p.gone_since)
        p.gone_since = at.now;
  }

  void operator()(const call_ended& event) {
    state.last_event = at.now;
    bool was_paused = !state.pauses.empty();
    auto ended = end_call(state, event.connection);
    auto of_it = [&](const auto& one) { return one.connection && ended.is_of(one.connection); };
    for (auto& r : state.recorders)
      r.paused_by_itself &= !is_paused_in(r, ended);
    decide_where([&](const screen_order& o) {
      return of_it(o) ? std::optional{outcome::unknown} : std::nullopt;
    });
    end_holds(of_it, outcome::unknown);
    bool is_recorded =
      std::any_of(state.recorders.begin(), state.recorders.end(), &visitor::records_or_will);
    bool is_left = ended.wants != wish::none && desired(state) == capture_state::disabled;
    // If no call is left there is no order: the light stays what the words say.
    if (state.calls.empty() && state.pauses.empty())
      end_holds([](const held_command&) { return true; }, outcome::unknown);
    else if (was_paused && state.pauses.empty())
      go_on(broker_reason::call_ended);
    else if (!state.calls.empty() && is_left && is_recorded)
      order_desired(broker_reason::call_ended);
  }

  /// Or has an order to do so.
  static bool records_or_will(const screen_recorder& r) {
    return r.said == capture_state::enabled ||
           std::any_of(r.owes.begin(), r.owes.end(), [](const owed_answer& one) {
             return desired_by(one.verb) == capture_state::enabled;
           });
  }

  void operator()(const calls_merged& event) {
    state.last_event = at.now;
    unite_calls(state, event.from, event.into, rules.calls_max);
  }

  // ---- time --------------------------------------------------------------------------------

  void arm() {
    auto due = earliest_due(state, rules);
    if (due == steady_ms::max() || (state.tick_at && *state.tick_at <= due))
      return;
    state.tick_at = due;
    effects.push_back(arm_tick{due});
  }

  /// Time passed while nobody could listen: it is given back. A machine that is always late would
  /// never come to a decision, so not for ever.
  bool overslept(steady_ms due_at) {
    bool is_late = earliest_due(state, rules) <= at.now && at.now - due_at >= overslept_min;
    if (!is_late || state.graces == graces_max) {
      state.graces = 0;
      return false;
    }
    ++state.graces;
    put_off(state, at.now + overslept_grace, rules);
    return true;
  }

  void operator()(const tick_due&) {
    auto due_at = std::exchange(state.tick_at, std::nullopt).value_or(at.now);
    bool early = at.now < due_at; // a distant time is reached in steps
    if (early || overslept(due_at))
      return;
    drop_overdue_answers();
    decide_where([this](screen_order& o) {
      return o.deadline <= at.now ? std::optional{verdict_at_deadline(o, state, rules.confirm)}
                                  : std::nullopt;
    });
    follow_undone();
    ask();
    remind();
    look_after_absent();
    look_after_drift();
  }

  /// What recorders have not answered in time. Where nobody waited for the answer any more the
  /// order was decided by others.
  void drop_overdue_answers() {
    for (auto& r : state.recorders) {
      bool any_unneeded = false;
      std::erase_if(r.owes, [&](const owed_answer& one) {
        bool is_overdue = one.deadline <= at.now;
        if (is_overdue && !r.exact)
          note_late(r, one.verb);
        any_unneeded |= is_overdue && !is_open(one.order);
        return is_overdue;
      });
      if (any_unneeded && r.owes.empty())
        note_undone(r.id);
    }
  }

  /// Recorders that have said nothing.
  void ask() {
    std::vector<client_id> silent;
    auto is_due = [this](std::optional<steady_ms>& ask_at) {
      bool due = ask_at && *ask_at <= at.now;
      if (due)
        ask_at.reset();
      return due;
    };
    for (auto& r : state.recorders)
      if (is_due(r.ask_at))
        silent.push_back(r.id);
    for (auto& o : state.orders)
      if (is_due(o.ask_at))
        for (auto& awaited : o.recorders)
          if (awaited.verdict == recorder_verdict::silent)
            silent.push_back(awaited.recorder);
    for (auto id : silent)
      if (auto* r = recorder_of(id); r != nullptr && !std::exchange(r->asked, true))
        order(capture_verb::query, {}, broker_reason::asked, id);
  }

  void remind() {
    bool any = false;
    for (auto& p : state.pauses)
      if (p.remind_at && *p.remind_at <= at.now) {
        p.remind_at = at.now + rules.confirm.pause_remind_after;
        any = true;
      }
    if (any)
      alarm(broker_reason::pause_long);
  }

  /// Pauses whose holder has been gone for long.
  void look_after_absent() {
    auto is_due = [this](const screen_pause& p) {
      auto due = absence_due(p, rules);
      return due && *due <= at.now;
    };
    if (std::none_of(state.pauses.begin(), state.pauses.end(), is_due))
      return;
    if (rules.confirm.dead_desktop == dead_desktop_policy::resume) {
      std::erase_if(state.pauses, is_due);
      if (state.pauses.empty())
        go_on(broker_reason::pause_holder_gone);
      return;
    }
    for (auto& p : state.pauses)
      p.gone_told |= is_due(p);
    alarm(broker_reason::pause_holder_gone);
  }

  void operator()(const draining& event) {
    state.is_draining = true;
    decide_where([&](const screen_order& o) -> std::optional<outcome> {
      if (event.at_the_end || o.recorders.empty())
        return outcome::unknown;
      return std::nullopt;
    });
    // Who could lift a pause is refused from now on.
    end_holds([](const held_command&) { return true; }, outcome::unknown);
  }
};

} // namespace

std::vector<screen_effect> advance(screen& state, const screen_event& event, moment at,
                                   const screen_rules& rules) {
  auto desired_before = desired(state);
  auto light_before = light(state);
  visitor visit{state, at, rules};
  visit.effects.reserve(usual_effects);
  std::visit(visit, event);
  auto& effects = visit.effects;
  bool is_said = std::any_of(effects.begin(), effects.end(), [](const screen_effect& effect) {
    return std::holds_alternative<say_unknown>(effect);
  });
  // A word's own event shows the light that it makes.
  bool is_word = std::holds_alternative<indication_heard>(event);
  bool light_changed = light(state) != light_before;
  if (light_changed && !is_word && !is_said)
    effects.push_back(say_unknown{visit.doubt});
  bool desired_changed = desired(state) != desired_before;
  if (desired_changed)
    for (auto& r : state.recorders)
      r.drift = {};
  if (light_changed || desired_changed)
    state.changed_us = at.utc_us;
  drop_alarms(state);
  visit.arm();
  return std::move(effects);
}

screen_result step(screen before, const screen_event& event, moment at, const screen_rules& rules) {
  auto effects = advance(before, event, at, rules);
  return {std::move(before), std::move(effects)};
}

bool may_end(const screen& s, steady_ms now, const screen_rules& rules) noexcept {
  if (!s.orders.empty())
    return false;
  bool only_remembers = s.pauses.empty() && s.held.empty() && wanting_call(s) == nullptr;
  return now - s.last_event >= (only_remembers ? rules.dn_idle_timeout : rules.session_idle_max);
}

} // namespace ringdown
