// The capture session's decisions, as a pure function: what is desired, what was observed, and
// when the broker must say that it does not know. The actor around it only carries effects out.
//
//   live --(confirmed stop | idle too long | room needed)--> ended
//
// A session knows no clock: time comes with each event, in steady milliseconds. Deadlines and
// outcomes of commands will be further events and effects of the same function.
#pragma once

#include "messages/ids.hpp"
#include "messages/limits.hpp"
#include "messages/user_data.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace ringdown {

/// Steady time as the actors see it; virtual in tests.
using steady_ms = std::chrono::milliseconds;

/// Why the broker makes an event of its own. Values are those of the wire.
enum class broker_reason : std::uint8_t {
  unspecified = 0,
  recorder_lost = 1,
  session_ended = 2,
  internal_error = 3,
};

/// A session's life.
enum class session_life : std::uint8_t { live, ended };

struct session_state {
  conn_id connection;
  session_life life = session_life::live;
  /// What the last admitted command asks for; nothing before the first.
  std::optional<capture_state> desired;
  command_version version;
  capture_state observed = capture_state::unknown;
  /// The recorder that `observed` comes from.
  client_id observed_by;
  /// When anything was last heard.
  steady_ms last_event{0};

  bool operator==(const session_state&) const = default;
};

// ---- events, in the DN's order -----------------------------------------------------------------

/// The DN admitted a command (with its version) for this ConnID.
struct command_admitted {
  capture_verb verb;
  command_version version;
};
/// A recorder said what is so.
struct indication_heard {
  capture_state state;
  client_id recorder;
};
/// An active recorder is registered (again).
struct recorder_registered {
  client_id recorder;
};
/// A recorder's registration is over, asked for or not; so many active ones are left.
struct recorder_gone {
  client_id recorder;
  std::size_t active_left;
};
/// The armed tick came.
struct tick_due {};
/// The DN needs room for another session.
struct room_needed {};

using session_event = std::variant<command_admitted, indication_heard, recorder_registered,
                                   recorder_gone, tick_due, room_needed>;

// ---- effects, to be carried out in order -------------------------------------------------------

/// The broker says `unknown` to all that are registered on the DN.
struct say_unknown {
  broker_reason reason;
  bool operator==(const say_unknown&) const = default;
};
/// Wake the session at this time; an earlier armed tick is void.
struct arm_tick {
  steady_ms at;
  bool operator==(const arm_tick&) const = default;
};
/// The session is over: the DN forgets it and the actor ends.
struct end_session {
  bool forced; ///< not by a confirmed stop: is logged
  bool operator==(const end_session&) const = default;
};

using session_effect = std::variant<say_unknown, arm_tick, end_session>;

struct session_result {
  session_state state;
  std::vector<session_effect> effects;
};

/// What an event makes of a session. Total: every (state, event) has a result, and an ended
/// session stays as it is without effects. Pure.
session_result step(const session_state& before, const session_event& event, steady_ms now,
                    const limits& bounds);

/// A new session, with the tick that must be armed for it.
session_result begin_session(conn_id connection, steady_ms now, const limits& bounds);

} // namespace ringdown
