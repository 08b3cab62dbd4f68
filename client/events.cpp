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
  case link_fault::bad_tls_options: return "bad_tls_options";
  case link_fault::certificate_untrusted: return "certificate_untrusted";
  case link_fault::certificate_name: return "certificate_name";
  case link_fault::certificate_expired: return "certificate_expired";
  case link_fault::certificate_required: return "certificate_required";
  case link_fault::tls_failed: return "tls_failed";
  case link_fault::no_credentials: return "no_credentials";
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
