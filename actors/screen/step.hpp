// The capture session's decisions: what an event makes of a screen, and what must be done about it.
// One pure function; the actor around it (session.cpp) only keeps the state and the time, and the
// DN carries the effects out.
//
//   command --+--> order --(the recorders that must, confirmed)--> confirmed
//             |      |----(they said that they did not)----------> failed, partial
//             |      |----(their registrations ended)------------> recorder_lost, partial
//             |      |----(a later one wants otherwise)----------> superseded
//             |      |----(its deadline)-------------------------> timed_out, partial
//             |      `----(its call ended, the broker drains)----> unknown
//             +--> held ---(no pause stands any more)--> an order of the broker's
//             `--> nowhere: confirmed by the words as they are
//
// Time comes with each event, in steady milliseconds.
#pragma once

#include "actors/screen/screen.hpp"

#include <variant>

namespace ringdown {

/// A tick later than this means that the process stood still (SIGSTOP, a suspended machine), or has
/// far too much to do: what the recorders said meanwhile has not been read yet. Many turns of a
/// busy loop, and little of any deadline.
inline constexpr steady_ms overslept_min{100};
/// So long it then has to be read before what was due is held to be late.
inline constexpr steady_ms overslept_grace{200};
/// So often in a row: a machine that stops again and again.
inline constexpr int graces_max = 3;
/// So often what a recorder left is ordered of it again, until it has been calm; then the alarm
/// stands.
inline constexpr int corrections_max = 3;
/// From a correction that failed to the next one, in deadlines: growing, for a recorder that is
/// restarted needs its time. One that came back and leaves again is corrected at once.
inline constexpr int correction_distances[corrections_max] = {1, 5, 15};
/// A recorder is calm that has needed no correction for so many deadlines.
inline constexpr int calm_distance = correction_distances[corrections_max - 1];

/// An effect: the broker orders this. Answered by `order_sent`.
struct send_order {
  capture_verb verb = capture_verb::query;
  conn_id connection;
  broker_reason cause = broker_reason::unspecified;
  client_id for_recorder{}; ///< 0: every one
  std::vector<dn_sequence> releases{};
  bool operator==(const send_order&) const = default;
};

// ---- events, in the DN's order -----------------------------------------------------------------

/// The DN admitted a command, and delivered it as `judge` says.
struct command_admitted {
  screen_command command;
  dn_sequence sequence;
  command_version version; ///< none of a query
  steady_ms timeout{0};
  std::vector<awaited_recorder> recorders; ///< that it went to
  std::string reason;
  std::int64_t time_us = 0;
};
/// The DN carried a `send_order` out.
struct order_sent {
  send_order what;
  dn_sequence sequence;
  command_version version;
  std::vector<awaited_recorder> recorders;
};
/// A recorder spoke.
struct indication_heard {
  client_id recorder;
  std::optional<capture_state> state; ///< nothing: `failed`
  conn_id connection;
  command_version echoed; ///< the version that it answers, if it says
  bool has_failed = false;
  std::uint32_t failure_code = 0;
  std::string failure_text;
};
/// A recorder is active now, or has registered again.
struct recorder_came {
  client_id recorder;
  bool exact = false;
  bool per_call = false;
};
/// A recorder is not active any more.
struct recorder_gone {
  client_id recorder;
  bool is_standby = false; ///< it says so itself, and is registered on
};
/// A client that may command registered or is registered no more.
struct desktop_came {
  std::string application;
  std::string principal = {};
};
struct desktop_gone {
  std::string application;
  bool another_is_here = false; ///< of the same principal and application
  std::string principal = {};
};
/// The call is over.
struct call_ended {
  conn_id connection;
};
/// Two calls are one now.
struct calls_merged {
  conn_id from;
  conn_id into;
};
/// The armed tick came.
struct tick_due {};
/// The broker shuts down: what no recorder can confirm is not decided any more; at the end nothing
/// is.
struct draining {
  bool at_the_end = false;
};

using screen_event =
  std::variant<command_admitted, order_sent, indication_heard, recorder_came, recorder_gone,
               desktop_came, desktop_gone, call_ended, calls_merged, tick_due, draining>;

// ---- effects, to be carried out in order -------------------------------------------------------

/// The one outcome of an order, or of a command that was held or had nothing to do.
struct decided {
  screen_order order;
  outcome result = outcome::unknown;
  command_version superseded_by{};
  capture_aggregate aggregate = capture_aggregate::none;
  std::optional<screen_pause> held_by{};
  bool operator==(const decided&) const = default;
};
/// A held command that will not be ordered any more; its `held` was told before.
struct hold_over {
  held_command command;
  outcome result = outcome::superseded;
  command_version superseded_by{};
  bool operator==(const hold_over&) const = default;
};
/// The broker says to all that are registered on the DN that nobody knows what is recorded.
struct say_unknown {
  broker_reason reason = broker_reason::unspecified;
  bool alarm = false; ///< a person must look
  bool operator==(const say_unknown&) const = default;
};
/// The broker calls for a person; the light has not changed.
struct raise_alarm {
  broker_reason reason = broker_reason::unspecified;
  client_id recorder{};
  bool operator==(const raise_alarm&) const = default;
};
/// Wake the session at this time. At a `tick_due` that comes before, it asks for the next.
struct arm_tick {
  steady_ms at{0};
  bool operator==(const arm_tick&) const = default;
};

using screen_effect =
  std::variant<decided, hold_over, send_order, say_unknown, raise_alarm, arm_tick>;

struct screen_result {
  screen state;
  std::vector<screen_effect> effects;
};

/// Now, by both clocks.
struct moment {
  steady_ms now{0};
  std::int64_t utc_us = 0;
};

/// What an event makes of a screen. Total and pure.
screen_result step(screen before, const screen_event& event, moment at, const screen_rules& rules);
/// The same on a screen that stays where it is: to move one costs more than most events.
std::vector<screen_effect> advance(screen& state, const screen_event& event, moment at,
                                   const screen_rules& rules);

/// Whether a DN on which nobody is registered may forget the screen: soon where only what was
/// stopped would be remembered, else after a shift.
bool may_end(const screen& s, steady_ms now, const screen_rules& rules) noexcept;

/// How many of an order's recorders must confirm it.
confirm_policy policy_for(capture_verb verb, const confirm_rules& rules) noexcept;

} // namespace ringdown
