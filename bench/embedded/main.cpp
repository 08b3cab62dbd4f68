// `ringdown-bench-embedded`: the runs of ringdown-bench on a broker in this process, over its own
// transports instead of sockets. The only part of bench/ that knows the broker, by its public
// interface.
#include "bench/cli/settings.hpp"
#include "bench/load/workload.hpp"
#include "bench/machine/process.hpp"
#include "broker/broker.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>
#include <exception>

namespace ringdown::bench {

namespace {

struct embedded_arguments {
  settings common;
  load_arguments load;
};

/// The broker's configuration for this load: `limits` and the user's flags, as ringdownd reads
/// them.
std::optional<std::string> configure(const settings& common, const std::vector<std::string>& limits,
                                     configuration::config& into) {
  auto words = limits;
  words.insert(words.end(), common.broker_flags.begin(), common.broker_flags.end());
  auto flags = configuration::read_flags(words);
  configuration::sources sources;
  sources.flags = flags.flags;
  auto loaded = configuration::load(sources);
  flags.errors.insert(flags.errors.end(), loaded.errors.begin(), loaded.errors.end());
  if (!flags.errors.empty())
    return configuration::to_string(flags.errors.front());
  into = loaded.value;
  into.log.level = logging::level::warn; // the result is what one wants to read
  return std::nullopt;
}

/// Threads begin on the core of the thread that starts them.
std::optional<std::string> start_on(broker& b, int core) {
  if (auto fault = settle_on_core(core))
    return fault;
  if (auto started = b.start(); !started)
    return started.text();
  return std::nullopt;
}

int run(const embedded_arguments& a) {
  catch_stop_signals();
  load_options options;
  if (auto fault = a.load.fill(options))
    return complain(*fault);
  if (auto fault = unusable(options))
    return complain(*fault);
  configuration::config config;
  if (auto fault = configure(a.common, limits_for(options), config))
    return complain(*fault);
  broker inside{config, {.listen = false}};
  if (auto fault = start_on(inside, a.common.broker_core))
    return complain(*fault);
  if (auto fault = settle_on_core(a.common.core))
    return complain(*fault);
  options.links.streams = [&inside] { return inside.connect("bench").transport; };
  options.stopped = [] { return stop_requested(); };
  options.on_sample = progress(a.common);
  options.broker_pid = ::getpid(); // its memory; this program's own is in it
  options.embedded = true;
  machine_watch watch{options.broker_pid};
  auto status = tell(a.common, account_of(options, run_load(options)), watch);
  inside.stop();
  return status;
}

int run(int argc, char** argv) {
  CLI::App app{"Measures a Ringdown broker inside this process and verifies every delivery.",
               "ringdown-bench-embedded"};
  embedded_arguments a;
  a.common.command = command_line(argc, argv);
  a.common.program = &app;
  app.add_option("--broker-flag", a.common.broker_flags, "As of ringdownd; may be repeated")
    ->allow_extra_args(false);
  app
    .add_option("--broker-core", a.common.broker_core, "The core of the broker's threads; -1: any")
    ->capture_default_str();
  app.add_option("--core", a.common.core, "The core of the thread that loads it; -1: any")
    ->capture_default_str();
  app.add_option("--hgrm", a.common.hgrm,
                 "Write latencies to NAME.ack.hgrm and NAME.delivery.hgrm");
  app.add_option("--html", a.common.html, "Write a report with plots to this file");
  app.add_option("--svg", a.common.svg, "Write each plot as a picture, NAME.<plot>.svg");
  app.add_flag("--json", a.common.json, "The result as one JSON object");
  app.add_flag("--quiet", a.common.quiet, "No progress on stderr");
  a.load.add_to(app);
  app.footer(exit_status_help);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? all_well : usage; // --help comes this way too
  }
  return run(a);
}

} // namespace

} // namespace ringdown::bench

int main(int argc, char** argv) {
  try {
    return ringdown::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ringdown-bench-embedded: %s\n", error.what());
    return ringdown::bench::usage;
  }
}
