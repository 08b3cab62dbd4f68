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
    for (auto& awaited : order.recorders)
      if (auto* r = recorder_of(awaited.recorder);
          r != nullptr && must_correct(*r) && !r->drift.correct_at)
        correct_later(*r);
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

  bool may_correct(const screen_recorder& r) const {
    return policy_now() == drift_policy::correct && r.drift.corrections < corrections_max;
  }

  steady_ms calm_time() const { return calm_distance * rules.confirm_timeout; }

  /// The correction before, or an order, was not done.
  void correct_later(screen_recorder& r) {
    if (!may_correct(r))
      return;
    auto& drift = r.drift;
    drift.correct_at = at.now + correction_distances[drift.in_a_row] * rules.confirm_timeout;
    drift.calm_at = *drift.correct_at + calm_time();
  }

  /// Orders what is desired again of a recorder that left it and owes no answer.
  void correct(screen_recorder& r) {
    r.drift.correct_at.reset();
    if (!may_correct(r) || !must_correct(r) || !r.owes.empty())
      return;
    order_desired(broker_reason::drift, r.id);
    ++r.drift.corrections;
    ++r.drift.in_a_row;
    r.drift.corrected = at.now;
    r.drift.calm_at = at.now + calm_time();
  }

  /// Corrections that are due, and recorders that have been calm.
  void look_after_drift() {
    auto is_due = [this](std::optional<steady_ms> when) { return when && *when <= at.now; };
    for (auto& r : state.recorders) {
      if (is_due(r.drift.correct_at))
        correct(r);
      if (is_due(r.drift.calm_at))
        r.drift = {};
    }
  }

  /// A recorder has said this, and before that something else.
  void watch_word(screen_recorder& r, std::optional<capture_state> before, bool owed_order) {
    if (!leaves(desired(state), *r.said))
      came_back(r);
    else if (!owed_order)
      look_for_drift(r, before);
  }

  /// What it leaves now it leaves anew.
  void came_back(screen_recorder& r) {
    r.drift.in_a_row = 0;
    if (std::exchange(r.drift.correct_at, std::nullopt))
      r.drift.calm_at = at.now + calm_time();
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
    follow_drift(r);
  }

  void follow_drift(screen_recorder& r) {
    if (policy_now() == drift_policy::ignore)
      return;
    auto& drift = r.drift;
    if (drift.corrected && at.now - *drift.corrected >= calm_time())
      drift.corrections = drift.in_a_row = 0;
    drift.calm_at = at.now + calm_time();
    if (drift.told <= corrections_max) { // beyond that it stands
      ++drift.told;
      alarm(broker_reason::drift, r.id);
    }
    if (drift.in_a_row == 0)
      correct(r);
    else if (!drift.correct_at)
      correct_later(r);
  }

  void note_undone(client_id recorder) {
    if (std::find(undone.begin(), undone.end(), recorder) == undone.end())
      undone.push_back(recorder);
  }

  /// Others' words were enough for the order: nobody else is told that these do otherwise.
  void follow_undone() {
    for (auto id : std::exchange(undone, {}))
      if (auto* r = recorder_of(id);
          r != nullptr && must_correct(*r) && r->owes.empty() && !r->drift.correct_at)
        follow_drift(*r);
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
