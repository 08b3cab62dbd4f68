#include "bench/tell/memory_trend.hpp"

#include "bench/tell/report_text.hpp"
#include "bench/tell/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>

namespace ringdown::bench {

namespace {

/// Half of them draw a line.
constexpr std::size_t samples_min = 4;
constexpr double seconds_of_hour = 3600;
/// What still counts as flat.
constexpr double rise_max = 1.05;
constexpr double rise_bytes_max = 1024 * 1024;

double seconds(const sample& s) {
  return std::chrono::duration<double>(s.at).count();
}

double bytes(const sample& s) {
  return static_cast<double>(s.resident_bytes.value_or(0));
}

bool is_enough(const std::vector<sample>& samples) {
  return samples.size() >= samples_min &&
         std::all_of(samples.begin(), samples.end(), [](auto& s) { return s.resident_bytes; });
}

double median_of(std::span<const sample> samples) {
  std::vector<double> values;
  for (auto& s : samples)
    values.push_back(bytes(s));
  return spread_of(std::move(values)).median;
}

template <class Value>
double mean_of(std::span<const sample> samples, Value value) {
  auto sum = std::accumulate(samples.begin(), samples.end(), 0.0,
                             [&](double so_far, auto& s) { return so_far + value(s); });
  return sum / static_cast<double>(samples.size());
}

} // namespace

std::optional<std::uint64_t> resident_max(const std::vector<sample>& samples) {
  std::uint64_t most = 0;
  for (auto& s : samples)
    most = std::max(most, s.resident_bytes.value_or(0));
  return most == 0 ? std::nullopt : std::optional{most};
}

std::optional<double> growth_per_hour(const std::vector<sample>& samples) {
  if (!is_enough(samples))
    return std::nullopt;
  auto half = std::span{samples}.subspan(samples.size() / 2);
  auto middle_s = mean_of(half, seconds);
  auto middle = mean_of(half, bytes);
  auto along =
    mean_of(half, [&](auto& s) { return (seconds(s) - middle_s) * (bytes(s) - middle); });
  auto width =
    mean_of(half, [&](auto& s) { return (seconds(s) - middle_s) * (seconds(s) - middle_s); });
  return width > 0 ? std::optional{along / width * seconds_of_hour} : std::nullopt;
}

std::optional<std::string> growth_fault(const load_result& r, double mib_per_hour_max) {
  auto growth = growth_per_hour(r.samples);
  if (!growth || r.measured < trend_time_min)
    return fmt::format("memory growth is not known: {:.1f} s were measured, a trend needs {}",
                       std::chrono::duration<double>(r.measured).count(), trend_time_min.count());
  if (*growth / bytes_in_mib <= mib_per_hour_max)
    return std::nullopt;
  return fmt::format("memory grew by {:.2f} MiB an hour, more than {:g}", *growth / bytes_in_mib,
                     mib_per_hour_max);
}

bool memory_halves::is_flat() const noexcept {
  return second <= std::max(first * rise_max, first + rise_bytes_max);
}

std::optional<memory_halves> halves_of(const std::vector<sample>& samples) {
  if (!is_enough(samples))
    return std::nullopt;
  auto all = std::span{samples};
  auto half = all.size() / 2;
  return memory_halves{median_of(all.first(half)), median_of(all.subspan(half))};
}

} // namespace ringdown::bench
