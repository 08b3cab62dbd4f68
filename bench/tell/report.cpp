#include "bench/tell/report_text.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

using std::chrono::nanoseconds;

namespace {

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

void add_pace(json& out, const pace& p) {
  out["rate"] = p.per_second;
  if (p.kind == arrival::ramp)
    out["rate_from"] = p.from_per_second;
  if (p.kind == arrival::burst)
    out["burst"] = p.burst_events;
  if (p.kind == arrival::poisson)
    out["seed"] = p.seed;
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

} // namespace

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
           {"command", to_string(o.command)},
           {"slow_receivers", o.slow_receivers},
           {"exceed_window", o.exceed_window},
           {"warmup_s", std::chrono::duration<double>(o.warmup).count()},
           {"seconds", std::chrono::duration<double>(r.measured).count()}};
  if (o.slow_receivers > 0)
    out["slow_rate"] = o.slow_bytes_per_second;
  if (!r.tls.empty())
    out["tls"] = r.tls;
  if (o.open_loop)
    add_pace(out, *o.open_loop);
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
  add_memory(out, memory_of(r));
  out["ack_us"] = latency_json(r.ack_latency);
  out["delivery_us"] = latency_json(r.delivery_latency);
  out["errors"] = errors_json(r.errors);
  if (o.slow_receivers > 0)
    out["slow_receivers_lost"] = r.slow_receivers_lost;
  out["verified"] = verified_json(r);
  out["samples"] = samples_json(r.samples);
  return out;
}

std::string text_of(const load_options& o, const load_result& r) {
  auto out =
    fmt::format("{} producers x {} outstanding, {} DNs, {} receiver{}{}, {} bytes, {:.1f} s, {}\n",
                o.producers, o.window, o.dns, o.receivers, o.receivers == 1 ? "" : "s",
                o.fan_out > 1 ? fmt::format(" ({} of each DN)", o.fan_out) : std::string{},
                o.user_data_bytes, std::chrono::duration<double>(r.measured).count(),
                o.open_loop ? "open loop, " + load_name(o) : std::string{"closed loop"});
  out += tls_text(r.tls);
  if (r.client_was_the_limit())
    out += client_limited;
  out += fmt::format(
    "events/s        {:>12.0f}   (delivered {:.0f}/s, {:.1f} frames per read here)\n",
    per_second(r.acked, r.measured), per_second(r.delivered, r.measured), ratio(r.frames, r.reads));
  if (o.open_loop)
    out +=
      fmt::format("offered/s       {:>12.0f}   (achieved {:.1f} %; {} never sent)\n",
                  per_second(r.offered, r.measured), 100 * ratio(r.acked, r.offered), r.unsent);
  out += cpu_text({r.broker_cpu, r.own_cpu, r.measured}, r.acked, "event") +
         memory_text(memory_of(r)) + latency_text("ACK us", r.ack_latency) +
         latency_text("delivery us", r.delivery_latency) + errors_text(r.errors);
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

// ---- pauses beside a load ------------------------------------------------------------------

json to_json(const probe_figures& f) {
  return {{"sent", f.sent},
          {"ack_us", latency_json(f.ack)},
          {"errors", errors_json(f.errors)},
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
