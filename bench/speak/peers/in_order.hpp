// For protocols whose answers carry no number: they come in the order of the requests of a link.
#pragma once

#include "bench/speak/protocol.hpp"

#include <deque>
#include <optional>

namespace ringdown::bench {

class in_order_slots {
public:
  explicit in_order_slots(std::size_t links) : waiting_(links) {}

  void sent(std::size_t link, slot_index slot) { waiting_[link].push_back(slot); }
  /// Whom the next answer is for; nothing if nobody waits.
  std::optional<slot_index> answered(std::size_t link) {
    auto& slots = waiting_[link];
    if (slots.empty())
      return std::nullopt;
    auto slot = slots.front();
    slots.pop_front();
    return slot;
  }

private:
  std::vector<std::deque<slot_index>> waiting_;
};

} // namespace ringdown::bench
