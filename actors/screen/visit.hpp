// What a visit of an event to a screen has at hand, for `step` alone: the screen as it becomes,
// what must be done about it, and the time.
#pragma once

#include "actors/screen/changes.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

struct visit {
  visit(screen& visited, moment when, const screen_rules& by)
    : state(visited), at(when), rules(by) {}

  screen& state;
  std::vector<screen_effect> effects;
  const moment at;
  const screen_rules& rules;
  /// Why the light may become unknown in this visit.
  broker_reason doubt = broker_reason::recorder_lost;
  /// Recorders that have not done an order that others' words were enough for.
  std::vector<client_id> undone;

  screen_recorder* recorder_of(client_id id) {
    return const_cast<screen_recorder*>(find_recorder(state, id));
  }

  screen_call& newest(conn_id connection, command_version version) {
    return newest_call(state, connection, version, rules.calls_max);
  }

  void ask_soon(screen_recorder& r) {
    if (!r.asked && !r.ask_at && !state.is_draining)
      r.ask_at = at.now + rules.confirm_timeout / 2;
  }

  void alarm(broker_reason reason, client_id recorder = {}) {
    if (state.is_draining)
      return; // everybody goes: the broker's log says how many captures were live
    stand_alarm(state, reason, recorder, at.utc_us);
    effects.push_back(raise_alarm{reason, recorder});
  }

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

  /// A recorder that tells calls apart is to pause all of them.
  conn_id scope_of_pause(client_id only) const {
    bool any_per_call =
      std::any_of(state.recorders.begin(), state.recorders.end(),
                  [&](const screen_recorder& r) { return r.per_call && (!only || r.id == only); });
    return any_per_call ? conn_id{} : state.pauses.back().covers;
  }

  void order_desired(broker_reason cause, client_id only = {}) {
    auto wanted = desired(state);
    if (wanted == capture_state::paused)
      order(capture_verb::pause, scope_of_pause(only), cause, only);
    else if (wanted == capture_state::enabled)
      order(verb_to_record(only), wanting_call(state)->connection, cause, only);
    else if (wanted == capture_state::disabled)
      order(capture_verb::stop, {}, cause, only);
  }
};

} // namespace ringdown
