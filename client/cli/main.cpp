// The `ringdown` command: plays the parties of the broker, shows what they say.
#include "client/cli/settings.hpp"

#include <csignal>
#include <cstdio>
#include <exception>

namespace ringdown::cli {

namespace {

volatile std::sig_atomic_t stop_flag = 0;

} // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_flag = 1; };
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGINT, SIGTERM})
    ::sigaction(signal, &action, nullptr); // without SA_RESTART: a wait ends
}

bool stop_requested() noexcept {
  return stop_flag != 0;
}

namespace {

void add_global_options(CLI::App& app, settings& common) {
  app.add_option("--connect", common.connect, "The broker's address, HOST:PORT")
    ->envname("RINGDOWN_CONNECT")
    ->capture_default_str();
  app.add_option("--app", common.app, "Application name at sign-on, 1 to 64 bytes")
    ->capture_default_str();
  app.add_option("--timeout", common.timeout_s, "Seconds to wait for a connection or an answer")
    ->check(CLI::Range(0.001, 3600.0))
    ->capture_default_str();
  app.add_flag("--json", common.json, "One JSON object per line");
  app.add_flag("--no-color", common.no_color, "No colours, even on a terminal");
}

int run(int argc, char** argv) {
  CLI::App app{"Talks to the Ringdown event broker: plays a desktop or a recorder, watches, sends, "
               "explains errors.",
               "ringdown"};
  settings common;
  add_global_options(app, common);
  app.require_subcommand(1);
  app.fallthrough(); // global options may stand behind the verb too
  app.footer(std::string{exit_status_help} +
             "\n\nTry: ringdown recorder --dn 7001 &\n"
             "     ringdown desktop --dn 7001 --script \"start, expect recording, pause\"");
  int status = all_well;
  add_desktop(app, common, status);
  add_recorder(app, common, status);
  add_monitor(app, common, status);
  add_send(app, common, status);
  add_info(app, common, status);
  add_session(app, common, status);
  add_error(app, common, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? all_well : usage; // --help comes this way too
  }
  return status;
}

} // namespace

} // namespace ringdown::cli

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0); // whoever reads a pipe sees each line at once
  try {
    return ringdown::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ringdown: %s\n", error.what());
    return ringdown::cli::usage;
  }
}
