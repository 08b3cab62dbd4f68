#include "client/cli/why_text.hpp"

#include "client/cli/admin_port.hpp"
#include "client/text/describe.hpp"
#include "client/words.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

/// Clients of a DN that are named; the others are counted.
constexpr std::size_t clients_shown_max = 20;
/// What became of so many commands says what is going on.
constexpr std::size_t outcomes_shown_max = 8;

std::string shown(const json& object, const char* key) {
  return printable_word(text_of(object, key));
}

bool has(const json& object, const char* key) {
  return !text_of(object, key).empty();
}

std::uint64_t id_of(const json& object, const char* key) {
  auto id = parse_conn_id(text_of(object, key)); // any 16 digits
  return id ? id->value : 0;
}

/// `14:03:10 (5 min)`.
std::string when(std::int64_t time_us, std::int64_t now_us) {
  return clock_text(time_us) + " (" + age_text(time_us, now_us) + ")";
}

/// `by desk-7 (agent 17)`; empty: that is not known.
std::string by_whom(const json& object, const char* application) {
  if (!has(object, application))
    return {};
  auto text = " by " + shown(object, application);
  return has(object, "agent_id") ? text + " (agent " + printable(text_of(object, "agent_id")) + ")"
                                 : text;
}

/// `the screen`, `call 71`.
std::string covered(const json& object) {
  auto call = id_of(object, "connection_id");
  return call == 0 ? std::string{"the screen"} : "call " + short_text(conn_id{call});
}

std::string pause_text(const json& pause, std::int64_t now_us) {
  standing_pause p;
  p.covers = conn_id{id_of(pause, "connection_id")};
  p.application = text_of(pause, "application");
  p.agent_id = text_of(pause, "agent_id");
  p.reason = text_of(pause, "reason");
  p.since_time_us = number_of(pause, "since_us");
  p.holder_gone = flag_of(pause, "holder_gone");
  p.waiting = static_cast<std::uint32_t>(number_of(pause, "waiting"));
  return in_words(p, now_us);
}

std::string said_of(const json& recorder) {
  auto said = text_of(recorder, "said");
  if (said == "recording")
    return "records";
  if (said == "paused")
    return "is paused";
  if (said == "off")
    return "does not record";
  return said.empty() ? "has said nothing yet" : "does not know what it does";
}

std::string name_of(const json& recorder) {
  return has(recorder, "application") ? shown(recorder, "application")
                                      : "recorder " + shown(recorder, "client") + " (gone)";
}

std::string recorder_text(const json& recorder, std::int64_t now_us) {
  auto text = name_of(recorder) + " " + said_of(recorder);
  if (auto us = number_of(recorder, "said_us"); us != 0)
    text += ", said at " + when(us, now_us);
  if (auto owes = number_of(recorder, "owes"); owes != 0)
    text += fmt::format("; has not answered {} order{}", owes, owes == 1 ? "" : "s");
  return text;
}

std::string order_text(const json& order, std::int64_t now_us) {
  auto text = shown(order, "command") + " of " + covered(order);
  if (has(order, "cause"))
    text += ", the broker's own (" + shown(order, "cause") + ")";
  if (flag_of(order, "held"))
    return text + ", is held until no pause stands";
  text += ", waits for its recorders";
  constexpr double us_of_second = 1e6;
  auto left = static_cast<double>(number_of(order, "deadline_us") - now_us) / us_of_second;
  return left > 0 ? text + fmt::format(", for {:.1f} s more", left) : text;
}

std::string outcome_text(const json& told, std::int64_t now_us) {
  auto text =
    fmt::format("{} {}{}: {}", clock_text(number_of(told, "told_us")), shown(told, "command"),
                by_whom(told, "application"), shown(told, "outcome"));
  event_outcome times;
  times.accepted_time_us = number_of(told, "accepted_us");
  times.time_us = number_of(told, "told_us");
  if (auto took = took_text(times); !took.empty())
    text += " in " + took;
  if (has(told, "cause"))
    text += ", the broker's own (" + shown(told, "cause") + ")";
  if (has(told, "reason"))
    text += " (" + printable(text_of(told, "reason")) + ")";
  return text + ", " + age_text(number_of(told, "told_us"), now_us) + " ago";
}

std::string client_text(const json& one) {
  auto text = fmt::format("{} {} as {}", shown(one, "role"), shown(one, "application"),
                          flag_of(one, "standby") ? "standby" : shown(one, "mode"));
  if (has(one, "principal"))
    text += ", " + printable(text_of(one, "principal"));
  return text +
         fmt::format(", {}, client {}", printable(text_of(one, "peer")), shown(one, "client"));
}

bool all_say(const json& recorders, std::string_view word) {
  return !recorders.empty() && std::all_of(recorders.begin(), recorders.end(),
                                           [&](auto& one) { return text_of(one, "said") == word; });
}

