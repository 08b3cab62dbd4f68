// What sockets need of the thread they live on. Two kinds: an actor loop (the same thread runs the
// actors), and a thread with a loop of its own, for when the actors run on CAF's own scheduler.
#pragma once

#include "actors/runtime/loop_scheduler.hpp"
#include "actors/runtime/pinned.hpp"

#include <functional>
#include <memory>

namespace ringdown::edge {

class io_loop;

class edge_host {
public:
  virtual ~edge_host() = default;
  /// For streams and timers; used on this thread only.
  virtual io_loop& loop() = 0;
  /// Whether the calling thread is this one.
  virtual bool is_current() const noexcept = 0;
  /// Runs `task` on this thread later. Any thread. Tasks are dropped once the host has stopped.
  virtual void post(std::function<void()> task) = 0;
  /// Calls `hook` at the end of each turn from now on. Host's thread, or before it runs.
  virtual void at_end_of_turn(std::function<void()> hook) = 0;
  /// Where the actors of this thread's connections are at home; empty on the stock scheduler.
  virtual runtime::home where() const noexcept = 0;
  /// Ends the thread, if it is the host's own, and joins it. No task runs after it.
  virtual void stop() = 0;
};

/// The sockets live on an actor loop.
std::unique_ptr<edge_host> host_on(runtime::actor_loop& loop);
/// The sockets have a thread of their own. `on_failure`: as `runtime::loop_options` has it.
std::unique_ptr<edge_host> host_with_thread(std::function<void()> on_failure = {});

} // namespace ringdown::edge
