// Pictures: lines over two axes, and bars in groups, as SVG without anything from outside. Pure.
#pragma once

#include "bench/tell/statistics.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::bench {

/// A line of a plot.
struct series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

/// Some lines over one pair of axes. Logarithmic axes leave out what is not above 0.
struct plot {
  std::string title;
  std::string x_name;
  std::string y_name;
  bool log_x = false;
  bool log_y = false;
  std::vector<series> lines;
  /// Text for places on the x axis, instead of numbers.
  std::vector<std::pair<double, std::string>> x_labels;
  /// Each point is measured by itself: it is shown.
  bool dots = false;
};

/// Bars of some members, side by side in each group, on a logarithmic axis: one group may be a
/// hundred times another. A value that is not above 0 has no bar.
struct bar_chart {
  std::string title;
  std::string y_name;
  std::vector<std::string> groups;
  struct member {
    std::string name;
    std::vector<spread> values; ///< one for each group; a line from low to high stands on each bar
  };
  std::vector<member> members;
};

/// A picture's parts, without the element around them.
struct drawing {
  std::string title;
  double width = 0;
  double height = 0;
  std::string parts;
};
drawing draw(const plot& p);
drawing draw(const bar_chart& c);

/// For a page of HTML.
std::string inline_svg(const drawing& d);
/// A file of its own: with a ground of its own, so that it can be read on light and on dark pages.
std::string svg_file(const drawing& d);

/// Text as it may stand in HTML and SVG.
std::string html_escaped(std::string_view text);

} // namespace ringdown::bench
