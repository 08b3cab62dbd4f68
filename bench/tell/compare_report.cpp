#include "bench/tell/compare_report.hpp"

#include "bench/tell/report_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::bench {

namespace {

/// The share of accepted events that must be delivered within the measured time: the rest is on its
/// way.
constexpr double keeps_up = 0.9;

std::string spread_text(const std::vector<double>& values, int digits) {
  if (values.empty())
    return "-";
  auto s = spread_of(values);
  return fmt::format("{:.{}f} ({:.{}f}-{:.{}f})", s.median, digits, s.low, digits, s.high, digits);
}

std::string whole(const std::vector<double>& values) {
  return spread_text(values, 0);
}

std::string fine(const std::vector<double>& values) {
  return spread_text(values, 2);
}

json spread_json(const std::vector<double>& values) {
  auto s = spread_of(values);
  return json{{"median", s.median}, {"low", s.low}, {"high", s.high}, {"rounds", values}};
}

std::string notes_of(const figures& f) {
  auto text = doubts(f);
  return text.empty() ? text : " " + text;
}

std::string event_row(const figures& f, const figures& first) {
  return fmt::format("{}{} | {} | {} | {} | {} | {} | {} | {} | {} | {}", whole(f.rate),
                     notes_of(f), fine(f.cpu_us), fine(ratios(f.cpu_us, first.cpu_us)),
                     fine(f.delivery_cpu_us), whole(f.p50_us), whole(f.p99_us), whole(f.p999_us),
                     whole(f.delivery_p50_us), whole(f.delivery_p99_us), whole(f.own_cpu_percent));
}

std::string connection_row(const figures& f, const figures& first) {
  return fmt::format("{}{} | {} | {} | {} | {} | {} | {} | {}", whole(f.rate), notes_of(f),
                     fine(f.cpu_us), fine(ratios(f.cpu_us, first.cpu_us)),
                     whole(f.connection_bytes),
                     fine(ratios(f.connection_bytes, first.connection_bytes)), whole(f.p50_us),
                     whole(f.p99_us), whole(f.own_cpu_percent));
}

constexpr const char* event_head =
  "| load | broker | events/s | CPU us/event | ratio | CPU us/delivery | ACK p50 us | ACK p99 us | "
  "ACK p99.9 us | delivery p50 us | delivery p99 us | own CPU % |\n"
  "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
constexpr const char* connection_head =
  "| load | broker | registrations/s | CPU us/registration | ratio | bytes/connection | ratio | "
  "p50 us | p99 us | own CPU % |\n|---|---|---|---|---|---|---|---|---|---|\n";

std::string table_of(const comparison_result& c, bool of_connections) {
  std::string rows;
  auto row = of_connections ? connection_row : event_row;
  for (std::size_t load = 0; load < c.loads.size(); ++load)
    if (c.loads[load].is_connections() == of_connections)
      for (std::size_t i = 0; i < c.members.size(); ++i)
        rows += fmt::format("| {} | {} | {} |\n", c.loads[load].name, c.members[i].name,
                            row(c.at(load, i), c.at(load, 0)));
  return rows.empty() ? rows
                      : "\n" + std::string{of_connections ? connection_head : event_head} + rows;
}

void add_events(json& out, const figures& f) {
  out["events_per_s"] = spread_json(f.rate);
  out["broker_cpu_us_per_event"] = spread_json(f.cpu_us);
  out["broker_cpu_us_per_delivery"] = spread_json(f.delivery_cpu_us);
  out["ack_us_p50"] = spread_json(f.p50_us);
  out["ack_us_p99"] = spread_json(f.p99_us);
  out["ack_us_p99.9"] = spread_json(f.p999_us);
  out["delivery_us_p50"] = spread_json(f.delivery_p50_us);
  out["delivery_us_p99"] = spread_json(f.delivery_p99_us);
  out["fell_behind"] = f.fell_behind;
  out["told_missed"] = f.told_missed;
}

void add_connections(json& out, const figures& f) {
  out["registrations_per_s"] = spread_json(f.rate);
  out["broker_cpu_us_per_registration"] = spread_json(f.cpu_us);
  out["broker_bytes_per_connection"] = spread_json(f.connection_bytes);
  out["opening_us_p50"] = spread_json(f.p50_us);
  out["opening_us_p99"] = spread_json(f.p99_us);
}

} // namespace

