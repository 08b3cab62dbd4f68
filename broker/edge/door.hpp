// The ways into the broker. A kind of door says what its clients' bytes are: plain TCP, or TLS; a
// WebSocket would be another. So nobody but the kind knows how a stream is made of a socket, nor in
// which bytes somebody is told that there is no room.
#pragma once

#include "actors/authorize.hpp"
#include "broker/edge/admission.hpp"
#include "broker/edge/owned_descriptor.hpp"
#include "messages/words.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ringdown::edge {

class edge_loop;

class door_kind {
public:
  virtual ~door_kind() = default;
  /// Makes a link of `loop` of an accepted socket, now or later. On the listener's thread.
  virtual void let_in(edge_loop& loop, owned_descriptor socket, peer_facts peer,
                      ticket admitted) const = 0;
  /// Says why, as far as the kernel takes it at once. The caller closes the socket.
  virtual void refuse(int descriptor, disconnect_reason reason,
                      std::string_view why) const noexcept = 0;
  /// Whether newcomers wait outside (outside.hpp) while there are too many who have not signed on:
  /// where coming in costs more than waiting.
  virtual bool lets_wait() const noexcept = 0;
};

/// Frames as they are. Lives for ever.
const door_kind& plain_tcp() noexcept;

struct door {
  std::string section;     ///< of the configuration: "listen"; errors name its keys
  std::string address;     ///< an IP address
  std::uint16_t port = 0;  ///< 0: the kernel's choice
  bool dual_stack = false; ///< an IPv6 address takes IPv4 clients, too
  const door_kind* kind = &plain_tcp();
};

} // namespace ringdown::edge
