#include "actors/session_step.hpp"

namespace ringdown {

namespace {

/// One visit of an event to a session; each overload is one kind of event.
struct visitor {
  session_state state;
  std::vector<session_effect> effects;
  steady_ms now;
  const limits& bounds;

  void heard() { state.last_event = now; }

  void doubt(broker_reason reason) {
    if (state.observed == capture_state::unknown)
      return; // the clients have been told, or were never told anything else
    state.observed = capture_state::unknown;
    state.observed_by = {};
    effects.push_back(say_unknown{reason});
  }

  void end(bool forced) {
    state.life = session_life::ended;
    effects.push_back(end_session{forced});
  }

  /// Told even if the state was unknown before: the desired state goes with the session.
  void end_by_force() {
    state.observed = capture_state::unknown;
    state.observed_by = {};
    effects.push_back(say_unknown{broker_reason::session_ended});
    end(true);
  }

  void operator()(const command_admitted& event) {
    heard();
    if (auto desired = desired_by(event.verb)) {
      state.desired = desired;
      state.version = event.version;
    }
  }

  void operator()(const indication_heard& event) {
    heard();
    state.observed = event.state;
    state.observed_by = event.recorder;
    if (state.desired == capture_state::disabled && event.state == capture_state::disabled)
      end(false); // the stop is confirmed
  }

  void operator()(const recorder_registered&) { heard(); }

  void operator()(const recorder_gone& event) {
    heard();
    if (event.active_left == 0 || event.recorder == state.observed_by)
      doubt(broker_reason::recorder_lost);
  }

  void operator()(const tick_due&) {
    auto due = state.last_event + bounds.session_idle_max;
    if (now >= due)
      end_by_force();
    else
      effects.push_back(arm_tick{due});
  }

  void operator()(const room_needed&) { end_by_force(); }
};

} // namespace

session_result step(const session_state& before, const session_event& event, steady_ms now,
                    const limits& bounds) {
  switch (before.life) {
  case session_life::ended: return {before, {}};
  case session_life::live: break;
  }
  visitor visit{before, {}, now, bounds};
  std::visit(visit, event);
  return {std::move(visit.state), std::move(visit.effects)};
}

session_result begin_session(conn_id connection, steady_ms now, const limits& bounds) {
  session_state state;
  state.connection = connection;
  state.last_event = now;
  return {state, {arm_tick{now + bounds.session_idle_max}}};
}

} // namespace ringdown
