#include "client/cli/name_book.hpp"

#include <utility>

namespace ringdown::cli {

using namespace ringdown::client;

void name_book::learn(client_id client, const std::string& application) {
  constexpr std::size_t names_max = 20'000; // twice the connections of a broker
  if (!client || application.empty())
    return;
  if (names_.size() == names_max && !names_.contains(client))
    names_.erase(names_.begin()); // ids grow: it came first
  names_.insert_or_assign(client, application);
}

void name_book::learn(const dn_snapshot& snapshot) {
  if (!snapshot.session)
    return;
  auto& s = *snapshot.session;
  learn(s.desired_by, s.desired_by_application);
  for (auto& word : s.recorders)
    learn(word.recorder, word.application);
  for (auto& pause : s.pauses)
    learn(pause.client, pause.application);
}

void name_book::learn(const event_outcome& o) {
  learn(o.origin, o.origin_application);
  for (auto& r : o.recorders)
    learn(r.recorder, r.application);
}

void name_book::learn(const event& e) {
  if (auto* registered = std::get_if<event_registered>(&e)) {
    learn(registered->snapshot);
  } else if (auto* o = std::get_if<event_outcome>(&e)) {
    learn(*o);
  } else if (auto* info = std::get_if<event_address_info>(&e)) {
    learn(info->snapshot);
    for (auto& r : info->recorders)
      learn(r.client, r.application);
    for (auto& told : info->recent_outcomes)
      learn(told);
  }
}

std::string name_book::name_of(client_id client) const {
  auto found = names_.find(client);
  return found == names_.end() ? std::string{} : found->second;
}

event_outcome name_book::completed(event_outcome o) const {
  for (auto& r : o.recorders)
    if (r.application.empty())
      r.application = name_of(r.recorder);
  return o;
}

} // namespace ringdown::cli
