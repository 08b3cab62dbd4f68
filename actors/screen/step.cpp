#include "actors/screen/step.hpp"

#include "actors/screen/changes.hpp"
#include "actors/screen/words.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

/// One visit of an event to a screen; each overload is one kind of event.
struct visitor {
  screen state;
  std::vector<screen_effect> effects;
  const moment at;
  const screen_rules& rules;
  /// Why the light may become unknown in this visit.
  broker_reason doubt = broker_reason::recorder_lost;

  screen_recorder* recorder_of(client_id id) {
    return const_cast<screen_recorder*>(find_recorder(state, id));
  }

  screen_call& newest(conn_id connection, command_version version) {
    return newest_call(state, connection, version, rules.calls_max);
  }

  // ---- outcomes ----------------------------------------------------------------------------

  /// Decides those orders for which `judge_one` has an outcome. The broker's own that fails leaves
  /// an alarm.
  template <class Judge>
  void decide_where(Judge judge_one, command_version superseded_by = {}) {
    std::vector<decided> done;
    std::erase_if(state.orders, [&](screen_order& order) {
      std::optional<outcome> result = judge_one(order);
      if (!result)
        return false;
      auto aggregate = aggregate_for(order);
      done.push_back({std::move(order), *result, superseded_by, aggregate, {}});
      return true;
    });
    for (auto& one : done) {
      if (auto* r = recorder_of(one.order.only);
          r != nullptr && one.order.verb == capture_verb::query)
        r->asked = false; // what it says from now on it says unasked
      follow_failure(one.order, one.result);
      effects.push_back(std::move(one));
    }
  }

  void decide_by_verdicts() {
    decide_where([this](const screen_order& o) { return verdict_on(o, rules.confirm); });
  }

  /// Whether the older order is to be done, too: another recorder's, or a `stop` behind which the
  /// broker lets another call go on.
  bool takes_no_place(const screen_order& newer, const screen_order& older) const {
    bool is_elsewhere = newer.only && newer.only != older.only;
    bool goes_on = newer.is_own() && older.verb == capture_verb::stop && older.connection &&
                   !is_one_call(state, newer.connection, older.connection);
    return is_elsewhere || goes_on;
  }

  /// Orders that want otherwise than this one. A screen that is stopped is not recorded either, so
  /// `stop` leaves `pause` alone.
  void supersede(const screen_order& newer) {
    auto wanted = desired_by(newer.verb);
    if (!wanted)
      return;
    decide_where(
      [&](const screen_order& o) -> std::optional<outcome> {
        bool agrees = !desired_by(o.verb) || confirms(o.verb, *wanted);
        if (agrees || o.version >= newer.version || takes_no_place(newer, o))
          return std::nullopt;
        return outcome::superseded;
      },
      newer.version);
  }

  /// Held commands that will not be ordered any more.
  template <class Which>
  void end_holds(Which which, outcome result, command_version superseded_by = {}) {
    std::erase_if(state.held, [&](const held_command& h) {
      bool ends = which(h);
      if (ends)
        effects.push_back(hold_over{h, result, superseded_by});
      return ends;
    });
  }

  // ---- alarms and corrections --------------------------------------------------------------

  void alarm(broker_reason reason, client_id recorder = {}) {
    if (state.is_draining)
      return; // everybody goes: the broker's log says how many captures were live
    stand_alarm(state, reason, recorder, at.utc_us);
    effects.push_back(raise_alarm{reason, recorder});
  }

  /// What follows when an order is not done: an alarm for the broker's own, and where the screen is
  /// recorded against a pause, another order.
  void follow_failure(const screen_order& order, outcome result) {
    bool no_room = std::any_of(order.recorders.begin(), order.recorders.end(),
                               [](auto& r) { return r.verdict == recorder_verdict::not_queued; });
    bool has_failed = result == outcome::timed_out || result == outcome::partial ||
                      result == outcome::failed || (result == outcome::recorder_lost && no_room);
    if (!has_failed || order.verb == capture_verb::query)
      return;
    auto one = order.recorders.size() == 1 ? order.recorders.front().recorder : client_id{};
    if (order.is_own())
      alarm(broker_reason::recorder_unconfirmed, one);
    bool any_leaves = std::any_of(state.recorders.begin(), state.recorders.end(),
                                  [&](const screen_recorder& r) { return must_correct(r); });
    if (any_leaves && !state.correct_at)
      correct_later();
  }

