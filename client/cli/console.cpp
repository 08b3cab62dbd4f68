#include "client/cli/party.hpp"
#include "client/text/describe.hpp"
#include "client/words.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

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
constexpr const char* bold_red = "\033[1;31m";
constexpr const char* plain = "\033[0m";
constexpr char invisible = '\1'; // around what takes no room in a prompt

/// docs/cli.md says why these.
const char* color_of(client::light l) {
  switch (l) {
  case client::light::unknown: return yellow;
  case client::light::recording: return bold_red;
  case client::light::paused: return cyan;
  case client::light::off: return grey;
  }
  return plain;
}

const char* shape_of(client::light l) {
  switch (l) {
  case client::light::unknown: return "(?)";
  case client::light::recording: return "(*)";
  case client::light::paused: return "(=)";
  case client::light::off: return "( )";
  }
  return "(?)";
}

/// https://no-color.org: set and not empty.
bool has_value(const char* variable) {
  auto* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool is_able_terminal() {
  return ::isatty(STDOUT_FILENO) != 0 && has_value("TERM") &&
         std::string_view{std::getenv("TERM")} != "dumb";
}

/// What the agent must hear of: an outcome that is not as wished.
bool is_bad(const event& e) {
  if (auto* o = std::get_if<event_outcome>(&e))
    return o->result != outcome::confirmed && o->result != outcome::held &&
           o->result != outcome::superseded;
  return std::holds_alternative<event_error>(e) || std::holds_alternative<link_lost>(e);
}

/// 0: it does not say.
std::int64_t time_of(const event& e) {
  return std::visit(
    [](const auto& one) -> std::int64_t {
      if constexpr (requires { one.time_us; })
        return one.time_us;
      else
        return 0;
    },
    e);
}

} // namespace

console::console(const settings& common)
  : json_(common.json), color_(!common.no_color && !has_value("NO_COLOR") && is_able_terminal()),
    terminal_(!common.json && is_able_terminal()) {}

void console::begin_line() {
  if (editor_ != nullptr)
    editor_->hide();
  else if (!status_.empty())
    std::fputs("\r\033[K", stdout);
}

void console::end_line() {
  if (editor_ != nullptr)
    editor_->show();
  else
    std::fputs(status_.c_str(), stdout);
  std::fflush(stdout);
}

void console::line(const std::string& text, const char* color) {
  begin_line();
  if (color_ && color != nullptr)
    std::fprintf(stdout, "%s%s%s\n", color, text.c_str(), plain);
  else
    std::fprintf(stdout, "%s\n", text.c_str());
  end_line();
}

void console::line_of(const std::string& dn, const std::string& text, const char* color) {
  line(names_dns_ ? printable_word(dn) + " " + text : text, color);
}

/// Of an event, as far as the broker has told when it was.
std::string console::stamp(std::int64_t time_us) const {
  if (!shows_times_)
    return {};
  constexpr std::size_t width = 13; // "14:03:10.123 "
  auto text = time_us > 0 ? fmt::format("{}.{:03}", clock_text(time_us), time_us / 1000 % 1000)
                          : std::string{};
  return fmt::format("{:<{}}", text, width);
}

std::string console::sender_of(const event& e) const {
  auto* said = std::get_if<event_user_event>(&e);
  if (!shows_times_ || said == nullptr || !said->origin)
    return {};
  auto name = names_.name_of(said->origin);
  return name.empty() ? to_string(said->origin) : name;
}

void console::sent(const std::string& text, const json& object) {
  if (json_)
    return this->object(object);
  line(stamp(0) + "-> " + text, grey);
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
    return line("connected again to " + printable(n.where) +
                  (n.broker_restarted ? ", which has restarted" : ""),
                green);
  auto text = "no link to " + printable(n.where) + ": " + printable(n.text);
  if (n.phase == link_phase::waiting)
    text += "; next attempt in " + std::to_string(n.retry_in.count()) + " ms";
  line(text, red);
}

void console::received(const event& e) {
  auto* o = std::get_if<event_outcome>(&e);
  constexpr std::size_t decided_max = 100;
  if (o != nullptr)
    decided_.push_back(o->command);
  if (decided_.size() > decided_max)
    decided_.pop_front();
  auto whole = o == nullptr ? e : event{names_.completed(*o)};
  if (json_)
    return object(to_json(whole));
  auto time = stamp(time_of(e));
  auto color = is_bad(e) ? red : nullptr;
  line(time + "<- " + describe(whole, sender_of(e)), color);
  if (o == nullptr)
    return;
  auto words = std::string{to_string(o->verb)} + " " + in_words(std::get<event_outcome>(whole));
  line(time + (names_dns_ ? printable_word(o->this_dn) + " " : "") + words, color);
}

void console::became(const event_outcome& o) {
  auto whole = names_.completed(o);
  if (json_)
    return object(to_json(event{whole}));
  line_of(o.this_dn, in_words(whole), is_bad(event{o}) ? red : nullptr);
}

void console::view(const std::string& dn, const std::optional<light_view>& before,
                   const light_view& now) {
  auto was = before.value_or(light_view{});
  if (!before || was.state != now.state) {
    if (json_)
      object({{"light", to_string(now.state)}, {"dn", dn}});
    else
      line_of(dn, "light: " + with_shape(now.state), color_of(now.state));
  }
  pauses(dn, was, now);
  waiting(dn, was, now);
  alarms(dn, was, now);
  bool is_new = now.pending && (!was.pending || now.pending->command != was.pending->command);
  if (is_new && !is_decided(*now.pending))
    pending(dn, *now.pending);
}

/// Its outcome was shown already: events are shown as they come, and what an agent is shown behind
/// them.
bool console::is_decided(const pending_command& what) const {
  return std::find(decided_.begin(), decided_.end(), what.command) != decided_.end();
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
    line_of(dn, "pause: " + in_words(pause), cyan);
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
    line_of(dn, "ALARM: " + in_words(alarm, names_.name_of(alarm.recorder)), red);
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
  begin_line();
  std::fflush(stdout);
  std::fprintf(stderr, "ringdown: %s\n", text.c_str());
  end_line();
}

// ---- the line that stays --------------------------------------------------------------------

std::string console::painted(const std::string& text, const char* color) const {
  if (!color_)
    return text;
  auto unseen = [this](const char* code) {
    return editor_ == nullptr ? std::string{code} : invisible + std::string{code} + invisible;
  };
  return unseen(color) + text + unseen(plain);
}

/// Where there is no colour, or it is not seen, the shape tells.
std::string console::with_shape(light l) const {
  auto word = upper(to_string(l));
  return terminal_ ? std::string{shape_of(l)} + " " + word : word;
}

void console::set_status(const std::vector<shown_status>& agents) {
  if (!terminal_)
    return;
  std::string text;
  for (auto& a : agents) {
    auto word = upper(to_string(a.view.state));
    text += (text.empty() ? "" : " | ") + printable(a.dn) + " " +
            painted(with_shape(a.view.state), color_of(a.view.state)) +
            status_line(a.view, a.left).substr(word.size());
  }
  if (editor_ != nullptr)
    return editor_->set_prompt(text + "> ");
  if (text == status_)
    return;
  std::fprintf(stdout, "\r\033[K%s", text.c_str());
  status_ = std::move(text);
  std::fflush(stdout);
}

void console::edit_with(line_editor* editor) {
  begin_line();
  status_.clear();
  editor_ = editor;
}

} // namespace ringdown::cli
