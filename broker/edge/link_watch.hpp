// The clocks of one connection, as a pure function: heartbeats both ways, sign-on, a receiver that
// does not read, and the last frames of a connection that is closing. No timer per connection: each
// loop looks at all of its connections in one sweep.
#pragma once

#include "messages/limits.hpp"

#include <chrono>
#include <cstdint>

namespace ringdown::edge {

using steady_time = std::chrono::steady_clock::time_point;

/// What a sweep finds to do for a connection.
enum class link_due : std::uint8_t {
  nothing,
  say_heartbeat, ///< it was silent towards the client for an interval
  sign_on_late,  ///< not signed on within sign_on_timeout
  peer_silent,   ///< nothing heard for the timeout; dead if one more read finds nothing
  slow_consumer, ///< its outbox was above high water for slow_consumer_timeout
  linger_over,   ///< the last frames did not leave in time
};

/// The connection as the sweep sees it.
struct link_facts {
  bool above_high_water = false;
  /// The broker itself is not reading: then the client's silence says nothing.
  bool reading_paused = false;
  /// Something waits to be sent: then a heartbeat adds nothing.
  bool sending = false;
};

class link_watch {
public:
  link_watch(const limits& bounds, steady_time now)
    : bounds_(&bounds), last_heard_(now), last_said_(now), deadline_(now + bounds.sign_on_timeout) {
  }

  /// The client signed on: its heartbeats count from now.
  void established(steady_time now, std::chrono::milliseconds interval,
                   std::chrono::milliseconds timeout) noexcept;
  /// No more is expected of it but that the last frames leave.
  void closing(steady_time now) noexcept;
  bool is_closing() const noexcept { return life_ == life::closing; }
  bool is_established() const noexcept { return life_ == life::established; }

  void heard(steady_time now) noexcept { last_heard_ = now; }
  void said(steady_time now) noexcept { last_said_ = now; }

  /// When `sweep` need be asked again, later than `now`: nothing is due before, whatever is heard
  /// or said until then, but that an outbox may rise above high water or fall. Pure.
  steady_time next_look(steady_time now) const noexcept;

  /// What is due now. Remembers since when the outbox is above high water; else pure.
  link_due sweep(steady_time now, const link_facts& facts) noexcept;

private:
  enum class life : std::uint8_t { signing_on, established, closing };

  /// Of at most 49 days.
  using short_ms = std::chrono::duration<std::uint32_t, std::milli>;
  static constexpr steady_time never_slow = steady_time::max();

  const limits* bounds_;
  steady_time last_heard_;
  steady_time last_said_;
  steady_time deadline_; // of sign-on, or of closing
  steady_time slow_since_ = never_slow;
  short_ms interval_{0};
  short_ms timeout_{0};
  life life_ = life::signing_on;
};

} // namespace ringdown::edge
