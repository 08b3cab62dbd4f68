// Frames: cutting a byte stream into them, and the outermost look into one. A frame is a varint
// length and that many bytes of one `ringdown.v1.Frame`.
#pragma once

#include "messages/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace google::protobuf {
class MessageLite;
}

namespace ringdown {

enum class cut_status : std::uint8_t {
  complete,  ///< `frame` is whole
  need_more, ///< the stream ends within a frame; `needed` says how long it will be, if known
  too_large, ///< the length is above the limit: nothing of it should be kept
  malformed, ///< the length is no varint of 32 bits: the stream cannot be trusted any more
};

/// The next frame of a stream.
struct cut {
  cut_status status = cut_status::need_more;
  /// The frame without its length; a view into the stream.
  std::string_view frame;
  /// Bytes of the stream up to and with this frame (`complete`).
  std::size_t consumed = 0;
  /// The frame's whole size with its length prefix, if that much is known; else 0.
  std::size_t needed = 0;
};

/// Looks at the front of `stream`. A frame longer than `frame_bytes_max` is refused by its
/// length alone, before any of it has to be held. Pure.
cut next_frame(std::string_view stream, std::size_t frame_bytes_max) noexcept;

/// Whether a field of Frame with this number is a request, reply or event of this version.
bool is_known_body(std::uint32_t number) noexcept;

/// The outermost look into a frame: which request it is, and its bytes.
struct frame_view {
  reference_id reference;
  /// The field number of the body in `Frame`; 0 if there is none.
  std::uint32_t body_number = 0;
  std::string_view body;
  /// The bytes are no Protobuf message, or the body is not length-delimited.
  bool malformed = false;
  /// ReferenceID or body given twice: Protobuf would take the last or merge.
  bool doubled = false;
};
frame_view look(std::string_view frame) noexcept;

/// A whole message with its length in front. For what is not on the path of every event.
std::string delimited(const google::protobuf::MessageLite& message);

} // namespace ringdown