std::string why_unknown(const json& dn, const json& recorders) {
  if (number_of(dn, "recorders_active") == 0)
    return "there is no active recorder";
  for (auto& one : recorders)
    if (text_of(one, "said").empty() || text_of(one, "said") == "unknown")
      return name_of(one) + " " + said_of(one);
  return recorders.empty() ? "no recorder has said yet what it does"
                           : "the recorders do not say the same";
}

/// What the light's being so comes from.
std::string because(const json& dn, std::int64_t now_us) {
  auto light = text_of(dn, "light");
  auto& session = object_of(dn, "session");
  auto& recorders = list_of(session, "recorders");
  auto& pauses = list_of(session, "pauses");
  if (light == "unknown")
    return why_unknown(dn, recorders);
  auto words = all_say(recorders, light) && recorders.size() == 1
                 ? name_of(recorders.front()) + " says so"
                 : std::string{"the recorders say so"};
  if (light == "paused")
    return pauses.empty() ? words + ", though no pause stands" : pause_text(pauses.front(), now_us);
  if (!pauses.empty())
    return words + ", though " + pause_text(pauses.front(), now_us);
  return words;
}

std::string desired_text(const json& session, std::int64_t now_us) {
  if (!has(session, "desired"))
    return "nothing: nobody has commanded anything yet";
  auto text = upper(text_of(session, "desired"));
  if (auto us = number_of(session, "desired_us"); us != 0)
    text += " since " + when(us, now_us);
  return text + by_whom(session, "desired_by_application");
}

void add_line(std::string& out, std::string_view title, const std::string& text) {
  out += fmt::format("  {:<11} {}\n", title, text);
}

/// The title stands before the first of them.
template <class One>
void add_list(std::string& out, std::string_view title, const json& rows, One one) {
  for (auto& row : rows) {
    if (row.is_object())
      add_line(out, title, one(row));
    title = {};
  }
}

void add_clients(std::string& out, const json& registrations) {
  auto rows = json::array();
  for (auto& one : registrations)
    if (rows.size() < clients_shown_max)
      rows.push_back(one);
  add_list(out, "clients", rows, client_text);
  if (registrations.size() > rows.size())
    add_line(out, "", fmt::format("and {} more", registrations.size() - rows.size()));
  if (registrations.empty())
    add_line(out, "clients", "none is registered");
}

/// The newest first: that is what is asked about.
void add_outcomes(std::string& out, const json& told, std::int64_t now_us) {
  auto rows = json::array();
  for (auto one = told.rbegin(); one != told.rend() && rows.size() < outcomes_shown_max; ++one)
    rows.push_back(*one);
  add_list(out, "outcomes", rows, [&](const json& one) { return outcome_text(one, now_us); });
  if (told.empty())
    add_line(out, "outcomes", "none lately");
}

} // namespace

std::string alarm_text(const json& alarm, const json& recorders) {
  auto since = clock_text(number_of(alarm, "since_us"));
  auto text = printable(text_of(alarm, "reason")) + " since " + since;
  if (!has(alarm, "recorder"))
    return text;
  auto whose = std::find_if(recorders.begin(), recorders.end(), [&](const json& one) {
    return text_of(one, "client") == text_of(alarm, "recorder");
  });
  auto is_named = whose != recorders.end() && has(*whose, "application");
  return text + ", of " + (is_named ? shown(*whose, "application") : shown(alarm, "recorder"));
}

std::string why_text(const json& whole_dn) {
  auto now_us = number_of(whole_dn, "now_us");
  auto& session = object_of(whole_dn, "session");
  auto& recorders = list_of(session, "recorders");
  auto out = shown(whole_dn, "dn") + " is " + upper(printable(text_of(whole_dn, "light")));
  if (auto us = number_of(session, "changed_us"); us != 0)
    out += " since " + when(us, now_us);
  out += ": " + because(whole_dn, now_us) + "\n";
  add_line(out, "desired", desired_text(session, now_us));
  add_list(out, "ALARM", list_of(session, "alarms"),
           [&](const json& one) { return alarm_text(one, recorders); });
  add_list(out, "pauses", list_of(session, "pauses"),
           [&](const json& one) { return pause_text(one, now_us); });
  add_list(out, "open", list_of(session, "orders"),
           [&](const json& one) { return order_text(one, now_us); });
  add_list(out, "recorders", recorders,
           [&](const json& one) { return recorder_text(one, now_us); });
  if (recorders.empty())
    add_line(out, "recorders", "none has said anything");
  if (auto standby = number_of(whole_dn, "recorders_standby"); standby != 0)
    add_line(out, "", fmt::format("{} on standby", standby));
  add_outcomes(out, list_of(whole_dn, "recent_outcomes"), now_us);
  add_clients(out, list_of(whole_dn, "registrations"));
  return out;
}

} // namespace ringdown::cli
