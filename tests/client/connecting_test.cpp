// How a link comes up: of several addresses those that say nothing take no more than their share of
// the time, and whose loop waits is the program's choice.
#include "client/connection.hpp"
#include "tests/client/fake_broker.hpp"

#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;
using ringdown::test::fake_broker;

namespace {

constexpr auto patience = 20s;

endpoint at(std::uint16_t port) {
  return {"127.0.0.1", port};
}

/// Takes no connection and refuses none: its queue is full, and the system drops what else comes.
class black_hole {
public:
  black_hole() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(sockets_[0], generic, size) == 0);
    REQUIRE(::listen(sockets_[0], 0) == 0);
    REQUIRE(::getsockname(sockets_[0], generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      (void)::connect(sockets_.back(), generic, size);
    }
  }
  ~black_hole() {
    for (int fd : sockets_)
      ::close(fd);
  }
  black_hole(const black_hole&) = delete;
  black_hole& operator=(const black_hole&) = delete;

  std::uint16_t port() const { return port_; }

private:
  std::vector<int> sockets_;
  std::uint16_t port_ = 0;
};

} // namespace

TEST_CASE("an address that says nothing leaves the others their share of the time") {
  black_hole silent;
  fake_broker broker;
  steady_time time{1h};
  connection link{[&] { return time; }};
  bounds limits;
  limits.connect_timeout = 9s;
  auto nobody = at(silent.port());
  link.start_at_any({{nobody, nobody, at(broker.port())}, {}}, identity{}, limits);
  link.poll(0ms);
  REQUIRE(link.state() == link_state::connecting);
  for (int i = 0; i < 2; ++i) {
    CHECK(link.next_deadline() == time + 3s);
    time += 3s;
    link.poll(0ms);
  }
  auto until = std::chrono::steady_clock::now() + patience;
  while (link.state() != link_state::up && std::chrono::steady_clock::now() < until)
    link.poll(0ms);
  CHECK(link.state() == link_state::up);
}

TEST_CASE("the last address has all the time that is left") {
  black_hole silent;
  steady_time time{1h};
  connection link{[&] { return time; }};
  bounds limits;
  limits.connect_timeout = 9s;
  link.start_at_any({{at(silent.port())}, {}}, identity{}, limits);
  link.poll(0ms);
  CHECK(link.next_deadline() == time + 9s);
  time += 9s;
  link.poll(0ms);
  CHECK(link.state() == link_state::closed);
  CHECK(link.result().fault == link_fault::timed_out);
}

TEST_CASE("a link can be driven by a program's own loop") {
  fake_broker broker;
  connection link;
  link.start(at(broker.port()), identity{});
  auto until = std::chrono::steady_clock::now() + patience;
  while (link.state() != link_state::up && std::chrono::steady_clock::now() < until) {
    CHECK(link.descriptor() >= 0);
    link.poll(10ms);
  }
  CHECK(link.state() == link_state::up);
  CHECK(link.next_deadline() > std::chrono::steady_clock::now() - 1s);
  link.close();
  CHECK(link.descriptor() == -1);
  CHECK(link.result().fault == link_fault::closed_here);
  CHECK_FALSE(link.next());
}
