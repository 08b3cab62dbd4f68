// A result as one HTML file with its plots inside: nothing is fetched, nothing runs. Pure.
#pragma once

#include "bench/compare_report.hpp"
#include "bench/plots.hpp"

#include <string>
#include <vector>

namespace ringdown::bench {

/// What was run, its figures as text, its plots.
std::string html_report(const std::string& command, bool is_good, const std::string& figures,
                        const std::vector<named_plot>& plots);
/// Of a comparison: its tables, and the CPU of each broker under each load.
std::string html_report(const std::string& command, const comparison_result& c);

} // namespace ringdown::bench
