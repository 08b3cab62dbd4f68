#include "bench/tell/report_text.hpp"

#include "bench/tell/memory_trend.hpp"
#include "messages/errors.hpp"

#include <fmt/format.h>

#include <array>

namespace ringdown::bench {

using std::chrono::nanoseconds;

namespace {

struct named_percentile {
  const char* name;
  double percent;
};
constexpr std::array<named_percentile, 5> percentiles{
  {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}};

} // namespace

double micros(std::uint64_t ns) noexcept {
  return static_cast<double>(ns) / 1000;
}

double mib(std::uint64_t bytes) noexcept {
  return static_cast<double>(bytes) / bytes_in_mib;
}

double share(nanoseconds part, nanoseconds whole) noexcept {
  return whole.count() > 0 ? static_cast<double>(part.count()) / static_cast<double>(whole.count())
                           : 0;
}

double ratio(std::uint64_t part, std::uint64_t whole) noexcept {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::optional<double> micros_for_each(std::optional<nanoseconds> time,
                                      std::uint64_t count) noexcept {
  if (!time || count == 0)
    return std::nullopt;
  return micros(static_cast<std::uint64_t>(time->count())) / static_cast<double>(count);
}

json latency_json(const histogram& h) {
  json out{{"count", h.count()}, {"mean", h.mean() / 1000}};
  for (auto [name, percent] : percentiles)
    out[name] = micros(h.percentile(percent));
  out["max"] = micros(h.max());
  return out;
}

std::string latency_text(const char* name, const histogram& h) {
  auto out = fmt::format("{:<15}", name);
  if (h.count() == 0)
    return out + " none: no event that was due in the measured time was answered\n";
  for (auto [label, percent] : percentiles)
    out += fmt::format(" {} {:.1f}  ", label, micros(h.percentile(percent)));
  return out + fmt::format(" max {:.1f}\n", micros(h.max()));
}

std::string tls_text(const std::string& agreed) {
  return agreed.empty() ? agreed : "TLS             " + agreed + "\n";
}

json errors_json(const std::map<std::uint32_t, std::uint64_t>& errors) {
  auto out = json::object();
  for (auto [code, count] : errors)
    out[std::to_string(code)] = count;
  return out;
}

std::string errors_text(const std::map<std::uint32_t, std::uint64_t>& errors) {
  std::string out;
  for (auto [code, count] : errors) {
    auto* row = find_error(code);
    out +=
      fmt::format("EventError      {} {}: {}\n", code, row ? row->name : "unknown_code", count);
  }
  return out;
}

std::string cpu_text(const cpu_figures& f, std::uint64_t accepted, const char* unit) {
  auto own = 100 * share(f.own, f.time);
  if (auto cpu = micros_for_each(f.broker, accepted))
    return fmt::format(
      "broker CPU      {:>12.2f} us per {}   ({:.0f} % of a core; this program {:.0f} %)\n", *cpu,
      unit, 100 * share(*f.broker, f.time), own);
  if (f.broker)
    return fmt::format(
      "broker CPU      {:>12.0f} % of a core, and no {} accepted   (this program {:.0f} %)\n",
      100 * share(*f.broker, f.time), unit, own);
  return fmt::format("broker CPU      not measured: give --broker-pid or --spawn   (this program "
                     "{:.0f} % of a core)\n",
                     own);
}

void add_memory(json& out, const memory_figures& f) {
  if (f.before && f.start && f.end)
    out["broker_resident_bytes"] = {{"before", *f.before}, {"start", *f.start}, {"end", *f.end}};
  if (auto growth = growth_per_hour(f.samples); growth && f.measured >= trend_time_min)
    out["broker_resident_growth_per_hour"] = *growth;
}

std::string memory_text(const memory_figures& f) {
  if (!f.before || !f.start || !f.end)
    return {};
  auto out =
    fmt::format("broker memory   {:>12.1f} MiB   (before the first connection {:.1f}, grown by "
                "{:.2f} while measured)\n",
                mib(*f.end), mib(*f.before), mib(*f.end) - mib(*f.start));
  if (auto growth = growth_per_hour(f.samples); growth && f.measured >= trend_time_min)
    out += fmt::format("memory growth   {:>12.2f} MiB an hour   (the trend of the second half)\n",
                       *growth / bytes_in_mib);
  return out;
}

json samples_json(const std::vector<sample>& samples) {
  auto list = json::array();
  for (auto& s : samples) {
    json one{{"at_s", std::chrono::duration<double>(s.at).count()},
             {"acked_per_s", per_second(s.acked, s.length)},
             {"delivered_per_s", per_second(s.delivered, s.length)},
             {"refused_per_s", per_second(s.refused, s.length)},
             {"ack_us_p50", micros(s.ack_p50_ns)},
             {"ack_us_p99", micros(s.ack_p99_ns)},
             {"outstanding", s.outstanding}};
    if (s.resident_bytes)
      one["resident_bytes"] = *s.resident_bytes;
    list.push_back(std::move(one));
  }
  return list;
}

} // namespace ringdown::bench
