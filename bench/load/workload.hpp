// The workloads by name, and what a broker must allow for one. Pure.
#pragma once

#include "bench/load/run.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::bench {

/// Requests outstanding of a producer in an open loop: below the 1,024 that the broker grants, so
/// that a stall shows in the latency and not in refusals.
inline constexpr std::uint32_t open_window = 1000;

struct workload {
  std::string_view name;
  std::string_view what;
  /// Sets what is special about it.
  void (*shape)(load_options&);
};
std::span<const workload> workloads() noexcept;
/// Null if there is none of this name.
const workload* find_workload(std::string_view name) noexcept;
/// Their names, separated by commas.
std::string workload_names();

/// Flags of ringdownd for limits that must be above their defaults for so many connections, DNs and
/// registrations.
std::vector<std::string> limits_for(std::size_t connections, std::size_t dns,
                                    std::size_t dns_of_a_link, std::size_t links_of_a_dn);
std::vector<std::string> limits_for(const load_options& o);

} // namespace ringdown::bench
