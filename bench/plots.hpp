// Which pictures a result has. Pure.
#pragma once

#include "bench/compare_report.hpp"
#include "bench/knee.hpp"
#include "bench/run.hpp"
#include "bench/svg.hpp"

namespace ringdown::bench {

struct named_plot {
  std::string name; ///< as a part of a file's name
  plot what;
};
/// Latency by percentile, rate and latency over time, memory.
std::vector<named_plot> plots_of(const load_result& r);
/// Latency against rate.
std::vector<named_plot> plots_of(const knee_result& r);
/// The broker's CPU for each event, or registration, of each load.
bar_chart cpu_chart(const comparison_result& c);

} // namespace ringdown::bench
