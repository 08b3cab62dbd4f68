// Whether the loops turn: each is asked, and how long it takes to hear is its lag. However often
// somebody asks, a loop has one question outstanding: one that stands still gathers none. One
// thread.
#pragma once

#include "broker/admin/view.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::admin {

/// Runs a function later, on the admin port's thread. Any thread; also when there is no port any
/// more: then the function is not called.
using home_call = std::function<void(std::function<void()>)>;

class loop_health {
public:
  using clock = std::chrono::steady_clock;
  /// A loop that has not turned for so long is as good as dead: four of the longest turns that an
  /// overload made, and half of a client's patience (`heartbeat_timeout` is 5 s).
  static constexpr std::chrono::milliseconds patience{2000};

  loop_health(view& of, home_call home) : view_(of), home_(std::move(home)) {}

  /// Visitors that wait at most, as many as the port has connections: beyond, the oldest waits in
  /// vain, and was answered long ago.
  static constexpr std::size_t waiting_max = 256;

  /// Calls `done` when each loop has turned, once; a caller that waits no longer forgets it.
  void ask(std::function<void()> done);
  /// `{"alive": ..., "loops": [{"loop", "turned", "lag_ms"}]}`: the lag so far of a loop that was
  /// asked and has not turned.
  std::string json(clock::time_point now) const;
  /// No loop was asked `patience` ago and has not turned.
  bool is_alive(clock::time_point now) const;

private:
  struct one_loop {
    std::optional<clock::time_point> asked; ///< nothing: it has turned since
    clock::duration lag{};                  ///< the last
  };
  struct waiting {
    std::vector<bool> turned;
    std::size_t left = 0;
    std::function<void()> done;
  };

  void ask(std::size_t loop);
  void turned(std::size_t loop, clock::time_point when);

  view& view_;
  const home_call home_;
  std::vector<one_loop> loops_;
  std::list<waiting> waiting_; // the oldest first
};

} // namespace ringdown::admin
