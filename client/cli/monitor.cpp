// `ringdown monitor`: shows everything that happens on some DNs, or on all of them.
#include "client/cli/party.hpp"

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

struct monitor_options {
  std::vector<std::string> dns;
  bool all = false;
  double seconds = 0;
};

int run_monitor(const settings& common, const monitor_options& options) {
  party watcher{common};
  identity who;
  who.role = role::supervisor;
  registration how;
  how.mode = registration_mode::monitor;
  how.hear_outcomes = true;
  auto dns = options.all ? std::vector{every_dn} : options.dns;
  if (dns.size() > 1 || options.all)
    watcher.out().name_dns();
  if (watcher.connect(who) && watcher.register_on(dns, how))
    watcher.handle_until(end_after(options.seconds));
  watcher.leave();
  return watcher.status();
}

} // namespace

void add_monitor(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<monitor_options>();
  auto* verb = app.add_subcommand("monitor", "Watch DNs as a supervisor: print all their events");
  auto* dns = add_dn_list(*verb, options->dns);
  auto* all = verb->add_flag(
    "--all", options->all, "Every DN, also those to come: commands, indications, alarms, outcomes");
  all->excludes(dns);
  add_for_option(*verb, options->seconds);
  verb->footer(std::string{"Example:\n  ringdown monitor --dn 7001 --dn 7002 --json\n"
                           "  ringdown monitor --all\n"} +
               exit_status_help());
  verb->callback([&common, &status, options] {
    if (options->dns.empty() && !options->all)
      throw CLI::RequiredError("--dn or --all");
    status = run_monitor(common, *options);
  });
}

} // namespace ringdown::cli
