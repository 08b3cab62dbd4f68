// `ringdown-bench run`: one load on one broker.
#include "bench/cli/settings.hpp"
#include "bench/load/workload.hpp"
#include "bench/tell/memory_trend.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

namespace {

struct run_arguments {
  load_arguments load;
  bool soak = false;
  std::optional<double> growth_max; ///< MiB an hour
};

/// Why memory's growth could not be told at the end, or nothing.
std::optional<std::string> untold_growth(const settings& common, const load_options& options) {
  if (common.spawn.empty() && common.broker_pid == 0)
    return "--growth-max: the broker's memory is not measured: give --spawn or --broker-pid";
  if (options.seconds < trend_time_min)
    return fmt::format("--growth-max: a trend needs --seconds {} or more", trend_time_min.count());
  return std::nullopt;
}

/// The exit status of a run, given what it was of itself.
int judge_growth(const load_result& result, double growth_max, int status) {
  auto fault = growth_fault(result, growth_max);
  if (!fault)
    return status;
  complain("--growth-max: " + *fault);
  return status == all_well ? int{not_verified} : status;
}

int run(const settings& common, run_arguments& arguments) {
  catch_stop_signals();
  load_options options;
  options.stopped = [] { return stop_requested(); };
  options.on_sample = progress(common);
  if (arguments.soak)
    arguments.load.workload = "soak";
  if (auto fault = arguments.load.fill(options))
    return complain(*fault);
  if (auto fault = unusable(options))
    return complain(*fault);
  if (auto fault = arguments.growth_max ? untold_growth(common, options) : std::nullopt)
    return complain(*fault);
  if (auto fault = settle_on_core(common.core))
    return complain(*fault);
  target broker;
  if (auto fault = broker.prepare(common, limits_for(options)))
    return complain(*fault);
  broker.aim(options);
  machine_watch watch{broker.pid()};
  auto result = run_load(options);
  auto status = tell(common, account_of(options, result), watch);
  bool is_judged = arguments.growth_max && result.trouble.empty();
  return is_judged ? judge_growth(result, *arguments.growth_max, status) : status;
}

} // namespace

void add_run(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<run_arguments>();
  auto* verb = app.add_subcommand("run", "Measure a broker under one load; verify every delivery");
  a->load.add_to(*verb);
  verb->add_flag("--soak", a->soak, "Short for --workload soak")->excludes("--workload");
  verb->add_option("--growth-max", a->growth_max,
                   "Exit with 1 if the broker's memory grows by more MiB an hour: the trend of the "
                   "second half, best over a long run as --soak is one");
  std::string names = "Workloads:\n";
  for (auto& w : workloads())
    names += fmt::format("  {:<10} {}\n", w.name, w.what);
  verb->footer(
    names + "\nExample:\n  ringdown-bench run --spawn build/release/bin/ringdownd --seconds 10\n" +
    exit_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a); });
}

} // namespace ringdown::bench
