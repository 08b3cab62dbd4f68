// What a T-Client says, read from its bytes: for a tool that looks at somebody else's link. Beside
// codec.hpp, the other part of the client that knows Protobuf. Pure functions; thread-safe.
#pragma once

#include "client/internal/codec.hpp"

namespace ringdown::client::codec {

struct sign_on_request {
  reference_id reference;
  identity who; ///< without its credentials
};
struct registration_request {
  reference_id reference;
  std::vector<std::string> dns;
  registration how;
};
struct event_request {
  reference_id reference;
  outgoing_event what;
  bool distribute = false;
};
/// Any other, by its name in the contract: "RequestSignOff".
struct other_request {
  reference_id reference;
  std::string name;
};

using decoded_request = std::variant<nothing, garbage, sign_on_request, registration_request,
                                     event_request, other_request>;

/// Reads one frame (without its length). What only a broker says is garbage.
decoded_request decode_request(std::string_view frame);

} // namespace ringdown::client::codec
