#include "bench/load/workload.hpp"

#include "messages/limits.hpp"

#include <algorithm>
#include <array>

namespace ringdown::bench {

namespace {

pace evenly(double per_second) {
  pace p;
  p.per_second = per_second;
  return p;
}

const std::array<workload, 11> all{{
  {"w1", "16 producers x 64 outstanding over 10,000 DNs", [](load_options&) {}},
  {"latency", "1 producer x 1 outstanding", [](load_options& o) { o.producers = o.window = 1; }},
  {"sparse", "256 producers x 1 outstanding: no batching helps",
   [](load_options& o) {
     o.producers = 256;
     o.window = 1;
   }},
  {"open", "open loop, 20,000/s evenly spaced",
   [](load_options& o) {
     o.open_loop = evenly(20'000);
     o.window = open_window;
   }},
  {"ramp", "open loop, from 1,000/s to 400,000/s",
   [](load_options& o) {
     o.open_loop = evenly(400'000);
     o.open_loop->kind = arrival::ramp;
     o.open_loop->from_per_second = 1000;
     o.window = open_window;
     o.warmup = std::chrono::milliseconds{0};
   }},
  {"burst", "open loop, 2,000 at once, 20,000/s on average",
   [](load_options& o) {
     o.open_loop = evenly(20'000);
     o.open_loop->kind = arrival::burst;
     o.open_loop->burst_events = 2000;
     o.window = open_window;
   }},
  {"fan-out", "1 DN with 100 receivers",
   [](load_options& o) {
     o.producers = o.dns = 1;
     o.receivers = o.fan_out = 100;
   }},
  {"many-dns", "1,000,000 DNs over 16 producers and 16 receivers",
   [](load_options& o) {
     o.dns = 1'000'000;
     o.receivers = 16;
     o.patience = std::chrono::minutes{10};
   }},
  {"slow", "two receivers of each DN, one of the four reads only 64 KiB/s",
   [](load_options& o) {
     o.receivers = 4;
     o.fan_out = 2;
     o.slow_receivers = 1;
     o.open_loop = evenly(20'000);
     o.window = open_window;
     o.silence_max = std::chrono::seconds{15};
   }},
  {"stalled", "1 DN with 1,000 receivers, one of which stops reading (--slow 0: none does)",
   [](load_options& o) {
     o.producers = o.dns = 1;
     o.receivers = o.fan_out = 1000;
     o.slow_receivers = 1;
     o.slow_bytes_per_second = 0;
     o.user_data_bytes = 5000; // the kernel's room, then the broker's, within the time
     o.open_loop = evenly(40);
     o.window = 100;
     o.seconds = std::chrono::seconds{45};
     o.silence_max = std::chrono::seconds{15};
   }},
  {"soak", "open loop, 20,000/s as from many agents, for an hour; says how memory grows",
   [](load_options& o) {
     o.open_loop = evenly(20'000);
     o.open_loop->kind = arrival::poisson;
     o.window = open_window;
     o.seconds = std::chrono::hours{1};
   }},
}};

void raise(std::vector<std::string>& flags, const char* name, std::size_t wanted,
           std::size_t usual) {
  if (wanted > usual)
    flags.push_back("--limits." + std::string{name} + "=" + std::to_string(wanted));
}

} // namespace

std::span<const workload> workloads() noexcept {
  return all;
}

const workload* find_workload(std::string_view name) noexcept {
  auto found = std::find_if(all.begin(), all.end(), [&](auto& w) { return w.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string workload_names() {
  std::string names;
  for (auto& w : all)
    names += (names.empty() ? "" : ", ") + std::string{w.name};
  return names;
}

std::vector<std::string> limits_for(std::size_t connections, std::size_t dns,
                                    std::size_t dns_of_a_link, std::size_t links_of_a_dn) {
  constexpr std::size_t others = 16; // whoever looks at the broker meanwhile
  constexpr limits usual;
  std::vector<std::string> flags;
  raise(flags, "connections_max", connections + others, usual.connections_max);
  // The last eighth is not for whoever brings up many.
  raise(flags, "dns_max", (dns + others) * 8 / 7 + 1, usual.dns_max);
  raise(flags, "registrations_per_connection_max", dns_of_a_link,
        usual.registrations_per_connection_max);
  raise(flags, "registrations_per_dn_max", links_of_a_dn, usual.registrations_per_dn_max);
  raise(flags, "recorders_per_dn_max", links_of_a_dn, usual.recorders_per_dn_max);
  auto told_in_a_frame = 256 * links_of_a_dn; // as ringdownd counts it
  raise(flags, "frame_bytes_max", told_in_a_frame, usual.frame_bytes_max);
  raise(flags, "outbox_low_water_bytes", told_in_a_frame + 1, usual.outbox_low_water_bytes);
  raise(flags, "request_bytes_outstanding_max", told_in_a_frame,
        usual.request_bytes_outstanding_max);
  return flags;
}

std::vector<std::string> limits_for(const load_options& o) {
  auto most = std::size_t{o.dns} * o.fan_out / o.receivers + 1;
  most = std::max<std::size_t>(most, o.dns / o.producers + 1);
  return limits_for(std::size_t{o.producers} + o.receivers, o.dns, most, o.fan_out + 1);
}

} // namespace ringdown::bench
