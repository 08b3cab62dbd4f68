#include "client/command_ledger.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::client {

void command_ledger::sent(event_outcome what, outcome_handler done) {
  auto id = what.command;
  owed_.insert_or_assign(id, entry{{std::move(done), std::move(what)}, std::nullopt, 0});
}

bool command_ledger::acknowledged(const command_id& id, const event_ack& ack,
                                  std::optional<time> deadline) {
  auto found = owed_.find(id);
  if (found == owed_.end())
    return false;
  auto& e = found->second;
  e.command.what.epoch = ack.epoch;
  e.command.what.sequence = ack.sequence;
  e.command.what.version = ack.version;
  e.deadline = deadline;
  e.number = ++acknowledged_;
  return true;
}

finished_command command_ledger::take(entries& from, entries::iterator which) {
  auto finished = std::move(which->second.command);
  from.erase(which);
  return finished;
}

/// What becomes of it in the end is told to the same handler.
void command_ledger::keep_held(const command_id& id, const finished_command& told) {
  auto still = told;
  still.what.result = outcome::unknown; // until the broker says more
  still.what.time_us = 0;
  still.what.released = told.what.sequence;
  still.what.released_command = id;
  held_.insert_or_assign(id, entry{std::move(still), std::nullopt, ++acknowledged_});
}

std::optional<finished_command> command_ledger::on_outcome(const event_outcome& e) {
  bool lets_go = bool{e.released_command};
  auto id = lets_go ? e.released_command : e.command;
  auto& where = lets_go ? held_ : owed_;
  auto found = where.find(id);
  if (found == where.end())
    return std::nullopt;
  auto finished = take(where, found);
  finished.what = e;
  if (e.result == outcome::held)
    keep_held(id, finished);
  return finished;
}

std::optional<finished_command> command_ledger::doubt(entries& from, const command_id& id) {
  auto found = from.find(id);
  if (found == from.end())
    return std::nullopt;
  return take(from, found); // says `unknown` from the start
}

std::vector<finished_command> command_ledger::all_in_doubt() {
  std::vector<finished_command> all;
  for (auto* where : {&owed_, &held_})
    for (auto i = where->begin(); i != where->end();) {
      auto which = i++;
      if (which->second.number != 0)
        all.push_back(take(*where, which));
    }
  std::sort(all.begin(), all.end(), [](const finished_command& a, const finished_command& b) {
    return a.what.sequence < b.what.sequence;
  });
  return all;
}

std::vector<command_id> command_ledger::open() const {
  std::vector<command_id> all;
  for (auto& [id, e] : owed_)
    if (e.number != 0)
      all.push_back(id);
  return all;
}

std::vector<command_id> command_ledger::let_go(const dn_snapshot& now) const {
  auto waits = [&now](const event_outcome& held) {
    if (!now.session || now.epoch != held.epoch)
      return false;
    auto& orders = now.session->orders;
    return std::any_of(orders.begin(), orders.end(),
                       [&](const open_order& o) { return o.held && o.sequence == held.sequence; });
  };
  std::vector<command_id> all;
  for (auto& [id, e] : held_)
    if (!waits(e.command.what))
      all.push_back(id);
  return all;
}

std::optional<pending_command> command_ledger::newest() const {
  const entry* newest = nullptr;
  for (auto& [id, e] : owed_)
    if (e.number != 0 && (newest == nullptr || e.number > newest->number))
      newest = &e;
  if (newest == nullptr)
    return std::nullopt;
  auto& what = newest->command.what;
  return pending_command{what.verb, what.connection, what.command, newest->deadline};
}

} // namespace ringdown::client
