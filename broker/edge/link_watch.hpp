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
  slow_consumer, ///< for slow_consumer_timeout above high water, or taking nothing of what waits
  frame_late,    ///< a frame was begun, and not whole within frame_timeout
  linger_over,   ///< the last frames did not leave in time
};

/// The connection as the sweep sees it.
struct link_facts {
  bool above_high_water = false;
  /// The broker itself is not reading: then the client's silence says nothing.
  bool reading_paused = false;
  /// Nor does the frame that it has begun, if this is not for want of the memory that such frames
  /// hold.
  bool frame_may_wait = false;
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
  bool is_established() const noexcept { return life_ == life::established; }

  void heard(steady_time now) noexcept { last_heard_ = now; }
  /// The client has taken some of what is for it.
  void said(steady_time now) noexcept { last_said_ = now; }
  /// Its outbox is not above high water. Between two looks it may rise again: then that counts
  /// anew.
  void caught_up() noexcept { high_since_ = never; }

  /// The first byte of a frame has come, and not the last.
  void frame_begins(steady_time now) noexcept { frame_began_ = now; }
  void frame_is_whole() noexcept { frame_began_ = never; }
  /// The broker itself did nothing for so long, until now: no time of the client's. The heartbeats
  /// go on: what the client said meanwhile is read before its silence counts.
  void stood_still(std::chrono::nanoseconds time, steady_time now) noexcept;

  /// How long a frame has been begun; zero if none is.
  std::chrono::nanoseconds frame_age(steady_time now) const noexcept {
    return frame_began_ == never ? std::chrono::nanoseconds{0} : now - frame_began_;
  }

  /// How long nothing was heard.
  std::chrono::nanoseconds silence(steady_time now) const noexcept { return now - last_heard_; }

  /// When `sweep` need be asked again, later than `now`: nothing is due before, whatever is heard
  /// or said until then, but that an outbox may rise above high water or fall. Pure.
  steady_time next_look(steady_time now) const noexcept;

  /// What is due now. Remembers since when the outbox is above high water, or holds anything; else
  /// pure.
  link_due sweep(steady_time now, const link_facts& facts) noexcept;

private:
  enum class life : std::uint8_t { signing_on, established, closing };

  /// Of at most 49 days.
  using short_ms = std::chrono::duration<std::uint32_t, std::milli>;
  static constexpr steady_time never = steady_time::max();

  bool is_slow(steady_time now, const link_facts& facts) noexcept;

  const limits* bounds_;
  steady_time last_heard_;
  steady_time last_said_;
  steady_time deadline_;            // of sign-on, or of closing
  steady_time high_since_ = never;  // above high water
  steady_time waits_since_ = never; // something is to be taken, as far as sweeps saw
  steady_time frame_began_ = never;
  short_ms interval_{0};
  short_ms timeout_{0};
  life life_ = life::signing_on;
};

} // namespace ringdown::edge
