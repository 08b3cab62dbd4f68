// Words that stand on the wire as numbers and that broker and client share: capabilities, kinds of
// events, reasons of a disconnection. One enum for each; the values are those of the wire.
#pragma once

#include "messages/user_data.hpp"

#include <cstdint>
#include <string_view>

namespace ringdown {

/// Abilities beyond plain T-Library.
enum class capability : std::uint8_t {
  outcomes = 1,
  exact_versions = 2,
  directed = 3,
  coalesce_ok = 4,
  per_call = 5, ///< a recorder that records calls apart
};
std::string_view to_string(capability c) noexcept;

/// What kinds of EventUserEvent a client may choose between.
enum class event_kind : std::uint8_t { command = 1, indication = 2, user_event = 3 };

/// The kind of an event with this verb.
constexpr event_kind kind_of(capture_verb verb) noexcept {
  if (verb == capture_verb::none)
    return event_kind::user_event;
  return is_command(verb) ? event_kind::command : event_kind::indication;
}

/// Why the broker ended the connection. One of a later version becomes `unspecified`.
enum class disconnect_reason : std::uint8_t {
  unspecified = 0,
  signed_off = 1,
  draining = 2,
  taken_over = 3,
  slow_consumer = 4,
  heartbeat_timeout = 5,
  sign_on_timeout = 6,
  sign_on_refused = 7,
  protocol_error = 8,
  overloaded = 9,
  internal_error = 10,
  credentials_expired = 11,
  access_changed = 12,
  by_operator = 13,
};
std::string_view to_string(disconnect_reason r) noexcept;

} // namespace ringdown
