#include "broker/edge/asio_loop.hpp"

#include "actors/runtime/loop_scheduler.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace ringdown::edge {

using runtime::clock_type;
using runtime::time_point;

namespace {

/// Handlers per wait. Enough that what one read of many sockets causes is written together; few
/// enough that actors, timers and other threads get their turn.
constexpr size_t handlers_max = 512;

/// Time for handlers per wait, looked at every `handlers_per_clock_read`. A handler that takes a
/// full read through its actors in place needs 10 to 200 us.
constexpr std::chrono::milliseconds handler_time_max{1};
constexpr size_t handlers_per_clock_read = 16;

/// While handlers come one by one, every so many waits look for more. A look that finds nothing
/// costs a system call (after the answers have been written); a burst that is found late costs this
/// many small turns. Odd, so as not to fall in step with the rounds of an even number of
/// connections.
constexpr size_t waits_per_look = 7;

/// After a wait that found several handlers, so many waits in a row must find at most one before
/// they count as coming one by one: bursts come in waves, and the first of a wave comes alone.
constexpr size_t burst_waits = 8;

} // namespace

struct asio_loop::state {
  // One thread runs the context, any may post to it.
  boost::asio::io_context context{1};
  // Without it the context stops when it has nothing to wait for.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
    context.get_executor()};
  // Never armed. Asio opens what it waits with (epoll, a timer, an event) for the first that needs
  // it, and throws where there is no file left: better here than later on the loop's thread.
  boost::asio::steady_timer opens_all_files{context};
};

asio_loop::asio_loop() : state_(std::make_unique<state>()) {}

asio_loop::~asio_loop() = default;

boost::asio::io_context& asio_loop::context() noexcept {
  return state_->context;
}

asio_loop& asio_loop::of(const runtime::actor_loop& loop) {
  return dynamic_cast<asio_loop&>(loop.io());
}

size_t asio_loop::wait(time_point deadline) {
  const bool polls = deadline == poll_only || deadline <= clock_type::now();
  const bool in_burst = burst_waits_left_ > 0;
  size_t ran = 0;
  if (polls || in_burst || ++waits_since_look_ >= waits_per_look) {
    waits_since_look_ = 0;
    ran = run_ready(0);
  }
  if (ran == 0 && !polls) {
    ran = block(deadline);
    if (in_burst && ran > 0)
      ran = run_ready(ran);
  }
  if (ran > 1)
    burst_waits_left_ = burst_waits;
  else if (in_burst)
    --burst_waits_left_;
  return ran;
}

void asio_loop::wake() noexcept {
  boost::asio::post(state_->context, [] {});
}

size_t asio_loop::run_ready(size_t already_run) {
  size_t ran = already_run;
  time_point end = time_point::max();
  while (ran < handlers_max && state_->context.poll_one() > 0) {
    if (++ran % handlers_per_clock_read != 0)
      continue;
    const auto now = clock_type::now();
    if (end == time_point::max())
      end = now + handler_time_max;
    else if (now >= end)
      break;
  }
  return ran;
}

// Asio turns the deadline into a timeout of the kernel's wait, rounded up to a millisecond. So
// there is no timer to arm and to cancel per turn.
size_t asio_loop::block(time_point deadline) {
  return deadline == time_point::max() ? state_->context.run_one()
                                       : state_->context.run_one_until(deadline);
}

} // namespace ringdown::edge
