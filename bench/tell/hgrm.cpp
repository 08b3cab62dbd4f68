#include "bench/tell/hgrm.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

namespace {

constexpr int points_for_each_halving = 5;
constexpr double nanoseconds_in_microsecond = 1000;

} // namespace

std::vector<distribution_point> distribution(const histogram& h) {
  std::vector<distribution_point> points;
  if (h.count() == 0)
    return points;
  auto add = [&](double percent) {
    auto value = h.percentile(percent);
    points.push_back({percent, value, h.count_up_to(value)});
  };
  // Until what is left above is less than one record.
  for (double left = 100; left * static_cast<double>(h.count()) >= 100; left /= 2)
    for (int i = 0; i < points_for_each_halving; ++i)
      add(100 - left + left / 2 * i / points_for_each_halving);
  add(100);
  return points;
}

std::string hgrm_text(const histogram& h) {
  std::string out = fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile",
                                "TotalCount", "1/(1-Percentile)");
  for (auto& p : distribution(h)) {
    auto share = p.percent / 100;
    out += fmt::format("{:>12.3f} {:>14.12f} {:>10}",
                       static_cast<double>(p.value) / nanoseconds_in_microsecond, share, p.count);
    out += share < 1 ? fmt::format(" {:>14.2f}\n", 1 / (1 - share)) : "\n";
  }
  out += fmt::format("#[Mean    = {:>12.3f}]\n#[Max     = {:>12.3f}, Total count    = {:>12}]\n",
                     h.mean() / nanoseconds_in_microsecond,
                     static_cast<double>(h.max()) / nanoseconds_in_microsecond, h.count());
  return out;
}

} // namespace ringdown::bench
