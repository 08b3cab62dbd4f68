// `ringdown pause 7001` and the like: a command in one word, and what became of it.
#include "client/cli/sender.hpp"

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

struct command_options {
  std::vector<std::string> dns;
  std::string conn;
  std::string role = "desktop";
  std::string reason;
  std::string agent_id;
};

send_plan plan_of(capture_verb verb, const command_options& options) {
  send_plan plan{options.dns, {}, verb};
  plan.what.data.add(std::string{screen_capture_key}, std::string{to_string(verb)});
  if (!options.conn.empty())
    plan.what.connection = *parse_conn_id(options.conn);
  plan.what.reason = options.reason;
  plan.what.agent_id = options.agent_id;
  plan.as = *parse_role(options.role);
  plan.must_be_confirmed = true;
  plan.is_terse = true;
  return plan;
}

struct command_row {
  capture_verb verb;
  const char* what;
};
constexpr command_row commands[] = {
  {capture_verb::pause, "Pause the recording, and wait until recorders have confirmed it"},
  {capture_verb::resume, "Lift the pause, and wait until recorders have confirmed it"},
  {capture_verb::start, "Have the screen recorded, and wait until recorders have confirmed it"},
  {capture_verb::stop, "End the recording, and wait until recorders have confirmed it"},
  {capture_verb::query, "Ask the recorders what they do, and wait for their answer"},
};

void add_command(CLI::App& app, const settings& common, int& status, const command_row& row) {
  auto options = std::make_shared<command_options>();
  auto name = std::string{to_string(row.verb)};
  auto* verb = app.add_subcommand(name, row.what);
  verb->add_option("dn,--dn", options->dns, "A DN; may be given several times")->required();
  add_conn_option(*verb, options->conn);
  add_why_options(*verb, options->reason, options->agent_id);
  verb->add_option("--role", options->role, "Role at sign-on")
    ->check(CLI::IsMember({"desktop", "supervisor", "admin"}))
    ->capture_default_str();
  verb->footer("Example:\n  ringdown " + name + " 7001\n" +
               "It says what became of it, such as `confirmed by video-3 in 103 ms`, and its "
               "status is 0 only if that is `confirmed`. Where --timeout is given, it waits no "
               "longer for that either. Of several DNs the worst decides, in this order: 3, 1, 4, "
               "5, 0.\n" +
               exit_status_help());
  auto* timeout = app.get_option("--timeout");
  verb->callback([&common, &status, options, timeout, command = row.verb] {
    auto plan = plan_of(command, *options);
    if (timeout->count() > 0)
      plan.outcome_wait = common.timeout();
    status = carry_out(common, std::move(plan));
  });
}

} // namespace

void add_commands(CLI::App& app, const settings& common, int& status) {
  for (auto& row : commands)
    add_command(app, common, status, row);
}

} // namespace ringdown::cli
