#include "actors/disconnect.hpp"

#include "messages/frame.hpp"

#include <ringdown/v1/ringdown.pb.h>

namespace ringdown {

std::string encode_disconnected(disconnect_reason reason, std::string_view text,
                                reference_id reference) {
  v1::Frame frame;
  frame.set_reference_id(reference.value);
  auto& disconnected = *frame.mutable_event_link_disconnected();
  disconnected.set_reason(static_cast<v1::DisconnectReason>(reason));
  disconnected.set_text(text.data(), text.size());
  if (reason == disconnect_reason::draining)
    disconnected.set_retry_after_ms(static_cast<std::uint32_t>(retry_after_draining.count()));
  if (reason == disconnect_reason::overloaded)
    disconnected.set_retry_after_ms(static_cast<std::uint32_t>(retry_after_overloaded.count()));
  return delimited(frame);
}

void disconnect(t_client& client, disconnect_reason reason, std::string_view text,
                reference_id reference) {
  client.box.edge().note_end(reason);
  // A client that reads so little that even the reserve is full is past being told.
  client.box.close_with(encode_disconnected(reason, text, reference));
}

std::string_view heartbeat_frame() noexcept {
  // Length 3, then field 200 (tag 1602 as a varint) with an empty message.
  return std::string_view{"\x03\xc2\x0c\x00", 4};
}

} // namespace ringdown
