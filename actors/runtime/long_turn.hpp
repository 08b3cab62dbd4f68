// What a loop remembers of a turn that took too long, for who asks what ran.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ringdown::runtime {

class actor_loop;
class pinned_base;

/// One long turn. Times in microseconds.
struct long_turn {
  uint64_t took_us = 0; ///< waiting not counted
  uint64_t io_us = 0;   ///< of it: handlers of sockets and pipes, and what they called in place
  uint64_t handlers = 0;
  uint64_t resumes = 0;
  uint64_t in_place = 0;
  /// The actor that took most of it by itself: its kind, and which one. Empty where none took a
  /// millisecond, or the loop was not looked at closely: it is for a while behind a long turn.
  std::string actor{};
  uint64_t actor_us = 0;
};

/// Of an actor of which there are many of one kind.
class has_a_name {
public:
  /// Which one it is, such as a DN's name; empty: nobody needs to know.
  virtual std::string called() const { return {}; }

protected:
  ~has_a_name() = default;
};

/// Times an actor's turn, but for what that calls in place, while its loop is looked at closely:
/// to look at the clock twice is a tenth of what an event costs. On the stack; the loop's thread.
class timed_activation {
public:
  timed_activation(bool is_wanted, actor_loop* loop, const pinned_base& actor) noexcept {
    if (is_wanted) [[unlikely]]
      begin(*loop, actor);
  }
  ~timed_activation() {
    if (loop_ != nullptr) [[unlikely]]
      end();
  }
  timed_activation(const timed_activation&) = delete;
  timed_activation& operator=(const timed_activation&) = delete;

private:
  void begin(actor_loop& loop, const pinned_base& actor) noexcept;
  void end() noexcept;

  actor_loop* loop_ = nullptr; // null: it is not timed
  const pinned_base* actor_;
  timed_activation* outer_;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::duration called_; // what it called in place took
};

} // namespace ringdown::runtime
