// `ringdown-bench logins`: agents at work while thousands sign on, by the plain door and by TLS.
#include "bench/load/logins.hpp"
#include "bench/cli/settings.hpp"
#include "bench/load/workload.hpp"
#include "bench/tell/report_logins.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ringdown::bench {

namespace {

struct logins_arguments {
  logins_options options;
  std::uint32_t connections = 5'000;
  double commands_per_s = 2'000;
  double rest_s = 2;
  double patience_s = 120;
  bool plain_agents = false;
};

void shape(logins_options& o, const logins_arguments& a) {
  for (auto* storm : {&o.plain, &o.by_tls}) {
    storm->connections = storm->dns = a.connections;
    storm->links.opening_max = a.connections; // all at once
    storm->links.come_again = true;
    storm->seconds = std::chrono::milliseconds{0};
    storm->patience = from_seconds(a.patience_s);
    storm->stopped = [] { return stop_requested(); };
  }
  o.rest = from_seconds(a.rest_s);
  o.agents.every = std::chrono::microseconds{static_cast<std::int64_t>(2e6 / a.commands_per_s)};
  o.agents.times_resumes = true;
}

/// The agents come by TLS too, unless that is unwanted.
void place_agents(logins_options& o, bool plain) {
  auto& storm = plain ? o.plain : o.by_tls;
  o.agents.links = storm.links;
  o.agents.links.opening_max = link_set::options{}.opening_max;
  o.agents.links.come_again = false;
  o.agents.credentials = storm.credentials;
}

account account_of(const logins_options& o, const logins_result& r) {
  return {is_good(r),      text_of(o, r), to_json(o, r), r.broker,
          latencies_of(r), plots_of(r),   r.trouble,     !r.plain.all_in.empty()};
}

int run(const settings& common, const logins_arguments& a) {
  catch_stop_signals();
  if (common.spawn.empty())
    return complain("logins needs --spawn: both doors are to be of one broker");
  auto o = a.options;
  shape(o, a);
  if (auto fault = unusable(o))
    return complain(*fault);
  if (auto fault = settle_on_core(common.core))
    return complain(*fault);
  auto links = std::size_t{a.connections} + 2 * o.agents.pairs;
  target broker;
  if (auto fault = broker.prepare(common, limits_for(links, a.connections + o.agents.pairs, 1, 2),
                                  target::output::dropped, target::doors::both))
    return complain(*fault);
  broker.aim_plain(o.plain);
  broker.aim(o.by_tls);
  place_agents(o, a.plain_agents);
  machine_watch watch{broker.pid()};
  auto result = run_logins(o, [&](unsigned round, const logins_result& so_far) {
    if (!common.quiet)
      fmt::print(stderr, "round {} of {}: all in after {:.2f} s plain, {:.2f} s by TLS\n", round,
                 o.rounds, std::chrono::duration<double>(so_far.plain.all_in.back()).count(),
                 std::chrono::duration<double>(so_far.by_tls.all_in.back()).count());
  });
  return tell(common, account_of(o, result), watch);
}

} // namespace

void add_logins(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<logins_arguments>();
  auto* verb = app.add_subcommand(
    "logins", "Agents at work while thousands sign on, in turns by a plain door and by TLS");
  auto number = [&](const char* name, std::uint32_t& value, std::uint32_t most, const char* text) {
    verb->add_option(name, value, text)->check(CLI::Range(1u, most))->capture_default_str();
  };
  number("--connections", a->connections, 1'000'000, "How many sign on at once");
  a->options.agents.pairs = 100;
  number("--agents", a->options.agents.pairs, 10'000,
         "Desktops that are at work meanwhile, each with a recorder and a DN");
  verb
    ->add_option("--commands", a->commands_per_s,
                 "Commands a second of all of them, at times fixed in advance")
    ->check(CLI::Range(1.0, 1e5))
    ->capture_default_str();
  verb->add_option("--rounds", a->options.rounds, "How often each kind has its turn")
    ->check(CLI::Range(1u, 1000u))
    ->capture_default_str();
  verb->add_option("--rest", a->rest_s, "Seconds of each round in which nobody signs on")
    ->check(CLI::Range(0.0, 1e6))
    ->capture_default_str();
  verb->add_option("--patience", a->patience_s, "Seconds for all of a storm to be in")
    ->check(CLI::Range(0.1, 1e6))
    ->capture_default_str();
  verb->add_flag("--plain-agents", a->plain_agents, "Those at work have no TLS");
  verb->footer(std::string{"Example:\n  ringdown-bench logins --spawn build/release/bin/ringdownd "
                           "--connections 5000\n"} +
               exit_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a); });
}

} // namespace ringdown::bench
