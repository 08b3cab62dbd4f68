// The events of a link that its program has not taken yet, in their order. Who pushes asks first
// whether it is full.
#pragma once

#include "client/connection.hpp"

#include <cstddef>
#include <deque>
#include <optional>

namespace ringdown::client {

class event_queue {
public:
  bool empty() const noexcept { return events_.empty(); }
  bool is_full(const bounds& limits) const noexcept {
    return events_.size() >= limits.events_max || bytes_ >= limits.event_bytes_max;
  }
  void push(event e, std::size_t bytes);
  std::optional<event> take_first();
  bool has_reply(reference_id reference) const { return find_reply(reference) != events_.end(); }
  std::optional<event> take_reply(reference_id reference);

private:
  struct waiting_event {
    event what;
    std::size_t bytes;
  };
  using events = std::deque<waiting_event>;

  events::const_iterator find_reply(reference_id reference) const;
  std::optional<event> take(events::const_iterator which);

  events events_;
  std::size_t bytes_ = 0;
};

} // namespace ringdown::client
