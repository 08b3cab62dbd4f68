// A result as one HTML file with its plots inside: nothing is fetched, nothing runs. Pure.
#pragma once

#include "bench/tell/compare_report.hpp"
#include "bench/tell/plots.hpp"

#include <string>
#include <vector>

namespace ringdown::bench {

/// What was run, its figures as text, its plots.
std::string html_report(const std::string& command, bool is_good, const std::string& figures,
                        const std::vector<named_plot>& plots);
/// Of a comparison: its tables and what follows them, and the CPU of each broker under each load.
std::string html_report(const std::string& command, const comparison_result& c,
                        const std::string& after = {});

} // namespace ringdown::bench
