// Where a client comes from.
#include "broker/edge/peer_address.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

using ringdown::edge::peer_name;
using ringdown::edge::peer_source;

namespace {

struct peer {
  sockaddr_storage address{};
  socklen_t size = 0;
};

peer at_v4(const char* host) {
  peer one;
  auto& v4 = reinterpret_cast<sockaddr_in&>(one.address);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(53422);
  REQUIRE(inet_pton(AF_INET, host, &v4.sin_addr) == 1);
  one.size = sizeof v4;
  return one;
}

peer at_v6(const char* host) {
  peer one;
  auto& v6 = reinterpret_cast<sockaddr_in6&>(one.address);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(53422);
  REQUIRE(inet_pton(AF_INET6, host, &v6.sin6_addr) == 1);
  one.size = sizeof v6;
  return one;
}

std::string name_of(const peer& one) {
  return peer_name(one.address, one.size);
}

std::string source_of(const peer& one) {
  return peer_source(one.address);
}

} // namespace

TEST_CASE("a peer is named so that its port cannot be taken for a part of its address") {
  CHECK(name_of(at_v4("127.0.0.1")) == "127.0.0.1:53422");
  CHECK(name_of(at_v6("::1")) == "[::1]:53422");
  CHECK(name_of(at_v6("2001:db8::7")) == "[2001:db8::7]:53422");
  CHECK(name_of(at_v6("::ffff:10.0.0.1")) == "10.0.0.1:53422"); // at a door of both
  CHECK(name_of({}) == "unknown");
}

TEST_CASE("a source of clients is an IPv4 address, or an IPv6 network") {
  CHECK(source_of(at_v4("10.0.0.1")) == source_of(at_v6("::ffff:10.0.0.1")));
  CHECK(source_of(at_v4("10.0.0.1")) != source_of(at_v4("10.0.0.2")));
  CHECK(source_of(at_v6("2001:db8:0:1::7")) == source_of(at_v6("2001:db8:0:1:8:9:a:b")));
  CHECK(source_of(at_v6("2001:db8:0:1::7")) != source_of(at_v6("2001:db8:0:2::7")));
}
