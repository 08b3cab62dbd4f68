// Where a broker listens: IPv6, and addresses that are of one interface.
#include "tests/broker/embedded/in_process.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using Catch::Matchers::Contains;

namespace {

/// A broker that would listen there, on a port of the kernel's choice.
struct listening {
  explicit listening(const std::string& address) : server{config_of(address), options_of(log)} {}

  static configuration::config config_of(const std::string& address) {
    configuration::config config;
    config.listen.address = address;
    config.listen.port = 0;
    config.listen.allow_unauthenticated = true; // an address with a zone is not taken for loopback
    return config;
  }
  static broker_options options_of(kept_log& log) {
    auto options = quiet(log);
    options.listen = true;
    return options;
  }

  kept_log log;
  broker server;
};

/// Whether this machine has ::1.
bool has_ipv6() {
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = in6addr_loopback;
  int probe = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool is_there =
    probe >= 0 && ::bind(probe, reinterpret_cast<sockaddr*>(&loopback), sizeof loopback) == 0;
  if (probe >= 0)
    ::close(probe);
  return is_there;
}

} // namespace

TEST_CASE("a broker listens on ::1, and its log names a peer there with its port") {
  if (!has_ipv6())
    return;
  listening at{"::1"};
  auto started = at.server.start();
  INFO(started.text());
  REQUIRE(started);
  connection desktop;
  REQUIRE(desktop.open(endpoint{"::1", at.server.port()}, as(role::desktop)));
  register_on(desktop, "7001");
  CHECK(at.log.tells("[::1]:"));
}

TEST_CASE("a door of IPv6 takes IPv4 clients where it is told to, and names them as such") {
  if (!has_ipv6())
    return;
  bool takes_both = GENERATE(true, false);
  kept_log log;
  auto config = listening::config_of("::");
  config.listen.dual_stack = takes_both;
  broker server{config, listening::options_of(log)};
  REQUIRE(server.start());
  connection desktop;
  REQUIRE(desktop.open(endpoint{"::1", server.port()}, as(role::desktop)));
  connection other;
  bool is_in{other.open(endpoint{"127.0.0.1", server.port()}, as(role::desktop))};
  CHECK(is_in == takes_both);
  if (takes_both)
    CHECK(log.tells("peer=127.0.0.1:"));
  else
    CHECK_FALSE(log.has("peer=127.0.0.1:"));
}

TEST_CASE("an address of one interface is one to listen on, if it is this machine's") {
  listening at{"fe80::1%lo"}; // which hardly any machine has, so that nobody comes in
  auto started = at.server.start();
  if (!started) {
    CHECK(started.errors.at(0).key == "listen.port");
    CHECK_THAT(started.text(), Contains("cannot listen on fe80::1%lo port 0: "));
  }
}

TEST_CASE("an address of an interface that is not there is named with it") {
  listening at{"fe80::1%nosuchif0"};
  auto started = at.server.start();
  REQUIRE(started.errors.size() == 1);
  CHECK(started.errors[0].key == "listen.port");
  CHECK_THAT(started.text(),
             Contains("listen.address fe80::1%nosuchif0: ") && Contains("unknown interface"));
}
