// `ringdown-bench knee`: latency against rate, up to what the broker can do and a little beyond.
#include "bench/cli/settings.hpp"
#include "bench/load/workload.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ringdown::bench {

namespace {

account account_of(const knee_options& o, const knee_result& r) {
  account a{r.good(), text_of(o, r), to_json(o, r), r.closed.broker, latencies_of(r), plots_of(r),
            {}};
  if (!r.closed.trouble.empty() && r.closed.found.sent == 0) {
    a.trouble = r.closed.trouble;
    a.has_figures = false;
  }
  return a;
}

int run(const settings& common, const load_arguments& arguments, knee_options o) {
  catch_stop_signals();
  o.load.stopped = [] { return stop_requested(); };
  if (auto fault = arguments.fill(o.load))
    return complain(*fault);
  if (o.load.open_loop)
    return complain("knee finds its rates itself: no --rate, and a workload with a closed loop");
  if (auto fault = unusable(o.load))
    return complain(*fault);
  if (auto fault = settle_on_core(common.core))
    return complain(*fault);
  target broker;
  if (auto fault = broker.prepare(common, limits_for(o.load)))
    return complain(*fault);
  broker.aim(o.load);
  machine_watch watch{broker.pid()};
  auto result = run_knee(o, [&](const knee_step& step) {
    if (!common.quiet)
      fmt::print(stderr, "{}", text_of(step));
  });
  return tell(common, account_of(o, result), watch);
}

} // namespace

void add_knee(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<load_arguments>();
  auto o = std::make_shared<knee_options>();
  auto* verb = app.add_subcommand("knee", "Latency against rate: open loops at rising rates");
  a->add_to(*verb);
  verb->add_option("--steps", o->steps, "How many rates")
    ->check(CLI::Range(1u, 1000u))
    ->capture_default_str();
  verb->add_option("--up-to", o->up_to, "The last rate, as a share of what a closed loop reaches")
    ->check(CLI::Range(0.01, 100.0))
    ->capture_default_str();
  verb->footer(std::string{"Example:\n  ringdown-bench knee --spawn build/release/bin/ringdownd "
                           "--seconds 3 --svg knee\n"} +
               exit_status_help);
  verb->callback([&common, &status, a, o] { status = run(common, *a, *o); });
}

} // namespace ringdown::bench
