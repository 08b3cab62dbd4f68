// What the program's help says, verbs and all; docs/cli.md is made from the same.
#include "client/cli/settings.hpp"

#include <algorithm>

namespace ringdown::cli {

namespace {

void add_global_options(CLI::App& app, settings& common) {
  app
    .add_option("--connect", common.connect,
                "The broker's address, HOST:PORT, or tls://HOST:PORT for TLS")
    ->envname("RINGDOWN_CONNECT")
    ->capture_default_str();
  app
    .add_option("--context", common.context,
                "A saved address with its credentials, in place of --connect (ringdown context)")
    ->envname("RINGDOWN_CONTEXT");
  app
    .add_option("--admin", common.admin,
                "The admin port's address, HOST:PORT, or tls://HOST:PORT for TLS; for connections, "
                "dns, why, top, trace, drain and disconnect")
    ->envname("RINGDOWN_ADMIN")
    ->capture_default_str();
  for (auto& flag : client::link_file_flags)
    app.add_option(flag.name, common.*flag.file, flag.text)->envname(flag.variable);
  app.add_option("--app", common.app,
                 "Application name at sign-on, 1 to 64 bytes (default: what it plays, and the "
                 "host: desktop@HOST)");
  app.add_option("--timeout", common.timeout_s, "Seconds to wait for a connection or an answer")
    ->check(CLI::Range(0.001, 3600.0))
    ->capture_default_str();
  app.add_flag("--json", common.json, "One JSON object per line");
  app.add_flag("--no-color", common.no_color, "No colours, even on a terminal");
}

/// Before any verb runs.
void note_how_given(const CLI::App& app, settings& common) {
  auto how = [&](const char* name) {
    auto* option = app.get_option(name);
    auto& flags = app.parse_order();
    if (std::find(flags.begin(), flags.end(), option) != flags.end())
      return given::by_flag;
    return option->count() > 0 ? given::by_variable : given::no;
  };
  common.connect_given = how("--connect");
  common.context_given = how("--context");
  common.admin_given = how("--admin");
}

/// The global options as a verb's --help shows them, behind its own.
std::string common_flags_help(const CLI::App& app) {
  std::string out = "\n\n" + std::string{common_flags_title} + "\n";
  for (auto* option : app.get_options()) {
    if (option == app.get_help_ptr() || option == app.get_version_ptr())
      continue;
    auto name = option->get_name();
    name.resize(std::max<std::size_t>(name.size() + 2, 28), ' ');
    out += "  " + name + option->get_description() + "\n";
  }
  return out;
}

} // namespace

void describe_program(CLI::App& app, settings& common, int& status) {
  add_global_options(app, common);
  app.set_version_flag("--version", "ringdown " RINGDOWN_VERSION, "The version of this program");
  app.require_subcommand(1);
  app.fallthrough(); // global options may stand behind the verb too
  app.footer(exit_status_help() +
             "\n\nTry: ringdown recorder --dn 7001 &\n"
             "     ringdown desktop --dn 7001 --script \"start, expect recording, pause\"");
  add_commands(app, common, status);
  add_desktop(app, common, status);
  add_recorder(app, common, status);
  add_monitor(app, common, status);
  add_send(app, common, status);
  add_info(app, common, status);
  add_session(app, common, status);
  add_list(app, common, status);
  add_check_recorder(app, common, status);
  add_error(app, common, status);
  add_token(app, common, status);
  add_context(app, common, status);
  add_connections(app, common, status);
  add_dns(app, common, status);
  add_why(app, common, status);
  add_top(app, common, status);
  add_trace(app, common, status);
  add_drain(app, common, status);
  add_disconnect(app, common, status);
  app.parse_complete_callback([&app, &common] { note_how_given(app, common); });
  auto common_flags = common_flags_help(app);
  for (auto* verb : app.get_subcommands({}))
    verb->footer(verb->get_footer() + common_flags);
}

} // namespace ringdown::cli
