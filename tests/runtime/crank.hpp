// All loops of an actor system without threads, cranked on the calling thread in virtual time.
#pragma once

#include "actors/runtime/loop_scheduler.hpp"
#include "messages/ensure.hpp"
#include "tests/runtime/manual_loop.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <thread>

namespace ringdown::test {

/// The options of such a system; `clock` outlives it.
inline runtime::loop_options cranked_options(std::size_t loops, hand_clock& clock) {
  runtime::loop_options options;
  options.loops = loops;
  options.threads = false;
  options.now = [&clock] { return clock.now(); };
  options.resumes_per_clock_read = 1; // so that a turn may end behind any of them
  options.make_loop = [&clock](std::size_t) { return std::make_unique<manual_loop>(clock); };
  return options;
}

class crank {
public:
  crank(runtime::loop_scheduler& loops, hand_clock& clock) : loops_(loops), clock_(clock) {}

  /// One turn of the loop `which`, counted round and round, or, if it finds nothing to do, of the
  /// next that does. False if there is none.
  bool turn_of(std::size_t which) {
    for (std::size_t i = 0; i < loops_.loops(); ++i)
      if (auto& loop = loops_.loop((which + i) % loops_.loops()); loop.turn())
        return true;
    return false;
  }

  /// In the middle of whatever the calling thread is about, a loop has a turn, as if each had its
  /// thread: only one of them works at a time. Returns whether the turn found anything to do; false
  /// too if the loop has one already.
  bool interrupt_for(std::size_t which) {
    auto& loop = loops_.loop(which);
    if (loop.is_in_turn())
      return false;
    bool found = false;
    std::thread{[&, mark = thread_mark()] {
      given_thread_mark = mark; // the loop's turns are one thread's where it has its own
      found = loop.turn();
    }}.join();
    return found;
  }

  /// Turns until no loop finds anything to do at this time.
  void settle() {
    for (std::size_t turns = 0; turn_of(next_++); ++turns)
      if (turns > turns_max)
        throw std::runtime_error("the loops do not come to rest");
  }

  /// When the first of the settled loops would wake up.
  runtime::time_point next_due() const {
    auto first = runtime::time_point::max();
    for (std::size_t i = 0; i < loops_.loops(); ++i)
      first = std::min(first, io(i).sleeps_until());
    return first;
  }

  /// Lets time pass; whatever is due meanwhile happens at its time.
  void pass(std::chrono::nanoseconds time) {
    settle();
    for (auto end = clock_.at() + time; clock_.at() < end; settle())
      clock_.pass_until(std::min(end, next_due()));
  }

  manual_loop& io(std::size_t loop) const {
    return dynamic_cast<manual_loop&>(loops_.loop(loop).io());
  }

private:
  /// Far more than any test needs: actors that never stop telling each other.
  static constexpr std::size_t turns_max = 1'000'000;

  runtime::loop_scheduler& loops_;
  hand_clock& clock_;
  std::size_t next_ = 0;
};

} // namespace ringdown::test
