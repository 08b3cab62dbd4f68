// The event loop of the product: one epoll for each loop thread, with the sockets, the timers and
// the wake-ups of that thread. Sockets are registered once and edge-triggered, so that a connection
// costs no system call but its own reads and writes.
#pragma once

#include "broker/edge/io_loop.hpp"

#include <array>
#include <cstdint>
#include <deque>

#include <sys/epoll.h>

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

class epoll_loop final : public io_loop {
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
  /// What an io_loop is in the product. Throws `std::bad_cast` if it is another.
  static epoll_loop& of(io_loop& loop) { return dynamic_cast<epoll_loop&>(loop); }

private:
  /// Events per wait. Enough that what one read of many sockets causes is written together.
  static constexpr std::size_t events_max = 512;

  std::size_t serve_events(runtime::time_point end);
  std::size_t serve_again(runtime::time_point end);
  /// Looks at the clock: one of its users was served.
  bool is_time_over(runtime::time_point end) noexcept {
    auto time = runtime::clock_type::now();
    has_served(time);
    return time >= end;
  }
  void block(runtime::time_point deadline) noexcept;

  int epoll_ = -1;
  int wake_up_ = -1;
  std::array<epoll_event, events_max> events_{};
  std::size_t next_ = 0; ///< of the events, those from here on are not served yet
  std::size_t count_ = 0;
  std::deque<epoll_user*> again_;
};

} // namespace ringdown::edge
