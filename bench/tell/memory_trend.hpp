// What a run's samples say of the broker's memory. Pure.
#pragma once

#include "bench/load/run.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::bench {

/// The highest of all; nothing if it was not measured.
std::optional<std::uint64_t> resident_max(const std::vector<sample>& samples);

/// Bytes an hour, as the samples of the second half rise (least squares): what a start needs is
/// over by then. Nothing if there are too few.
std::optional<double> growth_per_hour(const std::vector<sample>& samples);
/// A trend of less says nothing of an hour.
inline constexpr std::chrono::seconds trend_time_min{10};

/// Why a run does not count whose memory may rise by so many MiB an hour: it rose more, or the run
/// has no trend. Nothing if it counts.
std::optional<std::string> growth_fault(const load_result& r, double mib_per_hour_max);

/// Median bytes of both halves of a run: an outbox that fills for a moment is no growth.
struct memory_halves {
  double first = 0;
  double second = 0;

  /// They are the same, but for what an allocator takes now and then.
  bool is_flat() const noexcept;
};
/// Nothing if there are too few samples.
std::optional<memory_halves> halves_of(const std::vector<sample>& samples);

} // namespace ringdown::bench
