// `ringdown-bench run`: one load on one broker.
#include "bench/cli/settings.hpp"
#include "bench/workload.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

namespace {

int run(const settings& common, const load_arguments& arguments) {
  catch_stop_signals();
  load_options options;
  options.stopped = [] { return stop_requested(); };
  options.on_sample = progress(common);
  if (auto fault = arguments.fill(options))
    return complain(*fault);
  if (auto fault = unusable(options))
    return complain(*fault);
  if (auto fault = settle_on_core(common.core))
    return complain(*fault);
  target broker;
  if (auto fault = broker.prepare(common, limits_for(options)))
    return complain(*fault);
  broker.aim(options);
  return tell(common, options, run_load(options));
}

} // namespace

void add_run(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<load_arguments>();
  auto* verb = app.add_subcommand("run", "Measure a broker under one load; verify every delivery");
  a->add_to(*verb);
  std::string names = "Workloads:\n";
  for (auto& w : workloads())
    names += fmt::format("  {:<10} {}\n", w.name, w.what);
  verb->footer(
    names + "\nExample:\n  ringdown-bench run --spawn build/release/bin/ringdownd --seconds 10\n" +
    exit_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a); });
}

} // namespace ringdown::bench
