// Who a client is, and the one question that a platform is asked about it. Public: the host of an
// embedded broker answers it.
#pragma once

#include "messages/ids.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ringdown {

/// Who a client is. Fixed at sign-on, before any DN hears of the client.
struct client_identity {
  client_id id;
  ringdown::role role = ringdown::role::unspecified;
  bool coalesce_ok = false;
  bool exact_versions = false;
  bool outcomes = false;
  bool directed = false;
  bool per_call = false; ///< a recorder that tells calls apart
  instance_id instance;  ///< as others are told of it: not what the program said
  std::string application;
  /// For logs: the peer's address, or the name that the host gave it.
  std::string peer;
};

/// What a client wants to do; asked of the injected `authorize` function.
enum class action : std::uint8_t {
  sign_on, ///< no DN
  register_,
  send_command,
  send_indication,
  send_user_event,
  tell_of_calls, ///< merge and end calls
};

/// The one place where a platform says who may do what. Called in loops' threads, often, by
/// several of them at a time: it must not block. `dn` is empty for sign_on. Credentials are given
/// with sign_on only.
using authorize_function = std::function<bool(const client_identity& client, action what,
                                              std::string_view dn, std::string_view credentials)>;

} // namespace ringdown