  drift_policy policy_now() const {
    switch (desired(state).value_or(capture_state::unknown)) {
    case capture_state::paused: return rules.confirm.drift_paused;
    case capture_state::disabled: return rules.confirm.drift_disabled;
    case capture_state::enabled: return rules.confirm.drift_enabled;
    case capture_state::unknown: break;
    }
    return drift_policy::ignore;
  }

  bool must_correct(const screen_recorder& r) const {
    return r.said && !r.began && leaves(desired(state), *r.said);
  }

  void correct_later() {
    if (policy_now() != drift_policy::correct || state.corrections >= corrections_max)
      return;
    state.correct_at = at.now + correction_distances[state.corrections] * rules.confirm_timeout;
  }

  /// Orders what is desired again of each recorder that left it and owes no answer.
  void correct() {
    state.correct_at.reset();
    if (policy_now() != drift_policy::correct || state.corrections >= corrections_max)
      return;
    bool any = false; // what has come back by itself counts as no correction
    for (auto& r : state.recorders)
      if (must_correct(r) && r.owes.empty()) {
        order_desired(broker_reason::drift, r.id);
        any = true;
      }
    if (!any)
      return;
    ++state.corrections;
    state.corrected = at.now;
  }

  /// A recorder that owed nothing has said this, and before that something else.
  void look_for_drift(screen_recorder& r, std::optional<capture_state> before) {
    auto wanted = desired(state);
    if (!leaves(wanted, *r.said))
      return;
    if (wanted == capture_state::disabled && is_new_recording(r.said_of)) {
      r.began = true;
      return;
    }
    bool left_before = before && leaves(wanted, *before);
    if (left_before)
      return;
    bool has_ended = wanted == capture_state::enabled && r.said == capture_state::disabled;
    if (has_ended && end_what_began())
      return;
    follow_drift(r.id);
  }

  void follow_drift(client_id recorder) {
    if (policy_now() == drift_policy::ignore)
      return;
    alarm(broker_reason::drift, recorder);
    auto calm = correction_distances[corrections_max - 1] * rules.confirm_timeout;
    if (state.corrected && at.now - *state.corrected >= calm)
      state.corrections = 0;
    if (state.corrections == 0)
      correct();
    else if (!state.correct_at)
      correct_later();
  }

  /// Of a call that nobody has stopped, or of none where nobody has stopped any: the site's own
  /// rule has begun it.
  bool is_new_recording(conn_id connection) const {
    if (!connection)
      return state.ended.empty() && std::none_of(state.calls.begin(), state.calls.end(),
                                                 [](const screen_call& c) { return c.stopped; });
    auto* call = find_call(state, connection);
    return call != nullptr ? !call->stopped : !is_ended(connection);
  }
  bool is_ended(conn_id connection) const {
    return std::find(state.ended.begin(), state.ended.end(), connection) != state.ended.end();
  }

  /// A recording that a recorder began by itself it may end by itself, and not another's.
  bool end_what_began() {
    bool any_asked = std::any_of(state.calls.begin(), state.calls.end(),
                                 [](const screen_call& c) { return c.wants == wish::asked; });
    bool any_records = std::any_of(state.recorders.begin(), state.recorders.end(),
                                   [](auto& r) { return r.said == capture_state::enabled; });
    if (!any_asked && !any_records)
      for (auto& c : state.calls)
        c.wants = wish::none;
    return !any_asked;
  }

  // ---- the broker's own orders -------------------------------------------------------------

  void order(capture_verb verb, conn_id connection, broker_reason cause, client_id only = {},
             std::vector<dn_sequence> releases = {}) {
    effects.push_back(send_order{verb, connection, cause, only, std::move(releases)});
  }

  /// A recorder that has stopped needs a `start`, and so may one that comes.
  capture_verb verb_to_record(client_id only) const {
    bool all_off =
      std::all_of(state.recorders.begin(), state.recorders.end(),
                  [](const screen_recorder& r) { return r.said == capture_state::disabled; });
    return only || all_off ? capture_verb::start : capture_verb::resume;
  }

  void order_desired(broker_reason cause, client_id only = {}) {
    auto wanted = desired(state);
    if (wanted == capture_state::paused)
      order(capture_verb::pause, state.pauses.back().covers, cause, only);
    else if (wanted == capture_state::enabled)
      order(verb_to_record(only), wanting_call(state)->connection, cause, only);
    else if (wanted == capture_state::disabled)
      order(capture_verb::stop, {}, cause, only);
  }

