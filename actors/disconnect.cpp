#include "actors/disconnect.hpp"

#include "messages/frame.hpp"

namespace ringdown {

std::string encode_disconnected(v1::DisconnectReason reason, std::string_view text,
                                reference_id reference) {
  v1::Frame frame;
  frame.set_reference_id(reference.value);
  auto& disconnected = *frame.mutable_event_link_disconnected();
  disconnected.set_reason(reason);
  disconnected.set_text(text.data(), text.size());
  if (reason == v1::DISCONNECT_REASON_DRAINING)
    disconnected.set_retry_after_ms(static_cast<std::uint32_t>(retry_after_draining.count()));
  if (reason == v1::DISCONNECT_REASON_OVERLOADED)
    disconnected.set_retry_after_ms(static_cast<std::uint32_t>(retry_after_overloaded.count()));
  return delimited(frame);
}

void disconnect(t_client& client, v1::DisconnectReason reason, std::string_view text,
                reference_id reference) {
  // A client that is closed, or reads so little that even the reserve is full, is past being told.
  static_cast<void>(client.box.answer(encode_disconnected(reason, text, reference)));
  client.box.close();
}

std::string_view heartbeat_frame() noexcept {
  // Length 3, then field 200 (tag 1602 as a varint) with an empty message.
  return std::string_view{"\x03\xc2\x0c\x00", 4};
}

} // namespace ringdown
