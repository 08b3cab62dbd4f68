// A client that meets a hostile or broken peer: an error value, no crash, no hang, no growth.
#include "client/connection.hpp"

#include "messages/frame.hpp"
#include "tests/client/fake_broker.hpp"

#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;
using ringdown::test::fake_broker;

namespace {

constexpr auto patience = 20s;

/// Opens a link to a broker that answers a query with these bytes (and then, perhaps, leaves);
/// returns the last event.
link_lost meet(const std::string& bytes, bool then_close = false, const bounds& limits = {}) {
  fake_broker::options options;
  options.on_request = [&](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_query_address())
      return false;
    broker.send_bytes(fd, bytes);
    if (then_close)
      broker.disconnect(fd);
    return true;
  };
  fake_broker broker{options};
  connection link;
  REQUIRE(link.open({"127.0.0.1", broker.port()}, {}, limits));
  REQUIRE(link.query_address("7001"));
  std::optional<event> last;
  auto until = std::chrono::steady_clock::now() + patience;
  while (link.state() != link_state::closed && std::chrono::steady_clock::now() < until)
    if (auto e = link.wait(100ms))
      last = std::move(e);
  while (auto e = link.next())
    last = std::move(e);
  REQUIRE(link.state() == link_state::closed);
  REQUIRE(last);
  REQUIRE(std::holds_alternative<link_lost>(*last));
  CHECK(link.result().fault == std::get<link_lost>(*last).fault);
  return std::get<link_lost>(*last);
}

/// A listening socket that nobody serves.
struct dead_listener {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port = 0;

  explicit dead_listener(bool listening = true) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(fd, generic, size) == 0);
    if (listening)
      REQUIRE(::listen(fd, 8) == 0);
    REQUIRE(::getsockname(fd, generic, &size) == 0);
    port = ntohs(address.sin_port);
  }
  ~dead_listener() { ::close(fd); }
};

} // namespace

TEST_CASE("a length that is no length ends the link") {
  CHECK(meet("\xff\xff\xff\xff\xff\xff\xff").fault == link_fault::protocol_error);
}

TEST_CASE("a frame above the limit ends the link before it is held") {
  bounds limits;
  limits.frame_bytes_max = 1000;
  CHECK(meet("\xe9\x07", false, limits).fault == link_fault::protocol_error); // 1,001
  CHECK(meet("\xff\xff\xff\xff\x0f").fault == link_fault::protocol_error);    // 4 GiB
}

TEST_CASE("a frame of garbage ends the link") {
  CHECK(meet(std::string{"\x03\xff\xff\xff", 4}).fault == link_fault::protocol_error);
}

TEST_CASE("a frame cut off by the end of the stream is the end of the stream") {
  CHECK(meet(std::string{"\x7f\x08\x01", 3}, true).fault == link_fault::closed_by_peer);
  CHECK(meet("", true).fault == link_fault::closed_by_peer);
}

TEST_CASE("a request from a broker, or a second sign-on reply, ends the link") {
  v1::Frame frame;
  frame.mutable_request_sign_on();
  CHECK(meet(delimited(frame)).fault == link_fault::protocol_error);
  frame.mutable_event_link_connected();
  CHECK(meet(delimited(frame)).fault == link_fault::protocol_error);
}

TEST_CASE("answers to requests that were never made do no harm") {
  std::string bytes;
  for (std::uint32_t reference : {0u, 77u, 77u, 0xffffffffu}) {
    v1::Frame frame;
    frame.set_reference_id(reference);
    frame.mutable_event_ack();
    bytes += delimited(frame);
  }
  CHECK(meet(bytes, true).fault == link_fault::closed_by_peer);
}

TEST_CASE("a broker that falls silent is given up after the granted time") {
  fake_broker::options options;
  options.heartbeat_interval_ms = 40;
  options.heartbeat_timeout_ms = 100;
  fake_broker broker{options}; // it never sends heartbeats
  connection link;
  REQUIRE(link.open({"127.0.0.1", broker.port()}, {}));
  auto until = std::chrono::steady_clock::now() + patience;
  while (link.state() == link_state::up && std::chrono::steady_clock::now() < until)
    link.poll(1s);
  auto last = link.next();
  REQUIRE(last);
  CHECK(std::get<link_lost>(*last).fault == link_fault::silent);
}

TEST_CASE("a half-open peer that accepts and says nothing is given up at sign-on") {
  dead_listener listener;
  connection link;
  bounds limits;
  limits.connect_timeout = 50ms;
  auto opened = link.open({"127.0.0.1", listener.port}, {}, limits);
  CHECK(opened.fault == link_fault::timed_out);
  CHECK_FALSE(link.next());
}

TEST_CASE("nobody listening, and a name that is none, are error values") {
  dead_listener closed{false};
  connection link;
  CHECK(link.open({"127.0.0.1", closed.port}, {}).fault == link_fault::refused);
  CHECK(link.open({"name with spaces", 1}, {}).fault == link_fault::bad_address);
  CHECK(link.state() == link_state::closed);
}

TEST_CASE("grants of nothing do not make the client spin or stop") {
  fake_broker::options options;
  options.heartbeat_interval_ms = 0;
  options.heartbeat_timeout_ms = 0;
  options.window_requests = 0;
  options.window_bytes = 0;
  fake_broker broker{options};
  connection link;
  REQUIRE(link.open({"127.0.0.1", broker.port()}, {}));
  CHECK(link.link().heartbeat_interval > 0ms);
  auto sent = link.query_address("7001");
  REQUIRE(sent); // one at a time always goes
  CHECK(link.query_address("7001").status == send_status::window_full);
}

TEST_CASE("a stream of events with damaged bytes ends in an event or an error, never a crash") {
  v1::Frame frame;
  auto& event = *frame.mutable_event_user_event();
  event.set_dn_sequence(5);
  event.mutable_event()->set_this_dn("7001");
  auto& pair = *event.mutable_event()->mutable_user_data()->add_pairs();
  pair.set_key("screen-capture");
  pair.set_string_value("paused");
  auto one = delimited(frame);
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random{seed};
    auto bytes = one + one + one;
    for (auto i = random() % 5 + 1; i > 0; --i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    INFO("seed " << seed);
    auto end = meet(bytes, true).fault;
    CHECK((end == link_fault::protocol_error || end == link_fault::closed_by_peer));
  }
}
