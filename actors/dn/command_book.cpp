#include "actors/dn/command_book.hpp"

#include "messages/ensure.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

using commands = std::deque<accepted_command>;

template <class Commands>
auto find_in(Commands& all, dn_sequence sequence) {
  auto before = [](const accepted_command& c, dn_sequence s) { return c.sequence < s; };
  auto found = std::lower_bound(all.begin(), all.end(), sequence, before);
  return found != all.end() && found->sequence == sequence ? found : all.end();
}

} // namespace

command_book::~command_book() {
  for (auto* all : {&accepted_, &held_})
    for (auto& command : *all)
      context_.budget.remove(command.bytes());
  context_.outcomes_owed -= held_.size();
}

void command_book::accept(accepted_command command) {
  ensure(accepted_.empty() || accepted_.back().sequence < command.sequence,
         "commands stand in the DN's order");
  context_.budget.add(command.bytes());
  accepted_.push_back(std::move(command));
}

bool command_book::is_pending(dn_sequence sequence) const noexcept {
  return find_in(accepted_, sequence) != accepted_.end();
}

accepted_command command_book::conclude(dn_sequence sequence, bool is_held) {
  auto found = find_in(accepted_, sequence);
  ensure(found != accepted_.end(), "a command has its outcome once");
  auto command = std::move(*found);
  accepted_.erase(found);
  if (is_held) {
    held_.push_back(command);
    ++context_.outcomes_owed;
  } else {
    context_.budget.remove(command.bytes());
  }
  return command;
}

std::optional<accepted_command> command_book::let_go(dn_sequence sequence) {
  auto found = find_in(held_, sequence);
  if (found == held_.end())
    return std::nullopt;
  auto command = std::move(*found);
  held_.erase(found);
  context_.budget.remove(command.bytes());
  return command;
}

namespace {

/// A sender that is still there is told as ever: one of its application may have its ids.
void note_repeat(accepted_command& command, const client_ptr& client) {
  auto* sender = command.sender.get();
  if (sender != nullptr && sender != client.get() && !sender->box.closed()) {
    command.repeater = client;
    return;
  }
  command.sender = client;
  command.origin = client->who.id;
  command.instance = client->who.instance;
}

} // namespace

void command_book::sent_again(const command_id& id, const client_ptr& client) {
  for (auto* all : {&accepted_, &held_})
    for (auto& command : *all)
      if (command.id == id && command.owner == client->who.owner())
        note_repeat(command, client);
}

void command_book::sender_left(const t_client& client) noexcept {
  for (auto& command : held_)
    for (auto* one : {&command.sender, &command.repeater})
      if (one->get() == &client)
        *one = {};
}

const std::string& command_book::remember(encoded_outcome outcome) {
  if (outcomes_.size() == recent_outcomes_max)
    outcomes_.pop_front();
  return outcomes_.emplace_back(std::move(outcome)).frame;
}

} // namespace ringdown
