// The words of the log: levels, components, formats. Plain enums with their names, so that the
// configuration can speak of them without the logger. Values only, thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ringdown::logging {

/// How much a line matters. `off` is a threshold only: no line has it.
enum class level : std::uint8_t { trace, debug, info, warn, error, off };
/// Indexed by `level`. These are the values of the keys log.level and log.levels.*.
inline constexpr std::array<std::string_view, 6> level_names{"trace", "debug", "info",
                                                             "warn",  "error", "off"};

/// Who speaks. Each component has a threshold of its own (log.levels.*).
enum class component : std::uint8_t {
  broker,
  edge,
  connection,
  dn,
  directory,
  config,
  runtime,
};
/// Indexed by `component`.
inline constexpr std::array<std::string_view, 7> component_names{
  "broker", "edge", "connection", "dn", "directory", "config", "runtime"};
/// What each speaks of. Indexed by `component`.
inline constexpr std::array<std::string_view, 7> component_docs{
  "the daemon itself: start, signals, drain",
  "sockets: accept, read, write",
  "T-Clients: sign-on, window, heartbeat",
  "directory numbers and their screens: registrations, refusals, outcomes, alarms",
  "which DN lives where",
  "the configuration and its reload",
  "the loops: turns that took long",
};
inline constexpr std::size_t component_count = component_names.size();
static_assert(static_cast<std::size_t>(component::runtime) + 1 == component_count);

/// How a line looks (log.format).
enum class format : std::uint8_t { human, json };
/// Indexed by `format`.
inline constexpr std::array<std::string_view, 2> format_names{"human", "json"};

/// Bytes of lines below `warn` in a second: 5.7 GB a day at the worst, and more than a site of
/// 10,000 agents makes at level info on a busy day (some 40 KB a second).
inline constexpr std::size_t bytes_per_second_default = 64 * 1024;

constexpr std::string_view to_string(level l) noexcept {
  return level_names[static_cast<std::size_t>(l)];
}
constexpr std::string_view to_string(component c) noexcept {
  return component_names[static_cast<std::size_t>(c)];
}
constexpr std::string_view to_string(format f) noexcept {
  return format_names[static_cast<std::size_t>(f)];
}

/// The threshold of every component.
using thresholds = std::array<level, component_count>;

/// All components at one level.
constexpr thresholds all_at(level l) noexcept {
  thresholds result{};
  result.fill(l);
  return result;
}

} // namespace ringdown::logging
