// The loads that brokers are compared under, by name. Pure.
#pragma once

#include "bench/load/idle.hpp"
#include "bench/load/run.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ringdown::bench {

/// A load of the comparison by name: "16x64" is 16 producers with 64 outstanding each, "open:20000"
/// an open loop of so many a second over 16 producers, each with "/8" behind it: to 8 receivers of
/// each DN. "fanout:100" is one producer on one DN with so many receivers, "connections:10000" so
/// many that say nothing once they are registered, each on a DN of its own.
struct named_load {
  std::string name;
  std::uint32_t producers = 16;
  std::uint32_t window = 64;
  std::uint32_t receivers = 1;
  std::optional<double> rate;
  std::optional<std::uint32_t> dns; ///< instead of the comparison's
  std::uint32_t connections = 0;

  bool is_connections() const noexcept { return connections != 0; }
};
std::optional<named_load> load_of(std::string_view name);
/// What `load_of` understands.
inline constexpr const char* load_names =
  "PRODUCERSxWINDOW or open:RATE, with /RECEIVERS behind it; fanout:RECEIVERS; connections:NUMBER";
/// Sets what it says.
void shape(load_options& o, const named_load& load);
void shape(idle_options& o, const named_load& load);

} // namespace ringdown::bench
