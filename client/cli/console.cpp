#include "client/cli/party.hpp"
#include "client/describe.hpp"
#include "client/escape.hpp"
#include "client/words.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace ringdown::cli {

using namespace ringdown::client;

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

/// What the agent must hear of: an outcome that is not as wished.
bool is_bad(const event& e) {
  if (auto* o = std::get_if<event_outcome>(&e))
    return o->result != outcome::confirmed && o->result != outcome::held &&
           o->result != outcome::superseded;
  return std::holds_alternative<event_error>(e) || std::holds_alternative<link_lost>(e);
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

void console::line_of(const std::string& dn, const std::string& text, const char* color) {
  line(names_dns_ ? escaped_word(dn) + " " + text : text, color);
}

void console::sent(const std::string& text, const json& object) {
  if (json_)
    return this->object(object);
  line("-> " + text, cyan);
}

void console::link(const link_notice& n) {
  bool up = n.phase == link_phase::up;
  if (json_) {
    json o{{"link", to_string(n.phase)}, {"where", n.where}};
    if (up)
      o["broker_restarted"] = n.broker_restarted;
    else if (n.phase == link_phase::waiting)
      o["retry_in_ms"] = n.retry_in.count();
    return object(o);
  }
  if (up)
    return line("connected again to " + escaped(n.where) +
                  (n.broker_restarted ? ", which has restarted" : ""),
                green);
  auto text = "no link to " + escaped(n.where) + ": " + escaped(n.text);
  if (n.phase == link_phase::waiting)
    text += "; next attempt in " + std::to_string(n.retry_in.count()) + " ms";
  line(text, red);
}

void console::received(const event& e) {
  if (json_)
    return object(to_json(e));
  line("<- " + describe(e), is_bad(e) ? red : nullptr);
  if (auto* o = std::get_if<event_outcome>(&e))
    line_of(o->this_dn, std::string{to_string(o->verb)} + " " + in_words(*o),
            is_bad(e) ? red : nullptr);
}

void console::view(const std::string& dn, const std::optional<light_view>& before,
                   const light_view& now) {
  auto was = before.value_or(light_view{});
  if (!before || was.state != now.state) {
    if (json_)
      object({{"light", to_string(now.state)}, {"dn", dn}});
    else
      line_of(dn, "light: " + upper(to_string(now.state)), color_of(now.state));
  }
  pauses(dn, was, now);
  waiting(dn, was, now);
  alarms(dn, was, now);
  if (now.pending && (!was.pending || now.pending->command != was.pending->command))
    pending(dn, *now.pending);
}

namespace {

/// What of `these` is not among `those`.
template <class Value, class Same>
std::vector<Value> missing(const std::vector<Value>& these, const std::vector<Value>& those,
                           Same same) {
  std::vector<Value> out;
  for (auto& one : these)
    if (std::none_of(those.begin(), those.end(), [&](const Value& v) { return same(v, one); }))
      out.push_back(one);
  return out;
}

bool same_pause(const standing_pause& a, const standing_pause& b) {
  return a.covers == b.covers && a.version == b.version && a.holder_gone == b.holder_gone;
}

bool same_order(const open_order& a, const open_order& b) {
  return a.sequence == b.sequence;
}

bool same_alarm(const standing_alarm& a, const standing_alarm& b) {
  return a.cause == b.cause && a.recorder == b.recorder;
}

} // namespace

void console::pauses(const std::string& dn, const light_view& before, const light_view& now) {
  if (before.pauses == now.pauses)
    return;
  if (json_)
    return object({{"pauses", to_json(now.pauses)}, {"dn", dn}});
  for (auto& pause : missing(now.pauses, before.pauses, same_pause))
    line_of(dn, "pause: " + in_words(pause), yellow);
  if (now.pauses.empty())
    line_of(dn, "no pause stands any more", grey);
}

void console::waiting(const std::string& dn, const light_view& before, const light_view& now) {
  if (before.waiting == now.waiting)
    return;
  if (json_)
    return object({{"waiting", to_json(now.waiting)}, {"dn", dn}});
  for (auto& order : missing(now.waiting, before.waiting, same_order))
    line_of(dn, "waits: " + in_words(order), yellow);
  if (now.waiting.empty())
    line_of(dn, "no command is held any more", grey);
}

void console::alarms(const std::string& dn, const light_view& before, const light_view& now) {
  if (before.alarms == now.alarms)
    return;
  if (json_)
    return object({{"alarms", to_json(now.alarms)}, {"dn", dn}});
  for (auto& alarm : missing(now.alarms, before.alarms, same_alarm))
    line_of(dn, "ALARM: " + in_words(alarm), red);
  if (now.alarms.empty())
    line_of(dn, "the alarm is over", grey);
}

void console::pending(const std::string& dn, const pending_command& what) {
  if (json_)
    return object(
      {{"pending", to_string(what.verb)}, {"dn", dn}, {"command_id", to_hex(what.command.view())}});
  if (!terminal_ || names_dns_) // else it stands in the status line
    line_of(dn, "pending: " + std::string{to_string(what.verb)});
}

void console::doubt(const event_outcome& o) {
  if (json_)
    return object({{"no_outcome_of", to_string(o.verb)},
                   {"dn", o.this_dn},
                   {"command_id", to_hex(o.command.view())}});
  line("no outcome of " + std::string{to_string(o.verb)} + ": what became of it is not known", red);
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
  if (!terminal_ || prompt == prompt_)
    return;
  bool in_place = prompt.size() == prompt_.size();
  prompt_ = std::move(prompt);
  if (in_place) // between saving and restoring the cursor
    std::fprintf(stdout, "\0337\r%s\0338", prompt_.c_str());
  else
    std::fputs(prompt_.empty() ? "\n" : prompt_.c_str(), stdout);
  std::fflush(stdout);
}

} // namespace ringdown::cli
