// The event loop of the product: one Boost.Asio io_context per loop thread.
#pragma once

#include "actors/runtime/event_loop.hpp"

#include <memory>

namespace boost::asio {
class io_context;
}

namespace ringdown::runtime {
class actor_loop;
}

namespace ringdown::edge {

/// An event loop on Boost.Asio, for `runtime::loop_options::make_loop`.
///
/// How a call of `wait` finds its handlers: if little is going on, it runs one and returns, so that
/// the actors run and the answer is written before anything else is asked of the kernel (asking
/// whether there is more costs a system call on the way of the only event). If several were ready
/// lately, it runs all that are, bounded in number and time, so that what they cause is written
/// together. It looks now and then whether the one has become the other.
class asio_loop final : public runtime::event_loop {
public:
  /// Opens all files that it will ever need for itself. Throws `boost::system::system_error` if
  /// there are none left.
  asio_loop();

  /// Destroys the context and with it all handlers that still wait. Sockets and timers on the
  /// context must be gone by then.
  ~asio_loop() override;

  size_t wait(runtime::time_point deadline) override;
  void wake() noexcept override;

  /// For sockets and timers. Their handlers run on the loop's thread, and operations on them belong
  /// there too. Do not call its run functions, and neither stop nor restart it.
  boost::asio::io_context& context() noexcept;

  /// The event loop below an actor loop. Throws `std::bad_cast` if that is not an asio_loop.
  static asio_loop& of(const runtime::actor_loop& loop);

private:
  struct state;

  size_t run_ready(size_t already_run);
  size_t block(runtime::time_point deadline);

  std::unique_ptr<state> state_;
  size_t burst_waits_left_ = 0; // more than none: run all that is ready
  size_t waits_since_look_ = 0;
};

} // namespace ringdown::edge
