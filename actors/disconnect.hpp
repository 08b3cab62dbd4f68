// The last word to a client that is disconnected.
#pragma once

#include "actors/t_client.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <string_view>

namespace ringdown {

/// Writes EventLinkDisconnected behind what waits and closes the outbox. Once only: a client whose
/// outbox is closed already has had its last word. Any thread.
void disconnect(t_client& client, v1::DisconnectReason reason, std::string_view text,
                reference_id reference = {});

/// A client whose sign-on came too soon to have an outbox gets the same frame from its edge.
std::string encode_disconnected(v1::DisconnectReason reason, std::string_view text,
                                reference_id reference = {});

} // namespace ringdown
