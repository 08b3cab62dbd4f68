// The applications of clients by their ids, as far as events have told them: the broker does not
// name who is gone, nor who sends an event. No clock, no I/O.
#pragma once

#include "client/events.hpp"

#include <map>
#include <string>

namespace ringdown::cli {

class name_book {
public:
  void learn(const client::event& e);
  /// Empty: not known.
  std::string name_of(client_id client) const;
  /// The same with the names that it does not say itself.
  client::event_outcome completed(client::event_outcome o) const;
  /// Ids begin anew with another broker.
  void forget() { names_.clear(); }

private:
  void learn(client_id client, const std::string& application);
  void learn(const client::dn_snapshot& snapshot);
  void learn(const client::event_outcome& o);

  std::map<client_id, std::string> names_;
};

} // namespace ringdown::cli
