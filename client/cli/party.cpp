#include "client/cli/party.hpp"

#include "client/cli/access.hpp"
#include "client/internal/private_file.hpp"
#include "client/text/describe.hpp"
#include "messages/limits.hpp"
#include "messages/text.hpp"
#include "messages/wire.hpp"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <stdexcept>
#include <utility>

namespace ringdown::cli {

using namespace ringdown::client;
using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

party::party(const settings& common) : common_(common), console_(common) {}

void party::fail(exit_status status) {
  if (is_worse(status, status_))
    status_ = status;
}

bool party::is_down() const {
  auto phase = link_ ? link_->phase() : link_phase::idle;
  return phase == link_phase::idle || phase == link_phase::given_up || phase == link_phase::stopped;
}

namespace {

/// `desktop@pc-12`
std::string at_this_host(const std::string& part) {
  char host[HOST_NAME_MAX + 1] = {};
  if (::gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
    return part;
  auto name = part + "@" + host;
  name.resize(std::min(name.size(), application_name_bytes_max));
  return wire::valid_utf8(name) && !wire::has_control_character(name) ? name : part;
}

/// Asked for with each link: whoever renews the token writes its file anew.
credentials_function token_of(const std::string& file) {
  return [file]() -> std::optional<std::string> {
    auto token = read_token(file);
    if (!token.problem.empty())
      throw std::runtime_error{"'" + printable(file) + "': " + token.problem};
    return token.text;
  };
}

} // namespace

bool party::connect(identity who, bool stays) {
  catch_stop_signals();
  auto found = find_access(common_);
  if (!found.problem.empty()) {
    console_.complain(found.problem);
    fail(usage);
    return false;
  }
  auto& access = found.access;
  if (who.application_name == identity{}.application_name) // nobody has said
    who.application_name = to_string(who.role);
  if (!common_.app.empty())
    who.application_name = common_.app;
  else
    who.application_name =
      access.application.empty() ? at_this_host(who.application_name) : access.application;
  t_client_options options;
  options.places = {access.place};
  options.who = std::move(who);
  if (!access.token_file.empty())
    options.credentials = token_of(access.token_file);
  options.on_handler_failure = [this](const handler_failure& f) {
    console_.complain(f.where + ": " + printable(f.what));
  };
  options.link.connect_timeout = common_.timeout();
  options.limits.request_timeout = common_.timeout();
  options.reconnect = stays_ = stays;
  options.on_traffic = [this](const traffic& t) { on_traffic(t); };
  link_.emplace(std::move(options));
  (void)link_->listen([this](const notice& n) {
    if (auto* changed = std::get_if<link_notice>(&n))
      on_link(*changed);
    else if (auto* registered = std::get_if<registration_notice>(&n))
      unanswered_.erase(registered->this_dn);
    else if (auto* renewal = std::get_if<credentials_notice>(&n); renewal != nullptr)
      on_renewal(*renewal);
  });
  link_->start();
  handle_until(steady_time::max(), [this] { return stood_ || refusal_; });
  if (stood_)
    return true;
  std::string why = "interrupted";
  if (refusal_)
    why = refusal_->error ? describe_error(*refusal_->error) : printable(refusal_->text);
  console_.complain("cannot connect to " + printable(access.address) + ": " + why);
  fail(usage);
  return false;
}

void party::on_link(const link_notice& n) {
  if (n.phase == link_phase::up) {
    looked_up_.clear(); // numbers begin again with each link; one that ends may answer yet
    if (n.broker_restarted)
      console_.forget_names();
    if (stood_)
      console_.link(n);
    stood_ = true;
    on_up();
  } else if (n.phase == link_phase::waiting || n.phase == link_phase::given_up) {
    if (!stood_)
      refusal_ = n;
    else if (stays_)
      console_.link(n);
  }
}

void party::on_renewal(const credentials_notice& n) {
  if (!n.renewed)
    console_.complain("the token was not renewed" +
                      (n.error ? ": " + describe_error(*n.error) : std::string{}));
}

bool party::register_on(const std::vector<std::string>& dns, const registration& how) {
  for (auto& dn : dns) {
    if (auto wish = link_->register_on(dn, how); wish != registering::accepted) {
      console_.complain("--dn " + printable_word(dn) + ": " +
                        (wish == registering::bad_dn
                           ? "expected 1 to 255 bytes of UTF-8 without control characters"
                           : "too many DNs"));
      fail(usage);
      return false;
    }
  }
  return await_registrations(dns);
}

bool party::await_registrations(const std::vector<std::string>& dns) {
  unanswered_ = {dns.begin(), dns.end()};
  handle_until(clock::now() + common_.timeout(), [this] { return unanswered_.empty(); });
  if (unanswered_.empty())
    return true;
  if (stop_requested())
    return false;
  if (!is_down())
    console_.complain("no answer to the registration on " + printable_word(*unanswered_.begin()) +
                      " within " + std::to_string(common_.timeout().count()) + " ms");
  fail(lost);
  return false;
}

bool party::send(const outgoing_event& what, bool distribute) {
  return ask(what, distribute).has_value();
}

std::optional<completion> party::ask(const outgoing_event& what, bool distribute) {
  std::optional<completion> done;
  request_options how;
  how.distribute = distribute;
  auto sent = link_->send(
    what, [&done](const completion& c) { done = c; }, how);
  return await(sent, done) ? done : std::nullopt;
}

std::optional<completion> party::query_address(const std::string& dn) {
  std::optional<completion> done;
  asks_aloud_ = true;
  auto sent = link_->query_address(dn, [&done](const completion& c) { done = c; });
  asks_aloud_ = false;
  return await(sent, done) ? done : std::nullopt;
}

void party::look_up(const std::string& dn, std::function<void(const event_address_info&)> found) {
  (void)link_->query_address(dn, [found](const completion& c) {
    if (auto* info = c.info())
      found(*info);
  });
}

std::vector<completion> party::command_addresses(const bulk_command& what) {
  std::vector<completion> answers;
  auto sent = link_->command_addresses(what, [&](const completion& c) { answers.push_back(c); });
  if (!await_sent(sent))
    return {};
  await_until([&] { return answers.size() == what.dns.size(); });
  bool complained = false; // once is enough, however many did not come
  std::erase_if(answers, [&](const completion& c) {
    bool in_doubt = c.status == request_status::unknown_outcome;
    return in_doubt && (std::exchange(complained, true) || !is_answered(sent, c));
  });
  return answers;
}

std::optional<event_error>
party::list_addresses(const address_filter& only,
                      const std::function<bool(const event_address_list&)>& found) {
  address_list_request next{{}, 0, only};
  for (;;) {
    std::optional<completion> done;
    auto sent = link_->list_addresses(next, [&done](const completion& c) { done = c; });
    if (sent)
      looked_up_.insert(sent.reference);
    if (!await(sent, done))
      return std::nullopt;
    if (auto* error = done->error()) {
      return *error;
    }
    auto* page = done->list();
    if (page == nullptr || !found(*page) || page->next <= next.after)
      return std::nullopt; // the last has no next, and one that does not go on has no end
    next.after = page->next;
  }
}

bool party::merge_calls(const std::string& dn, conn_id old, conn_id into) {
  std::optional<completion> done;
  auto sent = link_->merge_calls(dn, old, into, [&done](const completion& c) { done = c; });
  if (sent)
    console_.sent("RequestMergeCalls ref=" + std::to_string(sent.reference.value) + " dn=" +
                    printable_word(dn) + " old=" + to_string(old) + " conn=" + to_string(into),
                  {{"request", "RequestMergeCalls"},
                   {"reference_id", sent.reference.value},
                   {"dn", dn},
                   {"old_connection_id", to_string(old)},
                   {"connection_id", to_string(into)}});
  return await(sent, done);
}

bool party::end_call(const std::string& dn, conn_id call) {
  std::optional<completion> done;
  auto sent = link_->end_call(dn, call, [&done](const completion& c) { done = c; });
  if (sent)
    console_.sent("RequestEndCall ref=" + std::to_string(sent.reference.value) +
                    " dn=" + printable_word(dn) + " conn=" + to_string(call),
                  {{"request", "RequestEndCall"},
                   {"reference_id", sent.reference.value},
                   {"dn", dn},
                   {"connection_id", to_string(call)}});
  return await(sent, done);
}

bool party::await(const sending& sent, const std::optional<completion>& done) {
  if (!await_sent(sent))
    return false;
  await_until([&] { return done.has_value(); });
  return is_answered(sent, *done);
}

bool party::await_sent(const sending& sent) {
  if (sent)
    return true;
  console_.complain("not sent: " + std::string{to_string(sent.status)});
  fail(sent.status == send_status::disconnected ? lost : usage);
  return false;
}

void party::await_until(const std::function<bool()>& done) {
  while (!done()) { // the request's own timeout ends this
    link_->poll(milliseconds{100});
    on_turn();
    if (stop_requested() && !leaving_)
      leave();
  }
}

bool party::is_answered(const sending& sent, const completion& c) {
  if (c.status == request_status::acknowledged || c.status == request_status::refused)
    return true;
  if (c.doubt == doubt_reason::timed_out)
    console_.complain("no answer to request " + std::to_string(sent.reference.value) + " within " +
                      std::to_string(common_.timeout().count()) + " ms");
  if (c.doubt != doubt_reason::stopped && c.doubt != doubt_reason::broker_fault)
    fail(lost);
  return c.doubt == doubt_reason::broker_fault;
}

void party::handle_until(steady_time until, const std::function<bool()>& done) {
  constexpr milliseconds turn_max{100}; // how late a signal is seen at worst
  while (!stop_requested() && (!done || !done())) {
    auto now = clock::now();
    auto wake = std::min({until, on_turn(), now + turn_max});
    link_->poll(std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(wake - now)));
    if (is_down() || now >= until)
      return;
  }
}

// ---- what goes and comes; called in the middle of the client's work ------------------------

void party::on_traffic(const traffic& t) {
  if (auto* received = std::get_if<event_received>(&t)) {
    on_received(received->what);
  } else if (auto* question = std::get_if<question_sent>(&t)) {
    if (!asks_aloud_)
      looked_up_.insert(question->reference);
  } else if (quiet_) {
    return;
  } else if (auto* event = std::get_if<event_sent>(&t)) {
    console_.sent(describe_request(event->reference, event->what, event->distribute),
                  to_json(event->reference, event->what, event->distribute));
  } else if (auto* bulk = std::get_if<bulk_sent>(&t)) {
    console_.sent(describe_request(bulk->reference, bulk->what),
                  to_json(bulk->reference, bulk->what));
  } else if (auto* registered = std::get_if<registration_sent>(&t)) {
    on_registration_sent(*registered);
  }
}

void party::on_registration_sent(const registration_sent& r) {
  bool every = r.dns.size() == 1 && r.dns.front() == every_dn;
  auto what = every               ? std::string{"every DN"}
              : r.dns.size() == 1 ? "dn=" + printable_word(r.dns.front())
                                  : "dns=" + std::to_string(r.dns.size());
  auto mode = std::string{to_string(r.how.mode)};
  json object{{"request", "RequestRegisterAddress"}, {"reference_id", r.reference.value}};
  if (every)
    object["every_dn"] = true;
  else
    object["dns"] = std::vector<std::string>{r.dns.begin(), r.dns.end()};
  object["mode"] = mode;
  console_.sent("RequestRegisterAddress ref=" + std::to_string(r.reference.value) + " " + what +
                  " mode=" + mode,
                object);
}

void party::on_received(const event& e) {
  console_.learn(e);
  if (looked_up_.erase(reference_of(e)) != 0)
    return;
  bool error = std::holds_alternative<event_error>(e);
  bool end = std::holds_alternative<link_lost>(e) ||
             (std::holds_alternative<event_link_disconnected>(e) && !leaving_);
  if (!quiet_ || error || end)
    show(e);
  if (error)
    fail(refused);
  if (end)
    fail(lost);
}

void party::leave() {
  leaving_ = true;
  if (link_)
    link_->stop(common_.timeout());
}

// ---- options that several verbs have --------------------------------------------------------

CLI::Option* add_dn_list(CLI::App& verb, std::vector<std::string>& dns) {
  return verb.add_option("--dn", dns, "A DN; may be given several times");
}

void add_conn_option(CLI::App& verb, std::string& conn) {
  verb.add_option("--conn,--call", conn, "The voice call's ConnID, 1 to 16 hex digits")
    ->check(CLI::Validator{[](const std::string& text) {
                             return parse_conn_id(text) ? std::string{}
                                                        : "expected 1 to 16 hex digits";
                           },
                           "HEX"});
}

void add_why_options(CLI::App& verb, std::string& reason, std::string& agent_id) {
  verb.add_option("--reason", reason,
                  "Why a command is given: kept with the pause and the outcome");
  verb.add_option("--agent-id,--agent", agent_id,
                  "Whose hand a command is: kept with the pause and the outcome");
}

void add_for_option(CLI::App& verb, double& seconds) {
  verb
    .add_option("--for", seconds, "End after so many seconds (default: SIGINT or SIGTERM ends it)")
    ->check(CLI::Range(0.0, 1e6));
}

steady_time end_after(double seconds) {
  if (seconds <= 0)
    return steady_time::max();
  return clock::now() + milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

} // namespace ringdown::cli
