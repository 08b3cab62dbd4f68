// `ringdown session`: what the broker knows of DNs: calls, pauses, what waits and why, recorders'
// words, outcomes.
#include "client/cli/party.hpp"
#include "client/text/describe.hpp"

#include <cstdio>

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

int run_session(const settings& common, const std::vector<std::string>& dns) {
  if (dns == std::vector<std::string>{"*"})
    return run_list(common, {});
  party asker{common};
  asker.be_quiet();
  identity who;
  who.role = role::supervisor;
  who.application_name = "session";
  registration how;
  how.mode = registration_mode::monitor;
  if (!asker.connect(who))
    return asker.status();
  if (asker.register_on(dns, how) && asker.status() == all_well)
    for (auto& dn : dns) {
      auto answer = asker.query_address(dn);
      if (!answer)
        break;
      if (auto* info = answer->info(); info != nullptr && common.json)
        asker.out().object(to_json(event{*info}));
      else if (info != nullptr)
        std::fputs(report(*info).c_str(), stdout);
    }
  asker.leave();
  return asker.status();
}

} // namespace

void add_session(CLI::App& app, const settings& common, int& status) {
  auto dns = std::make_shared<std::vector<std::string>>();
  auto* verb = app.add_subcommand(
    "session",
    "Show what stands at DNs: light, calls, pauses, what waits and why, recorders' words, "
    "last outcomes");
  add_dn_list(*verb, *dns)->required();
  verb->footer(std::string{"Example:\n  ringdown session --dn 7001 --json\n"
                           "`--dn '*'` lists the DNs in use, as `ringdown list` does.\n"} +
               exit_status_help());
  verb->callback([&common, &status, dns] { status = run_session(common, *dns); });
}

} // namespace ringdown::cli
