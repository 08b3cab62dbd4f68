#include "broker/edge/peer_address.hpp"

#include <netdb.h>
#include <netinet/in.h>

namespace ringdown::edge {

namespace {

/// Of an IPv6 address: what a provider gives to one customer, and a network to one machine.
constexpr std::size_t network_bytes = 8;

std::string bytes_of(const void* from, std::size_t first, std::size_t count) {
  return {static_cast<const char*>(from) + first, count};
}

} // namespace

std::string peer_name(const sockaddr_storage& address, socklen_t size) {
  char host[64];
  char port[16];
  auto failed = ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host, sizeof host,
                              port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  if (failed != 0)
    return "unknown";
  auto name = address.ss_family == AF_INET6 ? "[" + std::string{host} + "]" : std::string{host};
  return name + ":" + port;
}

std::string peer_source(const sockaddr_storage& address) {
  constexpr auto v4_bytes = sizeof(in_addr);
  if (address.ss_family != AF_INET6)
    return bytes_of(&reinterpret_cast<const sockaddr_in&>(address).sin_addr, 0, v4_bytes);
  auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6))
    return bytes_of(&v6, sizeof v6 - v4_bytes, v4_bytes);
  return bytes_of(&v6, 0, network_bytes);
}

} // namespace ringdown::edge
