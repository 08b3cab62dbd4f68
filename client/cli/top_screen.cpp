#include "client/cli/top_screen.hpp"

#include "client/cli/operator_tables.hpp"
#include "client/cli/why_text.hpp"
#include "client/words.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <sstream>
#include <utility>

namespace ringdown::cli {

using client::age_text;

namespace {

/// Of each kind of trouble: a screen holds them all.
constexpr std::size_t rows_shown_max = 5;
/// A page of the port's. The longest paused of more DNs, and the most owed of more clients, are
/// not looked for each second.
constexpr std::size_t rows_seen_max = 1000;
/// Where slow clients are looked for by name, or alone: some screens.
constexpr std::size_t slow_seen_max = 200;

/// False if it failed, and the facts say so.
bool take_rows(const admin_port& port, const std::string& target, const std::string& name,
               std::size_t rows_max, top_facts& facts, json& into) {
  auto found = port.rows(target, name, rows_max);
  if (!found.failed.problem.empty()) {
    facts.failed = std::move(found.failed);
    return false;
  }
  facts.is_cut = facts.is_cut || (rows_max == rows_seen_max && found.has_more);
  into = std::move(found.rows);
  return true;
}

/// What alarms of the DNs say. One that is no longer in use says nothing.
void take_alarms(const admin_port& port, top_facts& facts) {
  for (auto& row : facts.alarmed) {
    auto dn = text_of(row, "dn");
    auto whole = port.get("/api/v1/dns/" + percent_encoded(dn));
    auto& session = object_of(whole.body, "session");
    for (auto& alarm : list_of(session, "alarms"))
      facts.alarms.push_back(
        {dn, printable_word(dn) + ": " + alarm_text(alarm, list_of(session, "recorders"))});
  }
}

/// The first rows in this order.
template <class IsBefore>
json first_rows(std::vector<const json*> order, std::size_t rows_max, IsBefore is_before) {
  std::stable_sort(order.begin(), order.end(),
                   [&](const json* a, const json* b) { return is_before(*a, *b); });
  order.resize(std::min(order.size(), rows_max));
  auto out = json::array();
  for (auto* row : order)
    out.push_back(*row);
  return out;
}

/// Without those that are owed nothing.
json owed_of(const json& rows) {
  auto out = json::array();
  for (auto& row : rows)
    if (number_of(row, "outcomes_owed") > 0)
      out.push_back(row);
  return out;
}

/// Those that are owed the most first.
json most_owed(const json& rows) {
  auto owed = [](const json& row) { return number_of(row, "outcomes_owed"); };
  std::vector<const json*> some;
  for (auto& row : rows)
    some.push_back(&row);
  return first_rows(std::move(some), rows_shown_max,
                    [&](const json& a, const json& b) { return owed(a) > owed(b); });
}

bool is_obeyed(const json& dn) {
  return text_of(dn, "light") == "paused";
}

/// Those whose recorders do otherwise come before all.
json worst_paused(const json& rows, std::size_t rows_max) {
  auto since = [](const json& row) {
    auto us = number_of(row, "paused_since_us");
    return us == 0 ? std::numeric_limits<std::int64_t>::max() : us;
  };
  auto order = [&](const json& row) { return std::pair{is_obeyed(row), since(row)}; };
  std::vector<const json*> all;
  for (auto& row : rows)
    all.push_back(&row);
  return first_rows(std::move(all), rows_max,
                    [&](const json& a, const json& b) { return order(a) < order(b); });
}

/// Where a pause stands and the light is another. False if it failed, and the facts say so.
bool take_disobeyed(const admin_port& port, top_facts& facts) {
  if (number_of(facts.summary, "pauses") == 0)
    return true;
  for (auto* target : {"/api/v1/dns?light=recording", "/api/v1/dns?light=unknown"}) {
    json rows;
    if (!take_rows(port, target, "dns", rows_seen_max, facts, rows))
      return false;
    for (auto& row : rows)
      if (number_of(row, "pauses") > 0)
        facts.paused.push_back(row);
  }
  return true;
}

/// Whether a row of DNs or clients is one of those that are looked for.
bool is_wanted(const json& row, const std::string& filter) {
  if (filter.empty())
    return true;
  for (auto* key : {"dn", "id", "application", "principal", "peer"})
    if (text_of(row, key).find(filter) != std::string::npos)
      return true;
  return false;
}

json wanted_of(const json& rows, const std::string& filter) {
  auto out = json::array();
  for (auto& row : rows)
    if (is_wanted(row, filter))
      out.push_back(row);
  return out;
}

/// What the state leaves of the facts, in the order of the screen.
struct shown_rows {
  std::vector<top_facts::alarm> alarms;
  json owed = json::array();
  json paused = json::array();
  json slow = json::array();
};

shown_rows shown_of(const top_facts& facts, const top_state& state) {
  auto& filter = state.filter;
  shown_rows rows;
  bool is_all = state.view == top_view::trouble;
  if (is_all) {
    for (auto& one : facts.alarms)
      if (filter.empty() || one.dn.find(filter) != std::string::npos)
        rows.alarms.push_back(one);
    rows.owed = most_owed(wanted_of(facts.owed, filter));
  }
  if (is_all || state.view == top_view::paused)
    rows.paused =
      worst_paused(wanted_of(facts.paused, filter), is_all ? rows_shown_max : rows_seen_max);
  if (is_all || state.view == top_view::slow)
    rows.slow = wanted_of(facts.slow, filter);
  if (is_all && rows.slow.size() > rows_shown_max)
    rows.slow.erase(rows.slow.begin() + static_cast<std::ptrdiff_t>(rows_shown_max),
                    rows.slow.end());
  return rows;
}

class screen {
public:
  screen(std::size_t columns, const std::string& chosen) : columns_(columns), chosen_(chosen) {}

