// Time that stands still until somebody lets it pass, and an event loop in it: a queue of handlers
// in place of sockets. For loops that are cranked by hand; one thread.
#pragma once

#include "broker/edge/io_loop.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <utility>

namespace ringdown::test {

/// The clock of everything in one virtual world.
class hand_clock {
public:
  runtime::time_point now() {
    if (reading_takes)
      now_ += reading_takes();
    return now_;
  }
  /// The time without taking any.
  runtime::time_point at() const { return now_; }
  void pass(std::chrono::nanoseconds time) { now_ += time; }
  void pass_until(runtime::time_point then) { now_ = std::max(now_, then); }

  /// How long it takes until the clock is read: what happens between two looks at it takes no time
  /// else, and a turn's budget is never used up.
  std::function<std::chrono::nanoseconds()> reading_takes;

private:
  runtime::time_point now_{std::chrono::hours{1}};
};

class manual_loop final : public edge::io_loop {
public:
  explicit manual_loop(hand_clock& clock) : clock_(clock) {}

  /// Calls `handler` within one of the next waits, as if a socket had become ready.
  void call(std::function<void()> handler) { waiting_.push_back(std::move(handler)); }
  bool has_calls() const { return !waiting_.empty(); }
  /// When the last wait would have ended by itself if nothing had been there to serve: for a timer
  /// of the loop's own, or for who waited.
  runtime::time_point sleeps_until() const { return std::min(deadline_, next_timer()); }
  runtime::time_point deadline() const { return deadline_; }
  using io_loop::next_timer;

  runtime::time_point now() const noexcept override { return clock_.now(); }

  /// Never blocks. Serves what was there at its beginning, as far as there is time.
  std::size_t wait(runtime::time_point deadline) override {
    deadline_ = deadline;
    begin_serving(now());
    auto end = served_at() + serving_time_max;
    std::size_t served = 0;
    for (auto left = waiting_.size(); left > 0 && served_at() < end; --left) {
      auto handler = std::move(waiting_.front());
      waiting_.pop_front();
      handler();
      has_served(now());
      ++served;
    }
    served += serve_timers();
    end_serving();
    return served;
  }
  void wake() noexcept override {}

private:
  /// As an epoll_loop's: what is answered leaves before too much is read.
  static constexpr std::chrono::milliseconds serving_time_max{1};

  hand_clock& clock_;
  std::deque<std::function<void()>> waiting_;
  runtime::time_point deadline_ = poll_only;
};

} // namespace ringdown::test
