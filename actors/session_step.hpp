// The capture session's decisions, as a pure function: what is desired, what each recorder said,
// which commands wait for their outcome, and when the broker must say that it does not know. The
// actor around it only carries effects out.
//
//   command_admitted ---> pending --(the recorders that must, confirmed)--> decided confirmed
//                            |----(their registrations ended)-------------> recorder_lost, partial
//                            |----(a later command wants otherwise)-------> superseded
//                            |----(another call is paused)----------------> held
//                            |----(its deadline)--------------------------> timed_out, partial
//                            `----(the session ends, the broker drains)---> unknown
//
//   live --(confirmed stop | call ended | merged | idle too long | room needed)--> ended
//
// A session knows no clock: time comes with each event, in steady milliseconds.
#pragma once

#include "messages/confirm_rules.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"
#include "messages/outcome.hpp"
#include "messages/user_data.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace ringdown {

/// Steady time as the actors see it; virtual in tests.
using steady_ms = std::chrono::milliseconds;

/// A tick later than this means that the process stood still (SIGSTOP, a suspended machine), or has
/// far too much to do: what the recorders said meanwhile has not been read yet. Many turns of a
/// busy loop, and little of any deadline.
inline constexpr steady_ms overslept_min{100};
/// So long it then has to be read before what was due is held to be late.
inline constexpr steady_ms overslept_grace{200};
/// So often in a row: a machine that stops again and again.
inline constexpr int graces_max = 3;

/// A session's life.
enum class session_life : std::uint8_t { live, ended };

/// A recorder's last word about this session.
struct recorder_word {
  client_id recorder;
  capture_state state;
  bool operator==(const recorder_word&) const = default;
};

/// A recorder that was active when a command was accepted. The set is frozen then.
struct awaited_recorder {
  client_id recorder;
  bool exact = false; ///< echoes versions
  recorder_verdict verdict = recorder_verdict::silent;
  capture_state said = capture_state::unknown;
  bool operator==(const awaited_recorder&) const = default;
};

/// A command that waits for its outcome.
struct pending_command {
  dn_sequence sequence; ///< names it
  capture_verb verb = capture_verb::query;
  command_version version; ///< none for a query
  steady_ms deadline{0};
  std::vector<awaited_recorder> recorders;
  bool operator==(const pending_command&) const = default;
};

/// A recorder that came, or to which a held command goes out, must yet confirm what is desired.
struct recheck {
  client_id recorder;
  bool exact = false;
  steady_ms deadline{0};
  bool operator==(const recheck&) const = default;
};

struct session_state {
  conn_id connection;
  session_life life = session_life::live;
  /// What the last admitted command asks for; nothing before the first.
  std::optional<capture_state> desired;
  command_version version;
  /// What the words amount to: enabled if any says so, then paused, then disabled. Unknown after a
  /// doubt until the next word.
  capture_state observed = capture_state::unknown;
  std::vector<recorder_word> words;
  /// A recorder has ever spoken: then `unknown` is a doubt, and before it nothing at all.
  bool spoken = false;
  std::vector<pending_command> pending; ///< oldest first
  std::vector<recheck> rechecks;
  /// The desktop that paused is gone: when somebody must look, or the broker resumes.
  std::optional<steady_ms> alarm_at;
  /// When anything was last heard.
  steady_ms last_event{0};
  /// The armed tick.
  std::optional<steady_ms> tick_at;
  int graces = 0; ///< in a row, after the process stood still

  bool operator==(const session_state&) const = default;
};

/// A recorder says what is so. The DN keeps its own view of a session with this too.
void note_word(session_state& session, client_id recorder, capture_state said);
/// Whether what is known is also this recorder's word.
bool has_spoken(const session_state& session, client_id recorder) noexcept;
/// Whether what a recorder says of one call is its word about the session without a ConnID, too: if
/// it confirms what is desired there. Anything else may be so of that call alone.
bool speaks_for_all(const session_state& without_call, capture_state said, command_version echoed,
                    bool exact) noexcept;
