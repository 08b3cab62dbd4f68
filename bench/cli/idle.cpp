// `ringdown-bench idle`: many connections that say nothing, and how fast they come up; and `storm`:
// all of them at once.
#include "bench/load/idle.hpp"
#include "bench/cli/settings.hpp"
#include "bench/load/workload.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ringdown::bench {

namespace {

struct idle_arguments {
  std::uint32_t connections = 10'000;
  std::uint32_t dns = 10'000;
  std::optional<std::uint32_t> at_once;
  unsigned heartbeat_ms = 0;
  double seconds = 5;
  double patience_s = 120;
};

/// How many come up at a time, unless that is given: of a storm all.
std::size_t at_once_usual(const idle_arguments& a, bool storm) {
  return storm ? a.connections : link_set::options{}.opening_max;
}

/// What is about to happen.
std::string plan_text(const idle_options& o) {
  auto text = fmt::format("{} connections come up, ", o.connections);
  text += o.links.opening_max >= o.connections ? "all at once"
                                               : fmt::format("{} at a time", o.links.opening_max);
  if (o.seconds.count() > 0)
    text += fmt::format(", and idle for {:g} s", std::chrono::duration<double>(o.seconds).count());
  return text + "\n";
}

idle_options options_of(const settings& common, const idle_arguments& a, bool storm) {
  idle_options o;
  o.connections = a.connections;
  o.dns = a.dns;
  o.links.opening_max = a.at_once.value_or(at_once_usual(a, storm));
  o.links.on_opening = opening_progress(common);
  o.links.come_again = storm;
  o.seconds = from_seconds(a.seconds);
  o.patience = from_seconds(a.patience_s);
  o.stopped = [] { return stop_requested(); };
  if (a.heartbeat_ms != 0)
    o.heartbeat_interval = std::chrono::milliseconds{a.heartbeat_ms};
  return o;
}

int run(const settings& common, const idle_arguments& a, bool storm) {
  catch_stop_signals();
  auto o = options_of(common, a, storm);
  if (auto fault = settle_on_core(common.core))
    return complain(*fault);
  target broker;
  auto links_of_a_dn = (a.connections + a.dns - 1) / a.dns;
  if (auto fault = broker.prepare(common, limits_for(a.connections, a.dns, 1, links_of_a_dn)))
    return complain(*fault);
  broker.aim(o);
  if (!common.quiet)
    fmt::print(stderr, "{}", plan_text(o));
  machine_watch watch{broker.pid()};
  auto result = run_idle(o);
  if (!result.trouble.empty()) {
    for (auto& [why, count] : result.refused.by_reason)
      complain(fmt::format("refused {} times: {}", count, why));
    return complain(result.trouble);
  }
  account all{true,
              text_of(o, result),
              to_json(o, result),
              result.broker,
              latencies_of(result),
              plots_of(result),
              {}};
  return tell(common, std::move(all), watch);
}

/// What both verbs have.
void add_options(CLI::App& verb, idle_arguments& a, const std::string& at_once_text) {
  auto number = [&](const char* name, std::uint32_t& value, std::uint32_t most, const char* text) {
    verb.add_option(name, value, text)->check(CLI::Range(1u, most))->capture_default_str();
  };
  number("--connections", a.connections, 1'000'000, "How many, each registered on one DN");
  number("--dns", a.dns, 9'999'999, "DNs that they share");
  verb
    .add_option("--at-once", a.at_once,
                "How many come up at a time (default: " + at_once_text + ")")
    ->check(CLI::Range(1u, 1'000'000u));
  verb.add_option("--heartbeat", a.heartbeat_ms, "Milliseconds to ask for (default: the broker's)");
  verb.add_option("--seconds", a.seconds, "How long they idle")
    ->check(CLI::Range(0.0, 1e6))
    ->capture_default_str();
  verb.add_option("--patience", a.patience_s, "Seconds for all connections to be up")
    ->check(CLI::Range(0.1, 1e6))
    ->capture_default_str();
}

} // namespace

void add_idle(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<idle_arguments>();
  auto* verb =
    app.add_subcommand("idle", "Open many connections, as at a shift's start; keep them idle");
  add_options(*verb, *a, std::to_string(link_set::options{}.opening_max));
  verb->footer(
    std::string{
      "Example:\n  ringdown-bench idle --spawn build/release/bin/ringdownd --connections 19000\n"} +
    exit_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a, false); });
}

void add_storm(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<idle_arguments>();
  a->seconds = 0;
  auto* verb = app.add_subcommand(
    "storm", "All sign on and register at once; who is refused comes again when the broker says");
  add_options(*verb, *a, "all");
  verb->footer(std::string{"Example:\n  ringdown-bench storm --spawn build/release/bin/ringdownd "
                           "--connections 10000\n"} +
               exit_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a, true); });
}

} // namespace ringdown::bench
