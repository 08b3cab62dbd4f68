// Whether loops turn, for the daemon's watchdog; and what ran where a turn took long.
#pragma once

#include "actors/context.hpp"
#include "actors/runtime/loop_scheduler.hpp"
#include "broker/edge/edge_loop.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace ringdown {

/// A loop has one question outstanding however often somebody asks: one that stands still gathers
/// none. One thread at a time.
class turn_watch {
public:
  /// Whether all loops have turned since they were asked last; if so, they are asked again.
  bool ask(const std::vector<std::unique_ptr<edge::edge_loop>>& loops);

  /// A line for each loop that took long turns since this was called last: how many, and what the
  /// longest of them was made of.
  void tell_long_turns(runtime::loop_scheduler& loops, observer& told);

private:
  /// Of the loops that were asked; theirs too, for they may answer after our end.
  const std::shared_ptr<std::atomic<std::size_t>> left_ =
    std::make_shared<std::atomic<std::size_t>>(0);
  std::vector<std::uint64_t> told_; // long turns of each loop
};

} // namespace ringdown
