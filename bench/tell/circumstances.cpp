#include "bench/tell/circumstances.hpp"

#include "bench/tell/report_text.hpp"

#include <fmt/format.h>

namespace ringdown::bench {

namespace {

json to_json(const machine_use& use) {
  json out{{"at_s", std::chrono::duration<double>(use.at).count()},
           {"stolen_share", use.stolen_share()}};
  auto others = use.others_share();
  out["others_share"] = others ? json(*others) : json(nullptr);
  return out;
}

std::string use_text(const machine_use& use) {
  auto others = use.others_share();
  return fmt::format("other programs {}, stolen {:.1f} % of all processors",
                     others ? fmt::format("{:.1f} %", 100 * *others) : std::string{"unknown"},
                     100 * use.stolen_share());
}

} // namespace

json to_json(const circumstances& c) {
  json out{{"date", c.date},
           {"host", c.host.name},
           {"kernel", c.host.kernel},
           {"processor", c.host.processor},
           {"processors", c.host.processors},
           {"bench_version", c.bench_version},
           {"broker", c.broker},
           {"verb", c.verb},
           {"command", c.command}};
  auto& flags = out["flags"] = json::object();
  for (auto& [name, value] : c.flags)
    flags[name] = value;
  auto& machine = out["machine"] = to_json(c.machine.whole);
  machine["disturbed"] = c.machine.whole.is_disturbed();
  auto& samples = machine["samples"] = json::array();
  for (auto& use : c.machine.samples)
    samples.push_back(to_json(use));
  return out;
}

std::string text_of(const circumstances& c) {
  std::string out;
  if (c.machine.whole.is_disturbed())
    out += fmt::format("DISTURBED       {}: compare these figures with no others\n",
                       use_text(c.machine.whole));
  out += fmt::format("\n{:<15} {}\n", "date", c.date);
  out += fmt::format("{:<15} {}, {}, {} x {}\n", "host", c.host.name, c.host.kernel,
                     c.host.processors, c.host.processor.empty() ? "?" : c.host.processor);
  out += fmt::format("{:<15} ringdown-bench {}, broker {}\n", "versions", c.bench_version,
                     c.broker.empty() ? "not reached" : c.broker);
  out += fmt::format("{:<15} {}\n", "beside the run", use_text(c.machine.whole));
  out += fmt::format("{:<15} {}\n", "command", c.command);
  std::string flags;
  for (auto& [name, value] : c.flags)
    flags += " " + name + "=" + value;
  return out + fmt::format("{:<15}{}\n", "all flags", flags);
}

std::string markdown_of(const circumstances& c) {
  return "\n```text\n" + text_of(c) + "```\n";
}

std::vector<named_plot> plots_of(const machine_history& h) {
  if (h.samples.empty())
    return {};
  plot p{"Beside the run, over time", "seconds", "% of all processors", false, false, {}, {}};
  series stolen{"stolen", {}};
  series others{"other programs", {}};
  for (auto& use : h.samples) {
    auto at = std::chrono::duration<double>(use.at).count();
    stolen.points.emplace_back(at, 100 * use.stolen_share());
    if (auto share = use.others_share())
      others.points.emplace_back(at, 100 * *share);
  }
  p.lines.push_back(std::move(stolen));
  if (!others.points.empty())
    p.lines.push_back(std::move(others));
  return {{"machine", p}};
}

} // namespace ringdown::bench
