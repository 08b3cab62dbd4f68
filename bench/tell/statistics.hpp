// Comparing brokers on a machine that is never quite quiet: all take turns in each round, and what
// is quoted are medians over the rounds, with their spread, and ratios within a round. Pure.
#pragma once

#include <vector>

namespace ringdown::bench {

/// The middle of several values, and the lowest and highest of them.
struct spread {
  double median = 0;
  double low = 0;
  double high = 0;
};
/// Zeros for none. Of an even number: the mean of the two in the middle.
spread spread_of(std::vector<double> values);

/// Each value by the other of its round. Values of 0 make none.
std::vector<double> ratios(const std::vector<double>& values, const std::vector<double>& others);

} // namespace ringdown::bench
