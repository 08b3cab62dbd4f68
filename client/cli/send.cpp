// `ringdown send`: one event, and its answer.
#include "client/cli/party.hpp"
#include "client/data_item.hpp"
#include "client/escape.hpp"

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

struct send_options {
  std::string dn;
  std::string conn;
  std::string role = "desktop";
  std::string capture;
  std::string command;
  std::string to;
  std::vector<std::string> data;
  std::int32_t tag = 0;
  std::optional<std::uint64_t> if_version;
  std::optional<unsigned> confirm_timeout_ms;
  bool retry = false;
  bool distribute = false;
};

/// Says what is wrong with the options, or fills the event.
std::optional<std::string> fill(const send_options& options, outgoing_event& what) {
  what.this_dn = options.dn;
  what.user_event = options.tag;
  what.retry = options.retry;
  if (!options.conn.empty())
    what.connection = *parse_conn_id(options.conn);
  if (!options.capture.empty()) // any text: to see the broker refuse it is a use of this verb
    what.data.add(std::string{screen_capture_key}, options.capture);
  for (auto& item : options.data) {
    auto parsed = parse_data_item(item);
    if (auto* error = std::get_if<data_item_error>(&parsed))
      return "--data " + escaped(item) + ": " + error->text;
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
  party sender{common};
  outgoing_event what;
  if (auto problem = fill(options, what)) {
    sender.out().complain(*problem);
    return usage;
  }
  identity who;
  who.role = options.role == "recorder" ? role::recorder : *parse_role(options.role);
  registration how;
  how.standby = who.role == role::recorder; // one indication makes no active recorder
  if (!sender.connect(who))
    return sender.status();
  if (sender.register_on({options.dn}, how) && sender.status() == all_well)
    sender.send(what, options.distribute);
  sender.leave();
  return sender.status();
}

} // namespace

void add_send(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<send_options>();
  auto* verb = app.add_subcommand("send", "Send one event and print its answer");
  verb->add_option("--dn", options->dn, "The DN on whose behalf it is sent")->required();
  verb->add_option("--data", options->data,
                   "User data: key=value, n:key=NUMBER, b:key=HEX, s:key=value; may repeat");
  verb->add_option("--capture", options->capture,
                   "screen-capture: start, stop, pause, resume, query (or, as a recorder, enabled, "
                   "disabled, paused)");
  add_conn_option(*verb, options->conn);
  verb->add_option("--tag", options->tag, "A number of your own; EventACK returns it");
  verb->add_option("--role", options->role, "Role at sign-on")
    ->check(CLI::IsMember({"desktop", "supervisor", "admin", "recorder"}))
    ->capture_default_str();
  verb->add_option("--to", options->to, "This client gets the ReferenceID with its copy");
  auto* distribute = verb->add_flag("--distribute", options->distribute,
                                    "The older form, RequestDistributeUserEvent");
  for (auto* option :
       {verb->add_option("--if-version", options->if_version,
                         "Refused with 185 unless this is the DN's version"),
        verb->add_option("--confirm-timeout", options->confirm_timeout_ms,
                         "Milliseconds for a recorder's confirmation"),
        verb->add_option("--command-id", options->command, "32 hex digits, or random"),
        verb->add_flag("--retry", options->retry, "A resend under the same command id")})
    option->excludes(distribute);
  verb->footer(
    std::string{"Example:\n  ringdown send --dn 7001 --capture pause --command-id random\n"
                "  ringdown send --dn 7001 --data note=hello --data n:case=17\n"} +
    exit_status_help());
  verb->callback([&common, &status, options] { status = run_send(common, *options); });
}

} // namespace ringdown::cli