  void add(const std::string& line) { lines_.push_back(cut_to(line, columns_)); }
  void add_title(std::string_view title) {
    add("");
    add(std::string{title});
  }
  void add_row(const std::string& dn, const std::string& line) {
    bool is_chosen = !dn.empty() && dn == chosen_;
    if (is_chosen)
      chosen_at_ = lines_.size();
    add((is_chosen ? "> " : "  ") + line);
  }
  /// A line of names, and one for each row, of which some are DNs'.
  void add_table(const text_table& table, const json& rows) {
    std::istringstream in{table.text(columns_ > 2 ? columns_ - 2 : columns_)};
    std::string line;
    if (std::getline(in, line))
      add("  " + line);
    for (std::size_t i = 0; std::getline(in, line); ++i)
      add_row(i < rows.size() ? text_of(rows[i], "dn") : std::string{}, line);
  }
  /// The last lines are left out where there is no room; but the chosen one is there, and so are
  /// the first `head` lines.
  std::vector<std::string> take(std::size_t lines_max, std::size_t head) {
    if (lines_max == 0 || lines_.size() <= lines_max)
      return std::move(lines_);
    if (chosen_at_ >= lines_max && head < lines_max) {
      auto first = lines_.begin() + static_cast<std::ptrdiff_t>(head);
      lines_.erase(first, first + static_cast<std::ptrdiff_t>(chosen_at_ + 1 - lines_max));
    }
    lines_.resize(lines_max);
    return std::move(lines_);
  }

private:
  std::size_t columns_;
  const std::string& chosen_;
  std::size_t chosen_at_ = 0;
  std::vector<std::string> lines_;
};

void add_summary(screen& out, const json& s) {
  auto now_us = number_of(s, "now_us");
  auto& roles = object_of(s, "connections_by_role");
  auto& lights = object_of(s, "sessions_by_light");
  out.add(fmt::format("{} {}  up {}  {}  at {}", printable_word(text_of(s, "name")),
                      printable(text_of(s, "version")),
                      age_text(number_of(s, "started_us"), now_us),
                      flag_of(s, "ready") ? "ready" : "NOT READY", client::clock_text(now_us)));
  out.add(fmt::format("clients {}: desktops {}, recorders {}, supervisors {}, others {}; memory {} "
                      "of {}",
                      number_of(s, "connections"), number_of(roles, "desktop"),
                      number_of(roles, "recorder"), number_of(roles, "supervisor"),
                      number_of(roles, "admin") + number_of(roles, "call_source"),
                      bytes_text(number_of(s, "memory_queued_bytes")),
                      bytes_text(number_of(s, "memory_budget_bytes"))));
  out.add(fmt::format("DNs {}: recording {}, paused {}, off {}, unknown {}; without recorder {}",
                      number_of(s, "dns"), number_of(lights, "recording"),
                      number_of(lights, "paused"), number_of(lights, "off"),
                      number_of(lights, "unknown"), number_of(s, "dns_without_recorder")));
  out.add(fmt::format("alarms {}, pauses {}, commands without an outcome {}",
                      number_of(s, "alarms"), number_of(s, "pauses"),
                      number_of(s, "outcomes_owed")));
}

/// False if there is nothing.
bool add_rows(screen& out, const shown_rows& rows, std::int64_t now_us) {
  if (!rows.alarms.empty()) {
    out.add_title("ALARMS");
    for (auto& one : rows.alarms)
      out.add_row(one.dn, one.text);
  }
  if (!rows.owed.empty()) {
    out.add_title("UNCONFIRMED: clients that wait for outcomes");
    out.add_table(table_of_clients(rows.owed), rows.owed);
  }
  if (!rows.paused.empty()) {
    out.add_title("PAUSED: where it is not obeyed, then the longest");
    out.add_table(table_of_dns(rows.paused, now_us), rows.paused);
  }
  if (!rows.slow.empty()) {
    out.add_title("SLOW: clients for which something waits");
    out.add_table(table_of_clients(rows.slow), rows.slow);
  }
  return !(rows.alarms.empty() && rows.owed.empty() && rows.paused.empty() && rows.slow.empty());
}

std::string_view nothing_text(const top_state& state) {
  if (!state.filter.empty())
    return "nothing that has this in it";
  switch (state.view) {
  case top_view::trouble: break;
  case top_view::paused: return "no DN is paused";
  case top_view::slow: return "no client is slow";
  }
  return "no trouble: no alarm, no pause, nothing waits";
}

void add_opened(screen& out, const top_facts& facts, const top_state& state) {
  out.add("");
  if (facts.not_opened.is_not_there)
    return out.add(printable_word(state.opened) + " is not in use any more");
  if (!facts.not_opened.problem.empty())
    return out.add(facts.not_opened.problem);
  std::istringstream in{why_text(facts.opened)};
  for (std::string line; std::getline(in, line);)
    out.add(line);
}

} // namespace

top_facts look(const admin_port& port, const top_state& state) {
  top_facts facts;
  auto summary = port.get("/api/v1/summary");
  if (!summary.problem.empty()) {
    facts.failed = std::move(summary);
    return facts;
  }
  facts.summary = std::move(summary.body);
  if (!state.opened.empty()) { // it covers all else
    facts.not_opened = port.get("/api/v1/dns/" + percent_encoded(state.opened));
    facts.opened = std::move(facts.not_opened.body);
    return facts;
  }
  auto take = [&](const char* target, const char* name, std::size_t rows_max, json& into) {
    return take_rows(port, target, name, rows_max, facts, into);
  };
  bool is_narrowed = state.view == top_view::slow || !state.filter.empty();
  bool has_all = take("/api/v1/alarms", "dns", rows_shown_max, facts.alarmed) &&
                 take("/api/v1/dns?light=paused", "dns", rows_seen_max, facts.paused) &&
                 take_disobeyed(port, facts) &&
                 take("/api/v1/connections?slow=true", "connections",
                      is_narrowed ? slow_seen_max : rows_shown_max, facts.slow) &&
                 (number_of(facts.summary, "outcomes_owed") == 0 ||
                  take("/api/v1/connections", "connections", rows_seen_max, facts.owed));
  if (has_all)
    take_alarms(port, facts);
  facts.owed = owed_of(facts.owed);
  if (!is_narrowed)
    facts.owed = most_owed(facts.owed);
  return facts;
}

std::vector<std::string> top_dns(const top_facts& facts, const top_state& state) {
  auto rows = shown_of(facts, state);
  std::vector<std::string> dns;
  auto add = [&](const std::string& dn) {
    if (std::find(dns.begin(), dns.end(), dn) == dns.end())
      dns.push_back(dn);
  };
  for (auto& one : rows.alarms)
    add(one.dn);
  for (auto& row : rows.paused)
    add(text_of(row, "dn"));
  return dns;
}

std::vector<std::string> top_screen(const top_facts& facts, std::size_t columns, std::size_t lines,
                                    const top_state& state) {
  screen out{columns, state.chosen};
  constexpr std::size_t head_lines = 4; // of the summary
  if (!facts.failed.problem.empty()) {
    out.add(facts.failed.problem);
    return out.take(lines, head_lines);
  }
  add_summary(out, facts.summary);
  if (!state.opened.empty()) {
    add_opened(out, facts, state);
    return out.take(lines, head_lines);
  }
  if (!add_rows(out, shown_of(facts, state), number_of(facts.summary, "now_us")))
    out.add_title(nothing_text(state));
  if (facts.is_cut)
    out.add_title(fmt::format("of the first {} DNs and clients", rows_seen_max));
  return out.take(lines, head_lines);
}

} // namespace ringdown::cli
