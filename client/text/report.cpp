// What stands at DNs: in one line, or over several.
#include "client/text/describe.hpp"

#include "client/words.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::client {

namespace {

/// Gathers words behind each other, with `separator` between them.
class row_of_words {
public:
  explicit row_of_words(std::string_view separator) : separator_(separator) {}

  template <class... Parts>
  void add(fmt::format_string<Parts...> form, Parts&&... parts) {
    if (!text_.empty())
      text_ += separator_;
    text_ += fmt::format(form, std::forward<Parts>(parts)...);
  }
  const std::string& text() const { return text_; }

private:
  std::string_view separator_;
  std::string text_;
};

} // namespace

std::string describe(const dn_snapshot& snapshot) {
  row_of_words out{" "};
  out.add("state={} seq={}", to_string(snapshot.effective_state), snapshot.sequence.value);
  if (snapshot.version)
    out.add("version={}", snapshot.version.value);
  out.add("recorders={}", snapshot.recorders_active);
  if (snapshot.recorders_standby != 0)
    out.add("standby={}", snapshot.recorders_standby);
  out.add("clients={}", snapshot.clients_registered);
  if (!snapshot.session)
    return out.text();
  auto& s = *snapshot.session;
  if (s.desired)
    out.add("desired={}", to_string(*s.desired));
  if (s.pending != 0)
    out.add("pending={}", s.pending);
  for (auto& p : s.pauses)
    out.add("[paused conn={} by {}{}]", to_string(p.covers), printable_word(p.application),
            p.holder_gone ? ", gone" : "");
  for (auto& o : s.orders)
    if (o.held)
      out.add("[held {} conn={}]", to_string(o.verb), to_string(o.connection));
  for (auto& a : s.alarms)
    out.add("[ALARM {}]", to_string(a.cause));
  return out.text();
}

namespace {

/// Adds `  name         text`.
void row(std::string& out, std::string_view name, const std::string& text) {
  out += fmt::format("  {:<12} {}\n", name, text);
}

std::string in_words(const known_call& call) {
  row_of_words out{", "};
  out.add("{}", call.wants_recording ? "wants recording"
                : call.stopped       ? "stopped"
                                     : "wants nothing");
  if (call.version)
    out.add("version {}", call.version.value);
  for (auto id : call.former)
    out.add("was {}", short_text(id));
  return out.text();
}

std::string in_words(const recorder_word& word, std::int64_t now_us) {
  auto who = fmt::format("{} ({})", printable_word(word.application), to_string(word.recorder));
  auto text = word.said ? fmt::format("{} said {} at {}, {} ago", who, to_string(*word.said),
                                      clock_text(word.time_us), age_text(word.time_us, now_us))
                        : who + " has said nothing yet";
  return word.owes == 0 ? text : text + fmt::format(", owes {}", word.owes);
}

std::string in_words_with_time(const open_order& order, std::int64_t now_us) {
  auto text = in_words(order);
  if (order.version)
    text += fmt::format(", version {}", order.version.value);
  if (order.deadline_time_us != 0)
    text += fmt::format(", until {} (in {} ms)", utc_text(order.deadline_time_us),
                        std::max<std::int64_t>(0, (order.deadline_time_us - now_us) / 1000));
  return text;
}

void report(std::string& out, const session_snapshot& s, std::int64_t now_us) {
  for (auto& pause : s.pauses)
    row(out, "pause", in_words(pause, now_us));
  for (auto& order : s.orders)
    row(out, order.held ? "waits" : "pending", in_words_with_time(order, now_us));
  for (auto& alarm : s.alarms)
    row(out, "ALARM", in_words(alarm));
  for (auto& call : s.calls)
    row(out, call.connection ? "call " + short_text(call.connection) : "no call", in_words(call));
  if (s.desired_by)
    row(out, "commanded by",
        fmt::format("{} ({}) at {}", printable_word(s.desired_by_application),
                    to_string(s.desired_by), utc_text(s.desired_time_us)));
  if (s.changed_time_us != 0)
    row(out, "changed", utc_text(s.changed_time_us));
  for (auto& word : s.recorders)
    row(out, "word", in_words(word, now_us));
}

/// What the screen is to be and what is so are not the same, and nothing is on its way.
bool differs(const dn_snapshot& now) {
  auto& s = now.session;
  bool is_asked = s && s->desired && *s->desired != capture_state::unknown;
  bool is_off_anyway = is_asked && *s->desired == capture_state::paused &&
                       now.effective_state == capture_state::disabled;
  return is_asked && !is_off_anyway && s->pending == 0 && *s->desired != now.effective_state;
}

} // namespace

std::string report(const event_address_info& info) {
  auto& now = info.snapshot;
  auto out = "DN " + printable_word(info.this_dn) + "\n";
  row(out, "state", std::string{to_string(now.effective_state)});
  if (now.session && now.session->desired)
    row(
      out, "desired",
      fmt::format("{}, version {}", to_string(*now.session->desired), now.session->version.value));
  if (differs(now))
    row(out, "differs", "what is so is not what is desired");
  row(out, "place", fmt::format("seq {}, version {}", now.sequence.value, now.version.value));
  row(out, "clients", std::to_string(now.clients_registered));
  if (now.session)
    report(out, *now.session, info.time_us);
  for (auto& r : info.recorders)
    out += fmt::format("recorder {} {}, {}{}{}\n", to_string(r.client),
                       printable_word(r.application), r.standby ? "standby" : "active",
                       r.exact_versions ? ", exact" : "", r.per_call ? ", per call" : "");
  for (auto& o : info.recent_outcomes)
    out += fmt::format("{} {}\n", utc_text(o.time_us), describe(event{o}));
  return out;
}

std::string describe(const address_summary& dn, std::int64_t now_us) {
  row_of_words facts{", "};
  if (dn.desired && *dn.desired != dn.effective_state)
    facts.add("desired {}", to_string(*dn.desired));
  if (dn.pauses != 0)
    facts.add("{} pause{} since {} ({})", dn.pauses, dn.pauses == 1 ? "" : "s",
              clock_text(dn.paused_since_time_us), age_text(dn.paused_since_time_us, now_us));
  if (dn.waiting != 0)
    facts.add("{} held", dn.waiting);
  if (dn.alarms != 0)
    facts.add("ALARM");
  if (dn.recorders_active == 0)
    facts.add("no recorder");
  facts.add("{} client{}", dn.clients_registered, dn.clients_registered == 1 ? "" : "s");
  return fmt::format("{:<16} {:<10} {}", printable_word(dn.this_dn),
                     upper(to_string(light_of(dn.effective_state))), facts.text());
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

std::string status_line(const light_view& view, std::optional<std::chrono::milliseconds> left) {
  row_of_words out{", "};
  out.add("{}", upper(to_string(view.state)));
  if (view.pending && left)
    out.add("{} in {:.1f} s", to_string(view.pending->verb),
            std::max(0.0, static_cast<double>(left->count()) / 1000));
  else if (view.pending)
    out.add("{} waits", to_string(view.pending->verb));
  else if (!view.waiting.empty())
    out.add("{} is held", to_string(view.waiting.back().verb));
  if (!view.alarms.empty())
    out.add("ALARM");
  return out.text();
}

} // namespace ringdown::client
