#include "client/events.hpp"

#include <algorithm>

namespace ringdown::client {

std::string_view to_string(capability c) noexcept {
  switch (c) {
  case capability::outcomes: return "outcomes";
  case capability::exact_versions: return "exact_versions";
  case capability::directed: return "directed";
  case capability::coalesce_ok: return "coalesce_ok";
  case capability::per_call: return "per_call";
  }
  return "unknown";
}

std::string_view to_string(disconnect_reason r) noexcept {
  switch (r) {
  case disconnect_reason::unspecified: return "unspecified";
  case disconnect_reason::signed_off: return "signed_off";
  case disconnect_reason::draining: return "draining";
  case disconnect_reason::taken_over: return "taken_over";
  case disconnect_reason::slow_consumer: return "slow_consumer";
  case disconnect_reason::heartbeat_timeout: return "heartbeat_timeout";
  case disconnect_reason::sign_on_timeout: return "sign_on_timeout";
  case disconnect_reason::sign_on_refused: return "sign_on_refused";
  case disconnect_reason::protocol_error: return "protocol_error";
  case disconnect_reason::overloaded: return "overloaded";
  case disconnect_reason::internal_error: return "internal_error";
  }
  return "unspecified";
}

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
