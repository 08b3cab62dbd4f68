// How the protocol's bytes get from a T-Client to its broker: a stream both ways, as TCP is one.
// The client floor brings one over TCP, the broker floor one inside a process (`broker::connect`);
// frames, windows, errors and order are the same over each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringdown {

enum class transport_status : std::uint8_t {
  done,        ///< at least one byte was taken or given
  would_block, ///< nothing now: wait for `descriptor`
  end,         ///< the other side has closed
  failed,      ///< broken; `error` says why
};

/// What one call of a transport did.
struct transport_result {
  transport_status status = transport_status::failed;
  std::size_t bytes = 0; ///< with `done`
  int error = 0;         ///< an errno, with `failed`
};

/// The client's end of a stream that stands. It belongs to one thread at a time; no call blocks,
/// and none throws.
class transport {
public:
  transport() = default;
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  /// Closes the stream: what was written and the other side has not read may be lost.
  virtual ~transport() = default;

  /// Up to `size` bytes into `into`.
  virtual transport_result read_some(char* into, std::size_t size) noexcept = 0;
  /// Takes a beginning of `bytes`: how much, the result says.
  virtual transport_result write_some(std::string_view bytes) noexcept = 0;

  /// A file descriptor to poll for `poll_events`. The same for the whole life.
  virtual int descriptor() const noexcept = 0;
  /// What to poll the descriptor for (POLLIN, POLLOUT) to hear that one may read or write again.
  /// To be asked anew before each wait.
  virtual short poll_events(bool to_read, bool to_write) noexcept = 0;
};

} // namespace ringdown
