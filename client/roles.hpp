// What a recorder and a desktop know about screen capture, as pure state machines: no clock, no
// I/O. `recorder_model` keeps a believable capture state and says what to answer; `light_model`
// is the agent's recording light, `command_ledger` the commands whose outcome a desktop is owed.
// Not thread-safe; values otherwise.
#pragma once

#include "client/events.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::client {

/// The state of a capture after a command. Total: an indication changes nothing.
///   start -> enabled · stop -> disabled · query: as it is
///   pause: enabled -> paused, else as it is · resume: paused -> enabled, else as it is
capture_state after_command(capture_state present, capture_verb command) noexcept;

/// What a recorder says about a DN.
struct indication {
  std::string this_dn;
  conn_id connection; ///< 0: for all of the DN's sessions
  capture_state state = capture_state::disabled;
  // What it answers, for a recorder that echoes exactly.
  command_version version;
  command_id command;
  client_id asked_by; ///< of a query; else 0
  dn_epoch epoch;     ///< the one that `version` counts in

  bool operator==(const indication&) const = default;
};

/// A recorder's capture state by DN and ConnID. A ConnID that it has not heard of is in the state
/// that was set without a ConnID (there is one screen), else disabled. A command without a ConnID
/// is for all sessions of the DN, so that a pause without a call can never miss one.
///
/// It keeps the version of each session's last order, so that what comes twice, or late, changes
/// nothing: versions of a DN rise within its epoch. An event or answer without one always counts.
/// A resume that the broker holds asks for nothing: it comes again when it is let go, and until
/// then its session is paused.
class recorder_model {
public:
  /// Sessions kept for one DN; above it a disabled one goes first, else the oldest.
  static constexpr std::size_t sessions_per_dn_max = 8;

  /// Takes a command and returns what to answer: one indication, or one for each session if a
  /// command without ConnID leaves them in different states. Nothing for other events, except
  /// that the end of a session (told by the broker) is noted.
  std::vector<indication> on_event(const event_user_event& e);

  /// What a snapshot asks of the recorder.
  struct catch_up {
    std::vector<indication> orders; ///< missed, or not answered yet: to be done and then said
    std::vector<indication> untold; ///< so already, but the broker does not know: to be said
  };
  /// Takes a DN's snapshot at registration, or after missed events.
  catch_up on_snapshot(const std::string& dn, const dn_snapshot& snapshot);

  /// The answer to an order: this is so now. False: there was a newer order, whose answer counts
  /// instead, or the DN is no longer this recorder's.
  bool answer(const indication& done);
  /// What was said is still what there is to say.
  bool still_so(const indication& said) const;
  /// What is so after all, whatever was ordered; without a ConnID: for all sessions of the DN.
  void set(const std::string& dn, conn_id connection, capture_state state);

  /// The DN is no longer this recorder's.
  void forget(const std::string& dn);

  capture_state state(const std::string& dn, conn_id connection = {}) const;
  /// What the DN's one screen is to be: paused if any session is, else enabled if any is.
  capture_state screen(const std::string& dn) const;
  std::size_t sessions(const std::string& dn) const;

private:
  struct session {
    conn_id connection;
    capture_state state = capture_state::disabled;
    command_version version; ///< of its last order
    bool answered = true;    ///< `state` is what the recorder said, and not only ordered

    void take(capture_state ordered, command_version by);
    indication says(const std::string& dn, dn_epoch epoch) const;
  };
  struct dn_state {
    dn_epoch epoch;
    command_version for_all;       ///< of the last order without a ConnID
    std::vector<session> sessions; ///< oldest first; the one without a ConnID before all

    void count_in(dn_epoch now);
    session* find(conn_id connection);
    session& session_of(conn_id connection);
    capture_state state_of(conn_id connection) const;
  };

  std::map<std::string, dn_state, std::less<>> dns_;
};

/// The agent's recording light.
enum class light : std::uint8_t { unknown, recording, paused, off };
std::string_view to_string(light l) noexcept; ///< as in scripts: unknown, recording, paused, off
light light_of(capture_state effective) noexcept;

/// The light of one DN. It shows what recorders said and never what was only asked for; after any
/// doubt it shows unknown.
class light_model {
public:
  light shown() const noexcept { return shown_; }
  /// Events of the DN were missed: ask for its snapshot (RequestQueryAddress).
  bool needs_snapshot() const noexcept { return needs_snapshot_; }

  /// A person must look (an event's alarm). Until a recorder speaks, or the light is known again
  /// and another than it was at the alarm.
  bool alarm() const noexcept { return alarm_at_.has_value(); }

  // Each returns true if the light or the alarm changed.
  bool on_snapshot(const dn_snapshot& snapshot) noexcept;
  bool on_event(const event_user_event& e) noexcept;
  bool on_missed(const event_missed& missed) noexcept;
  /// The link or the registration is gone.
  bool on_lost() noexcept;

private:
  bool show(light l) noexcept;

  light shown_ = light::unknown;
  std::optional<light> alarm_at_; ///< what was shown when the alarm was raised
  bool needs_snapshot_ = false;
  dn_epoch epoch_;
  dn_sequence sequence_;
};

/// A command of this desktop's own that was accepted and has no outcome yet.
struct pending_command {
  capture_verb verb = capture_verb::none;
  conn_id connection;
  command_id command;
  /// By then its outcome is decided. Nothing: by the broker's own time, which its snapshot tells.
  std::optional<std::chrono::steady_clock::time_point> deadline;

  bool operator==(const pending_command&) const = default;
};

/// All that an agent is shown.
struct light_view {
  light state = light::unknown;
  std::optional<pending_command> pending; ///< the newest
  bool alarm = false;

  bool operator==(const light_view&) const = default;
};

using outcome_handler = std::function<void(const event_outcome&)>;

/// An outcome with the handler that it is for.
struct finished_command {
  outcome_handler done;
  event_outcome what;
};

/// The commands whose outcome the program is owed: exactly one for each, which is the broker's, or
/// `unknown` if none can come.
class command_ledger {
public:
  using time = std::chrono::steady_clock::time_point;

  /// `what` says which command: this_dn, command, connection and verb.
  void sent(event_outcome what, outcome_handler done);
  /// It has had no effect and so has no outcome.
  void withdrawn(const command_id& id) { owed_.erase(id); }
  /// False: its outcome was told already. No deadline: the broker's own, which it did not tell.
  bool acknowledged(const command_id& id, const event_ack& ack, std::optional<time> deadline);
  /// The commands that were acknowledged.
  std::vector<command_id> open() const;

  /// The broker's word. Nothing if it is not owed (any more).
  std::optional<finished_command> on_outcome(const event_outcome& e);
  /// `unknown`, in place of an outcome that cannot come.
  std::optional<finished_command> in_doubt(const command_id& id);
  /// The same for all that were acknowledged. The others have their answer still to come, and may
  /// be sent again.
  std::vector<finished_command> all_in_doubt();

  std::optional<pending_command> newest() const;

private:
  struct entry {
    finished_command command;
    std::optional<time> deadline;
    std::uint64_t number = 0; ///< in the order of acknowledgement; 0: there was none yet
  };
  using entries = std::map<command_id, entry>;
  finished_command take(entries::iterator which);

  entries owed_;
  std::uint64_t acknowledged_ = 0;
};

} // namespace ringdown::client
