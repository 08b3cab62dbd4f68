// `ringdown-bench capture`: agents, desktops and recorders in their real proportions.
#include "bench/load/capture.hpp"
#include "bench/cli/settings.hpp"
#include "bench/load/workload.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ringdown::bench {

namespace {

struct capture_arguments {
  capture_options options;
  double seconds = 30;
  double call_s = 10;
  double patience_s = 120;
};

account account_of(const capture_options& o, const capture_result& r) {
  return {r.good(),        text_of(o, r), to_json(o, r), r.broker,
          latencies_of(r), plots_of(r),   r.trouble,     r.trouble.empty() || r.commands > 0};
}

int run(const settings& common, const capture_arguments& a) {
  catch_stop_signals();
  auto o = a.options;
  o.seconds = from_seconds(a.seconds);
  o.call = from_seconds(a.call_s);
  o.patience = from_seconds(a.patience_s);
  o.stopped = [] { return stop_requested(); };
  o.on_sample = progress(common);
  o.links.on_opening = opening_progress(common);
  if (auto fault = unusable(o))
    return complain(*fault);
  if (auto fault = settle_on_core(common.core))
    return complain(*fault);
  target broker;
  if (auto fault =
        broker.prepare(common, limits_for(o.links_wanted(), o.agents, o.agents_per_link, 2)))
    return complain(*fault);
  broker.aim(o);
  machine_watch watch{broker.pid()};
  return tell(common, account_of(o, run_capture(o)), watch);
}

} // namespace

void add_capture(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<capture_arguments>();
  auto* verb =
    app.add_subcommand("capture", "Agents' calls with their commands, indications and outcomes");
  verb->add_option("--agents", a->options.agents, "Each with a DN, a desktop and a recorder")
    ->check(CLI::Range(1u, 1'000'000u))
    ->capture_default_str();
  verb
    ->add_option("--agents-per-link", a->options.agents_per_link,
                 "Agents that share two connections")
    ->check(CLI::Range(1u, 100'000u))
    ->capture_default_str();
  verb->add_option("--calls", a->options.calls_per_hour, "Calls of an agent in an hour")
    ->capture_default_str();
  verb->add_option("--call-seconds", a->call_s, "From a call's start to its stop")
    ->check(CLI::Range(0.0, 1e5))
    ->capture_default_str();
  verb->add_option("--seconds", a->seconds, "Time in which calls begin")
    ->check(CLI::Range(0.0, 1e6))
    ->capture_default_str();
  verb->add_option("--seed", a->options.seed, "Of the times at which calls begin")
    ->capture_default_str();
  verb->add_option("--patience", a->patience_s, "Seconds for all connections to be up")
    ->check(CLI::Range(0.1, 1e6))
    ->capture_default_str();
  verb->footer(std::string{"Example:\n  ringdown-bench capture --spawn build/release/bin/ringdownd "
                           "--agents 5000 --calls 100\n"} +
               exit_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a); });
}

} // namespace ringdown::bench
