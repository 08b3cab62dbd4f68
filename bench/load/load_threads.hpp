// A load that is too much for one thread of this program: each of several drives its share of the
// producers, receivers and DNs over links of its own, and the results are made one.
#pragma once

#include "bench/load/run.hpp"

#include <functional>
#include <span>
#include <string_view>

namespace ringdown::bench {

/// The trouble of a share that could have begun, had all others.
inline constexpr std::string_view others_failed = "the links of another thread did not come up";

/// What one of `whole.threads` does. Pure.
load_options share_of(const load_options& whole, std::uint32_t thread);

/// The same stretch of all shares. Its latencies are those of the slowest: percentiles have no sum.
/// Pure.
sample merged(std::span<const sample> parts);

/// The whole run. `embedded`: the shares' broker CPU is that of the process without their own
/// thread, and so each counts the other threads as the broker's. Pure.
load_result merged(std::span<const load_result> parts, bool embedded);

/// Runs each share by `run_share` in a thread of its own. They begin to send together, when the
/// links of all are up.
load_result run_on_threads(const load_options& whole,
                           const std::function<load_result(const load_options&)>& run_share);

} // namespace ringdown::bench
