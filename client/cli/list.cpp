// `ringdown list`: the DNs in use, their lights, and where a person may have something to do.
#include "client/cli/party.hpp"
#include "client/text/describe.hpp"

#include <cstdio>

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

struct list_options {
  std::string light;
  bool alarmed = false;
  bool recorder_missing = false;
};

std::optional<capture_state> state_of(const std::string& light) {
  for (auto state : {capture_state::unknown, capture_state::enabled, capture_state::disabled,
                     capture_state::paused})
    if (light == to_string(light_of(state)))
      return state;
  return std::nullopt;
}

} // namespace

int run_list(const settings& common, const address_filter& only) {
  party asker{common};
  asker.be_quiet();
  identity who;
  who.role = role::supervisor;
  who.application_name = "list";
  if (!asker.connect(who))
    return asker.status();
  auto refusal = asker.list_addresses(only, [&](const event_address_list& page) {
    for (auto& dn : page.addresses) {
      if (common.json)
        asker.out().object(to_json(dn));
      else
        std::printf("%s\n", describe(dn, page.time_us).c_str());
    }
    return true;
  });
  if (refusal) {
    asker.out().received(event{*refusal});
    asker.fail(refused);
  }
  asker.leave();
  return asker.status();
}

void add_list(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<list_options>();
  auto* verb = app.add_subcommand("list", "List the DNs in use: light, pauses, alarms, recorders");
  verb->add_option("--light", options->light, "Only DNs with this light")
    ->check(CLI::IsMember({"recording", "paused", "off", "unknown"}));
  verb->add_flag("--alarmed", options->alarmed, "Only DNs with a standing alarm");
  verb->add_flag("--recorder-missing", options->recorder_missing,
                 "Only DNs without an active recorder");
  verb->footer(std::string{"Example:\n  ringdown list --light paused\n"
                           "  ringdown list --alarmed --json\n"} +
               exit_status_help());
  verb->callback([&common, &status, options] {
    status =
      run_list(common, {state_of(options->light), options->alarmed, options->recorder_missing});
  });
}

} // namespace ringdown::cli
