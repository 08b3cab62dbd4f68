#include "client/cli/party.hpp"

#include "client/describe.hpp"
#include "client/escape.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace ringdown::cli {

using namespace ringdown::client;
using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

// ---- console -------------------------------------------------------------------------------

namespace {

constexpr const char* red = "\033[31m";
constexpr const char* green = "\033[32m";
constexpr const char* yellow = "\033[33m";
constexpr const char* cyan = "\033[36m";
constexpr const char* grey = "\033[90m";
constexpr const char* plain = "\033[0m";

const char* color_of(client::light l) {
  switch (l) {
  case client::light::unknown: return red;
  case client::light::recording: return green;
  case client::light::paused: return yellow;
  case client::light::off: return grey;
  }
  return plain;
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

} // namespace

console::console(const settings& common)
  : json_(common.json),
    color_(!common.no_color && std::getenv("NO_COLOR") == nullptr && ::isatty(STDOUT_FILENO) != 0),
    terminal_(!common.json && ::isatty(STDOUT_FILENO) != 0) {}

void console::line(const std::string& text, const char* color) {
  if (!prompt_.empty())
    std::fputs("\r\033[K", stdout);
  if (color_ && color != nullptr)
    std::fprintf(stdout, "%s%s%s\n", color, text.c_str(), plain);
  else
    std::fprintf(stdout, "%s\n", text.c_str());
  if (!prompt_.empty())
    std::fputs(prompt_.c_str(), stdout);
  std::fflush(stdout);
}

void console::sent(const std::string& text, const json& object) {
  if (json_)
    return this->object(object);
  line("-> " + text, cyan);
}

void console::received(const event& e) {
  if (json_)
    return object(to_json(e));
  bool bad = std::holds_alternative<event_error>(e) || std::holds_alternative<link_lost>(e);
  line("<- " + describe(e), bad ? red : nullptr);
}

void console::light(const std::string& dn, client::light shown) {
  if (json_)
    return object({{"light", to_string(shown)}, {"dn", dn}});
  line("light: " + upper(to_string(shown)), color_of(shown));
}

void console::note(const std::string& text) {
  if (!json_)
    line(text, grey);
}

void console::object(const json& o) {
  std::fprintf(stdout, "%s\n", dump(o).c_str());
  std::fflush(stdout);
}

void console::complain(const std::string& text) {
  std::fprintf(stderr, "ringdown: %s\n", text.c_str());
}

void console::set_prompt(std::string prompt) {
  if (!terminal_)
    return;
  prompt_ = std::move(prompt);
  std::fputs(prompt_.empty() ? "\n" : prompt_.c_str(), stdout);
  std::fflush(stdout);
}

// ---- party ---------------------------------------------------------------------------------

party::party(const settings& common) : common_(common), console_(common) {}

void party::fail(exit_status status) {
  if (status_ == all_well)
    status_ = status;
}

bool party::connect(identity who) {
  catch_stop_signals();
  who.application_name = common_.app;
  auto where = parse_endpoint(common_.connect);
  if (!where) {
    console_.complain("--connect " + escaped(common_.connect) + ": expected HOST:PORT");
    fail(usage);
    return false;
  }
  bounds limits;
  limits.connect_timeout = common_.timeout();
  auto opened = link_.open(*where, std::move(who), limits);
  if (opened)
    return true;
  auto text = opened.error ? describe_error(*opened.error) : escaped(opened.text);
  console_.complain("cannot connect to " + escaped(common_.connect) + ": " + text);
  fail(usage);
  return false;
}

bool party::register_on(const std::vector<std::string>& dns, const registration& how) {
  auto& granted = link_.link();
  std::size_t most =
    std::max<std::size_t>(1, std::min(granted.dns_per_request_max, granted.window_requests));
  for (std::size_t i = 0; i < dns.size(); i += most) {
    std::span<const std::string> part{dns.data() + i, std::min(most, dns.size() - i)};
    auto sent = link_.register_address(part, how);
    if (!sent) {
      console_.complain("cannot register: " + std::string{to_string(sent.status)});
      fail(sent.status == send_status::disconnected ? lost : usage);
      return false;
    }
    auto what =
      part.size() == 1 ? "dn=" + escaped_word(part.front()) : "dns=" + std::to_string(part.size());
    console_.sent("RequestRegisterAddress ref=" + std::to_string(sent.reference.value) + " " +
                    what + " mode=" + std::string{to_string(how.mode)},
                  {{"request", "RequestRegisterAddress"},
                   {"reference_id", sent.reference.value},
                   {"dns", std::vector<std::string>{part.begin(), part.end()}},
                   {"mode", to_string(how.mode)}});
    if (!await(sent.reference, part.size()))
      return false;
  }
  return true;
}

submission party::send(const outgoing_event& what, bool distribute) {
  auto sent = distribute ? link_.distribute(what) : link_.send_event(what);
  if (sent) {
    console_.sent(describe_request(sent.reference, what, distribute),
                  to_json(sent.reference, what, distribute));
    return sent;
  }
  console_.complain("not sent: " + std::string{to_string(sent.status)});
  fail(sent.status == send_status::disconnected ? lost : usage);
  return sent;
}

void party::handle_until(steady_time until, const std::function<bool()>& done) {
  constexpr milliseconds turn_max{100}; // how late a signal is seen at worst
  while (!stop_requested() && (!done || !done())) {
    auto now = clock::now();
    auto wake = std::min({until, on_turn(), now + turn_max});
    auto wait = std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(wake - now));
    if (auto e = link_.wait(wait))
      handle(*e);
    else if (is_down() || now >= until)
      return;
  }
}

void party::handle(const event& e) {
  console_.received(e);
  auto* error = std::get_if<event_error>(&e);
  if (error != nullptr)
    fail(refused);
  auto* ended = std::get_if<event_link_disconnected>(&e);
  if (std::holds_alternative<link_lost>(e) || (ended != nullptr && !leaving_))
    fail(lost);
  if (awaited_ && reference_of(e) == awaited_) {
    bool whole = error != nullptr && !error->this_dn;
    awaited_answers_ -= whole ? awaited_answers_ : std::min<std::size_t>(awaited_answers_, 1);
  }
  on_event(e);
}

bool party::await(reference_id reference, std::size_t answers) {
  awaited_ = reference;
  awaited_answers_ = answers;
  handle_until(clock::now() + common_.timeout(), [&] { return awaited_answers_ == 0; });
  awaited_ = {};
  if (awaited_answers_ == 0)
    return true;
  if (!stop_requested() && !is_down())
    console_.complain("no answer to request " + std::to_string(reference.value) + " within " +
                      std::to_string(common_.timeout().count()) + " ms");
  if (!stop_requested())
    fail(lost);
  return false;
}

void party::leave() {
  leaving_ = true;
  link_.leave(common_.timeout());
  while (auto e = link_.next())
    handle(*e);
}

// ---- options that several verbs have --------------------------------------------------------

CLI::Option* add_dn_list(CLI::App& verb, std::vector<std::string>& dns) {
  return verb.add_option("--dn", dns, "A DN; may be given several times");
}

void add_conn_option(CLI::App& verb, std::string& conn) {
  verb.add_option("--conn", conn, "The voice call's ConnID, 1 to 16 hex digits")
    ->check(CLI::Validator{[](const std::string& text) {
                             return parse_conn_id(text) ? std::string{}
                                                        : "expected 1 to 16 hex digits";
                           },
                           "HEX"});
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
