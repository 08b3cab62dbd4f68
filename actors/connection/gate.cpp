#include "actors/connection/gate.hpp"
#include "messages/refusals.hpp"

namespace ringdown {

void admitted_request::answer(std::string_view frame) {
  client_->answer(hand_on(), frame);
}

void admitted_request::refuse(const fault& why, std::optional<std::string_view> dn) {
  client_->refuse(hand_on(), why, {dn, {}, {}, context_->utc_now()});
}

void admitted_request::give_back() noexcept {
  while (owed_ != 0)
    client_->window.answered(hand_on());
}

fault reference_missing() {
  return invalid("reference_id", "1 to 4294967295, not outstanding");
}

fault describe(gate_fault why) {
  switch (why) {
  case gate_fault::reference: return reference_missing();
  case gate_fault::service: return refused(error_code::out_of_service);
  case gate_fault::window_full: return refused(error_code::too_many_requests);
  case gate_fault::memory: break;
  }
  return refused(error_code::overloaded, "the broker's memory budget is spent");
}

} // namespace ringdown
