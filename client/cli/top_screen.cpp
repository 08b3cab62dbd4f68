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
      facts.alarms.push_back(printable_word(dn) + ": " +
                             alarm_text(alarm, list_of(session, "recorders")));
  }
}

/// The first rows in this order.
template <class IsBefore>
json first_rows(std::vector<const json*> order, IsBefore is_before) {
  std::stable_sort(order.begin(), order.end(),
                   [&](const json* a, const json* b) { return is_before(*a, *b); });
  order.resize(std::min(order.size(), rows_shown_max));
  auto out = json::array();
  for (auto* row : order)
    out.push_back(*row);
  return out;
}

/// Those that are owed the most first, without those that are owed nothing.
json most_owed(const json& rows) {
  auto owed = [](const json& row) { return number_of(row, "outcomes_owed"); };
  std::vector<const json*> some;
  for (auto& row : rows)
    if (owed(row) > 0)
      some.push_back(&row);
  return first_rows(std::move(some),
                    [&](const json& a, const json& b) { return owed(a) > owed(b); });
}

bool is_obeyed(const json& dn) {
  return text_of(dn, "light") == "paused";
}

/// Those whose recorders do otherwise come before all.
json worst_paused(const json& rows) {
  auto since = [](const json& row) {
    auto us = number_of(row, "paused_since_us");
    return us == 0 ? std::numeric_limits<std::int64_t>::max() : us;
  };
  auto order = [&](const json& row) { return std::pair{is_obeyed(row), since(row)}; };
  std::vector<const json*> all;
  for (auto& row : rows)
    all.push_back(&row);
  return first_rows(std::move(all),
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

class screen {
public:
  explicit screen(std::size_t columns) : columns_(columns) {}

  void add(const std::string& line) { lines_.push_back(cut_to(line, columns_)); }
  void add_title(std::string_view title) {
    add("");
    add(std::string{title});
  }
  void add_table(const text_table& table) {
    std::istringstream in{table.text(columns_ > 2 ? columns_ - 2 : columns_)};
    for (std::string line; std::getline(in, line);)
      add("  " + line);
  }
  /// The last lines are left out where there is no room.
  std::vector<std::string> take(std::size_t lines_max) {
    if (lines_max != 0 && lines_.size() > lines_max)
      lines_.resize(lines_max);
    return std::move(lines_);
  }

private:
  std::size_t columns_;
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

bool add_trouble(screen& out, const top_facts& facts) {
  if (!facts.alarmed.empty()) {
    out.add_title("ALARMS");
    for (auto& one : facts.alarms)
      out.add("  " + one);
  }
  if (auto owed = most_owed(facts.owed); !owed.empty()) {
    out.add_title("UNCONFIRMED: clients that wait for outcomes");
    out.add_table(table_of_clients(owed));
  }
  if (!facts.paused.empty()) {
    out.add_title("PAUSED: where it is not obeyed, then the longest");
    out.add_table(table_of_dns(worst_paused(facts.paused), number_of(facts.summary, "now_us")));
  }
  if (!facts.slow.empty()) {
    out.add_title("SLOW: clients for which something waits");
    out.add_table(table_of_clients(facts.slow));
  }
  return !(facts.alarmed.empty() && facts.owed.empty() && facts.paused.empty() &&
           facts.slow.empty());
}

} // namespace

top_facts look(const admin_port& port) {
  top_facts facts;
  auto summary = port.get("/api/v1/summary");
  if (!summary.problem.empty()) {
    facts.failed = std::move(summary);
    return facts;
  }
  facts.summary = std::move(summary.body);
  auto take = [&](const char* target, const char* name, std::size_t rows_max, json& into) {
    return take_rows(port, target, name, rows_max, facts, into);
  };
  bool has_all = take("/api/v1/alarms", "dns", rows_shown_max, facts.alarmed) &&
                 take("/api/v1/dns?light=paused", "dns", rows_seen_max, facts.paused) &&
                 take_disobeyed(port, facts) &&
                 take("/api/v1/connections?slow=true", "connections", rows_shown_max, facts.slow) &&
                 (number_of(facts.summary, "outcomes_owed") == 0 ||
                  take("/api/v1/connections", "connections", rows_seen_max, facts.owed));
  if (has_all)
    take_alarms(port, facts);
  facts.owed = most_owed(facts.owed);
  return facts;
}

std::vector<std::string> top_screen(const top_facts& facts, std::size_t columns,
                                    std::size_t lines) {
  screen out{columns};
  if (!facts.failed.problem.empty()) {
    out.add(facts.failed.problem);
    return out.take(lines);
  }
  add_summary(out, facts.summary);
  if (!add_trouble(out, facts))
    out.add_title("no trouble: no alarm, no pause, nothing waits");
  if (facts.is_cut)
    out.add_title(fmt::format("of the first {} DNs and clients", rows_seen_max));
  return out.take(lines);
}

} // namespace ringdown::cli
