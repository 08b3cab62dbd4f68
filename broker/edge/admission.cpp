#include "broker/edge/admission.hpp"

namespace ringdown::edge {

ticket::ticket(edge_counters& counters) noexcept : counters_(&counters) {
  counters.connections.fetch_add(1);
  counters.unsigned_connections.fetch_add(1);
}

void ticket::leave_unsigned() noexcept {
  if (counters_ != nullptr && std::exchange(is_unsigned_, false))
    counters_->unsigned_connections.fetch_sub(1);
}

void ticket::leave() noexcept {
  leave_unsigned();
  if (auto* counters = std::exchange(counters_, nullptr))
    counters->connections.fetch_sub(1);
}

entrance admission::enter() noexcept {
  constexpr auto overloaded = v1::DISCONNECT_REASON_OVERLOADED;
  ticket one{counters_};
  // Asked after it is counted: who closes the door and then counts, sees it or keeps it out.
  if (closed_.load())
    return {{}, "the broker is shutting down", v1::DISCONNECT_REASON_DRAINING};
  if (context_.budget.spent())
    return {{}, "the broker's memory budget is spent", overloaded};
  if (counters_.connections.load() > context_.bounds.connections_max)
    return {{}, "too many connections", overloaded};
  if (counters_.unsigned_connections.load() > context_.bounds.connections_unsigned_max)
    return {{}, "too many connections have not signed on yet", overloaded};
  return {std::move(one)};
}

} // namespace ringdown::edge
