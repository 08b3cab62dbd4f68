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

void ticket::stalls(bool does) {
  if (waiting_)
    waiting_->stalls(does);
}

void ticket::leave() noexcept {
  leave_unsigned();
  if (auto* counters = std::exchange(counters_, nullptr))
    counters->connections.fetch_sub(1);
}

entrance admission::too_many() {
  return {{}, "too many connections", disconnect_reason::overloaded, refusal_cause::connections};
}

// Asked after it is counted: who closes the door and then counts, sees it or keeps it out.

entrance admission::why_nobody_may() const {
  if (closed_.load())
    return {
      {}, "the broker is shutting down", disconnect_reason::draining, refusal_cause::draining};
  if (context_.budget.spent())
    return {{},
            "the broker's memory budget is spent",
            disconnect_reason::overloaded,
            refusal_cause::memory};
  return {};
}

entrance admission::enter(std::string source, waiting_room::time_point now) {
  ticket one{counters_, waiting_, std::move(source), now};
  if (auto why_not = why_nobody_may(); !why_not)
    return why_not;
  // Those who have signed on keep their places.
  if (counters_.connections.load() > context_.bounds.connections_max && !waiting_.turn_one_out())
    return too_many();
  if (waiting_.size() > context_.bounds.connections_unsigned_max)
    waiting_.turn_one_out();
  return {std::move(one)};
}

entrance admission::come(const std::string& source, bool others_wait) {
  ticket one{counters_};
  if (auto why_not = why_nobody_may(); !why_not)
    return why_not;
  if (counters_.connections.load() > context_.bounds.connections_max &&
      (others_wait || !waiting_.make_place_for(source, waiting_room::time_point::max())))
    return too_many();
  return {std::move(one)};
}

bool admission::seat(ticket& one, const std::string& source, waiting_room::time_point now) {
  if (waiting_.size() >= context_.bounds.connections_unsigned_max &&
      !waiting_.make_place_for(source, now - stalling_min))
    return false;
  one.waiting_ = waiting_.enter(source, now);
  return true;
}

} // namespace ringdown::edge
