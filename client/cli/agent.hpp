// One DN of `ringdown desktop`: its commands, what the agent is shown, and what became of the last
// command.
#pragma once

#include "client/cli/party.hpp"
#include "client/desktop.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace ringdown::cli {

/// A command of this program's that was accepted.
struct accepted_command {
  std::optional<outcome> ended = {}; ///< nothing: not told yet
  bool is_in_doubt = false;          ///< not by the broker
  bool is_as_expected = false;       ///< by the script
};

class agent {
public:
  /// Begins to register. `host` outlives it.
  agent(party& host, const std::string& dn, const client::desktop_options& options);
  agent(const agent&) = delete;
  agent& operator=(const agent&) = delete;

  const std::string& dn() const { return desktop_.dn(); }
  client::light shown() const { return desktop_.shown(); }
  /// Nothing before anything was shown.
  std::optional<shown_status> status() const;
  /// Its pending command's time runs.
  bool counts() const { return desktop_.view().pending.has_value(); }
  /// An accepted command has no outcome yet. One that is held has it.
  bool outcome_owed() const { return desktop_.view().pending.has_value(); }
  /// The worst that has become of the commands, but for what was expected so.
  exit_status verdict() const;

  /// Sends a command and waits for its answer. False, with the reason printed, if there was none.
  bool command(capture_verb verb, client::outgoing_event what);
  /// The last command that was accepted has ended, and not only to be held; or as `wanted`.
  bool has_ended(outcome wanted) const;
  /// Null: there is no such command.
  const std::shared_ptr<accepted_command>& last() const { return last_; }

private:
  void on_view(const client::light_view& now);
  void remember(const std::shared_ptr<accepted_command>& command);
  void learn_deadline(const client::event_address_info& info);

  party& host_;
  std::optional<client::light_view> shown_;
  std::optional<client::steady_time> deadline_; // of the pending command, once it is known
  std::shared_ptr<accepted_command> last_;
  std::deque<std::shared_ptr<accepted_command>> unsettled_;
  exit_status of_forgotten_ = all_well;
  std::shared_ptr<int> alive_ = std::make_shared<int>(); // of the listener
  client::desktop desktop_;
};

} // namespace ringdown::cli
