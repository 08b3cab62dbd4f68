#include "bench/tell/report_text.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

json to_json(const capture_options& o, const capture_result& r) {
  json out{{"load", "capture"},
           {"agents", o.agents},
           {"agents_per_link", o.agents_per_link},
           {"calls_per_hour", o.calls_per_hour},
           {"call_s", std::chrono::duration<double>(o.call).count()},
           {"seed", o.seed},
           {"seconds", std::chrono::duration<double>(r.measured).count()},
           {"calls", r.calls},
           {"calls_not_taken", r.calls_not_taken},
           {"offered_per_s", per_second(r.calls_due(), r.measured)},
           {"achieved_per_s", per_second(r.calls, r.measured)},
           {"achieved_share", ratio(r.calls, r.calls_due())},
           {"sends_per_s", per_second(r.sends, r.measured)},
           {"frames_per_read", ratio(r.frames, r.reads)},
           {"own_cpu_share", share(r.own_cpu, r.measured)},
           {"client_was_the_limit", r.client_was_the_limit()}};
  if (auto cpu = micros_for_each(r.broker_cpu, r.acked))
    out["broker_cpu_us_per_command"] = *cpu;
  if (r.broker_cpu)
    out["broker_cpu_share"] = share(*r.broker_cpu, r.measured);
  add_memory(out, memory_of(r));
  out["ack_us"] = latency_json(r.ack);
  out["light_us"] = latency_json(r.light);
  out["outcome_us"] = latency_json(r.outcome);
  out["pause_outcome_us"] = latency_json(r.pause);
  out["errors"] = errors_json(r.errors);
  out["outcomes"] = r.outcomes;
  out["verified"] = {{"commands", r.commands},
                     {"commands_acked", r.commands_acked},
                     {"commands_heard", r.commands_heard},
                     {"indications", r.indications},
                     {"indications_acked", r.indications_acked},
                     {"indications_heard", r.indications_heard},
                     {"strays", r.strays},
                     {"good", r.good()}};
  out["samples"] = samples_json(r.samples);
  return out;
}

std::string text_of(const capture_options& o, const capture_result& r) {
  auto out =
    fmt::format("{} agents, {} calls an hour each, {} begun in {:.1f} s\n", o.agents,
                o.calls_per_hour, r.calls, std::chrono::duration<double>(r.measured).count());
  if (r.client_was_the_limit())
    out += client_limited;
  out += fmt::format(
    "offered/s       {:>12.2f}   (calls due; achieved {:.1f} %, {:.2f} begun/s{})\n",
    per_second(r.calls_due(), r.measured), 100 * ratio(r.calls, r.calls_due()),
    per_second(r.calls, r.measured),
    r.calls_not_taken > 0 ? fmt::format("; {} not taken: every agent was busy", r.calls_not_taken)
                          : std::string{});
  out += fmt::format(
    "sends/s         {:>12.0f}   (commands and indications, {:.1f} frames per read "
    "here; {} in all, to the last call's end)\n",
    per_second(r.sends, r.measured), ratio(r.frames, r.reads), r.commands + r.indications);
  out += cpu_text({r.broker_cpu, r.own_cpu, r.measured}, r.acked, "command") +
         memory_text(memory_of(r)) + latency_text("ACK us", r.ack) +
         latency_text("light us", r.light) + latency_text("outcome us", r.outcome) +
         latency_text("pause us", r.pause) + errors_text(r.errors);
  for (auto& [name, count] : r.outcomes)
    out += fmt::format("outcome         {}: {}\n", name, count);
  return out +
         fmt::format(
           "{:<16}{} commands acked {}, heard {}; {} indications acked {}, heard {}; {} strays\n",
           r.good() ? "verified" : "NOT VERIFIED", r.commands, r.commands_acked, r.commands_heard,
           r.indications, r.indications_acked, r.indications_heard, r.strays);
}

} // namespace ringdown::bench
