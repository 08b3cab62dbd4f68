// The clients that watch every DN: supervisors' walls and tools. Few, and changed seldom; read by
// each DN when an event of a screen goes out. Free of CAF.
#pragma once

#include "actors/t_client.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace ringdown {

/// So many clients may watch every DN: each has a copy of every screen's events.
inline constexpr std::size_t watchers_max = 64;

/// One client that watches.
struct watcher {
  client_ptr client;
  bool hear_outcomes = false;
};

/// Any thread.
class watch_list {
public:
  using list = std::vector<watcher>;

  /// Nobody watches: asked for each event of a screen, and costs a load.
  bool empty() const noexcept { return count_.load(std::memory_order_relaxed) == 0; }
  /// Those that watch now.
  std::shared_ptr<const list> now() const {
    std::lock_guard held{mutex_};
    return list_;
  }
  /// Whether there was room; one that watches already only changes its wish.
  [[nodiscard]] bool add(watcher one) {
    std::lock_guard held{mutex_};
    auto next = without(*one.client);
    if (next->size() >= watchers_max)
      return false;
    next->push_back(std::move(one));
    replace(std::move(next));
    return true;
  }
  /// Whether it watched.
  bool remove(const t_client& client) {
    std::lock_guard held{mutex_};
    auto next = without(client);
    bool was_there = next->size() != list_->size();
    if (was_there)
      replace(std::move(next));
    return was_there;
  }

private:
  std::shared_ptr<list> without(const t_client& client) const {
    auto next = std::make_shared<list>(*list_);
    std::erase_if(*next, [&](const watcher& w) { return w.client.get() == &client; });
    return next;
  }
  void replace(std::shared_ptr<const list> next) {
    count_.store(next->size(), std::memory_order_relaxed);
    list_ = std::move(next);
  }

  mutable std::mutex mutex_;
  std::shared_ptr<const list> list_ = std::make_shared<const list>();
  std::atomic<std::size_t> count_{0};
};

} // namespace ringdown
