#include "bench/plots.hpp"

#include "bench/hgrm.hpp"
#include "bench/report_text.hpp"

#include <algorithm>

namespace ringdown::bench {

namespace {

plot latency_plot(const load_result& r) {
  plot p{"Latency by percentile", "percentile", "microseconds", true, true, {}, {}};
  for (auto [name, h] : {std::pair{"ACK", &r.ack_latency}, {"delivery", &r.delivery_latency}}) {
    series s{name, {}};
    for (auto& point : distribution(*h))
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
series over_time(std::string name, const load_result& r, Value value) {
  series s{std::move(name), {}};
  for (auto& one : r.samples)
    s.points.emplace_back(std::chrono::duration<double>(one.at).count(), value(one));
  return s;
}

} // namespace

std::vector<named_plot> plots_of(const load_result& r) {
  plot rate{"Rate over time", "seconds", "events per second", false, false, {}, {}};
  rate.lines = {
    over_time("accepted", r, [](auto& s) { return per_second(s.acked, s.length); }),
    over_time("delivered", r, [](auto& s) { return per_second(s.delivered, s.length); }),
    over_time("refused", r, [](auto& s) { return per_second(s.refused, s.length); })};
  plot latency{"ACK latency over time", "seconds", "microseconds", false, true, {}, {}};
  latency.lines = {over_time("p50", r, [](auto& s) { return micros(s.ack_p50_ns); }),
                   over_time("p99", r, [](auto& s) { return micros(s.ack_p99_ns); })};
  std::vector<named_plot> all{
    {"latency", latency_plot(r)}, {"rate", rate}, {"ack-over-time", latency}};
  if (!r.samples.empty() && r.samples.front().resident_bytes) {
    plot memory{"Broker memory over time", "seconds", "MiB", false, false, {}, {}};
    memory.lines = {over_time("resident", r, [](auto& s) {
      return static_cast<double>(s.resident_bytes.value_or(0)) / bytes_in_mib;
    })};
    all.push_back({"memory", memory});
  }
  return all;
}

std::vector<named_plot> plots_of(const knee_result& r) {
  plot p{"ACK latency by rate", "offered events per second", "microseconds", false, true, {}, {}};
  p.dots = true;
  for (auto [name, percent] : {std::pair{"p50", 50.0}, {"p99", 99.0}, {"p99.9", 99.9}}) {
    series s{name, {}};
    for (auto& step : r.steps)
      s.points.emplace_back(step.offered_per_s, // beyond the knee the accepted rate turns back
                            micros(step.load.ack_latency.percentile(percent)));
    p.lines.push_back(std::move(s));
  }
  return {{"knee", p}};
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