/// What was known of one call is known of the session that it becomes part of. Of a recorder's two
/// words the one nearer to recording counts: which is newer, nobody knows.
void take_words(session_state& into, const session_state& from);
/// A recorder's word does not count any more, and until another speaks nobody knows.
void forget_words_of(session_state& session, client_id recorder) noexcept;

// ---- events, in the DN's order -----------------------------------------------------------------

/// The DN admitted a command for this session. A held one has no recorders.
struct command_admitted {
  pending_command command;
  bool held = false;
};
/// A recorder said what is so; `echoed` is the version it answers, if it says.
struct indication_heard {
  capture_state state;
  client_id recorder;
  command_version echoed;
  /// Said of another call: it may confirm what was asked here, and says nothing of the state.
  bool of_another = false;
};
/// An active recorder is registered (again) and was told the desired state, or was sent it: it must
/// confirm.
struct desired_told {
  client_id recorder;
  bool exact = false;
};
/// A recorder's registration is over, asked for or not; so many active ones are left.
struct recorder_gone {
  client_id recorder;
  std::size_t active_left = 0;
  bool was_active = true;
};
/// The desktop whose command stands is gone, or has come back.
struct commander_gone {};
struct commander_back {};
/// The broker resumed by itself.
struct resumed {
  command_version version;
};
/// Another session, as it was when it ended, has become part of this one. What was said since then
/// this one has heard already, and the commands of the other have not.
struct merged_in {
  session_state other;
  std::vector<indication_heard> said_since{};
};
/// This session goes on in another one.
struct merged_away {};
/// The session's call bears another ConnID now.
struct renamed {
  conn_id connection;
};
/// The call is over.
struct call_ended {};
/// The armed tick came.
struct tick_due {};
/// The DN needs room for another session.
struct room_needed {};
/// The broker shuts down: what no recorder can confirm is not decided any more; at the end nothing
/// is.
struct draining {
  bool at_the_end = false;
};

using session_event = std::variant<command_admitted, indication_heard, desired_told, recorder_gone,
                                   commander_gone, commander_back, resumed, merged_in, merged_away,
                                   renamed, call_ended, tick_due, room_needed, draining>;

// ---- effects, to be carried out in order -------------------------------------------------------

/// A command's one outcome.
struct decided {
  pending_command command;
  outcome result;
  command_version superseded_by;
  capture_aggregate aggregate = capture_aggregate::none;
  bool operator==(const decided&) const = default;
};
/// The broker says `unknown` to all that are registered on the DN.
struct say_unknown {
  broker_reason reason;
  bool alarm = false; ///< a person must look
  bool operator==(const say_unknown&) const = default;
};
/// The broker calls for a person, and nothing about the light has changed.
struct raise_alarm {
  broker_reason reason;
  bool operator==(const raise_alarm&) const = default;
};
/// The desktop that paused stayed away: the broker resumes.
struct resume_for_gone {
  bool operator==(const resume_for_gone&) const = default;
};
/// Wake the session at this time; an earlier armed tick is void.
struct arm_tick {
  steady_ms at;
  bool operator==(const arm_tick&) const = default;
};
/// The session is over: the DN forgets it and the actor ends.
struct end_session {
  bool forced; ///< by nobody's wish: is logged
  bool operator==(const end_session&) const = default;
};

using session_effect =
  std::variant<decided, say_unknown, raise_alarm, resume_for_gone, arm_tick, end_session>;

struct session_result {
  session_state state;
  std::vector<session_effect> effects;
};

/// What a session's decisions go by.
struct session_rules {
  steady_ms session_idle_max;
  steady_ms confirm_timeout;
  confirm_rules confirm;

  session_rules(const limits& bounds, const confirm_rules& rules)
    : session_idle_max(bounds.session_idle_max), confirm_timeout(bounds.confirm_timeout),
      confirm(rules) {}
};

/// What an event makes of a session. Total: every (state, event) has a result, and an ended
/// session stays as it is without effects. Pure.
session_result step(session_state before, const session_event& event, steady_ms now,
                    const session_rules& rules);

/// A new session, with the tick that must be armed for it. `known` has its ConnID, and if another
/// session of it ended just before, what was desired then and the recorders' words.
session_result begin_session(session_state known, steady_ms now, const session_rules& rules);

} // namespace ringdown
