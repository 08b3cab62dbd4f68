// What the reports of all verbs are made of: figures in the units that people read, and the lines
// and objects that several verbs have. Pure.
#pragma once

#include "bench/report.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace ringdown::bench {

inline constexpr double bytes_in_mib = 1024.0 * 1024.0;
inline constexpr const char* client_limited =
  "CLIENT LIMITED  this program had no time left and "
  "the broker had: these are not the broker's figures\n";

double micros(std::uint64_t ns) noexcept;
double mib(std::uint64_t bytes) noexcept;
/// 0 of nothing.
double share(std::chrono::nanoseconds part, std::chrono::nanoseconds whole) noexcept;
double ratio(std::uint64_t part, std::uint64_t whole) noexcept;
/// Microseconds; nothing if the time was not measured, or for none.
std::optional<double> micros_for_each(std::optional<std::chrono::nanoseconds> time,
                                      std::uint64_t count) noexcept;

/// In microseconds.
json latency_json(const histogram& h);
std::string latency_text(const char* name, const histogram& h);

/// EventErrors by code.
json errors_json(const std::map<std::uint32_t, std::uint64_t>& errors);
std::string errors_text(const std::map<std::uint32_t, std::uint64_t>& errors);

/// What the verifier says of a run, fault by fault.
std::string verdict_text(const load_result& r);

} // namespace ringdown::bench
