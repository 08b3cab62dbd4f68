// What is known of one DN's screen, as values: its calls, pauses, orders, and what the recorders
// said last; and the questions that can be asked of it. Pure: no clock, no I/O, no actor. The law
// behind it is docs/confirmed-control.md.
//
//   calls ----- wants recording? --.
//   pauses ---- does any stand? ---+--> desired: paused, else enabled, else disabled, else nothing
//
//   recorders - their last words ------> light:  recording, else unknown, else paused, else off
//
// Desired and light are never stored: they are derived, each from its own side, so that neither can
// be taken for the other.
#pragma once

#include "messages/confirm_rules.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"
#include "messages/outcome.hpp"
#include "messages/user_data.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringdown {

/// Steady time as the actors see it; virtual in tests.
using steady_ms = std::chrono::milliseconds;

/// Pauses that may stand on one screen, by scope and holder: far above what people and automata of
/// one desk cause. Above it a new one is refused.
inline constexpr std::size_t pauses_max = 64;
/// Commands that may wait for the end of a pause. Above it the oldest ends as superseded.
inline constexpr std::size_t held_max = 64;
/// Ended calls whose late `resume` is known for what it is.
inline constexpr std::size_t ended_calls_max = 16;
/// Orders that a recorder may owe an answer: above what a person gives within a deadline. Above it
/// the oldest is no longer waited for.
inline constexpr std::size_t owed_max = 64;
/// Orders of one plain recorder whose time is over and that it may answer yet: enough for
/// `pause, resume, pause` and one more. The oldest goes.
inline constexpr std::size_t late_max = 4;
/// The last orders to single recorders, whose version no other may echo.
inline constexpr std::size_t given_max = 16;
/// Alarms that stand at a time: one for each reason and recorder.
inline constexpr std::size_t alarms_max = 16;

// ---- calls and pauses --------------------------------------------------------------------------

/// Whether a call wants to be recorded.
enum class wish : std::uint8_t {
  none,
  as_recorder, ///< nobody asked: a recorder began by itself, and so it shall be after a pause
  asked,
};

/// A ConnID that something was said of; 0: no call.
struct screen_call {
  conn_id connection;
  wish wants = wish::none;
  bool stopped = false; ///< by a `stop`, and not started since
  command_version version;
  std::vector<conn_id> former; ///< merged into this one

  bool is_of(conn_id any) const noexcept;
  bool operator==(const screen_call&) const = default;
};

/// Who gave a command. A desktop is the same whatever its connection and instance id: a page that
/// is loaded again has new ones.
struct commander {
  std::string application;
  std::string agent_id; ///< empty: not said
  client_id client = {};
  std::string principal = {}; ///< empty: nobody asked who it is

  bool is_same(const commander& other) const noexcept {
    bool one_is_silent = agent_id.empty() || other.agent_id.empty();
    return principal == other.principal && application == other.application &&
           (one_is_silent || agent_id == other.agent_id);
  }
  bool operator==(const commander&) const = default;
};

/// Stands from its command until it is lifted.
struct screen_pause {
  conn_id covers; ///< 0: the whole screen
  commander holder;
  std::string reason;
  std::int64_t since_us = 0; ///< UTC
  command_version version;
  std::optional<steady_ms> gone_since; ///< no client of the holder's program is registered
  bool gone_told = false;              ///< what follows its absence has followed
  std::optional<steady_ms> remind_at;

  bool operator==(const screen_pause&) const = default;
};

// ---- recorders and orders ----------------------------------------------------------------------

/// An order that a recorder has not answered.
struct owed_answer {
  dn_sequence order;
  command_version version;
  capture_verb verb = capture_verb::pause;
  conn_id connection;
  steady_ms deadline{0};
  bool operator==(const owed_answer&) const = default;
};

/// What a recorder that tells calls apart said of one of them.
struct call_word {
  conn_id connection;
  capture_state state = capture_state::unknown;
  bool operator==(const call_word&) const = default;
};

/// What was done lately about a recorder that leaves what is desired. All is forgotten once it has
/// been calm for long, or something else is desired.
struct recorder_drift {
  std::uint8_t told = 0;               ///< alarms; one more than corrections_max and then none
  std::uint8_t corrections = 0;        ///< at most corrections_max
  std::uint8_t in_a_row = 0;           ///< of those: since it last did what is desired
  std::optional<steady_ms> corrected;  ///< the last time
  std::optional<steady_ms> correct_at; ///< the next one: that before has failed
  std::optional<steady_ms> calm_at;    ///< if nothing more comes of it until then

  bool operator==(const recorder_drift&) const = default;
};

/// An active recorder and its one word.
struct screen_recorder {
  client_id id;
  bool exact = false;    ///< echoes versions
  bool per_call = false; ///< tells calls apart: its word is the one of them nearest to recording
  std::optional<capture_state> said;
  conn_id said_of; ///< what the word answered
  std::int64_t said_us = 0;
  std::vector<call_word> calls;
  bool began = false;             ///< `enabled`, and nobody had asked
  bool paused_by_itself = false;  ///< `paused`, and no pause stood
  bool asked = false;             ///< asked by the broker, and nothing heard since
  std::vector<owed_answer> owes;  ///< the oldest first
  std::vector<capture_verb> late; ///< of a plain one: it owed these, and their time is over
  std::optional<steady_ms> ask_at;
  recorder_drift drift;

  bool operator==(const screen_recorder&) const = default;
};

/// A recorder that an order went to. The set is frozen then.
struct awaited_recorder {
  client_id recorder;
  recorder_verdict verdict = recorder_verdict::silent;
  capture_state said = capture_state::unknown; ///< last, since the order
  bool is_final = false; ///< it has answered just this order: its verdict stands
  std::uint32_t failure_code = 0;
  std::string failure_text;
  bool operator==(const awaited_recorder&) const = default;
};

