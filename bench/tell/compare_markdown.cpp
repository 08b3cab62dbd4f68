#include "bench/tell/compare_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ringdown::bench {

namespace {

using values_of = std::vector<double> figures::*;

/// A number with its thousands apart, as docs/benchmarks.md writes them.
std::string number_text(double value, int digits) {
  auto text = fmt::format("{:.{}f}", value, digits);
  auto whole_end = std::min(text.find('.'), text.size());
  for (auto at = whole_end; at > 3; at -= 3)
    text.insert(at - 3, 1, ',');
  return text;
}

std::string median_text(const std::vector<double>& values, int digits) {
  return values.empty() ? "-" : number_text(spread_of(values).median, digits);
}

/// The median, and the lowest and highest round.
std::string spread_text(const std::vector<double>& values, int digits) {
  if (values.empty())
    return "-";
  auto s = spread_of(values);
  return fmt::format("{} ({}-{})", number_text(s.median, digits), number_text(s.low, digits),
                     number_text(s.high, digits));
}

std::string row_of(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (auto& cell : cells)
    out += " " + cell + " |";
  return out + "\n";
}

/// A table, or nothing without rows.
std::string table_of(const std::vector<std::string>& head, const std::string& rows) {
  if (rows.empty())
    return {};
  std::string line = "|";
  for (std::size_t i = 0; i < head.size(); ++i)
    line += "---|";
  return row_of(head) + line + "\n" + rows + "\n";
}

/// The floor is no broker: nobody is compared with it.
bool is_compared(const comparison_result& c, std::size_t member) {
  return member > 0 && c.members[member].name != "floor";
}

/// A row for each load of events: its name, and what `cells_of` makes of it.
template <class Cells>
std::string events_table(const comparison_result& c, const std::vector<std::string>& head,
                         Cells cells_of) {
  std::string rows;
  for (std::size_t load = 0; load < c.loads.size(); ++load) {
    if (c.loads[load].is_connections())
      continue;
    std::vector<std::string> cells{c.loads[load].name};
    cells_of(load, cells);
    rows += row_of(cells);
  }
  return table_of(head, rows);
}

/// "load", and each broker; what the figures are stands with the first.
std::vector<std::string> head_of(const comparison_result& c, const std::string& what) {
  std::vector<std::string> head{"load"};
  for (auto& m : c.members)
    head.push_back(head.size() == 1 ? m.name + ", " + what : m.name);
  return head;
}

/// A column for each broker; behind them the first one's ratio to the others.
std::string cpu_table(const comparison_result& c) {
  auto head = head_of(c, "CPU us an event");
  for (std::size_t i = 0; i < c.members.size(); ++i)
    if (is_compared(c, i))
      head.push_back(c.members.front().name + " / " + c.members[i].name);
  return events_table(c, head, [&](std::size_t load, auto& cells) {
    for (std::size_t i = 0; i < c.members.size(); ++i)
      cells.push_back(spread_text(c.at(load, i).cpu_us, 2));
    for (std::size_t i = 0; i < c.members.size(); ++i)
      if (is_compared(c, i))
        cells.push_back(median_text(ratios(c.at(load, 0).cpu_us, c.at(load, i).cpu_us), 2));
  });
}

std::string rates_table(const comparison_result& c) {
  return events_table(c, head_of(c, "events/s"), [&](std::size_t load, auto& cells) {
    for (std::size_t i = 0; i < c.members.size(); ++i)
      cells.push_back(median_text(c.at(load, i).rate, 0));
  });
}

struct column {
  const char* name;
  values_of values;
  int digits;
};

/// A row for each broker under each load of one kind.
std::string brokers_table(const comparison_result& c, bool of_connections,
                          const std::vector<column>& columns) {
  std::vector<std::string> head{"load", "broker"};
  for (auto& one : columns)
    head.emplace_back(one.name);
  std::string rows;
  for (std::size_t load = 0; load < c.loads.size(); ++load)
    for (std::size_t i = 0;
         c.loads[load].is_connections() == of_connections && i < c.members.size(); ++i) {
      std::vector<std::string> cells{c.loads[load].name, c.members[i].name};
      for (auto& one : columns)
        cells.push_back(spread_text(c.at(load, i).*one.values, one.digits));
      rows += row_of(cells);
    }
  return table_of(head, rows);
}

std::string remarks(const comparison_result& c) {
  std::string out;
  for (std::size_t load = 0; load < c.loads.size(); ++load)
    for (std::size_t i = 0; i < c.members.size(); ++i)
      if (auto text = doubts(c.at(load, i)); !text.empty())
        out += fmt::format("- {}, {}: {}\n", c.members[i].name, c.loads[load].name, text);
  return out.empty() ? out : "What is missing (`-`) or doubtful:\n\n" + out + "\n";
}

/// Of what a program says of itself the first number with a dot, "7.0.15"; else all of it.
std::string version_number(const std::string& text) {
  constexpr const char* digits = "0123456789";
  for (auto begin = text.find_first_of(digits); begin != std::string::npos;) {
    auto end = std::min(text.find_first_not_of("0123456789.", begin), text.size());
    auto number = text.substr(begin, end - begin);
    if (number.find('.') != std::string::npos)
      return number;
    begin = text.find_first_of(digits, end);
  }
  return text;
}

/// What each has agreed on: once where all did on the same.
std::string tls_text(const comparison_result& c) {
  std::map<std::string, std::string> names; // by what they have agreed on
  for (auto& m : c.members)
    if (!m.tls.empty())
      names[m.tls] += (names[m.tls].empty() ? "" : ", ") + m.name;
  std::string out;
  for (auto& [tls, who] : names)
    out += (out.empty() ? " By TLS: " : "; ") + tls + " (" + who + ")";
  return out.empty() ? out : out + ".";
}

std::string footing(const comparison_result& c) {
  auto out =
    fmt::format("Medians of {} rounds in turns, {} s each, in brackets the lowest and highest "
                "round; ratios are medians of those within a round. Versions:",
                c.rounds, c.seconds);
  for (auto& m : c.members)
    out += fmt::format("{} {} {}", &m == &c.members.front() ? "" : ",", m.name,
                       m.version.empty() ? "not installed" : version_number(m.version));
  return out + "." + tls_text(c) + "\n";
}

} // namespace

std::string markdown_of(const comparison_result& c) {
  return cpu_table(c) +
         brokers_table(c, false,
                       {{"ACK p50 us", &figures::p50_us, 0},
                        {"p99", &figures::p99_us, 0},
                        {"p99.9", &figures::p999_us, 0},
                        {"delivery p50 us", &figures::delivery_p50_us, 0},
                        {"p99", &figures::delivery_p99_us, 0}}) +
         rates_table(c) +
         brokers_table(c, true,
                       {{"registrations/s", &figures::rate, 0},
                        {"CPU us a registration", &figures::cpu_us, 1},
                        {"bytes a connection", &figures::connection_bytes, 0},
                        {"p50 us", &figures::p50_us, 0},
                        {"p99 us", &figures::p99_us, 0}}) +
         remarks(c) + footing(c);
}

} // namespace ringdown::bench
