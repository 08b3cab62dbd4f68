// Whether one more client may come in, over whatever stream. Asked before anything is made for it.
#pragma once

#include "actors/context.hpp"
#include "broker/edge/edge_loop.hpp"

#include <atomic>
#include <optional>
#include <string_view>

namespace ringdown::edge {

/// Counts the client in, or says why it may not come. Any thread: two that come at once are both
/// counted, so the bound holds but for threads that race for the last place and both step back.
inline std::optional<std::string_view> refuse_client(const broker_context& context,
                                                     edge_counters& counters) noexcept {
  if (context.budget.spent())
    return "the broker's memory budget is spent";
  if (counters.connections.fetch_add(1) >= context.bounds.connections_max) {
    counters.connections.fetch_sub(1);
    return "too many connections";
  }
  if (counters.unsigned_connections.fetch_add(1) >= context.bounds.connections_unsigned_max) {
    counters.unsigned_connections.fetch_sub(1);
    counters.connections.fetch_sub(1);
    return "too many connections have not signed on yet";
  }
  counters.accepted.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

} // namespace ringdown::edge
