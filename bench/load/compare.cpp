#include "bench/load/compare.hpp"

#include <algorithm>
#include <charconv>

namespace ringdown::bench {

namespace {

/// Below every broker's window, so that a stall shows in the latency and not as a refusal.
constexpr std::uint32_t open_window = 1000;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0)
    return std::nullopt;
  return value;
}

/// The number behind "prefix:".
std::optional<std::uint32_t> number_of(std::string_view prefix, std::string_view name) {
  return name.starts_with(prefix) ? number(name.substr(prefix.size())) : std::nullopt;
}

} // namespace

std::optional<named_load> load_of(std::string_view name) {
  named_load load;
  load.name = name;
  if (auto connections = number_of("connections:", name)) {
    load.connections = *connections;
    return load;
  }
  if (auto receivers = number_of("fanout:", name)) {
    load.producers = 1;
    load.dns = 1;
    load.receivers = *receivers;
    return load;
  }
  if (auto slash = name.find('/'); slash != std::string_view::npos) {
    auto receivers = number(name.substr(slash + 1));
    if (!receivers)
      return std::nullopt;
    load.receivers = *receivers;
    name = name.substr(0, slash);
  }
  if (auto rate = number_of("open:", name)) {
    load.rate = *rate;
    load.window = open_window;
    return load;
  }
  auto cross = name.find('x');
  if (cross == std::string_view::npos)
    return std::nullopt;
  auto producers = number(name.substr(0, cross));
  auto window = number(name.substr(cross + 1));
  if (!producers || !window)
    return std::nullopt;
  load.producers = *producers;
  load.window = *window;
  return load;
}

void shape(load_options& o, const named_load& load) {
  o.producers = load.producers;
  o.window = load.window;
  o.receivers = o.fan_out = load.receivers;
  o.dns = load.dns.value_or(o.dns);
  o.open_loop.reset();
  if (load.rate)
    o.open_loop.emplace().per_second = *load.rate;
}

void shape(idle_options& o, const named_load& load) {
  o.connections = load.connections;
  o.dns = load.connections;
}

} // namespace ringdown::bench
