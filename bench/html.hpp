// A result as one HTML file with its plots inside: nothing is fetched, nothing runs. Pure.
#pragma once

#include "bench/compare_report.hpp"
#include "bench/knee.hpp"
#include "bench/run.hpp"

#include <string>

namespace ringdown::bench {

/// The whole report: what was run, its figures as text, latency by percentile, rate and latency
/// over time.
std::string html_report(const std::string& command, const load_options& o, const load_result& r);
/// The same of rising rates: latency against rate.
std::string html_report(const std::string& command, const knee_options& o, const knee_result& r);
/// Of a comparison: its tables, and the CPU of each broker under each load.
std::string html_report(const std::string& command, const comparison_result& c);

} // namespace ringdown::bench
