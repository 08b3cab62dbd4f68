// The last word to a client that is disconnected.
#pragma once

#include "actors/t_client.hpp"
#include "messages/words.hpp"

#include <string>
#include <string_view>

namespace ringdown {

/// Writes EventLinkDisconnected behind what waits and closes the outbox. Once only: a client whose
/// outbox is closed already has had its last word. Any thread.
void disconnect(t_client& client, disconnect_reason reason, std::string_view text,
                reference_id reference = {});

/// The frame alone, for a connection that is refused before it has an outbox.
std::string encode_disconnected(disconnect_reason reason, std::string_view text,
                                reference_id reference = {});

/// The whole Heartbeat frame.
std::string_view heartbeat_frame() noexcept;

} // namespace ringdown
