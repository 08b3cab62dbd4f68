#include "bench/report.hpp"

#include "bench/memory_trend.hpp"
#include "client/escape.hpp"
#include "messages/errors.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>

namespace ringdown::bench {

using std::chrono::nanoseconds;

namespace {

constexpr double bytes_in_mib = 1024.0 * 1024.0;
/// A trend of less says nothing of an hour.
constexpr std::chrono::seconds trend_time_min{10};
constexpr const char* client_limited = "CLIENT LIMITED  this program had no time left and the "
                                       "broker had: these are not the broker's figures\n";

struct named_percentile {
  const char* name;
  double percent;
};
constexpr std::array<named_percentile, 5> percentiles{
  {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}};

double micros(std::uint64_t ns) {
  return static_cast<double>(ns) / 1000;
}

double share(nanoseconds part, nanoseconds whole) {
  return whole.count() > 0 ? static_cast<double>(part.count()) / static_cast<double>(whole.count())
                           : 0;
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::optional<double> micros_for_each(std::optional<nanoseconds> time, std::uint64_t count) {
  if (!time || count == 0)
    return std::nullopt;
  return micros(static_cast<std::uint64_t>(time->count())) / static_cast<double>(count);
}

double mib(std::uint64_t bytes) {
  return static_cast<double>(bytes) / bytes_in_mib;
}

std::string load_name(const load_options& o) {
  if (!o.open_loop)
    return "closed";
  switch (o.open_loop->kind) {
  case arrival::constant: return "constant";
  case arrival::poisson: return "poisson";
  case arrival::ramp: return "ramp";
  case arrival::burst: return "burst";
  }
  return {};
}

json latency_json(const histogram& h) {
  json out{{"count", h.count()}, {"mean", h.mean() / 1000}};
  for (auto [name, percent] : percentiles)
    out[name] = micros(h.percentile(percent));
  out["max"] = micros(h.max());
  return out;
}

/// The faults that a verifier can find, and how many of each there were.
std::vector<std::pair<const char*, std::uint64_t>> faults_of(const load_result& r) {
  auto& f = r.found;
  return {{"lost", f.lost},
          {"never_accepted", f.never_accepted},
          {"duplicated", f.duplicated},
          {"misordered", f.misordered},
          {"corrupted", f.corrupted},
          {"never_sent", f.never_sent},
          {"delivered_though_refused", f.delivered_though_refused},
          {"answers_misordered", f.answers_misordered},
          {"sequence_faults", f.sequence_faults},
          {"stray_answers", r.stray_answers},
          {"stray_deliveries", r.stray_deliveries}};
}

json verified_json(const load_result& r) {
  auto& f = r.found;
  json out{{"sent", f.sent},
           {"acked", f.acked},
           {"refused", f.refused},
           {"delivered", f.delivered},
           {"told_missed", f.told_missed},
           {"drained", r.drained}};
  for (auto [name, count] : faults_of(r))
    out[name] = count;
  out["good"] = r.good();
  return out;
}

json samples_json(const load_result& r) {
  auto list = json::array();
  for (auto& s : r.samples) {
    json one{{"at_s", std::chrono::duration<double>(s.at).count()},
             {"acked_per_s", per_second(s.acked, s.length)},
             {"delivered_per_s", per_second(s.delivered, s.length)},
             {"refused_per_s", per_second(s.refused, s.length)},
             {"ack_us_p50", micros(s.ack_p50_ns)},
             {"ack_us_p99", micros(s.ack_p99_ns)},
             {"outstanding", s.outstanding}};
    if (s.resident_bytes)
      one["resident_bytes"] = *s.resident_bytes;
    list.push_back(std::move(one));
  }
  return list;
}

std::string latency_text(const char* name, const histogram& h) {
  auto out = fmt::format("{:<15}", name);
  if (h.count() == 0)
    return out + " none: no event that was due in the measured time was answered\n";
  for (auto [label, percent] : percentiles)
    out += fmt::format(" {} {:.1f}  ", label, micros(h.percentile(percent)));
  return out + fmt::format(" max {:.1f}\n", micros(h.max()));
}

std::string cpu_text(const load_result& r) {
  auto own = 100 * share(r.own_cpu, r.measured);
  if (auto cpu = cpu_us_per_event(r))
    return fmt::format(
      "broker CPU      {:>12.2f} us per event   ({:.0f} % of a core; this program {:.0f} %)\n",
      *cpu, 100 * share(*r.broker_cpu, r.measured), own);
  if (r.broker_cpu)
    return fmt::format(
      "broker CPU      {:>12.0f} % of a core, and no event accepted   (this program "
      "{:.0f} %)\n",
      100 * share(*r.broker_cpu, r.measured), own);
  return fmt::format("broker CPU      not measured: give --broker-pid or --spawn   (this program "
                     "{:.0f} % of a core)\n",
                     own);
}

std::string memory_text(const load_result& r) {
  if (!r.resident_before || !r.resident_start || !r.resident_end)
    return {};
  auto out = fmt::format(
    "broker memory   {:>12.1f} MiB   (before the first connection {:.1f}, grown by {:.2f} "
    "while measured)\n",
    mib(*r.resident_end), mib(*r.resident_before), mib(*r.resident_end) - mib(*r.resident_start));
  if (auto growth = growth_per_hour(r.samples); growth && r.measured >= trend_time_min)
    out += fmt::format("memory growth   {:>12.2f} MiB an hour   (the trend of the second half)\n",
                       *growth / bytes_in_mib);
  return out;
}

std::string errors_text(const load_result& r) {
  std::string out;
  for (auto [code, count] : r.errors) {
    auto* row = find_error(code);
    out +=
      fmt::format("EventError      {} {}: {}\n", code, row ? row->name : "unknown_code", count);
  }
  return out;
}

/// What the verifier says, fault by fault.
std::string verdict_text(const load_result& r) {
  auto& f = r.found;
  if (r.good())
    return fmt::format(
      "verified        {} accepted, {} delivered once, whole, in order{}\n", f.acked, f.delivered,
      f.told_missed > 0 ? fmt::format("; {} told as missed", f.told_missed) : std::string{});
  auto out =
    fmt::format("NOT VERIFIED    accepted {}, delivered {}, refused {}{}\n", f.acked, f.delivered,
                f.refused, r.drained ? "" : ", answers or deliveries are missing");
  for (auto [name, count] : faults_of(r))
    if (count != 0)
      out += fmt::format("                {}: {}\n", name, count);
  return out;
}

} // namespace

double per_second(std::uint64_t count, nanoseconds time) {
  auto seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::optional<double> cpu_us_per_event(const load_result& r) {
  return micros_for_each(r.broker_cpu, r.acked);
}

std::optional<double> cpu_us_per_delivery(const load_result& r) {
  return micros_for_each(r.broker_cpu, r.delivered);
}

json to_json(const load_options& o, const load_result& r) {
  json out{{"load", load_name(o)},
           {"producers", o.producers},
           {"window", o.window},
           {"dns", o.dns},
           {"threads", o.threads},
           {"receivers", o.receivers},
           {"fan_out", o.fan_out},
           {"user_data_bytes", o.user_data_bytes},
           {"seconds", std::chrono::duration<double>(r.measured).count()}};
  if (o.open_loop)
    out["rate"] = o.open_loop->per_second;
  out["offered_per_s"] = per_second(r.offered, r.measured);
  out["events_per_s"] = per_second(r.acked, r.measured);
  out["deliveries_per_s"] = per_second(r.delivered, r.measured);
  out["frames_per_read"] = ratio(r.frames, r.reads);
  out["unsent"] = r.unsent;
  out["own_cpu_share"] = share(r.own_cpu, r.measured);
  out["client_was_the_limit"] = r.client_was_the_limit();
  if (auto cpu = cpu_us_per_event(r)) {
    out["broker_cpu_us_per_event"] = *cpu;
    out["broker_cpu_share"] = share(*r.broker_cpu, r.measured);
  }
  if (r.resident_before && r.resident_start && r.resident_end)
    out["broker_resident_bytes"] = {
      {"before", *r.resident_before}, {"start", *r.resident_start}, {"end", *r.resident_end}};
  if (auto growth = growth_per_hour(r.samples))
    out["broker_resident_growth_per_hour"] = *growth;
  out["ack_us"] = latency_json(r.ack_latency);
  out["delivery_us"] = latency_json(r.delivery_latency);
  auto errors = json::object();
  for (auto [code, count] : r.errors)
    errors[std::to_string(code)] = count;
  out["errors"] = errors;
  if (o.slow_receivers > 0)
    out["slow_receivers_lost"] = r.slow_receivers_lost;
  out["verified"] = verified_json(r);
  out["samples"] = samples_json(r);
  return out;
}

std::string text_of(const load_options& o, const load_result& r) {
  auto out =
    fmt::format("{} producers x {} outstanding, {} DNs, {} receiver{}{}, {} bytes, {:.1f} s, {}\n",
                o.producers, o.window, o.dns, o.receivers, o.receivers == 1 ? "" : "s",
                o.fan_out > 1 ? fmt::format(" ({} of each DN)", o.fan_out) : std::string{},
                o.user_data_bytes, std::chrono::duration<double>(r.measured).count(),
                o.open_loop ? "open loop, " + load_name(o) : std::string{"closed loop"});
  if (r.client_was_the_limit())
    out += client_limited;
  out += fmt::format(
    "events/s        {:>12.0f}   (delivered {:.0f}/s, {:.1f} frames per read here)\n",
    per_second(r.acked, r.measured), per_second(r.delivered, r.measured), ratio(r.frames, r.reads));
  if (o.open_loop)
    out +=
      fmt::format("offered/s       {:>12.0f}   (achieved {:.1f} %; {} never sent)\n",
                  per_second(r.offered, r.measured), 100 * ratio(r.acked, r.offered), r.unsent);
  out += cpu_text(r) + memory_text(r) + latency_text("ACK us", r.ack_latency) +
         latency_text("delivery us", r.delivery_latency) + errors_text(r);
  if (o.slow_receivers > 0)
    out += fmt::format("slow receivers  {:>12}   ({} of them disconnected)\n", o.slow_receivers,
                       r.slow_receivers_lost);
  return out + verdict_text(r);
}

std::string text_of(const sample& s) {
  auto out = fmt::format("{:6.1f} s  {:>9.0f} events/s  {:>9.0f} deliveries/s  ACK p50 {:.0f} p99 "
                         "{:.0f} us  {} outstanding",
                         std::chrono::duration<double>(s.at).count(), per_second(s.acked, s.length),
                         per_second(s.delivered, s.length), micros(s.ack_p50_ns),
                         micros(s.ack_p99_ns), s.outstanding);
  if (s.refused > 0)
    out += fmt::format("  {:.0f} refused/s", per_second(s.refused, s.length));
  if (s.resident_bytes)
    out += fmt::format("  {:.0f} MiB", mib(*s.resident_bytes));
  return out + "\n";
}

// ---- idle connections ----------------------------------------------------------------------

namespace {

std::uint64_t attempts(const link_set::refusals& r) {
  std::uint64_t sum = 0;
  for (auto& [why, count] : r.by_reason)
    sum += count;
  return sum;
}

} // namespace

std::optional<double> cpu_us_per_connection(const idle_options& o, const idle_result& r) {
  return micros_for_each(r.opening_cpu, o.connections);
}

std::optional<double> bytes_per_connection(const idle_options& o, const idle_result& r) {
  if (!r.resident_before || !r.resident_after)
    return std::nullopt;
  return (static_cast<double>(*r.resident_after) - static_cast<double>(*r.resident_before)) /
         o.connections;
}

json to_json(const idle_options& o, const idle_result& r) {
  json out{{"load", "idle"},
           {"connections", o.connections},
           {"dns", o.dns},
           {"registrations_per_s", per_second(o.connections, r.opening)},
           {"opening_us", latency_json(r.opening_times)},
           {"client_was_the_limit", r.client_was_the_limit()}};
  if (auto bytes = bytes_per_connection(o, r))
    out["broker_bytes_per_connection"] = *bytes;
  if (auto cpu = cpu_us_per_connection(o, r))
    out["broker_cpu_us_per_connection"] = *cpu;
  if (r.broker_cpu)
    out["broker_cpu_share"] = share(*r.broker_cpu, r.measured);
  if (!o.links.come_again)
    return out;
  out["load"] = "storm";
  out["at_once"] = o.links.opening_max;
  out["all_in_s"] = std::chrono::duration<double>(r.opening).count();
  out["sign_on_us"] = latency_json(r.sign_on_times);
  auto reasons = json::object();
  for (auto& [why, count] : r.refused.by_reason)
    reasons[why] = count;
  out["refused"] = {{"connections", r.refused.links},
                    {"attempts", attempts(r.refused)},
                    {"told_when_to_come_again", r.refused.told},
                    {"by_reason", reasons}};
  return out;
}

namespace {

std::string refusals_text(const idle_options& o, const idle_result& r) {
  auto out = fmt::format("served at once  {:>12}   ({} at a time)\n",
                         o.connections - r.refused.links, o.links.opening_max);
  out += fmt::format("refused first   {:>12}   ({} attempts, {} of them told when to come again)\n",
                     r.refused.links, attempts(r.refused), r.refused.told);
  for (auto& [why, count] : r.refused.by_reason)
    out += fmt::format("refused         {:>12}   {}\n", count, client::escaped(why));
  return out + fmt::format("all in after    {:>12.2f} s\n",
                           std::chrono::duration<double>(r.opening).count());
}

} // namespace

std::string text_of(const idle_options& o, const idle_result& r) {
  auto out = fmt::format("{} connections, each registered on a DN of {}\n", o.connections, o.dns);
  if (r.client_was_the_limit())
    out += client_limited;
  out += fmt::format("registrations/s {:>12.0f}   (connect, sign-on, registration)\n",
                     per_second(o.connections, r.opening));
  if (o.links.come_again) {
    out += refusals_text(o, r);
    out += latency_text("sign-on, us", r.sign_on_times); // to its registration
  }
  out += latency_text("each, us", r.opening_times);
  if (auto cpu = cpu_us_per_connection(o, r))
    out += fmt::format("broker CPU      {:>12.2f} us per connection\n", *cpu);
  if (auto bytes = bytes_per_connection(o, r))
    out += fmt::format("broker memory   {:>12.0f} bytes per connection   ({:.1f} -> {:.1f} MiB)\n",
                       *bytes, mib(*r.resident_before), mib(*r.resident_after));
  else
    out += "broker memory   not measured: give --broker-pid or --spawn\n";
  if (r.broker_cpu && o.seconds.count() > 0)
    out += fmt::format("while idle      {:>12.2f} % of a core\n",
                       100 * share(*r.broker_cpu, r.measured));
  return out;
}

// ---- the capture mix -----------------------------------------------------------------------

json to_json(const capture_options& o, const capture_result& r) {
  json out{{"load", "capture"},
           {"agents", o.agents},
           {"calls_per_hour", o.calls_per_hour},
           {"seconds", std::chrono::duration<double>(r.measured).count()},
           {"calls", r.calls},
           {"calls_not_taken", r.calls_not_taken},
           {"sends_per_s", per_second(r.sends, r.measured)},
           {"own_cpu_share", share(r.own_cpu, r.measured)}};
  if (r.broker_cpu)
    out["broker_cpu_share"] = share(*r.broker_cpu, r.measured);
  if (r.resident_end)
    out["broker_resident_bytes"] = *r.resident_end;
  out["ack_us"] = latency_json(r.ack);
  out["light_us"] = latency_json(r.light);
  out["outcome_us"] = latency_json(r.outcome);
  out["pause_outcome_us"] = latency_json(r.pause);
  auto errors = json::object();
  for (auto [code, count] : r.errors)
    errors[std::to_string(code)] = count;
  out["errors"] = errors;
  out["outcomes"] = r.outcomes;
  out["verified"] = {{"commands", r.commands},
                     {"commands_acked", r.commands_acked},
                     {"commands_heard", r.commands_heard},
                     {"indications", r.indications},
                     {"indications_acked", r.indications_acked},
                     {"indications_heard", r.indications_heard},
                     {"strays", r.strays},
                     {"good", r.good()}};
  return out;
}

std::string text_of(const capture_options& o, const capture_result& r) {
  auto out = fmt::format(
    "{} agents, {} calls an hour each, {} begun in {:.1f} s{}\n", o.agents, o.calls_per_hour,
    r.calls, std::chrono::duration<double>(r.measured).count(),
    r.calls_not_taken > 0 ? fmt::format(" ({} not taken: every agent was busy)", r.calls_not_taken)
                          : std::string{});
  out += fmt::format(
    "sends/s         {:>12.0f}   (commands and indications; {} in all, to the last call's end)\n",
    per_second(r.sends, r.measured), r.commands + r.indications);
  if (r.broker_cpu)
    out += fmt::format("broker CPU      {:>12.2f} % of a core   (this program {:.0f} %)\n",
                       100 * share(*r.broker_cpu, r.measured), 100 * share(r.own_cpu, r.measured));
  if (r.resident_end)
    out += fmt::format("broker memory   {:>12.1f} MiB\n", mib(*r.resident_end));
  out += latency_text("ACK us", r.ack) + latency_text("light us", r.light) +
         latency_text("outcome us", r.outcome) + latency_text("pause us", r.pause);
  for (auto [code, count] : r.errors)
    out += fmt::format("EventError      {}: {}\n", code, count);
  for (auto& [name, count] : r.outcomes)
    out += fmt::format("outcome         {}: {}\n", name, count);
  return out +
         fmt::format(
           "{:<16}{} commands acked {}, heard {}; {} indications acked {}, heard {}; {} strays\n",
           r.good() ? "verified" : "NOT VERIFIED", r.commands, r.commands_acked, r.commands_heard,
           r.indications, r.indications_acked, r.indications_heard, r.strays);
}

// ---- rising rates --------------------------------------------------------------------------

json to_json(const knee_options& o, const knee_result& r) {
  json out{{"load", "knee"},
           {"capacity_per_s", per_second(r.closed.acked, r.closed.measured)},
           {"knee_per_s", r.knee_per_s()},
           {"good", r.good()},
           {"closed", to_json(o.load, r.closed)}};
  auto& steps = out["steps"] = json::array();
  auto load = o.load;
  for (auto& step : r.steps) {
    load.open_loop.emplace().per_second = step.offered_per_s;
    auto one = to_json(load, step.load);
    one["keeps_up"] = step.keeps_up();
    steps.push_back(std::move(one));
  }
  return out;
}

std::string text_of(const knee_step& step) {
  auto& h = step.load.ack_latency;
  auto out =
    fmt::format("{:>10.0f} {:>10.0f} {:>10.1f} {:>10.1f} {:>10.1f} {:>10}", step.offered_per_s,
                step.achieved_per_s(), micros(h.percentile(50)), micros(h.percentile(99)),
                micros(h.percentile(99.9)), step.load.good() ? "yes" : "NO");
  if (step.load.client_was_the_limit())
    out += "   client limited";
  return out + (step.keeps_up() ? "\n" : "   does not keep up\n");
}

std::string text_of(const knee_options& o, const knee_result& r) {
  auto out = "Closed loop:\n" + text_of(o.load, r.closed) + "\nOpen loop, ACK latency in us:\n";
  out += fmt::format("{:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "offered/s", "accepted/s",
                     "p50", "p99", "p99.9", "verified");
  for (auto& step : r.steps)
    out += text_of(step);
  for (auto& step : r.steps)
    if (!step.load.good())
      out += (step.load.trouble.empty() ? "" : step.load.trouble + "\n") + verdict_text(step.load);
  return out + fmt::format("keeps up with   {:>12.0f} events/s\n", r.knee_per_s());
}

// ---- pauses beside a load ------------------------------------------------------------------

json to_json(const probe_figures& f) {
  auto errors = json::object();
  for (auto [code, count] : f.errors)
    errors[std::to_string(code)] = count;
  return {{"sent", f.sent},
          {"ack_us", latency_json(f.ack)},
          {"errors", errors},
          {"outcomes", f.outcomes}};
}

std::string text_of(const std::string& name, const probe_figures& f) {
  auto out = latency_text(name.c_str(), f.ack);
  out += fmt::format("{:<15} {:>12} sent, {} acked", "", f.sent, f.ack.count());
  for (auto& [outcome, count] : f.outcomes)
    out += fmt::format(", {} {}", count, outcome);
  for (auto [code, count] : f.errors)
    out += fmt::format(", {} refused with {}", count, code);
  return out + "\n";
}

std::string dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace ringdown::bench
