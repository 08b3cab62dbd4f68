#include "bench/load/pacing.hpp"

#include <cmath>

namespace ringdown::bench {

std::optional<arrival> arrival_of(std::string_view name) noexcept {
  if (name == "constant")
    return arrival::constant;
  if (name == "poisson")
    return arrival::poisson;
  if (name == "ramp")
    return arrival::ramp;
  if (name == "burst")
    return arrival::burst;
  return std::nullopt;
}

std::optional<std::string> pace::fault() const {
  if (!(per_second > 0) || !std::isfinite(per_second))
    return "--rate: expected a rate above 0 a second";
  if (!(from_per_second >= 0) || !std::isfinite(from_per_second))
    return "--rate-from: expected a rate of at least 0 a second";
  if (kind == arrival::burst && burst_events == 0)
    return "--burst: expected at least 1 event";
  if (kind == arrival::ramp && ramp_time.count() <= 0)
    return "a ramp needs some time: see --seconds";
  return std::nullopt;
}

/// The rate grows evenly, so the count grows with the square of the time; this is the inverse.
/// After the ramp its last rate stays.
double pacer::ramp_time_of(double event) const {
  auto length = std::chrono::duration<double>(pace_.ramp_time).count();
  auto growth = (pace_.per_second - pace_.from_per_second) / length;
  auto in_ramp = (pace_.from_per_second + pace_.per_second) / 2 * length;
  if (event >= in_ramp)
    return length + (event - in_ramp) / pace_.per_second;
  if (growth == 0)
    return event / pace_.per_second;
  auto from = pace_.from_per_second;
  return (std::sqrt(from * from + 2 * growth * event) - from) / growth;
}

void pacer::advance() {
  auto event = static_cast<double>(events_++);
  switch (pace_.kind) {
  case arrival::constant: seconds_ = event / pace_.per_second; break;
  case arrival::poisson:
    seconds_ += std::exponential_distribution<double>{pace_.per_second}(random_);
    break;
  case arrival::ramp: seconds_ = ramp_time_of(event); break;
  case arrival::burst:
    seconds_ = std::floor(event / pace_.burst_events) * pace_.burst_events / pace_.per_second;
    break;
  }
  next_ = std::chrono::nanoseconds{static_cast<std::int64_t>(seconds_ * 1e9)};
}

std::chrono::nanoseconds turn_within(std::chrono::nanoseconds time, std::size_t index) noexcept {
  return time * static_cast<std::int64_t>(index % turns_of_time) /
         static_cast<std::int64_t>(turns_of_time);
}

} // namespace ringdown::bench
