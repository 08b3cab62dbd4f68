#include "bench/load/idle.hpp"

#include "bench/machine/process.hpp"
#include "bench/speak/ringdown_protocol.hpp"

namespace ringdown::bench {

using std::chrono::milliseconds;

namespace {

/// An idle connection has nothing to hear.
class deaf_sink : public run_sink {
public:
  void on_ack(std::size_t, slot_index, std::uint64_t) override {}
  void on_refusal(std::size_t, slot_index, std::uint32_t, milliseconds) override {}
  void on_delivery(std::size_t, std::string_view, std::uint64_t) override {}
  void on_missed(std::size_t, std::string_view, std::uint64_t) override {}
};

/// Each on one DN. Others than ours know only receivers on a DN.
std::vector<link_plan> plans_of(const idle_options& o) {
  std::vector<link_plan> plans(o.connections);
  for (std::uint32_t i = 0; i < o.connections; ++i) {
    plans[i].role = o.speak ? role::recorder : role::desktop;
    plans[i].dns = {i % o.dns};
  }
  return plans;
}

std::unique_ptr<protocol> make_protocol(const idle_options& o, const std::vector<link_plan>& plans,
                                        const event_template& names) {
  if (o.speak)
    return o.speak(plans, names);
  ringdown_protocol::options wished;
  wished.credentials = o.credentials;
  wished.heartbeat_interval = o.heartbeat_interval;
  return std::make_unique<ringdown_protocol>(wished, plans, names);
}

} // namespace

idle_result run_idle(const idle_options& o) {
  idle_result result;
  if (auto trouble = make_room_for_links(o.connections)) {
    result.trouble = *trouble;
    return result;
  }
  event_template names{o.dn_prefix, o.dns, 0};
  auto plans = plans_of(o);
  auto spoken = make_protocol(o, plans, names);
  link_set links{o.links, *spoken, plans.size()};
  deaf_sink sink;
  result.resident_before = o.broker_resident_bytes();
  auto cpu_before = o.broker_cpu();
  auto own_before = own_thread_cpu_time();
  if (o.on_coming_up)
    o.on_coming_up(true);
  auto begin = clock::now();
  auto trouble = links.bring_up(o.patience, o.stopped, sink);
  auto up = clock::now();
  if (o.on_coming_up)
    o.on_coming_up(false);
  result.refused = links.refused();
  result.broker = spoken->broker();
  result.tls = links.arrived().tls;
  if (trouble) {
    result.trouble = *trouble;
    return result;
  }
  auto cpu_up = o.broker_cpu();
  result.own_opening_cpu = own_thread_cpu_time() - own_before;
  result.opening = up - begin;
  result.opening_times = links.arrived().opening_times;
  result.sign_on_times = links.arrived().sign_on_times;
  while (clock::now() < up + o.seconds && !(o.stopped && o.stopped()))
    if (!links.turn(milliseconds{50}, sink)) {
      result.trouble = links.lost_text();
      return result;
    }
  result.measured = clock::now() - up;
  result.resident_after = o.broker_resident_bytes();
  if (auto cpu_after = o.broker_cpu(); cpu_after && cpu_before && cpu_up) {
    result.opening_cpu = *cpu_up - *cpu_before;
    result.broker_cpu = *cpu_after - *cpu_up;
  }
  return result;
}

} // namespace ringdown::bench
