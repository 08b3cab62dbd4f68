// What several threads may share, or one has for itself: then a lock and an atomic addition, 10 to
// 20 ns each on the path of every event, would protect nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace ringdown {

/// Who may use an object. One: a broker with a single loop, whose connections, DNs and sockets all
/// run on that loop's thread, one after another.
enum class threads : std::uint8_t { one, many };

/// A mutex that is none for one thread. Fit for `std::lock_guard`.
class thread_mutex {
public:
  explicit thread_mutex(threads users) noexcept : is_shared_(users == threads::many) {}
  thread_mutex(const thread_mutex&) = delete;
  thread_mutex& operator=(const thread_mutex&) = delete;

  void lock() {
    if (is_shared_)
      mutex_.lock();
  }
  void unlock() {
    if (is_shared_)
      mutex_.unlock();
  }

private:
  std::mutex mutex_;
  const bool is_shared_;
};

/// A counter that its users change, and any thread may read (a metric). Relaxed.
class thread_counter {
public:
  explicit thread_counter(threads users) noexcept : is_shared_(users == threads::many) {}

  /// Returns what it was before. Wraps around, so that adding `-n` takes n away.
  std::uint64_t add(std::uint64_t n) noexcept {
    if (is_shared_)
      return value_.fetch_add(n, std::memory_order_relaxed);
    auto before = get();
    value_.store(before + n, std::memory_order_relaxed);
    return before;
  }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
  const bool is_shared_;
};

} // namespace ringdown
