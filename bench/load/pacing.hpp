// When an open loop sends: the intended times of all events, fixed before anything is sent, so that
// a broker that stalls cannot slow its own examination down. Pure: times count from the start of
// the load and no clock is asked.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace ringdown::bench {

enum class arrival : std::uint8_t {
  constant, ///< evenly spaced
  poisson,  ///< independent of each other, as calls of many agents are
  ramp,     ///< evenly spaced, from one rate to another
  burst,    ///< so many at once, again and again
};
std::optional<arrival> arrival_of(std::string_view name) noexcept;

struct pace {
  arrival kind = arrival::constant;
  double per_second = 1000;   ///< of a ramp: at its end; of bursts: on average
  double from_per_second = 0; ///< of a ramp: at its start
  std::chrono::nanoseconds ramp_time{0};
  std::uint32_t burst_events = 1000;
  std::uint64_t seed = 1; ///< of `poisson`

  /// Nothing, or what is wrong with it.
  std::optional<std::string> fault() const;
};

class pacer {
public:
  explicit pacer(const pace& p) : pace_(p), random_(p.seed) { advance(); }

  /// The intended time of the next event.
  std::chrono::nanoseconds next() const noexcept { return next_; }
  void advance();

private:
  double ramp_time_of(double event) const;

  pace pace_;
  std::mt19937_64 random_;
  std::uint64_t events_ = 0; ///< given so far, `next_` included
  double seconds_ = 0;
  std::chrono::nanoseconds next_{0};
};

/// How many turns `turn_within` tells apart.
inline constexpr std::size_t turns_of_time = 64;
/// When within `time` it is the turn of one of many, so that they do not act all at once.
std::chrono::nanoseconds turn_within(std::chrono::nanoseconds time, std::size_t index) noexcept;

} // namespace ringdown::bench
