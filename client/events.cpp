#include "client/events.hpp"

#include <algorithm>

namespace ringdown::client {

std::string_view to_string(link_fault f) noexcept {
  switch (f) {
  case link_fault::none: return "none";
  case link_fault::bad_address: return "bad_address";
  case link_fault::refused: return "refused";
  case link_fault::timed_out: return "timed_out";
  case link_fault::sign_on_refused: return "sign_on_refused";
  case link_fault::closed_by_peer: return "closed_by_peer";
  case link_fault::silent: return "silent";
  case link_fault::protocol_error: return "protocol_error";
  case link_fault::io_error: return "io_error";
  case link_fault::ended_by_broker: return "ended_by_broker";
  case link_fault::closed_here: return "closed_here";
  }
  return "none";
}

bool event_link_connected::has(capability c) const noexcept {
  return std::find(capabilities.begin(), capabilities.end(), c) != capabilities.end();
}

reference_id reference_of(const event& e) noexcept {
  return std::visit(
    [](const auto& value) -> reference_id {
      if constexpr (requires { value.reference; })
        return value.reference;
      else
        return {};
    },
    e);
}

} // namespace ringdown::client
