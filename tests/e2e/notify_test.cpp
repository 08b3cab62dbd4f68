// What the daemon tells a service manager (systemd's Type=notify).
#include "tests/e2e/bystander.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

using namespace ringdown;
using namespace ringdown::e2e;

namespace {

/// The manager's end of NOTIFY_SOCKET, in the abstract namespace.
class manager {
public:
  manager() : name_("ringdown-test-" + std::to_string(::getpid())) {
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data(), name_.size()); // the leading 0: abstract
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  }
  ~manager() { ::close(socket_); }
  manager(const manager&) = delete;
  manager& operator=(const manager&) = delete;

  process::surroundings around() const {
    process::surroundings result;
    result.environment = {{"NOTIFY_SOCKET", "@" + name_}};
    return result;
  }

  /// The next message; empty if none comes.
  std::string hears() const {
    pollfd one{socket_, POLLIN, 0};
    if (::poll(&one, 1, static_cast<int>(std::chrono::milliseconds{patience}.count())) != 1)
      return {};
    char text[512];
    auto got = ::recv(socket_, text, sizeof text, 0);
    return {text, static_cast<std::size_t>(got < 0 ? 0 : got)};
  }

private:
  std::string name_;
  int socket_ = -1;
};

} // namespace

TEST_CASE("The service manager hears when the broker listens, reloads and drains") {
  manager systemd;
  running_broker broker{flags{}, systemd.around()};
  CHECK(systemd.hears() == "READY=1\nSTATUS=listening on port " + std::to_string(broker.port()));
  auto client = registered(broker, v1::ROLE_DESKTOP, "7001");
  broker.child().signal(SIGHUP);
  CHECK(systemd.hears().find("RELOADING=1\nMONOTONIC_USEC=") == 0);
  CHECK(systemd.hears() == "READY=1\nSTATUS=listening on port " + std::to_string(broker.port()));
  client.close();
  CHECK(broker.stop() == 0);
  CHECK(systemd.hears() == "STOPPING=1\nSTATUS=draining");
}

TEST_CASE("The service manager hears of a reload that was refused, and when all is well again") {
  manager systemd;
  temporary_file config;
  running_broker broker{{"--config=" + config.path()}, systemd.around()};
  auto listens = "READY=1\nSTATUS=listening on port " + std::to_string(broker.port());
  CHECK(systemd.hears() == listens);
  config.write("[log]\nlevel = \"loud\"\n");
  broker.child().signal(SIGHUP);
  CHECK(systemd.hears().starts_with("RELOADING=1"));
  auto refused = systemd.hears();
  CHECK(refused.starts_with(listens + "; reload refused: " + config.path() + ":2:"));
  config.write("[log]\nfile = \"/no/such/folder/log\"\n");
  broker.child().signal(SIGHUP);
  CHECK(systemd.hears().starts_with("RELOADING=1"));
  CHECK(systemd.hears().starts_with(listens + "; the log stays where it was: /no/such/folder"));
  config.write("");
  broker.child().signal(SIGHUP);
  CHECK(systemd.hears().starts_with("RELOADING=1"));
  CHECK(systemd.hears() == listens);
  CHECK(broker.stop() == 0);
}

TEST_CASE("The service manager's watchdog hears each second that the loops turn, if it listens") {
  manager systemd;
  auto around = systemd.around();
  around.environment.emplace_back("WATCHDOG_USEC", "30000000");
  running_broker broker{flags{}, around};
  CHECK(systemd.hears().starts_with("READY=1"));
  CHECK(systemd.hears() == "WATCHDOG=1");
  CHECK(systemd.hears() == "WATCHDOG=1");
}

TEST_CASE(
  "The watchdog hears of a broker that drains, too: it may take longer than the watchdog waits") {
  manager systemd;
  auto around = systemd.around();
  around.environment.emplace_back("WATCHDOG_USEC", "30000000");
  running_broker broker{{"--limits.linger_timeout=60 s"}, around};
  auto client = signed_on(broker, v1::ROLE_DESKTOP);
  broker.child().signal(SIGTERM);
  std::string heard;
  while (!(heard = systemd.hears()).starts_with("STOPPING=1"))
    REQUIRE_FALSE(heard.empty());
  CHECK(systemd.hears() == "WATCHDOG=1");
  CHECK(systemd.hears() == "WATCHDOG=1");
  client.close();
  CHECK(broker.child().wait() == 0);
}