  /// No pause stands any more: what waited is ordered, one order for each call. What a command for
  /// the same call brings about anyway goes with that.
  void release(screen_order* command = nullptr, bool behind_stop = false) {
    auto held = std::exchange(state.held, {});
    while (!held.empty()) {
      auto first = held.front();
      std::vector<dn_sequence> of_call;
      bool starts = behind_stop; // which leaves nothing that a resume could go on with
      std::erase_if(held, [&](const held_command& one) {
        bool same = one.connection == first.connection;
        if (same)
          of_call.push_back(one.sequence);
        starts |= same && one.verb == capture_verb::start;
        return same;
      });
      if (command != nullptr && first.connection == command->connection)
        command->releases = std::move(of_call);
      else
        order_release(first, starts, std::move(of_call));
    }
  }

  void order_release(const held_command& first, bool starts, std::vector<dn_sequence> of_call) {
    if (wanting_call(state) != nullptr)
      return order(starts ? capture_verb::start : verb_to_record({}), first.connection,
                   broker_reason::hold_released, {}, std::move(of_call));
    for (auto sequence : of_call) // nothing to do after all
      effects.push_back(
        hold_over{{sequence, first.verb, first.connection, first.version}, outcome::confirmed});
  }

  /// The last pause ended without a command that says so to the recorders.
  void go_on(broker_reason cause) {
    bool had_held = !state.held.empty();
    release();
    if (!had_held && wanting_call(state) != nullptr)
      order_desired(cause);
  }

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

  void begin(screen_order o, const std::vector<awaited_recorder>& recorders, steady_ms timeout) {
    supersede(o);
    o.sent_us = at.utc_us;
    o.recorders = recorders;
    o.deadline = at.now + timeout;
    if (o.verb != capture_verb::query && !recorders.empty())
      o.ask_at = at.now + timeout / 2;
    for (auto& awaited : recorders)
      if (auto* r = recorder_of(awaited.recorder);
          r != nullptr && awaited.verdict == recorder_verdict::silent)
        owe(*r, o);
    if (!o.is_own() && desired_by(o.verb) == capture_state::enabled)
      release(&o);
    state.orders.push_back(std::move(o));
  }

  /// The command reaches nobody, and that is its outcome.
  void conclude(const command_admitted& event, outcome result,
                std::optional<screen_pause> by = {}) {
    effects.push_back(decided{order_of(event), result, {}, capture_aggregate::none, std::move(by)});
  }

  void hold(const command_admitted& event, const judgement& judged) {
    conclude(event, outcome::held, judged.by);
    if (state.held.size() == held_max) {
      auto oldest = state.held.front().sequence;
      end_holds([&](const held_command& h) { return h.sequence == oldest; }, outcome::superseded,
                event.version);
    }
    state.held.push_back(
      {event.sequence, event.command.verb, event.command.connection, event.version});
  }

  void pause(const command_admitted& event) {
    auto& command = event.command;
    auto& call = newest(command.connection, event.version);
    bool is_recorded = std::any_of(state.recorders.begin(), state.recorders.end(),
                                   [](const screen_recorder& r) { return r.began; });
    if (state.pauses.empty() && wanting_call(state) == nullptr && is_recorded)
      call.wants = wish::as_recorder;
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
    newest(command.connection, event.version);
    for (auto& c : state.calls)
      if (is_of_all || c.is_of(command.connection)) {
        c.wants = wish::none;
        c.stopped = true;
      }
    for (auto& r : state.recorders)
      r.began = false;
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
    bool owed_any = !r->owes.empty() || was_asked;
    bool owed_pause = std::any_of(r->owes.begin(), r->owes.end(), [](const owed_answer& one) {
      return one.verb == capture_verb::pause;
    });
    auto answered = answered_by(*r, event);
    if (event.state) {
      state.has_lost = false;
      note_word(*r, by_its_name(event), at.utc_us, owed_any, !state.pauses.empty());
      put_back_unfinished(*r, answered, event);
      r->began |= !desired(state) && r->said == capture_state::enabled;
    }
    for (auto& o : state.orders) {
      bool is_answer = std::any_of(answered.begin(), answered.end(),
                                   [&](const owed_answer& one) { return one.order == o.sequence; });
      judge_word(o, event, *r, is_answer, was_asked);
    }
    if (!before && r->said == capture_state::enabled && owed_pause)
      recorded_before_pause();
    if (event.state && !owed_any)
      look_for_drift(*r, before);
    decide_by_verdicts();
  }

