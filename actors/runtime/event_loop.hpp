// What the loop scheduler needs of an event loop, and nothing more: one place to wait for I/O and
// one way to be woken. Free of CAF and of any I/O library, so that the actors' floor stays below
// the sockets. The product's implementation is broker/edge/epoll_loop.hpp; the tests bring a second
// one.
#pragma once

#include <chrono>
#include <cstddef>

namespace ringdown::runtime {

/// The clock of all deadlines inside a process. Monotonic.
using clock_type = std::chrono::steady_clock;
using time_point = clock_type::time_point;

/// One thread's source of I/O events.
///
/// Handlers that `wait` runs are part of a loop turn: they must not block and must not throw (an
/// exception that leaves one ends the process). They may enqueue to actors, deliver in place and
/// read `actor_loop::now()`, whose first call in a turn is also where the watchdog starts to count.
class event_loop {
public:
  /// A deadline that has always passed: `wait(poll_only)` never blocks.
  static constexpr time_point poll_only = time_point::min();

  event_loop() = default;
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;
  virtual ~event_loop() = default;

  /// Blocks until a handler is ready, `wake` was called, or `deadline` has come, and runs ready
  /// handlers, a bounded number of them. With a deadline in the past it polls: I/O must make
  /// progress even if every call has such a deadline. May return early and for no reason; may be
  /// late by the granularity of its timer (at most 1 ms is expected).
  /// Loop thread only. Returns how many handlers it ran.
  virtual size_t wait(time_point deadline) = 0;

  /// Makes one `wait`, the running or the next one, return soon. Any thread.
  virtual void wake() noexcept = 0;
};

} // namespace ringdown::runtime
