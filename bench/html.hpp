// A run's result as one HTML file with its plots inside: nothing is fetched, nothing runs. Pure.
#pragma once

#include "bench/run.hpp"

#include <string>
#include <vector>

namespace ringdown::bench {

/// A line of a plot.
struct series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

/// An SVG of some lines over one pair of axes. Logarithmic axes leave out what is not above 0.
struct plot {
  std::string title;
  std::string x_name;
  std::string y_name;
  bool log_x = false;
  bool log_y = false;
  std::vector<series> lines;
  /// Text for places on the x axis, instead of numbers.
  std::vector<std::pair<double, std::string>> x_labels;
};
std::string svg_of(const plot& p);

/// The whole report: what was run, its figures as text, latency by percentile, rate and latency
/// over time.
std::string html_report(const std::string& command, const load_options& o, const load_result& r);

/// Text as it may stand in HTML.
std::string html_escaped(std::string_view text);

} // namespace ringdown::bench
