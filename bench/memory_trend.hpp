// What a run's samples say of the broker's memory. Pure.
#pragma once

#include "bench/run.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace ringdown::bench {

/// The highest of all; nothing if it was not measured.
std::optional<std::uint64_t> resident_max(const std::vector<sample>& samples);

/// Bytes an hour, as the samples of the second half rise (least squares): what a start needs is over by
/// then. Nothing if there are too few.
std::optional<double> growth_per_hour(const std::vector<sample>& samples);

/// The second half's highest is the first half's, but for what an allocator takes now and then.
/// Nothing if there are too few.
std::optional<bool> is_flat(const std::vector<sample>& samples);

} // namespace ringdown::bench
