// `ringdown send`: one event for each DN, its answer, and what became of a command.
#include "client/cli/sender.hpp"
#include "client/text/data_item.hpp"
#include "messages/text.hpp"

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

struct send_options {
  std::vector<std::string> dns;
  std::string conn;
  std::string role = "desktop";
  std::string capture;
  std::string command;
  std::string to;
  std::string reason;
  std::string agent_id;
  std::vector<std::string> data;
  std::int32_t tag = 0;
  std::optional<std::uint64_t> if_version;
  std::optional<unsigned> confirm_timeout_ms;
  bool retry = false;
  bool distribute = false;
  bool no_wait = false;
};

/// Says what is wrong with the options, or fills the event.
std::optional<std::string> fill(const send_options& options, outgoing_event& what) {
  what.user_event = options.tag;
  what.retry = options.retry;
  what.reason = options.reason;
  what.agent_id = options.agent_id;
  if (!options.conn.empty())
    what.connection = *parse_conn_id(options.conn);
  if (options.capture.empty() && options.data.empty() && options.tag == 0)
    return "nothing to send: --capture, --data or --tag";
  if (!options.capture.empty())
    what.data.add(std::string{screen_capture_key}, options.capture);
  for (auto& item : options.data) {
    auto parsed = parse_data_item(item);
    if (auto* error = std::get_if<data_item_error>(&parsed))
      return "--data " + printable(item) + ": " + error->text;
    what.data.pairs.push_back(std::get<user_data_pair>(std::move(parsed)));
  }
  if (options.if_version)
    what.if_version = command_version{*options.if_version};
  if (options.confirm_timeout_ms)
    what.confirm_timeout = std::chrono::milliseconds{*options.confirm_timeout_ms};
  if (options.command == "random")
    what.command = random_command_id();
  else if (auto id = parse_command_id(options.command))
    what.command = *id;
  else if (!options.command.empty())
    return "--command-id: expected 32 hex digits or random";
  if (!options.to.empty()) {
    auto id = parse_conn_id(options.to); // written the same way
    if (!id)
      return "--to: expected a client id of 1 to 16 hex digits";
    what.directed = {id->value};
  }
  return std::nullopt;
}

int run_send(const settings& common, const send_options& options) {
  send_plan plan{options.dns, {}, parse_capture_verb(options.capture).value_or(capture_verb::none)};
  if (auto problem = fill(options, plan.what)) {
    console{common}.complain(*problem);
    return usage;
  }
  plan.as = options.role == "recorder" ? role::recorder : *parse_role(options.role);
  plan.distribute = options.distribute;
  plan.waits = !options.no_wait;
  return carry_out(common, std::move(plan));
}

} // namespace

void add_send(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<send_options>();
  auto* verb = app.add_subcommand(
    "send", "Send one event for each DN, print its answer and what became of a command");
  add_dn_list(*verb, options->dns)->required();
  verb->add_option("--data", options->data,
                   "User data: key=value, n:key=NUMBER, b:key=HEX, s:key=value; may repeat");
  verb
    ->add_option("--capture", options->capture,
                 "screen-capture: a command or, as a recorder, an indication")
    ->check(CLI::IsMember(
      {"start", "stop", "pause", "resume", "query", "enabled", "disabled", "paused", "failed"}));
  verb->add_flag("--no-wait", options->no_wait,
                 "Do not wait for a command's outcome: status 0 is accepted, not done");
  add_conn_option(*verb, options->conn);
  verb->add_option("--tag", options->tag, "A number of your own; EventACK returns it");
  verb->add_option("--role", options->role, "Role at sign-on")
    ->check(CLI::IsMember({"desktop", "supervisor", "admin", "recorder"}))
    ->capture_default_str();
  verb->add_option("--to", options->to, "This client gets the ReferenceID with its copy");
  add_why_options(*verb, options->reason, options->agent_id);
  auto* distribute = verb->add_flag("--distribute", options->distribute,
                                    "The older form, RequestDistributeUserEvent");
  for (auto* option :
       {verb->add_option("--if-version", options->if_version,
                         "Refused with 185 unless this is the DN's version"),
        verb->add_option("--confirm-timeout", options->confirm_timeout_ms,
                         "Milliseconds for a recorder's confirmation"),
        verb->add_option("--command-id", options->command, "32 hex digits, or random"),
        verb->add_flag("--retry", options->retry, "A resend under the same command id"),
        verb->get_option("--reason"), verb->get_option("--agent-id")})
    option->excludes(distribute);
  verb->footer(
    std::string{"Example:\n  ringdown send --dn 7001 --capture pause --reason \"card number\"\n"
                "  ringdown send --dn 7001 --dn 7002 --capture stop --role supervisor\n"
                "  ringdown send --dn 7001 --data note=hello --data n:case=17\n"
                "Of a command it waits for the outcome: 0 is confirmed. `pause`, `stop` and "
                "`resume` of several DNs go out in one request, unless more is said. Of several "
                "DNs the worst decides, in this order: 3, 1, 4, 5, 0.\n"} +
    exit_status_help());
  verb->callback([&common, &status, options] { status = run_send(common, *options); });
}

} // namespace ringdown::cli
