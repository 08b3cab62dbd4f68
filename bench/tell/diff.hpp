// Two reports of the same load side by side. Pure.
#pragma once

#include "bench/tell/report.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ringdown::bench {

/// One figure of both; nothing where a report has none.
struct figure_pair {
  std::string name; ///< its place in the report, such as ack_us.p99
  std::optional<double> before;
  std::optional<double> after;

  /// `after` in units of `before`; nothing without both, or of nothing.
  std::optional<double> ratio() const noexcept;
};

struct report_diff {
  std::string fault; ///< why they cannot be compared; empty if they can
  std::vector<figure_pair> figures;
  /// Why the ratios may not be the brokers': not verified, disturbed, another machine.
  std::vector<std::string> doubts;
};
/// Of what `--json` has written.
report_diff diff_of(const json& before, const json& after);

json to_json(const report_diff& d, const json& before, const json& after);
std::string text_of(const report_diff& d, const json& before, const json& after);

} // namespace ringdown::bench
