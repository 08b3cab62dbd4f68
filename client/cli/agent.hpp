// One DN of `ringdown desktop`: its commands, what the agent is shown, and what became of the last
// command.
#pragma once

#include "client/cli/party.hpp"
#include "client/desktop.hpp"

#include <memory>
#include <optional>
#include <string>

namespace ringdown::cli {

class agent {
public:
  /// Begins to register. `host` outlives it.
  agent(party& host, const std::string& dn, const client::desktop_options& options);
  agent(const agent&) = delete;
  agent& operator=(const agent&) = delete;

  const std::string& dn() const { return desktop_.dn(); }
  client::light shown() const { return desktop_.shown(); }
  /// What its status line says; empty before anything was shown.
  std::string status() const;
  /// Its pending command's time runs.
  bool counts() const { return desktop_.view().pending.has_value(); }
  /// An accepted command has no outcome yet. One that is held has it.
  bool outcome_owed() const { return desktop_.view().pending.has_value(); }

  /// Sends a command and waits for its answer. False, with the reason printed, if there was none.
  bool command(capture_verb verb, client::outgoing_event what);
  /// The last command that was accepted has ended, and not only to be held; or as `wanted`.
  bool has_ended(outcome wanted) const;
  /// How; nothing: not told yet. No value at all: there is no such command.
  const std::shared_ptr<std::optional<outcome>>& last() const { return last_; }

private:
  void on_view(const client::light_view& now);
  void learn_deadline(const client::event_address_info& info);

  party& host_;
  std::optional<client::light_view> shown_;
  std::optional<client::steady_time> deadline_;          // of the pending command, once it is known
  std::shared_ptr<std::optional<outcome>> last_;         // of the last accepted command
  std::shared_ptr<int> alive_ = std::make_shared<int>(); // of the listener
  client::desktop desktop_;
};

} // namespace ringdown::cli
