#include "bench/tell/overload.hpp"

#include "bench/tell/memory_trend.hpp"
#include "bench/tell/report_text.hpp"
#include "messages/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ringdown::bench {

namespace {

constexpr double ns_in_ms = 1e6;

double p99_ms(const probe_figures& f) {
  return static_cast<double>(f.ack.percentile(99)) / ns_in_ms;
}

/// The size of a limit in the broker's line of limits, such as `name="2 GiB"`.
std::optional<std::uint64_t> size_behind(std::string_view name, std::string_view log) {
  constexpr std::string_view between = "=\"";
  auto at = log.find(std::string{name}.append(between));
  if (at == std::string_view::npos)
    return std::nullopt;
  auto rest = log.substr(at + name.size() + between.size());
  std::uint64_t number = 0;
  auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (fault != std::errc{})
    return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> units{
    {{" B\"", 1}, {" KiB\"", 1024}, {" MiB\"", 1024 * 1024}, {" GiB\"", 1024 * 1024 * 1024}}};
  for (auto [unit, factor] : units)
    if (rest.starts_with(unit))
      return number * factor;
  return std::nullopt;
}

goal survives(const load_result& r) {
  if (r.trouble.empty())
    return {"no crash", true, "it served all connections to the end"};
  return {"no crash", false, r.trouble};
}

goal keeps_rate(const overload_result& r) {
  return {
    "rate", r.kept() >= kept_share_min,
    fmt::format("{:.1f} % of the peak: {:.0f} of {:.0f} events/s were ACKed (at least {:.0f} %)",
                100 * r.kept(), per_second(r.under_load.acked, r.under_load.measured), r.capacity,
                100 * kept_share_min)};
}

/// A code by which a broker may say that it has too much to do.
bool says_too_much(std::uint32_t code) {
  constexpr std::array codes{error_code::too_many_requests, error_code::no_queue_space,
                             error_code::overloaded};
  return std::any_of(codes.begin(), codes.end(),
                     [&](auto one) { return static_cast<std::uint32_t>(one) == code; });
}

goal tells_refusals(const load_result& r) {
  std::uint64_t told = 0;
  bool is_told_why = true;
  std::string codes;
  for (auto [code, count] : r.errors) {
    told += count;
    is_told_why &= says_too_much(code);
    codes += fmt::format(", {} x {}", count, code);
  }
  auto& f = r.found;
  return {"refusals told", is_told_why && told == f.refused && f.acked + f.refused == f.sent,
          fmt::format("{} sent, {} ACKed, {} refused{}; {} without an answer", f.sent, f.acked,
                      f.refused, codes, f.sent - f.acked - f.refused)};
}

goal is_bounded(const overload_result& r) {
  auto most = resident_max(r.under_load.samples);
  if (!most)
    return {"memory bounded", std::nullopt, "not measured"};
  auto figure = fmt::format("{:.1f} MiB at most", mib(*most));
  if (!r.memory_bound)
    return {"memory bounded", std::nullopt, figure + "; the broker printed no bound"};
  return {
    "memory bounded", *most <= *r.memory_bound,
    fmt::format("{}; the bound printed at start is {:.0f} MiB", figure, mib(*r.memory_bound))};
}

goal stays_flat(const load_result& r) {
  auto halves = halves_of(r.samples);
  if (!halves)
    return {"memory flat", std::nullopt, "not measured"};
  return {"memory flat", halves->is_flat(),
          fmt::format("{:.1f} MiB in the first half of the measured time, {:.1f} in the second",
                      halves->first / bytes_in_mib, halves->second / bytes_in_mib)};
}

/// Each pause is ACKed; the slowest hundredth may take longer.
goal pauses_in_time(const overload_result& r) {
  auto limit = std::chrono::duration<double, std::milli>(pause_p99_max).count();
  auto& loaded = r.loaded;
  bool is_acked = loaded.sent > 0 && loaded.ack.count() == loaded.sent;
  return {"pause ACKed", is_acked && p99_ms(loaded) <= limit,
          fmt::format("p99 {:.2f} ms (at most {:.0f}), unloaded {:.2f} ms; {} of {} ACKed",
                      p99_ms(loaded), limit, p99_ms(r.unloaded), loaded.ack.count(), loaded.sent)};
}

const char* verdict(const goal& g) {
  if (!g.is_reached)
    return "?";
  return *g.is_reached ? "yes" : "NO";
}

} // namespace

double overload_result::kept() const {
  return per_second(under_load.acked, under_load.measured) / std::max(capacity, 1.0);
}

std::optional<std::uint64_t> printed_memory_bound(std::string_view log) {
  auto budget = size_behind("memory_budget_bytes", log);
  auto reserve = size_behind("memory_budget_reserve", log);
  return budget && reserve ? std::optional{*budget + *reserve} : std::nullopt;
}

std::vector<goal> goals_of(const overload_result& r) {
  return {survives(r.under_load),   keeps_rate(r),    tells_refusals(r.under_load), is_bounded(r),
          stays_flat(r.under_load), pauses_in_time(r)};
}

bool all_reached(const std::vector<goal>& goals) {
  return std::all_of(goals.begin(), goals.end(),
                     [](auto& g) { return g.is_reached.value_or(true); });
}

void add_to(json& object, const overload_result& r) {
  object["capacity_per_s"] = r.capacity;
  object["kept"] = r.kept();
  object["resident_bytes_max"] = resident_max(r.under_load.samples).value_or(0);
  if (r.memory_bound)
    object["memory_bound_bytes"] = *r.memory_bound;
  object["pause"] = {{"unloaded", to_json(r.unloaded)},
                     {"overloaded", to_json(r.loaded)},
                     {"runs_first", r.probe_runs_first},
                     {"trouble", r.probe_trouble}};
  auto& list = object["goals"] = json::array();
  for (auto& g : goals_of(r)) {
    json one{{"name", g.name}, {"figure", g.figure}};
    one["is_reached"] = g.is_reached ? json(*g.is_reached) : json(nullptr);
    list.push_back(std::move(one));
  }
}

std::string text_of(const overload_result& r) {
  auto out = text_of("pause, alone us", r.unloaded) + text_of("pause, load us", r.loaded);
  if (!r.probe_runs_first)
    out += "                the probe's thread waits for the load's: its figures are too high\n";
  if (!r.probe_trouble.empty())
    out += "the pauses ended: " + r.probe_trouble + "\n";
  out += fmt::format("\n{:<15} {:<8} figure, over {:.0f} s\n", "goal", "reached",
                     std::chrono::duration<double>(r.under_load.measured).count());
  for (auto& g : goals_of(r))
    out += fmt::format("{:<15} {:<8} {}\n", g.name, verdict(g), g.figure);
  return out;
}

} // namespace ringdown::bench
