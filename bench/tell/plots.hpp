// Which pictures a result has. Pure.
#pragma once

#include "bench/tell/compare_report.hpp"
#include "bench/tell/latencies.hpp"
#include "bench/tell/svg.hpp"

namespace ringdown::bench {

struct named_plot {
  std::string name; ///< as a part of a file's name
  plot what;
};
/// Latency by percentile, and over time rate, latency and memory. `of` says in the titles which run
/// it is, if there are several.
std::vector<named_plot> plots_of(const load_result& r, const std::string& of = {});
std::vector<named_plot> plots_of(const capture_result& r);
/// Latency by percentile.
std::vector<named_plot> plots_of(const idle_result& r);
/// Latency against rate; and all of the run at the highest rate that was kept up with, or of the
/// closed loop if none was.
std::vector<named_plot> plots_of(const knee_result& r);
/// Of the pauses alone: latency by percentile, unloaded and under load.
std::vector<named_plot> plots_of(const overload_result& r);
/// The same of agents' commands, beside no storm of logins and beside either.
std::vector<named_plot> plots_of(const logins_result& r);
/// The broker's CPU for each event, or registration, of each load.
bar_chart cpu_chart(const comparison_result& c);

} // namespace ringdown::bench
