// When an operator is told of a client that reads too slowly: once when it begins, and once when it
// is over, with what it cost. Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace ringdown::edge {

/// Looked at with the link's other clocks. A burst is no news, and a client that is slow again and
/// again is slow all the time: so there are two lines in `calm_min` at most.
class slow_watch {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Above high water for so long, it is slow; who misses an event is slow at once.
  static constexpr std::chrono::seconds told_after{1};
  /// In order for so long, it has caught up.
  static constexpr std::chrono::seconds calm_min{10};

  struct news {
    enum class kind : std::uint8_t { none, slow, caught_up };
    kind what = kind::none;
    std::chrono::milliseconds lasted{0}; ///< so far, or until it had caught up
    std::uint64_t missed = 0;            ///< events, meanwhile
  };

  /// `missed_total`: events that the client did not get, ever.
  news look(time_point now, bool above_high_water, bool has_gap,
            std::uint64_t missed_total) noexcept {
    bool misses = has_gap || missed_total != missed_seen_;
    auto missed_before = missed_seen_;
    missed_seen_ = missed_total;
    high_since_ = !above_high_water ? never : high_since_ == never ? now : high_since_;
    bool is_high = above_high_water && now - high_since_ >= told_after;
    if (since_ == never) {
      if (!misses && !is_high)
        return {};
      since_ = above_high_water ? high_since_ : now;
      last_ = now;
      missed_before_ = missed_before;
      return tell(news::kind::slow, now);
    }
    if (misses || above_high_water)
      last_ = now;
    if (now - last_ < calm_min)
      return {};
    auto over = tell(news::kind::caught_up, last_);
    since_ = never;
    return over;
  }

private:
  static constexpr time_point never = time_point::max();

  news tell(news::kind what, time_point until) const noexcept {
    return {what, std::chrono::duration_cast<std::chrono::milliseconds>(until - since_),
            missed_seen_ - missed_before_};
  }

  time_point high_since_ = never;
  time_point since_ = never; // slow
  time_point last_{};        // seen to be slow
  std::uint64_t missed_seen_ = 0;
  std::uint64_t missed_before_ = 0;
};

} // namespace ringdown::edge
