#include "bench/tell/report_text.hpp"

#include "messages/text.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

namespace {

std::uint64_t attempts(const link_set::refusals& r) {
  std::uint64_t sum = 0;
  for (auto& [why, count] : r.by_reason)
    sum += count;
  return sum;
}

std::string refusals_text(const idle_options& o, const idle_result& r) {
  auto out = fmt::format("served at once  {:>12}   ({} at a time)\n",
                         o.connections - r.refused.links, o.links.opening_max);
  out += fmt::format("refused first   {:>12}   ({} attempts, {} of them told when to come again)\n",
                     r.refused.links, attempts(r.refused), r.refused.told);
  for (auto& [why, count] : r.refused.by_reason)
    out += fmt::format("refused         {:>12}   {}\n", count, printable(why));
  return out + fmt::format("all in after    {:>12.2f} s\n",
                           std::chrono::duration<double>(r.opening).count());
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
           {"at_once", o.links.opening_max},
           {"idle_s", std::chrono::duration<double>(o.seconds).count()},
           {"registrations_per_s", per_second(o.connections, r.opening)},
           {"opening_us", latency_json(r.opening_times)},
           {"own_opening_cpu_share", share(r.own_opening_cpu, r.opening)},
           {"client_was_the_limit", r.client_was_the_limit()}};
  if (!r.tls.empty())
    out["tls"] = r.tls;
  if (o.heartbeat_interval)
    out["heartbeat_ms"] = o.heartbeat_interval->count();
  if (auto bytes = bytes_per_connection(o, r))
    out["broker_bytes_per_connection"] = *bytes;
  if (auto cpu = cpu_us_per_connection(o, r))
    out["broker_cpu_us_per_connection"] = *cpu;
  if (r.opening_cpu)
    out["broker_opening_cpu_share"] = share(*r.opening_cpu, r.opening);
  if (r.broker_cpu)
    out["broker_idle_cpu_share"] = share(*r.broker_cpu, r.measured);
  if (!o.links.come_again)
    return out;
  out["load"] = "storm";
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

std::string text_of(const idle_options& o, const idle_result& r) {
  auto out = fmt::format("{} connections, each registered on a DN of {}\n", o.connections, o.dns);
  out += tls_text(r.tls);
  if (r.client_was_the_limit())
    out += client_limited;
  out += fmt::format("registrations/s {:>12.0f}   (connect, sign-on, registration)\n",
                     per_second(o.connections, r.opening));
  if (o.links.come_again) {
    out += refusals_text(o, r);
    out += latency_text("sign-on, us", r.sign_on_times); // to its registration
  }
  out += latency_text("each, us", r.opening_times);
  out += cpu_text({r.opening_cpu, r.own_opening_cpu, r.opening}, o.connections, "connection");
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

std::string text_of(const link_set& opening, std::chrono::nanoseconds time) {
  auto out = fmt::format("{:6.1f} s  {:>9} of {} connections are up",
                         std::chrono::duration<double>(time).count(), opening.up(), opening.size());
  if (opening.refused().links > 0)
    out += fmt::format("  {} refused at first", opening.refused().links);
  return out + "\n";
}

} // namespace ringdown::bench
