// A DN's commands, from their acceptance to their one outcome: who gave them, what is remembered
// under their ids, and which outcomes were told last. Free of CAF.
#pragma once

#include "actors/command_table.hpp"
#include "actors/context.hpp"
#include "actors/screen/step.hpp"
#include "actors/t_client.hpp"
#include "messages/outcome_event.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace ringdown {

/// An accepted command: who is told of its outcome, and what its outcome says of it.
struct accepted_command {
  dn_sequence sequence;   ///< names it
  outcome_claim sender;   ///< nobody: its connection is gone, and it waits for the end of a pause
  outcome_claim repeater; ///< who sent it again while the sender was there; nobody: nobody did
  client_id origin;
  std::string application;
  std::string owner; ///< whose its id is
  instance_id instance;
  command_id id;
  conn_id connection;
  capture_verb verb = capture_verb::query;
  command_version version;
  std::string reason;
  std::string agent_id;
  std::int64_t time_us = 0;
  steady_ms accepted_at{0};  ///< the same: `time_us` may be set back meanwhile
  std::size_t recorders = 0; ///< that its order awaits

  /// Who its sender was proven to be; empty where nobody asked.
  std::string_view principal() const noexcept {
    auto before = owner.size() > application.size() ? owner.size() - application.size() - 1 : 0;
    return std::string_view{owner}.substr(0, before);
  }
  /// What the memory budget is told of it.
  std::size_t bytes() const noexcept {
    return command_bytes + recorders * sizeof(awaited_recorder);
  }
};

class command_book {
public:
  explicit command_book(broker_context& context)
    : ids(context.bounds, context.budget), context_(context) {}
  ~command_book();
  command_book(const command_book&) = delete;
  command_book& operator=(const command_book&) = delete;

  /// An outcome is owed from now on; so was `broker_context::outcomes_owed` told before.
  void accept(accepted_command command);
  /// Commands without an outcome.
  std::size_t pending() const noexcept { return accepted_.size(); }
  const accepted_command* front() const noexcept {
    return accepted_.empty() ? nullptr : &accepted_.front();
  }
  /// The command is decided. A held one is kept, and owed another outcome, until it is ordered, or
  /// will not be.
  accepted_command conclude(dn_sequence sequence, bool is_held);
  bool is_pending(dn_sequence sequence) const noexcept;
  /// A held command's last word. Nothing if it is not known any more; else who tells of it pays
  /// what was owed.
  std::optional<accepted_command> let_go(dn_sequence sequence);
  const std::deque<accepted_command>& held() const noexcept { return held_; }

  /// The outcome to come goes to where the command was sent from last, and to its first sender
  /// while that is there.
  void sent_again(const command_id& id, const client_ptr& client);
  /// A client's connection is gone: nothing that may take hours holds on to it.
  void sender_left(const t_client& client) noexcept;

  /// The newest, the newest last.
  const std::deque<encoded_outcome>& outcomes() const noexcept { return outcomes_; }
  const std::string& remember(encoded_outcome outcome);

  command_table ids;

private:
  broker_context& context_;
  std::deque<accepted_command> accepted_; // by sequence
  std::deque<accepted_command> held_;     // by sequence; `held_max` at most, as the screen has them
  std::deque<encoded_outcome> outcomes_;
};

} // namespace ringdown
