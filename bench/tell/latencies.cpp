#include "bench/tell/latencies.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

std::vector<named_latency> latencies_of(const load_result& r) {
  return {{"ack", "ACK", r.ack_latency}, {"delivery", "delivery", r.delivery_latency}};
}

std::vector<named_latency> latencies_of(const capture_result& r) {
  return {{"ack", "ACK", r.ack},
          {"light", "light", r.light},
          {"outcome", "outcome", r.outcome},
          {"pause", "outcome of a pause", r.pause}};
}

std::vector<named_latency> latencies_of(const idle_result& r) {
  return {{"opening", "from the first connect", r.opening_times},
          {"sign-on", "from the sign-on", r.sign_on_times}};
}

std::vector<named_latency> latencies_of(const knee_result& r) {
  std::vector<named_latency> all;
  for (auto& step : r.steps)
    for (auto& one : latencies_of(step.load)) {
      one.name = fmt::format("{:.0f}.{}", step.offered_per_s, one.name);
      all.push_back(std::move(one));
    }
  return all;
}

std::vector<named_latency> latencies_of(const overload_result& r) {
  return {{"pause-unloaded", "unloaded", r.unloaded.ack},
          {"pause-loaded", "under load", r.loaded.ack}};
}

std::vector<named_latency> latencies_of(const logins_result& r) {
  return {{"ack-alone", "no storm", r.alone.ack},
          {"ack-plain", "beside plain logins", r.plain.agents.ack},
          {"ack-tls", "beside logins by TLS", r.by_tls.agents.ack}};
}

} // namespace ringdown::bench
