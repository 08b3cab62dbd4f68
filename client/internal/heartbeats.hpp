// When a link must say something, and when its broker's silence is its end. Pure: time comes in
// with each call.
#pragma once

#include "client/connection.hpp"

#include <algorithm>

namespace ringdown::client {

class heartbeats {
public:
  /// A stream to a broker stands.
  void begin(steady_time at) noexcept { heard_ = at; }

  /// What the broker grants. Terms that would keep a client from working (0, or a timeout below the
  /// interval) come from a faulty broker; the floors keep the loop from spinning.
  void bound(event_link_connected& granted) {
    constexpr std::chrono::milliseconds interval_floor{20};
    interval_ = granted.heartbeat_interval = std::max(granted.heartbeat_interval, interval_floor);
    timeout_ = granted.heartbeat_timeout = std::max(granted.heartbeat_timeout, interval_ * 3 / 2);
  }

  void heard(steady_time at) noexcept { heard_ = at; }
  void said(steady_time at) noexcept { said_ = at; }

  bool is_silent(steady_time at) const noexcept { return at - heard_ >= timeout_; }
  bool must_say(steady_time at) const noexcept { return at - said_ >= interval_; }
  steady_time next_deadline() const noexcept {
    return std::min(said_ + interval_, heard_ + timeout_);
  }

private:
  std::chrono::milliseconds interval_{0};
  std::chrono::milliseconds timeout_{0};
  steady_time said_;
  steady_time heard_;
};

} // namespace ringdown::client
