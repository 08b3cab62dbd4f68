// `ringdown-bench`: measures the broker, and others beside it, and verifies all that it measures.
#include "bench/cli/settings.hpp"

#include <cstdio>
#include <exception>

namespace ringdown::bench {

namespace {

void add_global_options(CLI::App& app, settings& common) {
  app
    .add_option("--connect", common.connect,
                "The broker's address, HOST:PORT, or tls://HOST:PORT for TLS")
    ->envname("RINGDOWN_CONNECT")
    ->capture_default_str();
  for (auto& flag : client::link_file_flags)
    app.add_option(flag.name, common.*flag.file, flag.text);
  app.add_option("--spawn", common.spawn,
                 "Start this ringdownd on a port and a core of its own instead");
  app.add_flag("--tls", common.tls,
               "Each broker that is started listens for TLS, with a certificate made for the run");
  app
    .add_option("--broker-flag", common.broker_flags,
                "A flag for the spawned broker; may be repeated")
    ->allow_extra_args(false);
  app.add_option("--broker-core", common.broker_core, "The spawned broker's core; -1: any")
    ->capture_default_str();
  app.add_option("--core", common.core, "This program's core, if there are several; -1: any")
    ->capture_default_str();
  app.add_option("--broker-pid", common.broker_pid,
                 "The broker's process, to measure its CPU and memory");
  app.add_option("--hgrm", common.hgrm,
                 "Write each latency as a histogram, NAME.<latency>.hgrm: NAME.ack.hgrm");
  app.add_option("--html", common.html, "Write a report with plots to this file");
  app.add_option("--svg", common.svg, "Write each plot as a picture, NAME.<plot>.svg");
  app.add_flag("--json", common.json, "The result as one JSON object");
  app.add_flag("--quiet", common.quiet, "No progress on stderr");
}

int run(int argc, char** argv) {
  CLI::App app{"Measures the Ringdown event broker and verifies every delivery.", "ringdown-bench"};
  settings common;
  common.command = command_line(argc, argv);
  common.program = &app;
  add_global_options(app, common);
  app.set_version_flag("--version", "ringdown-bench " RINGDOWN_VERSION,
                       "The version of this program");
  app.require_subcommand(1);
  app.fallthrough(); // global options may stand behind the verb too
  app.footer(exit_status_help);
  int status = all_well;
  add_run(app, common, status);
  add_overload(app, common, status);
  add_knee(app, common, status);
  add_capture(app, common, status);
  add_compare(app, common, status);
  add_idle(app, common, status);
  add_storm(app, common, status);
  add_logins(app, common, status);
  add_diff(app, common, status);
  show_common_flags(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    if (!app.get_subcommands().empty())
      return app.exit(error) == 0 ? all_well : usage;
    std::fprintf(stderr, "ringdown-bench: %s\n", client::verb_problem(app).c_str());
    return usage;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? all_well : usage; // --help comes this way too
  }
  return status;
}

} // namespace

} // namespace ringdown::bench

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0); // whoever reads a pipe sees each line at once
  try {
    return ringdown::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ringdown-bench: %s\n", error.what());
    return ringdown::bench::usage;
  }
}
