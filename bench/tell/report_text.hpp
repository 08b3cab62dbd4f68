// What the reports of all verbs are made of: figures in the units that people read, and the lines
// and objects that several verbs have. Pure.
#pragma once

#include "bench/tell/report.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

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

/// What was agreed on for TLS; nothing of a plain run.
std::string tls_text(const std::string& agreed);

/// EventErrors by code.
json errors_json(const std::map<std::uint32_t, std::uint64_t>& errors);
std::string errors_text(const std::map<std::uint32_t, std::uint64_t>& errors);

/// What a run took of both processors.
struct cpu_figures {
  std::optional<std::chrono::nanoseconds> broker;
  std::chrono::nanoseconds own;
  std::chrono::nanoseconds time; ///< that passed meanwhile
};
/// The broker's for each of so many that it accepted.
std::string cpu_text(const cpu_figures& f, std::uint64_t accepted, const char* unit);

/// The broker's resident memory: before the first connection, and over the measured time.
struct memory_figures {
  std::optional<std::uint64_t> before;
  std::optional<std::uint64_t> start;
  std::optional<std::uint64_t> end;
  const std::vector<sample>& samples;
  std::chrono::nanoseconds measured;
};
template <class Result>
memory_figures memory_of(const Result& r) {
  return {r.resident_before, r.resident_start, r.resident_end, r.samples, r.measured};
}
void add_memory(json& out, const memory_figures& f);
std::string memory_text(const memory_figures& f);

json samples_json(const std::vector<sample>& samples);

/// What the verifier says of a run, fault by fault.
std::string verdict_text(const load_result& r);

} // namespace ringdown::bench
