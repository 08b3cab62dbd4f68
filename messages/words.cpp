#include "messages/words.hpp"

namespace ringdown {

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
  case disconnect_reason::credentials_expired: return "credentials_expired";
  case disconnect_reason::access_changed: return "access_changed";
  case disconnect_reason::by_operator: return "by_operator";
  }
  return "unspecified";
}

} // namespace ringdown
