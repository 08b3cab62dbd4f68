// What the program's help says, verbs and all; docs/cli.md is made from the same.
#include "client/cli/settings.hpp"

namespace ringdown::cli {

std::string exit_status_help() {
  std::string out;
  for (auto& row : exit_statuses)
    out += (out.empty() ? "Exit status: " : ", ") + std::to_string(row.status) + " " + row.when;
  return out + ".";
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

} // namespace

void describe_program(CLI::App& app, settings& common, int& status) {
  add_global_options(app, common);
  app.require_subcommand(1);
  app.fallthrough(); // global options may stand behind the verb too
  app.footer(exit_status_help() +
             "\n\nTry: ringdown recorder --dn 7001 &\n"
             "     ringdown desktop --dn 7001 --script \"start, expect recording, pause\"");
  add_desktop(app, common, status);
  add_recorder(app, common, status);
  add_monitor(app, common, status);
  add_send(app, common, status);
  add_info(app, common, status);
  add_session(app, common, status);
  add_list(app, common, status);
  add_error(app, common, status);
}

} // namespace ringdown::cli
