#include "bench/report_text.hpp"

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

} // namespace ringdown::bench
