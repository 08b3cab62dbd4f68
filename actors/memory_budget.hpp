// The memory of the whole broker for queued bytes: one number that all outboxes and reads add to.
#pragma once

#include "messages/limits.hpp"

#include <atomic>
#include <cstddef>

namespace ringdown {

/// Counts bytes held anywhere in queues. Past its limit new requests are answered 1186 and sockets
/// stay unread, so that the sum stays bounded. Any thread.
class memory_budget {
public:
  explicit memory_budget(const limits& bounds) noexcept
    : bytes_max_(bounds.memory_budget_bytes), reserve_(bounds.memory_budget_reserve) {}

  void add(std::size_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void remove(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

  /// No more ordinary requests.
  bool spent() const noexcept { return used() > bytes_max_; }
  /// Not even `pause` and `stop`.
  bool reserve_spent() const noexcept { return used() > bytes_max_ + reserve_; }

private:
  const std::size_t bytes_max_;
  const std::size_t reserve_;
  std::atomic<std::size_t> used_{0};
};

} // namespace ringdown
