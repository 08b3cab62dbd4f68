// `ringdown why`: a DN's light, since when and because of whom.
#include "client/cli/admin_port.hpp"
#include "client/cli/why_text.hpp"
#include "messages/text.hpp"

#include <cstdio>
#include <memory>

namespace ringdown::cli {

namespace {

int run_why(const admin_port& port, const settings& common, const std::string& dn) {
  auto answer = port.get("/api/v1/dns/" + percent_encoded(dn));
  if (answer.is_not_there)
    answer.problem = printable_word(dn) +
                     " is not in use: no client is registered on it, and nothing is known of it "
                     "(ringdown dns)";
  if (!answer.problem.empty())
    return complain(answer);
  auto text = common.json ? dump(answer.body) + "\n" : why_text(answer.body);
  std::fputs(text.c_str(), stdout);
  return all_well;
}

} // namespace

void add_why(CLI::App& app, const settings& common, int& status) {
  auto dn = std::make_shared<std::string>();
  auto* verb =
    app.add_subcommand("why", "Say why a DN's light is so: since when and because of whom");
  verb->add_option("dn", *dn, "A DN")->required();
  verb->footer(std::string{"Example:\n  ringdown why 7001\n"
                           "It asks the admin port, and needs no registration.\n"} +
               exit_status_help());
  verb->callback([&common, &status, dn] {
    status =
      with_admin_port(common, [&](const admin_port& port) { return run_why(port, common, *dn); });
  });
}

} // namespace ringdown::cli
