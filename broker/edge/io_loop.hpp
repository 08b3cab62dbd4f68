// What the links ask of the event loop that they live on, beside its waiting: the time, timers, and
// whether it serves. Free of sockets. The product's is epoll_loop.hpp; the tests have one that is
// served by hand, in virtual time.
#pragma once

#include "actors/runtime/event_loop.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>

namespace ringdown::runtime {
class actor_loop;
}

namespace ringdown::edge {

class io_loop : public runtime::event_loop {
public:
  /// The time at this moment, by the clock that `wait`'s deadlines are of.
  virtual runtime::time_point now() const noexcept { return runtime::clock_type::now(); }

  // ---- the loop's thread, or before it runs

  /// Called at the end of each wait from now on, behind all that it served; one hook for a loop.
  void at_end_of_wait(std::function<void()> hook) { at_end_of_wait_ = std::move(hook); }
  /// A wait serves, and its end is to come: it is one of its users or timers that asks.
  bool is_serving() const noexcept { return is_serving_; }
  /// While it serves: when it began, or was done with the last one.
  runtime::time_point served_at() const noexcept { return served_at_; }

  /// Calls a function once, at a time; ends with the object. Lives on the loop's thread.
  class timer {
  public:
    explicit timer(io_loop& loop) : loop_(loop) {}
    ~timer() { cancel(); }
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    /// In place of what was set before.
    void call_after(std::chrono::nanoseconds time, std::function<void()> what);
    void cancel() noexcept;

  private:
    friend class io_loop;
    io_loop& loop_;
    std::multimap<runtime::time_point, timer*>::iterator place_{};
    bool is_set_ = false;
    std::function<void()> what_;
  };

  /// The loop below an actor loop. Throws `std::bad_cast` if that is no io_loop.
  static io_loop& of(const runtime::actor_loop& loop);

protected:
  // What a wait is made of.

  /// It begins to serve what it found.
  void begin_serving(runtime::time_point now) noexcept {
    is_serving_ = true;
    served_at_ = now;
  }
  /// It was done with one of its users at this time.
  void has_served(runtime::time_point now) noexcept { served_at_ = now; }
  /// Calls the timers that are due; how many there were.
  std::size_t serve_timers();
  /// All is served.
  void end_serving();
  /// When the first timer is due; `time_point::max()` without one.
  runtime::time_point next_timer() const noexcept {
    return timers_.empty() ? runtime::time_point::max() : timers_.begin()->first;
  }

private:
  std::function<void()> at_end_of_wait_;
  bool is_serving_ = false;
  runtime::time_point served_at_;
  std::multimap<runtime::time_point, timer*> timers_;
};

} // namespace ringdown::edge
