// `ringdown info`: who the broker is, what it grants, and the state of DNs.
#include "client/cli/party.hpp"
#include "client/text/describe.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

void print_link(console& out, const event_link_connected& link) {
  if (out.json_wanted())
    return out.object(to_json(link));
  std::string capabilities;
  for (auto c : link.capabilities)
    capabilities += (capabilities.empty() ? "" : ", ") + std::string{to_string(c)};
  auto row = [](std::string_view name, const std::string& value) {
    fmt::print("{:<20} {}\n", name, value);
  };
  row("server", printable(link.server_name) + " " + printable(link.server_version));
  row("server instance", to_hex(link.server_instance));
  row("running since", utc_text(link.server_start_time_us));
  row("protocol version", std::to_string(link.version));
  row("capabilities", capabilities.empty() ? "none" : capabilities);
  row("client id", to_string(link.client));
  row("window", fmt::format("{} requests, {} bytes", link.window_requests, link.window_bytes));
  row("frame", fmt::format("{} bytes", link.frame_bytes_max));
  row("user data", fmt::format("{} bytes", link.user_data_bytes_max));
  row("DNs per request", std::to_string(link.dns_per_request_max));
  row("heartbeat", fmt::format("every {} ms, dead after {} ms", link.heartbeat_interval.count(),
                               link.heartbeat_timeout.count()));
}

/// So many pages are counted, and so many names shown: what a person looks at.
constexpr std::size_t pages_counted_max = 10;
constexpr std::size_t names_shown_max = 20;

/// Nothing if the broker does not tell this client.
void print_dns_in_use(party& asker) {
  std::vector<std::string> dns;
  std::size_t pages = 0;
  bool more = false;
  auto refusal = asker.list_addresses({}, [&](const event_address_list& page) {
    for (auto& dn : page.addresses)
      dns.push_back(dn.this_dn);
    more = ++pages == pages_counted_max && !page.next.empty();
    return !more;
  });
  if (refusal || pages == 0)
    return;
  if (asker.out().json_wanted())
    return asker.out().object({{"dns_in_use", dns}, {"more", more}});
  std::string names;
  for (std::size_t i = 0; i < std::min(dns.size(), names_shown_max); ++i)
    names += (i == 0 ? ": " : ", ") + printable_word(dns[i]);
  fmt::print("{:<20} {}{}{}{}\n", "DNs in use", more ? "more than " : "", dns.size(), names,
             dns.size() > names_shown_max ? ", ..." : "");
}

int run_info(const settings& common, const std::vector<std::string>& dns) {
  party asker{common};
  identity who;
  who.role = role::supervisor;
  who.application_name = "info";
  if (!asker.connect(who))
    return asker.status();
  print_link(asker.out(), asker.link().link());
  registration how;
  how.mode = registration_mode::monitor;
  if (!dns.empty())
    asker.register_on(dns, how);
  print_dns_in_use(asker);
  asker.be_quiet();
  asker.leave();
  return asker.status();
}

} // namespace

void add_info(CLI::App& app, const settings& common, int& status) {
  auto dns = std::make_shared<std::vector<std::string>>();
  auto* verb = app.add_subcommand(
    "info", "Show who the broker is, what it grants, the DNs in use, and DNs' state");
  add_dn_list(*verb, *dns);
  verb->footer(std::string{"Example:\n  ringdown info --dn 7001\n"} + exit_status_help());
  verb->callback([&common, &status, dns] { status = run_info(common, *dns); });
}

} // namespace ringdown::cli
