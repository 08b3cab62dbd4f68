// `ringdown send`: one event for each DN, its answer, and what became of a command.
#include "client/cli/party.hpp"
#include "client/data_item.hpp"
#include "client/escape.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace ringdown::cli {

using namespace ringdown::client;
using clock = std::chrono::steady_clock;

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

/// How bad it is if that came of one DN. What is not known may be anything; what was refused was
/// not done at all; what waits for the end of a pause will be done.
int badness(exit_status status) {
  switch (status) {
  case all_well: return 0;
  case is_held: return 1;
  case unconfirmed: return 2;
  case refused: return 3;
  case usage: return 4;
  case lost: return 5;
  }
  return 5;
}

class sender : public party {
public:
  sender(const settings& common, const send_options& options, outgoing_event what)
    : party(common), options_(options), what_(std::move(what)),
      verb_(parse_capture_verb(options.capture).value_or(capture_verb::none)) {}

  int run() {
    if (!begin())
      return status();
    if (is_for_many())
      send_to_all();
    else
      send_to_each();
    if (waits_)
      await_outcomes();
    leave();
    return status();
  }

private:
  /// The worst of all DNs decides, in whatever order they were given.
  bool is_worse(exit_status status, exit_status before) const override {
    return badness(status) > badness(before);
  }

  /// Which command: its DN and its place there.
  using command_name = std::tuple<std::string, std::uint64_t, std::uint64_t>;

  bool begin() {
    identity who;
    who.role = options_.role == "recorder" ? role::recorder : *parse_role(options_.role);
    waits_ = is_command(verb_) && !options_.no_wait;
    if (waits_)
      who.capabilities = {capability::outcomes};
    registration how;
    how.standby = who.role == role::recorder; // one indication makes no active recorder
    if (!connect(who))
      return false;
    if (waits_ && !link().link().has(capability::outcomes)) {
      out().note("this broker tells no outcomes: accepted is all that can be known");
      waits_ = false;
    }
    (void)link().listen(alive_, {}, [this](const notice& n) {
      if (auto* o = std::get_if<event_outcome>(&n))
        outcomes_.insert_or_assign({o->this_dn, o->epoch.value, o->sequence.value}, o->result);
    });
    if (register_on(options_.dns, how) && status() == all_well)
      return true;
    leave();
    return false;
  }

  /// `pause`, `stop` and `resume` of whole screens go out in one request.
  bool is_for_many() const {
    bool may_be = is_safety_command(verb_) || verb_ == capture_verb::resume;
    bool is_plain = !what_.connection && !what_.if_version && !what_.directed &&
                    what_.user_event == 0 && what_.data.pairs.size() == 1 && !options_.distribute;
    return options_.dns.size() > 1 && may_be && is_plain;
  }

  void send_to_all() {
    auto at_once = std::max<std::size_t>(1, link().link().dns_per_request_max);
    for (std::size_t first = 0; first < options_.dns.size(); first += at_once) {
      auto count = std::min(at_once, options_.dns.size() - first);
      auto from = options_.dns.begin() + static_cast<std::ptrdiff_t>(first);
      bulk_command some{{from, from + static_cast<std::ptrdiff_t>(count)}, verb_};
      some.command = what_.command;
      some.retry = what_.retry;
      some.confirm_timeout = what_.confirm_timeout;
      some.reason = what_.reason;
      some.agent_id = what_.agent_id;
      auto answers = command_addresses(some);
      for (auto& answer : answers)
        note_accepted(answer.this_dn, answer);
      if (answers.size() < count)
        return;
    }
  }

  void send_to_each() {
    for (auto& dn : options_.dns) {
      what_.this_dn = dn;
      auto answer = ask(what_, options_.distribute);
      if (!answer)
        return;
      note_accepted(dn, *answer);
    }
  }

  void note_accepted(const std::string& dn, const completion& answer) {
    if (auto* ack = answer.ack())
      accepted_.push_back({dn, ack->epoch.value, ack->sequence.value});
  }

  /// The broker decides each by its deadline.
  void await_outcomes() {
    auto wait = what_.confirm_timeout ? *what_.confirm_timeout + desktop::outcome_margin
                                      : desktop::outcome_wait_max;
    auto is_told = [this](const command_name& name) { return outcomes_.count(name) != 0; };
    handle_until(clock::now() + wait,
                 [&] { return std::all_of(accepted_.begin(), accepted_.end(), is_told); });
    for (auto& name : accepted_) {
      auto told = outcomes_.find(name);
      if (told == outcomes_.end()) {
        if (!stop_requested() && !is_down())
          out().complain("no outcome for " + escaped_word(std::get<0>(name)));
        fail(lost);
      } else if (told->second == outcome::held) {
        fail(is_held);
      } else if (told->second != outcome::confirmed) {
        fail(unconfirmed);
      }
    }
  }

  const send_options& options_;
  outgoing_event what_;
  const capture_verb verb_;
  bool waits_ = false;
  std::vector<command_name> accepted_;
  std::map<command_name, outcome> outcomes_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(); // of the listener
};

int run_send(const settings& common, const send_options& options) {
  outgoing_event what;
  if (auto problem = fill(options, what)) {
    console{common}.complain(*problem);
    return usage;
  }
  return sender{common, options, std::move(what)}.run();
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
