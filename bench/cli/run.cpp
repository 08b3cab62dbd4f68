// `ringdown-bench run`: one load on one broker. `overload`: ten times what it can do.
#include "bench/cli/settings.hpp"
#include "bench/workload.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

namespace {

/// Progress goes to stderr, once a second: the result on stdout stays clean.
std::function<void(const sample&)> progress(const settings& common) {
  if (common.quiet)
    return {};
  return [next = std::chrono::nanoseconds{0}](const sample& s) mutable {
    if (s.at < next)
      return;
    next = s.at + std::chrono::milliseconds{900};
    fmt::print(stderr, "{}", text_of(s));
  };
}

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

/// Finds what the broker can do, then offers it ten times that.
int run_overload(const settings& common, const load_arguments& arguments, double factor) {
  catch_stop_signals();
  load_options options;
  options.stopped = [] { return stop_requested(); };
  if (auto fault = arguments.fill(options))
    return complain(*fault);
  if (options.open_loop)
    return complain("overload finds its rate itself: no --rate");
  if (auto fault = unusable(options))
    return complain(*fault);
  if (auto fault = settle_on_core(common.core))
    return complain(*fault);
  target broker;
  if (auto fault = broker.prepare(common, limits_for(options)))
    return complain(*fault);
  broker.aim(options);
  auto before = run_load(options);
  if (!before.good())
    return tell(common, options, before);
  auto capacity = per_second(before.acked, before.measured);
  if (!common.json)
    fmt::print("{}\noffered {} times as much:\n\n", text_of(options, before), factor);
  options.open_loop.emplace().per_second = factor * capacity;
  options.dn_prefix = "over"; // DNs of its own
  options.window = event_template::slots_max;
  options.exceed_window = true;
  // A tenth of a second: a program that is overrun drops what it cannot say in time.
  options.backlog_max = static_cast<std::size_t>(capacity / 10);
  options.on_sample = progress(common);
  auto result = run_load(options);
  auto status = tell(common, options, result);
  if (!common.json)
    fmt::print("kept            {:>12.1f} %   (events/s under overload against before)\n",
               100 * per_second(result.acked, result.measured) / capacity);
  return status;
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

void add_overload(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<load_arguments>();
  auto factor = std::make_shared<double>(10);
  auto* verb = app.add_subcommand("overload", "Offer a broker ten times what it can do");
  a->add_to(*verb);
  verb->add_option("--times", *factor, "How many times")
    ->check(CLI::Range(1.0, 1000.0))
    ->capture_default_str();
  verb->footer(exit_status_help);
  verb->callback([&common, &status, a, factor] { status = run_overload(common, *a, *factor); });
}

} // namespace ringdown::bench
