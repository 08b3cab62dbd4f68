// The broker's end of one client's bytes: a socket, or a pipe inside the process. What a
// client_link needs of it and nothing more. It lives on one edge thread.
#pragma once

#include "messages/transport.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace ringdown::edge {

/// Hears once for each `await_...`, on the edge thread and never within a call of the stream.
class stream_user {
public:
  virtual ~stream_user() = default;
  virtual void readable() = 0;
  virtual void writable() = 0;
};

class stream {
public:
  virtual ~stream() = default;

  /// As recv and send on a socket that does not block.
  virtual transport_result read_some(char* into, std::size_t size) noexcept = 0;
  virtual transport_result write_some(std::string_view bytes) noexcept = 0;

  /// `user`, the same for both, is kept alive until it has heard, or the stream is closed. Whoever
  /// has read the end, and waits to read, hears if the stream fails, and of nothing else.
  virtual void await_read(std::shared_ptr<stream_user> user) = 0;
  virtual void await_write(std::shared_ptr<stream_user> user) = 0;

  /// Nothing more will be written; what was, can still be read by the client.
  virtual void end_writing() noexcept = 0;
  /// Nothing more at all. Whoever waits hears nothing.
  virtual void close() noexcept = 0;
  /// The link is idle: what it owns that it does not need may go.
  virtual void trim() noexcept {}
  /// Bytes of the broker's memory that this holds until the client takes them.
  virtual std::size_t held() const noexcept { return 0; }
  /// Why reading has failed, if the client spoke against the protocol below its frames: a
  /// literal; else empty.
  virtual std::string_view fault() const noexcept { return {}; }
};

} // namespace ringdown::edge
