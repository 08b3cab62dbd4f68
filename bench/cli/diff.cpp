// `ringdown-bench diff`: two results of the same load side by side.
#include "bench/tell/diff.hpp"
#include "bench/cli/settings.hpp"

#include <fmt/format.h>

#include <fstream>

namespace ringdown::bench {

namespace {

constexpr const char* diff_status_help =
  "It ends with 0: compared; 1: compared, but one of the two is not verified, was disturbed, or "
  "ran on another machine; 2: wrong arguments, or different loads.";

struct diff_arguments {
  std::string before;
  std::string after;
};

/// Null if it is not JSON or cannot be read.
json read_report(const std::string& path) {
  std::ifstream file{path};
  auto report = json::parse(file, nullptr, false);
  return report.is_discarded() ? json(nullptr) : report;
}

int run(const settings& common, const diff_arguments& a) {
  auto before = read_report(a.before);
  auto after = read_report(a.after);
  for (auto [report, path] : {std::pair{&before, &a.before}, {&after, &a.after}})
    if (report->is_null())
      return complain(*path + ": expected a file that --json has written");
  auto d = diff_of(before, after);
  if (!d.fault.empty())
    return complain(a.before + " and " + a.after + " cannot be compared: " + d.fault);
  fmt::print("{}",
             common.json ? dump(to_json(d, before, after)) + "\n" : text_of(d, before, after));
  return d.doubts.empty() ? all_well : not_verified;
}

} // namespace

void add_diff(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<diff_arguments>();
  auto* verb = app.add_subcommand("diff", "Two results of the same load side by side, with ratios");
  verb->add_option("OLD", a->before, "What --json has written")->required();
  verb->add_option("NEW", a->after, "The same, of another run of this load")->required();
  verb->footer(std::string{"Example:\n  ringdown-bench diff old.json new.json\n"} +
               diff_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a); });
}

} // namespace ringdown::bench
