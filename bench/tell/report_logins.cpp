#include "bench/tell/report_logins.hpp"

#include "bench/tell/report_text.hpp"
#include "bench/tell/statistics.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

namespace {

std::vector<double> seconds_of(const std::vector<std::chrono::nanoseconds>& times) {
  std::vector<double> all;
  for (auto one : times)
    all.push_back(std::chrono::duration<double>(one).count());
  return all;
}

double median_of(const std::vector<std::chrono::nanoseconds>& times) {
  return spread_of(seconds_of(times)).median;
}

std::string row_of(const std::string& beside, const probe_figures& f) {
  auto at = [&](double percent) { return micros(f.ack.percentile(percent)); };
  return fmt::format("{:<22} {:>8} {:>9.0f} {:>9.0f} {:>9.0f} {:>9.0f}", beside, f.ack.count(),
                     at(50), at(99), at(99.9), micros(f.ack.max()));
}

std::string row_of(const std::string& beside, std::uint64_t logins, const storms& s) {
  auto all_in = median_of(s.all_in);
  auto out =
    row_of(beside, s.agents) + fmt::format(" {:>9.2f} {:>10.0f}", all_in,
                                           all_in > 0 ? static_cast<double>(logins) / all_in : 0.0);
  if (!s.broker_cpu.empty())
    out += fmt::format(" {:>9.0f}", 1e6 * median_of(s.broker_cpu) / static_cast<double>(logins));
  return out + "\n";
}

/// What makes the figures of the storms doubtful, or explains them.
std::string remarks_of(const char* name, const storms& s) {
  std::string out;
  if (!s.tls.empty())
    out += tls_text(s.tls);
  if (s.refused > 0)
    out += fmt::format("{:<15} {} logins were refused at first and came again\n", name, s.refused);
  if (s.client_was_the_limit)
    out += fmt::format("{:<15} this program had no time left: the broker could take more\n", name);
  return out;
}

json to_json_of(const char* name, const probe_figures& f) {
  json out{{"storm", name}};
  out["commands"] = to_json(f);
  return out;
}

json to_json_of(const char* name, std::uint64_t logins, const storms& s) {
  auto out = to_json_of(name, s.agents);
  out["all_in_s"] = seconds_of(s.all_in);
  out["broker_cpu_s"] = seconds_of(s.broker_cpu);
  out["logins_per_s"] = s.all_in.empty() ? 0 : static_cast<double>(logins) / median_of(s.all_in);
  out["opening_us"] = latency_json(s.opening_times);
  out["refused"] = s.refused;
  out["client_was_the_limit"] = s.client_was_the_limit;
  if (!s.tls.empty())
    out["tls"] = s.tls;
  return out;
}

double commands_per_s(const logins_options& o) {
  return 2 / std::chrono::duration<double>(o.agents.every).count();
}

} // namespace

bool is_good(const logins_result& r) {
  auto is_calm = [](const probe_figures& f) { return f.errors.empty(); };
  return r.agents_are_good && is_calm(r.alone) && is_calm(r.plain.agents) &&
         is_calm(r.by_tls.agents);
}

json to_json(const logins_options& o, const logins_result& r) {
  json out{{"load", "logins"},
           {"connections", o.plain.connections},
           {"agents", o.agents.pairs},
           {"rate", commands_per_s(o)},
           {"rounds", o.rounds},
           {"agents_by_tls", o.agents.links.secured != nullptr},
           {"runs_first", r.agents_run_first},
           {"good", is_good(r)}};
  out["beside"] = {to_json_of("none", r.alone), to_json_of("plain", o.plain.connections, r.plain),
                   to_json_of("tls", o.by_tls.connections, r.by_tls)};
  return out;
}

std::string text_of(const logins_options& o, const logins_result& r) {
  auto out = fmt::format("{} desktops and their recorders at work by {}, {:.0f} commands/s; beside "
                         "them {} sign on and register at once, {} times by each door\n\n",
                         o.agents.pairs, o.agents.links.secured ? "TLS" : "TCP", commands_per_s(o),
                         o.plain.connections, o.rounds);
  out +=
    fmt::format("{:<22} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10} {:>9}\n", "beside", "commands",
                "ACK p50", "p99", "p99.9", "max us", "all in s", "logins/s", "CPU us");
  out += row_of("nobody", r.alone) + "\n";
  auto logins = [&](const char* door) {
    return fmt::format("{} logins, {}", o.plain.connections, door);
  };
  out += row_of(logins("plain"), o.plain.connections, r.plain);
  out += row_of(logins("TLS"), o.by_tls.connections, r.by_tls);
  out += "\n" + remarks_of("plain", r.plain) + remarks_of("TLS", r.by_tls);
  for (auto* f : {&r.alone, &r.plain.agents, &r.by_tls.agents})
    out += errors_text(f->errors);
  if (!r.agents_run_first)
    out += "the agents' thread waits for that of the storm: their figures are too high\n";
  return out + (is_good(r) ? "verified        each command was ACKed, once\n"
                           : "NOT VERIFIED    a command was refused, or not ACKed once\n");
}

} // namespace ringdown::bench
