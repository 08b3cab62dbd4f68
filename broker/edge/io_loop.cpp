#include "broker/edge/io_loop.hpp"

#include "actors/runtime/loop_scheduler.hpp"

#include <utility>

namespace ringdown::edge {

io_loop& io_loop::of(const runtime::actor_loop& loop) {
  return dynamic_cast<io_loop&>(loop.io());
}

void io_loop::end_serving() {
  is_serving_ = false;
  if (at_end_of_wait_)
    at_end_of_wait_();
}

// ---- timers --------------------------------------------------------------------------------

std::size_t io_loop::serve_timers() {
  if (timers_.empty())
    return 0;
  std::size_t served = 0;
  auto time = now();
  while (!timers_.empty() && timers_.begin()->first <= time) {
    auto* due = timers_.begin()->second;
    auto what = std::move(due->what_);
    due->cancel();
    what();
    ++served;
  }
  return served;
}

void io_loop::timer::call_after(std::chrono::nanoseconds time, std::function<void()> what) {
  cancel();
  what_ = std::move(what);
  place_ = loop_.timers_.emplace(loop_.now() + time, this);
  is_set_ = true;
}

void io_loop::timer::cancel() noexcept {
  if (std::exchange(is_set_, false))
    loop_.timers_.erase(place_);
  what_ = nullptr;
}

} // namespace ringdown::edge
