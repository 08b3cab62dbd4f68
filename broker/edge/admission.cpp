#include "broker/edge/admission.hpp"

namespace ringdown::edge {

ticket::ticket(edge_counters& counters) noexcept : counters_(&counters) {
  counters.connections.fetch_add(1);
}

ticket::ticket(edge_counters& counters, waiting_room& room, std::string source,
               waiting_room::time_point now)
  : ticket(counters) {
  waiting_ = room.enter(std::move(source), now);
}

void ticket::when_turned_out(std::function<void()> what) {
  if (waiting_)
    waiting_->when_turned_out(std::move(what));
}

void ticket::leave() noexcept {
  leave_unsigned();
  if (auto* counters = std::exchange(counters_, nullptr))
    counters->connections.fetch_sub(1);
}

bool admission::has_place() const {
  return waiting_.size() < context_.bounds.connections_unsigned_max || closed_.load();
}

bool admission::make_place(waiting_room::time_point now) {
  return waiting_.turn_one_out(now - stalling_min);
}

entrance admission::enter(std::string source, waiting_room::time_point now) {
  constexpr auto overloaded = disconnect_reason::overloaded;
  ticket one{counters_, waiting_, std::move(source), now};
  // Asked after it is counted: who closes the door and then counts, sees it or keeps it out.
  if (closed_.load())
    return {
      {}, "the broker is shutting down", disconnect_reason::draining, refusal_cause::draining};
  if (context_.budget.spent())
    return {{}, "the broker's memory budget is spent", overloaded, refusal_cause::memory};
  // Those who have signed on keep their places.
  if (counters_.connections.load() > context_.bounds.connections_max && !waiting_.turn_one_out())
    return {{}, "too many connections", overloaded, refusal_cause::connections};
  if (waiting_.size() > context_.bounds.connections_unsigned_max)
    waiting_.turn_one_out();
  return {std::move(one)};
}

} // namespace ringdown::edge
