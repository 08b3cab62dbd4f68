#include "bench/tell/plots.hpp"

#include "bench/tell/hgrm.hpp"
#include "bench/tell/report_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::bench {

namespace {

plot latency_plot(std::string title, const std::vector<named_latency>& latencies) {
  plot p{std::move(title), "percentile", "microseconds", true, true, {}, {}};
  for (auto& one : latencies) {
    series s{one.label, {}};
    for (auto& point : distribution(one.latency))
      if (point.percent < 100) // at 100 the axis has no end
        s.points.emplace_back(100 / (100 - point.percent), micros(point.value));
    p.lines.push_back(std::move(s));
  }
  p.x_labels = {{1, "0 %"},       {2, "50 %"},         {10, "90 %"},          {100, "99 %"},
                {1000, "99.9 %"}, {10'000, "99.99 %"}, {100'000, "99.999 %"}, {1e6, "99.9999 %"}};
  return p;
}

/// A value of each sample over time.
template <class Value>
series over_time(std::string name, const std::vector<sample>& samples, Value value) {
  series s{std::move(name), {}};
  for (auto& one : samples)
    s.points.emplace_back(std::chrono::duration<double>(one.at).count(), value(one));
  return s;
}

/// Adds what the samples show, if there are any.
void add_over_time(std::vector<named_plot>& all, const std::vector<sample>& samples,
                   const std::string& of) {
  if (samples.empty())
    return;
  plot rate{"Rate over time" + of, "seconds", "events per second", false, false, {}, {}};
  rate.lines = {
    over_time("accepted", samples, [](auto& s) { return per_second(s.acked, s.length); }),
    over_time("delivered", samples, [](auto& s) { return per_second(s.delivered, s.length); }),
    over_time("refused", samples, [](auto& s) { return per_second(s.refused, s.length); })};
  all.push_back({"rate", rate});
  plot latency{"ACK latency over time" + of, "seconds", "microseconds", false, true, {}, {}};
  latency.lines = {over_time("p50", samples, [](auto& s) { return micros(s.ack_p50_ns); }),
                   over_time("p99", samples, [](auto& s) { return micros(s.ack_p99_ns); })};
  all.push_back({"ack-over-time", latency});
  if (!samples.front().resident_bytes)
    return;
  plot memory{"Broker memory over time" + of, "seconds", "MiB", false, false, {}, {}};
  memory.lines = {
    over_time("resident", samples, [](auto& s) { return mib(s.resident_bytes.value_or(0)); })};
  all.push_back({"memory", memory});
}

/// What a run has: its latencies by percentile, and its samples over time.
std::vector<named_plot> plots_of_run(const std::vector<named_latency>& latencies,
                                     const std::vector<sample>& samples, const std::string& of) {
  auto in_title = of.empty() ? of : ", " + of;
  std::vector<named_plot> all{
    {"latency", latency_plot("Latency by percentile" + in_title, latencies)}};
  add_over_time(all, samples, in_title);
  return all;
}

plot knee_plot(const knee_result& r) {
  plot p{"ACK latency by rate", "offered events per second", "microseconds", false, true, {}, {}};
  p.dots = true;
  for (auto [name, percent] : {std::pair{"p50", 50.0}, {"p99", 99.0}, {"p99.9", 99.9}}) {
    series s{name, {}};
    for (auto& step : r.steps)
      s.points.emplace_back(step.offered_per_s, // beyond the knee the accepted rate turns back
                            micros(step.load.ack_latency.percentile(percent)));
    p.lines.push_back(std::move(s));
  }
  return p;
}

} // namespace

std::vector<named_plot> plots_of(const load_result& r, const std::string& of) {
  return plots_of_run(latencies_of(r), r.samples, of);
}

std::vector<named_plot> plots_of(const capture_result& r) {
  return plots_of_run(latencies_of(r), r.samples, {});
}

std::vector<named_plot> plots_of(const idle_result& r) {
  return {{"latency", latency_plot("Time until registered, by percentile", latencies_of(r))}};
}

std::vector<named_plot> plots_of(const knee_result& r) {
  std::vector<named_plot> all{{"knee", knee_plot(r)}};
  auto* step = r.knee();
  auto more = step != nullptr
                ? plots_of(step->load, fmt::format("{:.0f} events/s offered", step->offered_per_s))
                : plots_of(r.closed, "closed loop");
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<named_plot> plots_of(const overload_result& r) {
  return {{"pause", latency_plot("Pause to its ACK, by percentile", latencies_of(r))}};
}

std::vector<named_plot> plots_of(const logins_result& r) {
  return {{"latency", latency_plot("Command to its ACK, by percentile", latencies_of(r))}};
}

bar_chart cpu_chart(const comparison_result& c) {
  bool has_connections = std::any_of(c.loads.begin(), c.loads.end(),
                                     [](const named_load& l) { return l.is_connections(); });
  bar_chart chart{has_connections ? "Broker CPU for each event or registration, by load"
                                  : "Broker CPU for each event, by load",
                  "microseconds of one core",
                  {},
                  {}};
  for (auto& load : c.loads)
    chart.groups.push_back(load.name);
  for (std::size_t i = 0; i < c.members.size(); ++i) {
    auto& bars = chart.members.emplace_back();
    bars.name = c.members[i].name;
    for (std::size_t load = 0; load < c.loads.size(); ++load)
      bars.values.push_back(spread_of(c.at(load, i).cpu_us));
  }
  return chart;
}

} // namespace ringdown::bench
