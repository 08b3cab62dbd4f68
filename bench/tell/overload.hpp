// What a broker does that is offered far more than it can take, and whether that is good enough.
// Pure.
#pragma once

#include "bench/load/pause_probe.hpp"
#include "bench/load/run.hpp"
#include "bench/tell/report.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::bench {

/// Of the rate before, what must still be accepted.
inline constexpr double kept_share_min = 0.8;
/// Of a `pause` on connections of its own, inside its window, to its ACK, at p99.
inline constexpr std::chrono::milliseconds pause_p99_max{20};

/// What the broker could do before, and what became of the load and of the pauses.
struct overload_result {
  double capacity = 0; ///< events a second
  load_result under_load;
  /// What the broker printed at its start as the most that its queues may take.
  std::optional<std::uint64_t> memory_bound;
  std::string probe_trouble;
  bool probe_runs_first = false;
  probe_figures unloaded;
  probe_figures loaded;

  double kept() const;
};

/// The bound of memory in what a broker prints at its start: its budget and the reserve above it.
std::optional<std::uint64_t> printed_memory_bound(std::string_view log);

/// What is asked of a broker under overload, and whether it was so.
struct goal {
  std::string name;
  std::optional<bool> is_reached; ///< nothing: not measured
  std::string figure;
};
std::vector<goal> goals_of(const overload_result& r);
/// None is missed.
bool all_reached(const std::vector<goal>& goals);

/// Adds what belongs to this verb to a run's result.
void add_to(json& object, const overload_result& r);
std::string text_of(const overload_result& r);

} // namespace ringdown::bench
