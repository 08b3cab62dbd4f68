// A histogram as a percentile distribution in text, the form that HDR histogram's tools read and
// plot
// (".hgrm"). Pure.
#pragma once

#include "bench/load/histogram.hpp"

#include <string>
#include <vector>

namespace ringdown::bench {

/// A point of the distribution: so many records do not exceed the value.
struct distribution_point {
  double percent = 0;
  std::uint64_t value = 0;
  std::uint64_t count = 0;
};

/// Percentiles that grow denser towards the maximum: five for each halving of what is left above.
std::vector<distribution_point> distribution(const histogram& h);

/// The file's text. Recorded nanoseconds are written as microseconds.
std::string hgrm_text(const histogram& h);

} // namespace ringdown::bench
