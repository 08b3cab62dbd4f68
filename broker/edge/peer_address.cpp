#include "broker/edge/peer_address.hpp"

#include <netdb.h>
#include <netinet/in.h>

#include <cstring>

namespace ringdown::edge {

namespace {

/// Of an IPv6 address: what a provider gives to one customer, and a network to one machine.
constexpr std::size_t network_bytes = 8;

/// Where an IPv4 address stands in an IPv6 address that stands for it.
constexpr std::size_t v4_offset = sizeof(in6_addr) - sizeof(in_addr);

bool is_mapped_v4(const sockaddr_storage& address) {
  auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  return address.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6);
}

std::string bytes_of(const void* from, std::size_t first, std::size_t count) {
  return {static_cast<const char*>(from) + first, count};
}

} // namespace

std::string peer_name(const sockaddr_storage& address, socklen_t size) {
  sockaddr_in v4{};
  auto* named = reinterpret_cast<const sockaddr*>(&address);
  if (is_mapped_v4(address)) { // at a door of both
    auto& mapped = reinterpret_cast<const sockaddr_in6&>(address);
    v4.sin_family = AF_INET;
    v4.sin_port = mapped.sin6_port;
    std::memcpy(&v4.sin_addr, mapped.sin6_addr.s6_addr + v4_offset, sizeof v4.sin_addr);
    named = reinterpret_cast<const sockaddr*>(&v4);
    size = sizeof v4;
  }
  char host[64];
  char port[16];
  auto failed = ::getnameinfo(named, size, host, sizeof host, port, sizeof port,
                              NI_NUMERICHOST | NI_NUMERICSERV);
  if (failed != 0)
    return "unknown";
  auto name = named->sa_family == AF_INET6 ? "[" + std::string{host} + "]" : std::string{host};
  return name + ":" + port;
}

std::string peer_source(const sockaddr_storage& address) {
  constexpr auto v4_bytes = sizeof(in_addr);
  if (address.ss_family != AF_INET6)
    return bytes_of(&reinterpret_cast<const sockaddr_in&>(address).sin_addr, 0, v4_bytes);
  auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (is_mapped_v4(address))
    return bytes_of(&v6, v4_offset, v4_bytes);
  return bytes_of(&v6, 0, network_bytes);
}

} // namespace ringdown::edge
