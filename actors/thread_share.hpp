// What several threads may share, or one has for itself: then a lock and an atomic addition, 10 to
// 20 ns each on the path of every event, would protect nothing.
#pragma once

#include "messages/ensure.hpp"

#include <atomic>
#include <cstdint>

namespace ringdown {

/// Who may use an object. One: a broker with a single loop, whose connections, DNs and sockets all
/// run on that loop's thread, one after another.
enum class threads : std::uint8_t { one, many };

/// A mutex that is none for one thread. Fit for `std::lock_guard`. Each connection has two of them,
/// so it is its own: 8 bytes, where `std::mutex` takes 40.
class thread_mutex {
public:
  explicit thread_mutex(threads users) noexcept : is_shared_(users == threads::many) {}
  thread_mutex(const thread_mutex&) = delete;
  thread_mutex& operator=(const thread_mutex&) = delete;

  void lock() noexcept {
    auto was = state::free;
    if (is_shared_ && !state_.compare_exchange_strong(was, state::taken, std::memory_order_acquire))
      wait_and_lock();
    if constexpr (debug_checks)
      if (!is_shared_)
        check_thread();
  }
  void unlock() noexcept {
    if (is_shared_ && state_.exchange(state::free, std::memory_order_release) == state::awaited)
      state_.notify_one();
  }
  /// Whether many threads share what it guards.
  bool is_shared() const noexcept { return is_shared_; }

private:
  enum class state : std::int32_t {
    free,
    taken,
    awaited, ///< taken, and somebody may sleep
  };

  /// Who has slept cannot know whether others still do, so it takes the lock as awaited.
  void wait_and_lock() noexcept {
    while (state_.exchange(state::awaited, std::memory_order_acquire) != state::free)
      state_.wait(state::awaited, std::memory_order_relaxed);
  }

  /// That one thread alone comes here is believed in what ships; here it is looked at. The first
  /// one's mark stands where a mutex would have its state.
  void check_thread() noexcept {
    auto mine = static_cast<state>(thread_mark());
    auto first = state::free;
    ensure(state_.compare_exchange_strong(first, mine) || first == mine,
           "one thread alone uses what one thread may use");
  }

  std::atomic<state> state_{state::free};
  const bool is_shared_;
};

/// A counter that its users change, and any thread may read (a metric). Relaxed.
class thread_counter {
public:
  /// Returns what it was before. Wraps around, so that adding `-n` takes n away.
  std::uint64_t add(std::uint64_t n, bool is_shared) noexcept {
    if (is_shared)
      return value_.fetch_add(n, std::memory_order_relaxed);
    auto before = get();
    value_.store(before + n, std::memory_order_relaxed);
    return before;
  }
  /// Adds `n` if `allows` says so of what is there, and tells whether it did. Nobody sees it added
  /// where it is not.
  template <class Allows>
  bool add_if(std::uint64_t n, bool is_shared, Allows allows) noexcept {
    auto before = get();
    if (!is_shared) {
      if (!allows(before))
        return false;
      value_.store(before + n, std::memory_order_relaxed);
      return true;
    }
    while (allows(before))
      if (value_.compare_exchange_weak(before, before + n, std::memory_order_relaxed))
        return true;
    return false;
  }
  /// Of one writer.
  void set(std::uint64_t now) noexcept { value_.store(now, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

} // namespace ringdown