void note(figures& f, const load_options& o, const load_result& r) {
  auto done = r.done(o.fan_out);
  f.rate.push_back(per_second(done, r.measured));
  f.cpu_us.push_back(cpu_us_per_event(r).value_or(0));
  f.delivery_cpu_us.push_back(cpu_us_per_delivery(r).value_or(0));
  f.p50_us.push_back(micros(r.ack_latency.percentile(50)));
  f.p99_us.push_back(micros(r.ack_latency.percentile(99)));
  f.p999_us.push_back(micros(r.ack_latency.percentile(99.9)));
  f.delivery_p50_us.push_back(micros(r.delivery_latency.percentile(50)));
  f.delivery_p99_us.push_back(micros(r.delivery_latency.percentile(99)));
  f.own_cpu_percent.push_back(100 * share(r.own_cpu, r.measured));
  f.client_was_the_limit |= r.client_was_the_limit();
  f.fell_behind |= static_cast<double>(done) < keeps_up * static_cast<double>(r.acked);
  f.told_missed += r.found.told_missed;
}

void note(figures& f, const idle_options& o, const idle_result& r) {
  f.rate.push_back(per_second(o.connections, r.opening));
  f.cpu_us.push_back(cpu_us_per_connection(o, r).value_or(0));
  f.p50_us.push_back(micros(r.opening_times.percentile(50)));
  f.p99_us.push_back(micros(r.opening_times.percentile(99)));
  f.own_cpu_percent.push_back(100 * share(r.own_opening_cpu, r.opening));
  f.client_was_the_limit |= r.client_was_the_limit();
  f.connection_bytes.push_back(bytes_per_connection(o, r).value_or(0));
}

void note_failure(figures& f, std::string why) {
  f = {};
  f.failure = std::move(why);
}

std::string doubts(const figures& f) {
  if (!f.failure.empty())
    return f.failure;
  std::string text;
  auto add = [&](const std::string& one) { text += (text.empty() ? "" : ", ") + one; };
  if (f.client_was_the_limit)
    add("client limited");
  if (f.was_disturbed)
    add("disturbed");
  if (f.fell_behind)
    add("fell behind");
  if (f.told_missed > 0)
    add(fmt::format("{} missed", f.told_missed));
  return text;
}

json to_json(const comparison_result& c) {
  json out{{"compare", json::array()}, {"rounds", c.rounds}, {"seconds", c.seconds}};
  auto versions = json::object();
  auto agreed = json::object();
  for (auto& m : c.members) {
    versions[m.name] = m.version;
    if (!m.tls.empty())
      agreed[m.name] = m.tls;
  }
  out["versions"] = versions;
  if (!agreed.empty())
    out["tls"] = agreed;
  for (std::size_t load = 0; load < c.loads.size(); ++load)
    for (std::size_t i = 0; i < c.members.size(); ++i) {
      auto& f = c.at(load, i);
      json row{{"load", c.loads[load].name},
               {"peer", c.members[i].name},
               {"cpu_to_first", spread_json(ratios(f.cpu_us, c.at(load, 0).cpu_us))}};
      if (c.loads[load].is_connections())
        add_connections(row, f);
      else
        add_events(row, f);
      row["own_cpu_percent"] = spread_json(f.own_cpu_percent);
      row["client_was_the_limit"] = f.client_was_the_limit;
      row["disturbed"] = f.was_disturbed;
      row["failure"] = f.failure;
      out["compare"].push_back(std::move(row));
    }
  return out;
}

std::string text_of(const comparison_result& c) {
  std::string out;
  for (auto& m : c.members)
    out += fmt::format("{:<10} {}{}\n", m.name, m.version.empty() ? "not installed" : m.version,
                       m.tls.empty() ? "" : "   (" + m.tls + ")");
  out += fmt::format("\nMedians of {} rounds in turns, {} s each (lowest to highest); CPU is the "
                     "broker's, but for this program's own at the end, and ratios to {} are taken "
                     "within each round.\n",
                     c.rounds, c.seconds, c.members.at(0).name);
  return out + table_of(c, false) + table_of(c, true);
}

} // namespace ringdown::bench
