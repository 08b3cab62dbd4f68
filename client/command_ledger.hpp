// The commands whose outcome a desktop's program is owed, as a pure state machine: exactly one for
// each, which is the broker's, or `unknown` if none can come. One that is held has one more: that
// of the order with which it is let go. No clock, no I/O. Not thread-safe; a value otherwise.
#pragma once

#include "client/events.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace ringdown::client {

/// A command of this desktop's own that was accepted and has no outcome yet.
struct pending_command {
  capture_verb verb = capture_verb::none;
  conn_id connection;
  command_id command;
  /// By then its outcome is decided. Nothing: by the broker's own time, which its snapshot tells.
  std::optional<std::chrono::steady_clock::time_point> deadline;

  bool operator==(const pending_command&) const = default;
};

using outcome_handler = std::function<void(const event_outcome&)>;

/// An outcome with the handler that it is for.
struct finished_command {
  outcome_handler done;
  event_outcome what;
};

/// The commands of one desktop that are not decided yet, and what their callers hear.
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
  /// Those that were told to be held, and do not wait any more.
  std::vector<command_id> let_go(const dn_snapshot& now) const;

  /// The broker's word. Nothing if it is not owed (any more).
  std::optional<finished_command> on_outcome(const event_outcome& e);
  /// `unknown`, in place of an outcome that cannot come.
  std::optional<finished_command> in_doubt(const command_id& id) { return doubt(owed_, id); }
  /// The same of one that was held.
  std::optional<finished_command> held_in_doubt(const command_id& id) { return doubt(held_, id); }
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
  static finished_command take(entries& from, entries::iterator which);
  static std::optional<finished_command> doubt(entries& from, const command_id& id);
  void keep_held(const command_id& id, const finished_command& told);

  entries owed_;
  entries held_; ///< what becomes of them when they are let go is owed
  std::uint64_t acknowledged_ = 0;
};

} // namespace ringdown::client
