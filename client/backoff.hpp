// When and where a client that has lost its broker tries again: exponential backoff with full
// jitter, through a list of places. Pure: time and randomness come in with each call.
//
// The wait before an attempt is random between nothing and `first_max * 2^rounds`, at most
// `delay_max`; a round is one attempt at each place. So ten thousand desktops that lose the same
// broker come back spread out, and a broker that is down hears from each ever less often.
#pragma once

#include "client/connection.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace ringdown::client {

/// What bounds the waits between attempts.
struct backoff_bounds {
  /// The longest wait before the attempts of the first round.
  std::chrono::milliseconds first_max{500};
  /// The longest wait ever, however often it has failed. A desktop's light is unknown so long.
  std::chrono::milliseconds delay_max{15'000};
  /// A link that has stood so long counts as good: the next loss begins with the first round. A
  /// broker that accepts and drops at once is backed away from.
  std::chrono::milliseconds steady_after{10'000};
  /// A broker's `retry_after_ms` above this is cut: it is a wish, and may come from a faulty one.
  std::chrono::milliseconds retry_after_max{60'000};
};

/// When and where to try next. A value: it reads no clock, and is not thread-safe.
class reconnect_plan {
public:
  /// The next attempt: at which of the places (from 0), and not before when.
  struct attempt {
    std::size_t place = 0;
    steady_time when;

    bool operator==(const attempt&) const = default;
  };

  /// `places` of 0 counts as 1.
  reconnect_plan(std::size_t places, const backoff_bounds& limits);

  /// The first attempt, or one that the program asked for: at once, at the place whose turn it is.
  attempt now(steady_time at);
  /// The link to the current place stands.
  void link_stands(steady_time at);
  /// An attempt failed, or the link was lost. `random`: any number, all bits used. `retry_after`:
  /// as this broker asked, and a random wait behind it; another place may be tried before that.
  attempt after_failure(steady_time at, std::uint64_t random,
                        std::optional<std::chrono::milliseconds> retry_after = std::nullopt);

  std::size_t place() const noexcept { return place_; }
  /// Failures since a link was good.
  std::size_t failures() const noexcept { return failures_; }

private:
  std::chrono::milliseconds longest_wait() const;

  backoff_bounds limits_;
  std::vector<steady_time> not_before_; // for each place, as its broker asked
  std::size_t place_ = 0;
  std::size_t failures_ = 0;
  std::optional<steady_time> stands_since_;
};

} // namespace ringdown::client
