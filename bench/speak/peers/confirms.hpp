// For protocols whose answers name a request by its number on the link, or all up to that number.
#pragma once

#include "bench/speak/protocol.hpp"

#include <deque>

namespace ringdown::bench {

class confirmed_slots {
public:
  explicit confirmed_slots(std::size_t links) : links_(links) {}

  void sent(std::size_t link, slot_index slot) { links_[link].waiting.push_back({slot, true}); }

  /// Calls `each(slot)` for every request that this answers, in the order of sending; false if it
  /// is an answer to nothing. Numbers begin at 1; number 0 with `multiple` means all.
  template <class Function>
  bool answered(std::size_t link, std::uint64_t number, bool multiple, Function&& each) {
    auto& l = links_[link];
    if (number == 0 && multiple)
      number = l.first + l.waiting.size() - 1;
    if (number < l.first || number - l.first >= l.waiting.size())
      return false;
    auto last = static_cast<std::size_t>(number - l.first);
    bool any = false;
    for (auto i = multiple ? 0 : last; i <= last; ++i)
      if (auto& r = l.waiting[i]; r.waits) {
        r.waits = false;
        any = true;
        each(r.slot);
      }
    for (; !l.waiting.empty() && !l.waiting.front().waits; ++l.first)
      l.waiting.pop_front();
    return any;
  }

private:
  struct request {
    slot_index slot = 0;
    bool waits = false;
  };
  struct numbered {
    std::uint64_t first = 1; ///< the number of the request at the front
    std::deque<request> waiting;
  };
  std::vector<numbered> links_;
};

} // namespace ringdown::bench
