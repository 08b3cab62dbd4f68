// Cutting a byte stream that comes in reads: what a receiver keeps between two of them. Whoever
// feeds it a stream gets the same frames however the stream is cut into reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

/// How a byte stream stands after a read.
enum class stream_end : std::uint8_t {
  open,
  frame_too_large, ///< the next frame's length is above the limit
  malformed,       ///< the next frame's length cannot be read
  ended,           ///< no byte comes any more; a cutter does not know of it
};

/// The beginning of a frame that is not whole yet, and what is known of it. Never holds more than
/// one frame and one read. Belongs to one thread at a time.
class frame_cutter {
public:
  /// What earlier reads left: it stands in front of the next one.
  std::string_view kept() const noexcept { return kept_; }
  /// The memory that it takes for that: an empty one takes none.
  std::size_t capacity() const noexcept { return kept_.empty() ? 0 : kept_.capacity(); }
  /// The rest of the stream cannot be trusted; there is nothing to feed any more.
  bool ended() const noexcept { return ended_; }

  /// True if a read of `bytes` cannot make the frame whole: `keep` it, there is nothing to cut.
  bool is_short(std::size_t bytes) const noexcept { return kept_.size() + bytes < wanted_; }
  void keep(std::string_view read) { kept_.append(read); }

  /// Appends the whole frames of `stream`, which is what was kept and then a read, to `frames` as
  /// views into it, and keeps the rest. The memory of `stream` must not be that of `kept`.
  stream_end cut(std::string_view stream, std::size_t frame_bytes_max,
                 std::vector<std::string_view>& frames);

  /// Forgets what it holds, and gives the memory back.
  void release() noexcept;

private:
  std::string kept_;
  std::size_t wanted_ = 0; // the frame's whole size, if known: no cutting before that much is there
  bool ended_ = false;
};

} // namespace ringdown