/// What recorders are told: a client's command, or the broker's own.
struct screen_order {
  dn_sequence sequence; ///< names it
  capture_verb verb = capture_verb::query;
  conn_id connection;
  command_version version; ///< none of a query
  steady_ms deadline{0};
  std::optional<steady_ms> ask_at;                  ///< when recorders that are silent are asked
  broker_reason cause = broker_reason::unspecified; ///< of the broker's own
  std::int64_t sent_us = 0;                         ///< UTC
  client_id only;                    ///< the one recorder that it went to; 0: every one
  std::vector<dn_sequence> releases; ///< held commands that it lets go
  std::vector<awaited_recorder> recorders;

  bool is_own() const noexcept { return cause != broker_reason::unspecified; }
  bool operator==(const screen_order&) const = default;
};

/// An order that went to one recorder alone.
struct given_order {
  command_version version;
  client_id recorder;
  bool operator==(const given_order&) const = default;
};

/// A command that waits until no pause stands.
struct held_command {
  dn_sequence sequence;
  capture_verb verb = capture_verb::resume;
  conn_id connection;
  command_version version;
  bool operator==(const held_command&) const = default;
};

/// A person must look, and the broker cannot mend it.
struct standing_alarm {
  broker_reason reason = broker_reason::unspecified;
  client_id recorder; ///< 0: no single one
  std::int64_t since_us = 0;
  bool operator==(const standing_alarm&) const = default;
};

// ---- the screen --------------------------------------------------------------------------------

struct screen {
  std::vector<screen_call> calls;   ///< by their last command, the newest last
  std::vector<screen_pause> pauses; ///< the oldest first
  std::vector<screen_recorder> recorders;
  std::vector<screen_order> orders; ///< the oldest first
  std::vector<held_command> held;   ///< the oldest first
  std::vector<standing_alarm> alarms;
  std::vector<conn_id> ended;     ///< calls that are over, the newest last
  std::vector<given_order> given; ///< the newest last

  bool was_asked = false; ///< a command that wants something was ever given
  bool has_lost = false;  ///< a recorder is gone, and none that is left has spoken since
  bool is_draining = false;

  // Of the last command, for a snapshot.
  conn_id connection;
  command_version version; ///< of the broker's own orders too
  commander last_commander;
  std::int64_t commanded_us = 0;
  std::int64_t changed_us = 0; ///< when desired or light last changed

  steady_ms last_event{0};
  std::optional<steady_ms> tick_at; ///< the armed tick
  int graces = 0;                   ///< in a row, after the process stood still

  bool operator==(const screen&) const = default;
};

/// What the screen is to be; nothing: nobody has asked for anything.
std::optional<capture_state> desired(const screen& s) noexcept;
/// What the words of all active recorders amount to.
capture_state light(const screen& s) noexcept;
/// The call of this ConnID, or of one that was merged into it; null if nothing was said of it.
const screen_call* find_call(const screen& s, conn_id connection) noexcept;
/// Whether something was said of this call: a command, or a pause that stands though the call was
/// forgotten.
bool is_known(const screen& s, conn_id connection) noexcept;
/// Whether both name the same call; one of them may have been merged into it.
bool is_one_call(const screen& s, conn_id one, conn_id other) noexcept;
/// The newest call that wants recording; null: none does.
const screen_call* wanting_call(const screen& s) noexcept;
const screen_recorder* find_recorder(const screen& s, client_id id) noexcept;

/// Whether there is nothing to remember: nobody has asked for anything, and no recorder has spoken.
bool is_blank(const screen& s) noexcept;

/// Whether a word is what an order asks for. `pause`: nothing is recorded, so `disabled` too.
bool confirms(capture_verb order, capture_state word) noexcept;
/// Whether a recorder that says this leaves what is desired.
bool leaves(std::optional<capture_state> desired, capture_state word) noexcept;

/// What decisions about a screen go by.
struct screen_rules {
  steady_ms confirm_timeout;
  steady_ms session_idle_max;
  steady_ms dn_idle_timeout;
  std::size_t calls_max;
  confirm_rules confirm;

  screen_rules(const limits& bounds, const confirm_rules& rules)
    : confirm_timeout(bounds.confirm_timeout), session_idle_max(bounds.session_idle_max),
      dn_idle_timeout(bounds.dn_idle_timeout), calls_max(bounds.calls_per_dn_max), confirm(rules) {}
};

// ---- what becomes of a command -----------------------------------------------------------------

/// Where a command goes.
enum class way : std::uint8_t {
  recorders, ///< to the recorders
  held,      ///< nowhere, until no pause stands
  nowhere,   ///< there is nothing to do: confirmed by the words as they are
  refused,   ///< 185: it would record what was stopped, or is over
  no_room,   ///< 1186: too many pauses stand
};

/// A command, as far as the decision needs it.
struct screen_command {
  capture_verb verb = capture_verb::query;
  conn_id connection;
  commander from;
  bool by_supervisor = false; ///< or an admin
  /// A call source is registered on the DN: ConnIDs have a life of their own.
  bool calls_are_told = false;
};

/// What becomes of a command, and the pause that it is held by.
struct judgement {
  way goes = way::recorders;
  std::optional<screen_pause> by{};
};
/// Pure; `step` does just this with the command.
judgement judge(const screen& s, const screen_command& command, steady_ms now,
                const screen_rules& rules);
/// Whether the command ends this pause.
bool lifts(const screen& s, const screen_command& command, const screen_pause& pause, steady_ms now,
           const screen_rules& rules) noexcept;

} // namespace ringdown
