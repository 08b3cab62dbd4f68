// The ways into the broker. A kind of door says what its clients' bytes are: plain TCP; TLS or
// WebSocket would each be another. So nobody but the kind knows how a stream is made of a socket,
// nor in which bytes somebody is told that there is no room.
#pragma once

#include "broker/edge/epoll_loop.hpp"
#include "broker/edge/stream.hpp"
#include "messages/words.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ringdown::edge {

class door_kind {
public:
  virtual ~door_kind() = default;
  /// The stream of an accepted socket, which it owns from now on. On the thread of `sockets`.
  virtual std::unique_ptr<stream> open(epoll_loop& sockets, int descriptor) const = 0;
  /// Says why, as far as the kernel takes it at once. The caller closes the socket.
  virtual void refuse(int descriptor, disconnect_reason reason,
                      std::string_view why) const noexcept = 0;
};

/// Frames as they are. Lives for ever.
const door_kind& plain_tcp() noexcept;

struct door {
  std::string address;    ///< an IP address; in errors it is named as what it was configured by
  std::uint16_t port = 0; ///< 0: the kernel's choice
  const door_kind* kind = &plain_tcp();
};

} // namespace ringdown::edge
