// The event loop of the product: one epoll for each loop thread, with the sockets, the timers and
// the wake-ups of that thread. Sockets are registered once and edge-triggered, so that a connection
// costs no system call but its own reads and writes.
#pragma once

#include "actors/runtime/event_loop.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include <sys/epoll.h>

namespace ringdown::runtime {
class actor_loop;
}

namespace ringdown::edge {

/// A descriptor's user. Lives on the loop's thread.
class epoll_user {
public:
  /// What has become ready since the last call, as EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP and
  /// EPOLLERR have it: each is said once (edge-triggered). The user may remove and destroy itself.
  virtual void ready(std::uint32_t events) = 0;

protected:
  ~epoll_user() = default;
};

class epoll_loop final : public runtime::event_loop {
public:
  /// Opens all files that it will ever need for itself. Throws `std::system_error` if there are
  /// none left.
  epoll_loop();
  /// Sockets and timers must be gone by then.
  ~epoll_loop() override;

  std::size_t wait(runtime::time_point deadline) override;
  void wake() noexcept override;

  /// Watches a descriptor from now on. False if the kernel refuses (errno says why). Any thread.
  [[nodiscard]] bool add(int descriptor, epoll_user& user) noexcept;

  // ---- the loop's thread, or before it runs

  /// Nothing more is said to the user. Before the descriptor is closed.
  void remove(int descriptor, const epoll_user& user) noexcept;
  /// The user hears `ready(0)` in one of the next waits, which do not block, behind those who have
  /// news: for who was not served to the end. Not again before it has heard.
  void call_again(epoll_user& user);
  /// Called at the end of each wait from now on, behind all that it served; one hook for a loop.
  void at_end_of_wait(std::function<void()> hook) { at_end_of_wait_ = std::move(hook); }
  /// A wait serves, and its end is to come: it is one of its users or timers that asks.
  bool is_serving() const noexcept { return is_serving_; }
  /// While it serves: when it began, or was done with the last one.
  runtime::time_point served_at() const noexcept { return served_at_; }

  /// Calls a function once, at a time; ends with the object. Lives on the loop's thread.
  class timer {
  public:
    explicit timer(epoll_loop& loop) : loop_(loop) {}
    ~timer() { cancel(); }
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    /// In place of what was set before.
    void call_after(std::chrono::nanoseconds time, std::function<void()> what);
    void cancel() noexcept;

  private:
    friend class epoll_loop;
    epoll_loop& loop_;
    std::multimap<runtime::time_point, timer*>::iterator place_{};
    bool is_set_ = false;
    std::function<void()> what_;
  };

  /// The event loop below an actor loop. Throws `std::bad_cast` if that is not an epoll_loop.
  static epoll_loop& of(const runtime::actor_loop& loop);

private:
  /// Events per wait. Enough that what one read of many sockets causes is written together.
  static constexpr std::size_t events_max = 512;

  std::size_t serve_events(runtime::time_point end);
  std::size_t serve_again(runtime::time_point end);
  std::size_t serve_timers();
  /// Looks at the clock: one of its users was served.
  bool is_time_over(runtime::time_point end) noexcept {
    served_at_ = runtime::clock_type::now();
    return served_at_ >= end;
  }
  void block(runtime::time_point deadline) noexcept;

  int epoll_ = -1;
  int wake_up_ = -1;
  std::array<epoll_event, events_max> events_{};
  std::size_t next_ = 0; ///< of the events, those from here on are not served yet
  std::size_t count_ = 0;
  std::deque<epoll_user*> again_;
  std::function<void()> at_end_of_wait_;
  bool is_serving_ = false;
  runtime::time_point served_at_;
  std::multimap<runtime::time_point, timer*> timers_;
};

} // namespace ringdown::edge
