// Whether loops turn, for the daemon's watchdog.
#pragma once

#include "broker/edge/edge_loop.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace ringdown {

/// A loop has one question outstanding however often somebody asks: one that stands still gathers
/// none. One thread at a time.
class turn_watch {
public:
  /// Whether all loops have turned since they were asked last; if so, they are asked again.
  bool ask(const std::vector<std::unique_ptr<edge::edge_loop>>& loops) {
    if (left_->load() != 0)
      return false;
    left_->store(loops.size());
    for (auto& loop : loops)
      loop->host().post([left = left_] { left->fetch_sub(1); });
    return true;
  }

private:
  /// Of the loops that were asked; theirs too, for they may answer after our end.
  const std::shared_ptr<std::atomic<std::size_t>> left_ =
    std::make_shared<std::atomic<std::size_t>>(0);
};

} // namespace ringdown
