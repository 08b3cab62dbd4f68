// Recorders that leave what is desired, or did not do it: alarms, and bounded corrections. A part
// of `step`.
#pragma once

#include "actors/screen/visit.hpp"

namespace ringdown {

struct drift_watch : visit {
  using visit::visit;

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
};

} // namespace ringdown