  /// A recorder may go on with the ConnID that a call had before it was merged.
  indication_heard by_its_name(indication_heard word) const {
    if (auto* call = find_call(state, word.connection))
      word.connection = call->connection;
    return word;
  }

  /// Its first word crossed the pause on its way: what it recorded then is what goes on after it.
  void recorded_before_pause() {
    if (wanting_call(state) == nullptr && !state.pauses.empty())
      newest(state.pauses.back().covers, state.pauses.back().version).wants = wish::as_recorder;
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
    bool is_well = r.said && !leaves(wanted, *r.said) && r.owes.empty();
    if (is_well || state.is_draining)
      return;
    if (wanted)
      order_desired(broker_reason::recorder_came, event.recorder);
    else
      r.ask_at = at.now + rules.confirm_timeout / 2;
  }

  void operator()(const recorder_gone& event) {
    if (recorder_of(event.recorder) == nullptr)
      return;
    state.last_event = at.now;
    std::erase_if(state.recorders,
                  [&](const screen_recorder& r) { return r.id == event.recorder; });
    state.has_lost = true;
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

  void operator()(const desktop_came& event) {
    for (auto& p : state.pauses)
      if (p.holder.application == event.application) {
        p.gone_since.reset();
        p.gone_told = false;
      }
  }

  void operator()(const desktop_gone& event) {
    for (auto& p : state.pauses)
      if (p.holder.application == event.application && !event.another_is_here && !p.gone_since)
        p.gone_since = at.now;
  }

  void operator()(const call_ended& event) {
    state.last_event = at.now;
    bool was_paused = !state.pauses.empty();
    auto ended = end_call(state, event.connection);
    auto of_it = [&](const auto& one) { return one.connection && ended.is_of(one.connection); };
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
    auto slow = drop_overdue_answers();
    decide_where([this](screen_order& o) {
      return o.deadline <= at.now ? std::optional{verdict_at_deadline(o, state, rules.confirm)}
                                  : std::nullopt;
    });
    for (auto id : slow)
      if (auto* r = recorder_of(id); must_correct(*r) && !state.correct_at)
        follow_drift(id);
    ask();
    remind();
    look_after_absent();
    if (state.correct_at && *state.correct_at <= at.now)
      correct();
  }

  /// What recorders have not answered in time. Returns those of which nobody waited for the answer
  /// any more: their order was decided by others.
  std::vector<client_id> drop_overdue_answers() {
    std::vector<client_id> slow;
    for (auto& r : state.recorders) {
      bool any_unneeded = false;
      std::erase_if(r.owes, [&](const owed_answer& one) {
        bool is_overdue = one.deadline <= at.now;
        any_unneeded |=
          is_overdue && std::none_of(state.orders.begin(), state.orders.end(),
                                     [&](auto& o) { return o.sequence == one.order; });
        return is_overdue;
      });
      if (any_unneeded && r.owes.empty())
        slow.push_back(r.id);
    }
    return slow;
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
    if (event.at_the_end)
      end_holds([](const held_command&) { return true; }, outcome::unknown);
  }
};

} // namespace

screen_result step(screen before, const screen_event& event, moment at, const screen_rules& rules) {
  auto desired_before = desired(before);
  auto light_before = light(before);
  visitor visit{std::move(before), {}, at, rules};
  std::visit(visit, event);
  auto& state = visit.state;
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
  if (desired_changed) {
    state.corrections = 0;
    state.correct_at.reset();
  }
  if (light_changed || desired_changed)
    state.changed_us = at.utc_us;
  drop_alarms(state);
  visit.arm();
  return {std::move(state), std::move(effects)};
}

bool may_end(const screen& s, steady_ms now, const screen_rules& rules) noexcept {
  if (!s.orders.empty())
    return false;
  bool only_remembers = s.pauses.empty() && s.held.empty() && wanting_call(s) == nullptr;
  return now - s.last_event >= (only_remembers ? rules.dn_idle_timeout : rules.session_idle_max);
}

} // namespace ringdown
