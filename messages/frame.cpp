#include "messages/frame.hpp"

#include "messages/limits.hpp"
#include "messages/wire.hpp"

#include <google/protobuf/message_lite.h>

namespace ringdown {

namespace {

/// Below it stand the ReferenceID and what is reserved for links between nodes.
constexpr std::uint32_t body_number_min = 10;

} // namespace

bool is_known_body(std::uint32_t number) noexcept {
  bool is_request = number >= 10 && number <= 22;
  bool is_reply = number >= 60 && number <= 66;
  bool is_event = number >= 110 && number <= 112;
  return is_request || is_reply || is_event || number == 200 || number == 201;
}

cut next_frame(std::string_view stream, std::size_t frame_bytes_max) noexcept {
  std::uint64_t length = 0;
  std::size_t prefix = 0;
  for (;; ++prefix) {
    if (prefix == frame_prefix_bytes_max)
      return {cut_status::malformed, {}, 0, 0};
    if (prefix == stream.size())
      return {cut_status::need_more, {}, 0, 0};
    auto byte = static_cast<unsigned char>(stream[prefix]);
    length |= std::uint64_t{byte & 0x7fu} << (7 * prefix);
    if (byte < 0x80)
      break;
  }
  ++prefix;
  if (length > 0xffffffffu)
    return {cut_status::malformed, {}, 0, 0};
  if (length > frame_bytes_max)
    return {cut_status::too_large, {}, 0, static_cast<std::size_t>(length) + prefix};
  auto whole = prefix + static_cast<std::size_t>(length);
  if (stream.size() < whole)
    return {cut_status::need_more, {}, 0, whole};
  return {cut_status::complete, stream.substr(prefix, whole - prefix), whole, whole};
}

frame_view look(std::string_view frame) noexcept {
  frame_view view;
  wire::reader fields{frame};
  wire::field f;
  bool has_reference = false;
  for (;;) {
    switch (fields.next(f)) {
    case wire::step::end: return view;
    case wire::step::malformed: view.malformed = true; return view;
    case wire::step::field: break;
    }
    if (f.number == 1 && f.type == wire::wire_type::varint) {
      view.doubled |= has_reference;
      has_reference = true;
      view.reference.value = static_cast<std::uint32_t>(f.value);
    } else if (f.number >= body_number_min) {
      bool is_message = f.type == wire::wire_type::bytes;
      if (!is_message && is_known_body(f.number)) {
        view.malformed = true;
        return view;
      }
      if (!is_message)
        continue; // of a later version, and no body: passes
      view.doubled |= view.body_number != 0;
      view.body_number = f.number;
      view.body = f.bytes;
    }
  }
}

std::string delimited(const google::protobuf::MessageLite& message) {
  auto size = message.ByteSizeLong();
  std::string bytes(wire::varint_size(size) + size, '\0');
  auto* body = wire::put_varint(bytes.data(), size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(body));
  return bytes;
}

} // namespace ringdown
