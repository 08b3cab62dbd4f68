#include "bench/tell/statistics.hpp"

#include <algorithm>
#include <cstddef>

namespace ringdown::bench {

spread spread_of(std::vector<double> values) {
  if (values.empty())
    return {};
  std::sort(values.begin(), values.end());
  auto middle = values.size() / 2;
  auto median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

std::vector<double> ratios(const std::vector<double>& values, const std::vector<double>& others) {
  std::vector<double> all;
  for (std::size_t i = 0; i < std::min(values.size(), others.size()); ++i)
    if (values[i] > 0 && others[i] > 0)
      all.push_back(values[i] / others[i]);
  return all;
}

} // namespace ringdown::bench
