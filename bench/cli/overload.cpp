// `ringdown-bench overload`: ten times what the broker can do, and a desktop beside it that pauses.
#include "bench/tell/overload.hpp"
#include "bench/cli/settings.hpp"
#include "bench/load/pause_probe.hpp"
#include "bench/load/workload.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <thread>

namespace ringdown::bench {

namespace {

using phase = pause_probe::phase;

struct overload_arguments {
  load_arguments load;
  double factor = 10;
  unsigned pause_every_ms = 5;
  double unloaded_s = 3;
  bool must_reach = false;
};

/// Pauses without a load, then what the broker can do in a closed loop; whether both went well.
bool measure_before(const overload_arguments& a, load_options& options, pause_probe& probe,
                    load_result& closed) {
  probe.start();
  probe.enter(phase::unloaded);
  std::this_thread::sleep_for(from_seconds(a.unloaded_s));
  probe.enter(phase::aside);
  closed = run_load(options);
  return closed.good();
}

/// The load that is too much.
void make_too_much(load_options& options, double capacity, double factor) {
  options.open_loop.emplace().per_second = factor * capacity;
  options.dn_prefix = "over"; // DNs of its own
  options.window = event_template::slots_max;
  options.exceed_window = true;
  // A tenth of a second: a program that is overrun drops what it cannot say in time.
  options.backlog_max = static_cast<std::size_t>(capacity / 10);
}

/// The run's, and what belongs to this verb.
account account_of(const overload_arguments& asked, const load_options& options,
                   const overload_result& result, bool is_probe_good) {
  auto a = account_of(options, result.under_load);
  a.is_good = a.is_good && is_probe_good;
  a.text += text_of(result);
  a.object["times"] = asked.factor;
  a.object["pause_every_ms"] = asked.pause_every_ms;
  add_to(a.object, result);
  auto append = [](auto& into, const auto& more) {
    into.insert(into.end(), more.begin(), more.end());
  };
  append(a.latencies, latencies_of(result));
  append(a.plots, plots_of(result));
  return a;
}

int run_against(const settings& common, const overload_arguments& a, const target& broker,
                load_options& options) {
  probe_options about_probe;
  about_probe.links.address = options.links.address;
  about_probe.links.secured = options.links.secured;
  about_probe.links.server_name = options.links.server_name;
  about_probe.credentials = options.credentials;
  about_probe.every = std::chrono::milliseconds{a.pause_every_ms};
  machine_watch watch{broker.pid()};
  pause_probe probe{about_probe};
  overload_result result;
  load_result closed;
  if (!measure_before(a, options, probe, closed))
    return tell(common, account_of(options, closed), watch);
  result.capacity = per_second(closed.acked, closed.measured);
  if (!common.json)
    fmt::print("{}\noffered {} times as much:\n\n", text_of(options, closed), a.factor);
  make_too_much(options, result.capacity, a.factor);
  options.on_sample = progress(common);
  options.on_measuring = [&](bool begins) { probe.enter(begins ? phase::loaded : phase::aside); };
  result.under_load = run_load(options);
  probe.stop();
  result.unloaded = probe.of(phase::unloaded);
  result.loaded = probe.of(phase::loaded);
  result.probe_trouble = probe.trouble();
  result.probe_runs_first = probe.runs_first();
  result.memory_bound = printed_memory_bound(broker.printed());
  auto status = tell(common, account_of(a, options, result, probe.good()), watch);
  bool is_missed = a.must_reach && !all_reached(goals_of(result));
  return status == all_well && is_missed ? int{not_verified} : status;
}

int run(const settings& common, const overload_arguments& a) {
  catch_stop_signals();
  load_options options;
  options.stopped = [] { return stop_requested(); };
  if (auto fault = a.load.fill(options))
    return complain(*fault);
  if (options.open_loop)
    return complain("overload finds its rate itself: no --rate");
  if (auto fault = unusable(options))
    return complain(*fault);
  if (auto fault = settle_on_core(common.core))
    return complain(*fault);
  target broker;
  if (auto fault = broker.prepare(common, limits_for(options), target::output::kept))
    return complain(*fault);
  broker.aim(options);
  return run_against(common, a, broker, options);
}

} // namespace

void add_overload(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<overload_arguments>();
  auto* verb = app.add_subcommand(
    "overload", "Offer a broker ten times what it can do, and pause a recorder beside it");
  a->load.add_to(*verb);
  verb->add_option("--times", a->factor, "How many times")
    ->check(CLI::Range(1.0, 1000.0))
    ->capture_default_str();
  verb->add_option("--pause-every", a->pause_every_ms, "Milliseconds from one pause to the next")
    ->check(CLI::Range(2u, 10'000u))
    ->capture_default_str();
  verb->add_option("--unloaded", a->unloaded_s, "Seconds of pauses before any load")
    ->check(CLI::Range(0.0, 1e6))
    ->capture_default_str();
  verb->add_flag("--must-reach", a->must_reach, "Exit with 1 if a goal is missed");
  verb->footer(exit_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a); });
}

} // namespace ringdown::bench
