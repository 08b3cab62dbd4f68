#include "bench/tell/report_text.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

json to_json(const knee_options& o, const knee_result& r) {
  json out{{"load", "knee"},
           {"steps_wanted", o.steps},
           {"up_to", o.up_to},
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
  auto out = fmt::format("{:>10.0f} {:>10.0f} {:>10.1f} {:>10.1f} {:>10.1f} {:>10.0f} {:>10}",
                         step.offered_per_s, step.achieved_per_s(), micros(h.percentile(50)),
                         micros(h.percentile(99)), micros(h.percentile(99.9)),
                         100 * share(step.load.own_cpu, step.load.measured),
                         step.load.good() ? "yes" : "NO");
  if (step.load.client_was_the_limit())
    out += "   client limited";
  return out + (step.keeps_up() ? "\n" : "   does not keep up\n");
}

std::string text_of(const knee_options& o, const knee_result& r) {
  auto out = "Closed loop:\n" + text_of(o.load, r.closed) + "\nOpen loop, ACK latency in us:\n";
  out += fmt::format("{:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "offered/s",
                     "accepted/s", "p50", "p99", "p99.9", "own CPU %", "verified");
  for (auto& step : r.steps)
    out += text_of(step);
  for (auto& step : r.steps)
    if (!step.load.good())
      out += (step.load.trouble.empty() ? "" : step.load.trouble + "\n") + verdict_text(step.load);
  return out + fmt::format("keeps up with   {:>12.0f} events/s\n", r.knee_per_s());
}

} // namespace ringdown::bench
