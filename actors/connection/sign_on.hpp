// What a sign-on must say, what it makes of a client, and how it is answered. Pure; who may sign on
// is decided elsewhere (access.cpp), and the directory gives the client its id.
#pragma once

#include "actors/context.hpp"
#include "messages/errors.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown::v1 {
class RequestSignOn;
} // namespace ringdown::v1

namespace ringdown {

/// What is wrong with a sign-on: the first fault in the order of checks.
std::optional<fault> check_sign_on(const v1::RequestSignOn& asked, const limits& bounds);

/// What is wrong with the form of credentials, of a renewal too.
std::optional<fault> check_credentials(std::string_view given);

/// Who the client says it is. Where it is, its edge has said before; who it is proven to be, and
/// its id, come later.
void identify(client_identity& who, const v1::RequestSignOn& asked, const instance_secret& secret);

/// How often both sides of a link say something, and how long silence may last.
struct heartbeat_terms {
  std::chrono::milliseconds interval{};
  std::chrono::milliseconds timeout{};
};
heartbeat_terms heartbeat_for(const v1::RequestSignOn& asked, const limits& bounds);

/// The whole EventLinkConnected frame. `expires_us`: the time of the client's credentials, in UTC;
/// 0: they have none.
std::string encode_connected(reference_id reference, client_id id, const heartbeat_terms& terms,
                             std::int64_t expires_us, const broker_context& context);

} // namespace ringdown
