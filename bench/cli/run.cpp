// `ringdown-bench run`: one load on one broker.
#include "bench/cli/settings.hpp"
#include "bench/workload.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

namespace {

struct run_arguments {
  load_arguments load;
  bool soak = false;
};

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
  if (auto fault = settle_on_core(common.core))
    return complain(*fault);
  target broker;
  if (auto fault = broker.prepare(common, limits_for(options)))
    return complain(*fault);
  broker.aim(options);
  return tell(common, account_of(options, run_load(options)));
}

} // namespace

void add_run(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<run_arguments>();
  auto* verb = app.add_subcommand("run", "Measure a broker under one load; verify every delivery");
  a->load.add_to(*verb);
  verb->add_flag("--soak", a->soak, "Short for --workload soak")->excludes("--workload");
  std::string names = "Workloads:\n";
  for (auto& w : workloads())
    names += fmt::format("  {:<10} {}\n", w.name, w.what);
  verb->footer(
    names + "\nExample:\n  ringdown-bench run --spawn build/release/bin/ringdownd --seconds 10\n" +
    exit_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a); });
}

} // namespace ringdown::bench
