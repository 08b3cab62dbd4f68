// An event loop without I/O: proves that the scheduler needs nothing but the interface, and counts
// how often it slept.
#pragma once

#include "actors/runtime/event_loop.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace ringdown::test {

class plain_loop final : public runtime::event_loop {
public:
  size_t wait(runtime::time_point deadline) override {
    std::unique_lock lock{mutex_};
    if (!woken_ && deadline > runtime::clock_type::now()) {
      ++sleeps;
      if (deadline == runtime::time_point::max())
        changed_.wait(lock, [this] { return woken_; });
      else
        changed_.wait_until(lock, deadline, [this] { return woken_; });
    }
    woken_ = false;
    return 0;
  }

  void wake() noexcept override {
    std::lock_guard lock{mutex_};
    woken_ = true;
    changed_.notify_one();
  }

  std::atomic<size_t> sleeps{0};

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

} // namespace ringdown::test
