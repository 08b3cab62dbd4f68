// Between the plain values of the SDK and the bytes of frames. Internal: the only part of the
// client that knows Protobuf. Pure functions; thread-safe.
#pragma once

#include "client/requests.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ringdown::client::codec {

// Requests, with their length in front.
std::string sign_on(reference_id reference, const identity& who);
std::string sign_off(reference_id reference);
std::string register_address(reference_id reference, std::span<const std::string> dns,
                             const registration& how);
std::string unregister_address(reference_id reference, std::span<const std::string> dns);
std::string register_every_dn(reference_id reference, const registration& how);
std::string unregister_every_dn(reference_id reference);
std::string set_mask(reference_id reference, std::span<const event_kind> kinds);
std::string send_event(reference_id reference, const outgoing_event& what);
std::string distribute(reference_id reference, const outgoing_event& what);
std::string query_address(reference_id reference, const std::string& dn);
std::string command_addresses(reference_id reference, const bulk_command& what);
std::string list_addresses(reference_id reference, const address_list_request& what);
std::string merge_calls(reference_id reference, const std::string& dn, conn_id old, conn_id into);
std::string end_call(reference_id reference, const std::string& dn, conn_id connection);
std::string renew_credentials(reference_id reference, std::string_view credentials);
std::string heartbeat();

/// A frame that says nothing to the program: a heartbeat, or a body of a later version.
struct nothing {};
/// The bytes are no frame of the contract.
struct garbage {};

struct link_connected {
  reference_id reference;
  event_link_connected granted;
};

using decoded = std::variant<nothing, garbage, link_connected, event>;

/// Reads one frame (without its length).
decoded decode(std::string_view frame);

} // namespace ringdown::client::codec
