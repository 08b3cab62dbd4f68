// The address that a client comes from: as it is written in a log, and as the door counts it.
#pragma once

#include <sys/socket.h>

#include <string>

namespace ringdown::edge {

/// "127.0.0.1:53422", "[::1]:53422".
std::string peer_name(const sockaddr_storage& address, socklen_t size);

/// One source of clients, in bytes: an IPv4 address; of IPv6 the network, for one machine has as
/// many addresses in it as it likes.
std::string peer_source(const sockaddr_storage& address);

} // namespace ringdown::edge
