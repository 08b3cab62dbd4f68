// What a run knows of one of its sending links.
#pragma once

#include "bench/speak/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace ringdown::bench {

/// A sending link: what it has outstanding, and where it is in its DNs.
struct producer {
  struct slot {
    std::uint32_t dn = 0;
    std::uint64_t number = 0;
    std::int64_t stamp_ns = 0;
    bool used = false;
  };
  std::vector<slot> slots;
  std::vector<slot_index> free;
  std::size_t next_dn = 0;
  std::deque<std::int64_t> backlog; ///< intended times of events that wait for a slot
  std::uint64_t undelivered = 0;    ///< copies of its events that no receiver has yet
  clock::time_point pause_until;    ///< after an error that asks for a pause
  bool to_fill = false;
};

} // namespace ringdown::bench
