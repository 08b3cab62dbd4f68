// The memory of the whole broker for queued bytes: one number that all outboxes and reads add to.
#pragma once

#include "messages/ensure.hpp"
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
  void remove(std::size_t bytes) noexcept {
    auto before = used_.fetch_sub(bytes, std::memory_order_relaxed);
    debug_ensure(before >= bytes, "the budget gets back what it gave");
  }
  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

  /// No more ordinary requests.
  bool spent() const noexcept { return used() > bytes_max_; }
  /// One event for hundreds of slow clients could take the reserve, too, at once. A little of it
  /// they get: whoever must pay for what is spent pays only once it is.
  bool has_room_for(std::size_t bytes) const noexcept {
    return used() + bytes <= bytes_max_ + reserve_ / 8;
  }
  /// Whoever is to give way while it is spent does so until an eighth is free again: else the next
  /// event would spend it once more.
  bool is_relieved() const noexcept { return used() <= bytes_max_ - bytes_max_ / 8; }
  /// Of so many clients. Those who hold no more have not spent it.
  std::size_t even_share(std::size_t clients) const noexcept { return bytes_max_ / clients; }
  /// Not even `pause` and `stop`.
  bool reserve_spent() const noexcept { return used() > bytes_max_ + reserve_; }

private:
  const std::size_t bytes_max_;
  const std::size_t reserve_;
  std::atomic<std::size_t> used_{0};
};

/// What one holder of bytes has told the budget; forgotten with it. One thread at a time.
class memory_share {
public:
  explicit memory_share(memory_budget& of) noexcept : budget_(of) {}
  ~memory_share() { holds(0); }
  memory_share(const memory_share&) = delete;
  memory_share& operator=(const memory_share&) = delete;

  /// It holds so many now, in all.
  void holds(std::size_t bytes) noexcept {
    if (bytes > told_)
      budget_.add(bytes - told_);
    else if (bytes < told_)
      budget_.remove(told_ - bytes);
    told_ = bytes;
  }

private:
  memory_budget& budget_;
  std::size_t told_ = 0;
};

} // namespace ringdown
