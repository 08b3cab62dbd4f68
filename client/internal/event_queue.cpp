#include "client/internal/event_queue.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::client {

void event_queue::push(event e, std::size_t bytes) {
  bytes_ += bytes;
  events_.push_back({std::move(e), bytes});
}

event_queue::events::const_iterator event_queue::find_reply(reference_id reference) const {
  return std::find_if(events_.begin(), events_.end(), [&](const waiting_event& waiting) {
    return reference_of(waiting.what) == reference;
  });
}

std::optional<event> event_queue::take(events::const_iterator which) {
  if (which == events_.end())
    return std::nullopt;
  auto place = events_.begin() + (which - events_.cbegin());
  auto taken = std::move(place->what);
  bytes_ -= place->bytes;
  events_.erase(place);
  return taken;
}

std::optional<event> event_queue::take_first() {
  return take(events_.begin());
}

std::optional<event> event_queue::take_reply(reference_id reference) {
  return take(find_reply(reference));
}

} // namespace ringdown::client
