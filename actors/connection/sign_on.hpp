// What a sign-on must say, what it makes of a client, and how it is answered. Pure; who may sign on
// is decided by `broker_context::may`, and the directory gives the client its id.
#pragma once

#include "actors/context.hpp"
#include "messages/errors.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace ringdown::v1 {
class RequestSignOn;
} // namespace ringdown::v1

namespace ringdown {

/// What is wrong with a sign-on: the first fault in the order of checks.
std::optional<fault> check_sign_on(const v1::RequestSignOn& asked, const limits& bounds);

/// Who the client says it is. Where it is, its edge has said before; its id comes later.
void identify(client_identity& who, const v1::RequestSignOn& asked, const instance_secret& secret);

/// How often both sides of a link say something, and how long silence may last.
struct heartbeat_terms {
  std::chrono::milliseconds interval{};
  std::chrono::milliseconds timeout{};
};
heartbeat_terms heartbeat_for(const v1::RequestSignOn& asked, const limits& bounds);

/// The whole EventLinkConnected frame.
std::string encode_connected(reference_id reference, client_id id, const heartbeat_terms& terms,
                             const broker_context& context);

} // namespace ringdown
