// A broker's TLS door: who comes in, who does not and is told why, and that nobody else notices.
#include "broker/host_functions.hpp"
#include "tests/broker/embedded/tls_broker.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <vector>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// All that comes until the other side closes.
std::string read_all(int descriptor) {
  std::string all;
  char buffer[4096];
  for (;;) {
    auto got = ::recv(descriptor, buffer, sizeof buffer, 0);
    if (got <= 0)
      return all;
    all.append(buffer, static_cast<std::size_t>(got));
  }
}

void send_raw(int descriptor, std::string_view bytes) {
  static_cast<void>(::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

/// The beginning of a ClientHello of 512 bytes, and then nothing.
constexpr std::string_view half_hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11};

/// From another address of this machine; it says nothing.
int connect_from_elsewhere(std::uint16_t port) {
  int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
  auto to = own;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  REQUIRE(::bind(descriptor, reinterpret_cast<sockaddr*>(&own), sizeof own) == 0);
  REQUIRE(::connect(descriptor, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  return descriptor;
}

/// A socket that is closed at its end.
struct raw_socket {
  explicit raw_socket(std::uint16_t port) : descriptor(connect_to(port)) {
    REQUIRE(descriptor >= 0);
  }
  ~raw_socket() { ::close(descriptor); }
  raw_socket(const raw_socket&) = delete;
  raw_socket& operator=(const raw_socket&) = delete;

  int descriptor;
};

} // namespace

TEST_CASE("a desktop at the TLS door and a recorder at the plain one speak on one DN") {
  tls_broker b{GENERATE(from_range(every_way))};
  b.config.tls.handshake_threads = 2;
  b.start();
  CHECK(b.one->port() != b.one->tls_port());
  auto desktop = b.join_by_tls(role::desktop, {.authorities = b.root.certificate()});
  auto recorder = b.join_plainly(role::recorder);
  register_on(desktop, "7001");
  register_on(recorder, "7001");
  check_speaking(desktop, recorder);
  CHECK(b.one->counters().tls_handshakes == 1);
  CHECK(b.one->counters().tls_handshakes_failed == 0);
}

TEST_CASE("large events pass both ways by TLS 1.3 and 1.2 as they were sent") {
  tls_broker b{GENERATE(from_range(every_way))};
  b.start();
  auto version = GENERATE(TLS1_3_VERSION, TLS1_2_VERSION);
  auto sender = b.join_by_tls(role::desktop, {.version_max = version});
  auto receiver = b.join_by_tls(role::desktop, {.version_max = version});
  register_on(sender, "7001");
  register_on(receiver, "7001");
  outgoing_event large;
  large.this_dn = "7001";
  large.data.add("filler", std::string(15'000, 'x'));
  for (int i = 0; i < 40; ++i) {
    auto ack = answer_to<event_ack>(sender, sender.send_event(large));
    auto heard = next<event_user_event>(receiver);
    REQUIRE(heard.sequence == ack.sequence);
    REQUIRE(heard.data == large.data);
  }
}

TEST_CASE("a broker that stops says so, and closes TLS in order") {
  tls_broker b;
  b.config.limits.linger_timeout = 200ms;
  b.start();
  auto desktop = b.join_by_tls(role::desktop);
  b.one->stop(60s);
  auto last = desktop.wait(patience);
  REQUIRE(last);
  CHECK(std::get<event_link_disconnected>(*last).reason == disconnect_reason::draining);
  CHECK_FALSE(desktop.wait(patience));
  CHECK(desktop.result().fault == link_fault::ended_by_broker);
  // A client that reads to the end finds a close_notify.
  tls_broker other;
  other.config.limits.linger_timeout = 200ms;
  other.start();
  auto link = other.dial_as();
  REQUIRE(link);
  other.one->stop(60s);
  CHECK(link.stream->wait_for_end() == "a byte"); // EventLinkDisconnected
  link.stream->read_all();
  CHECK(link.stream->wait_for_end() == "end");
}

// ---- certificates of clients ---------------------------------------------------------------

TEST_CASE("whoever decides hears the names of a client's certificate, never its common name") {
  tls_broker b;
  b.ask_clients();
  std::mutex mutex;
  peer_facts seen;
  b.options.authorize = [&](const client_identity& who, action what, std::string_view,
                            std::string_view) {
    std::scoped_lock lock{mutex};
    if (what == action::sign_on)
      seen = who.peer;
    return true;
  };
  b.start();
  auto shown = b.clients.issue(
    for_client("admin", "DNS:desk.example,URI:urn:example:desk,email:desk@example,IP:10.0.0.1"));
  auto desktop = b.join_by_tls(role::desktop, {.shows = shown});
  std::scoped_lock lock{mutex};
  CHECK(seen.is_encrypted);
  CHECK_THAT(seen.name, Contains("127.0.0.1:"));
  CHECK_FALSE(seen.source.empty());
  REQUIRE(seen.certificate);
  using kind = certificate_name::kind;
  CHECK(seen.certificate->names == std::vector<certificate_name>{{kind::dns, "desk.example"},
                                                                 {kind::uri, "urn:example:desk"},
                                                                 {kind::email, "desk@example"}});
}

TEST_CASE("who came in by a certificate goes at its end, as with any credentials") {
  constexpr std::int64_t second_us = 1'000'000;
  constexpr std::int64_t life_s = 3'600;
  tls_broker b;
  b.ask_clients();
  b.config.auth.file = b.files.write("access.toml", R"([[certificate]]
dns = "*.example"
name = "{1}"
groups = ["agents"]
[[grant]]
group = "agents"
roles = ["desktop"]
dns = ["*"]
may = ["register", "send_command"]
)");
  b.config.auth.expired = expired_policy::disconnect;
  auto wish = for_client("desk", "DNS:desk.example");
  wish.ends_in_s = life_s;
  // Its end is a whole second: less than one before this, or behind it.
  const auto end_at_least_us = utc_now_us() + (life_s - 1) * second_us;
  const auto shown = b.clients.issue(wish);
  std::atomic<std::int64_t> clock{end_at_least_us - second_us};
  b.options.utc_clock = [&] { return clock.load(); };
  b.start();
  auto desktop = b.join_by_tls(role::desktop, {.shows = shown});
  CHECK(b.log.has("principal=cert:desk"));
  register_on(desktop, "7001");
  const auto end_us = desktop.link().credentials_expire_time_us;
  CHECK(end_us >= end_at_least_us);
  CHECK(end_us <= utc_now_us() + life_s * second_us);
  clock = end_us;
  CHECK(next<event_link_disconnected>(desktop).reason == disconnect_reason::credentials_expired);
  auto late = b.dial_as({.shows = shown}); // which TLS goes on to take, by the machine's clock
  REQUIRE(late);
  connection again;
  CHECK(again.open(std::move(late.stream), as(role::desktop)).fault == link_fault::sign_on_refused);
  CHECK(b.log.has("certificate_expired"));
}

TEST_CASE("a client without a certificate is encrypted and nobody in particular") {
  tls_broker b;
  std::atomic<int> encrypted{0};
  std::atomic<int> with_names{0};
  b.options.authorize = [&](const client_identity& who, action, std::string_view,
                            std::string_view) {
    encrypted += who.peer.is_encrypted ? 1 : 0;
    with_names += who.peer.certificate ? 1 : 0;
    return true;
  };
  b.start();
  auto desktop = b.join_by_tls(role::desktop);
  CHECK(encrypted > 0);
  CHECK(with_names == 0);
  encrypted = 0;
  auto plain = b.join_plainly(role::desktop);
  CHECK(encrypted == 0);
}

TEST_CASE("each bad certificate of a client is refused, and the log says which it was") {
  tls_broker b;
  auto version = GENERATE(TLS1_3_VERSION, TLS1_2_VERSION);
  b.ask_clients();
  auto wish = for_client("desk", "DNS:desk");
  auto good = b.clients.issue(wish);
  auto lost = b.clients.issue(wish);
  b.config.tls.crl_file = b.files.write("revoked.pem", b.clients.revoke({lost.certificate}));
  b.start();
  auto bystander = b.join_by_tls(role::desktop, {.shows = good});
  register_on(bystander, "7001");

  auto check_refused = [&](const key_pair& shows, const std::string& line,
                           const std::string& alert) {
    INFO(line);
    auto link = b.dial_as({.shows = shows, .version_max = version});
    // By TLS 1.3 the client is done before the broker has seen its certificate.
    auto told = link ? link.stream->wait_for_end() : link.text;
    CHECK_THAT(told, Contains(alert));
    b.await_log(line);
  };
  auto past = wish;
  past.begins_in_s = -7200;
  past.ends_in_s = -3600;
  auto coming = wish;
  coming.begins_in_s = 3600;
  auto server = wish;
  server.purpose = "serverAuth";
  check_refused({}, "the client showed no certificate",
                version == TLS1_3_VERSION ? "certificate required" : "handshake failure");
  check_refused(b.clients.issue(past), "the client's certificate has expired",
                "certificate expired");
  check_refused(b.clients.issue(coming), "the client's certificate is not valid yet",
                "bad certificate");
  check_refused(authority{"Clients' authority"}.issue(wish), "the client's certificate is not good",
                "decrypt error");
  check_refused(b.root.issue(wish), "the client's certificate is of an unknown authority",
                "unknown ca");
  check_refused(b.clients.issue(server), "the client's certificate is not for clients",
                "unsupported certificate");
  check_refused(lost, "the client's certificate was revoked", "certificate revoked");
  CHECK(b.one->counters().tls_handshakes_failed == 7);
  // Nobody else has noticed.
  CHECK(b.log.has("peer=127.0.0.1:"));
  answer_to<event_ack>(bystander, send(bystander, "7001", capture_verb::pause));
}

TEST_CASE("a client that refuses the broker's certificate says why in the log") {
  tls_broker b;
  b.start();
  auto link = b.dial_as({.authorities = b.clients.certificate()});
  CHECK_FALSE(link);
  b.await_log("the client refused the broker");
  CHECK(b.log.has("unknown ca"));
}

// ---- the wrong port ------------------------------------------------------------------------

TEST_CASE("plain text on the TLS port is told so in plain text") {
  tls_broker b;
  b.start();
  connection desktop;
  auto opened = desktop.open(endpoint{"127.0.0.1", b.one->tls_port()}, as(role::desktop));
  CHECK_FALSE(opened);
  CHECK_THAT(opened.text, Contains("this port speaks TLS"));
  b.await_log("plain text on the TLS port");
  raw_socket browser{b.one->tls_port()};
  send_raw(browser.descriptor, "GET / HTTP/1.1\r\nHost: here\r\n\r\n");
  read_all(browser.descriptor);
  b.await_log("reason=HTTP");
}

TEST_CASE("TLS on the plain port is told so by an alert") {
  tls_broker b;
  b.start();
  auto context = client_context({});
  auto link = dial(b.one->port(), *context);
  CHECK_FALSE(link);
  CHECK_THAT(link.text, Contains("alert handshake failure"));
  b.await_log("TLS spoken on the plain port");
}

// ---- time and room -------------------------------------------------------------------------

TEST_CASE("a client that sends a byte now and then ends with the handshake's time") {
  tls_broker b;
  b.config.limits.handshake_timeout = 500ms;
  b.start();
  auto bystander = b.join_by_tls(role::desktop);
  register_on(bystander, "7001");
  raw_socket slow{b.one->tls_port()};
  std::string hello{half_hello};
  hello += std::string(500, 'x');
  for (auto byte : hello) {
    send_raw(slow.descriptor, {&byte, 1});
    std::this_thread::sleep_for(20ms);
    if (b.log.has("TLS handshake: not done in time"))
      break;
  }
  b.await_log("TLS handshake: not done in time");
  CHECK(read_all(slow.descriptor).empty());
  CHECK(tls_broker::soon([&] { return b.one->counters().connections == 1; }));
  answer_to<event_ack>(bystander, send(bystander, "7001", capture_verb::pause));
}

TEST_CASE("the time to sign on begins behind the handshake") {
  tls_broker b;
  b.config.limits.sign_on_timeout = 300ms;
  b.start();
  auto context = client_context({});
  // The handshake alone takes longer.
  int descriptor = connect_to(b.one->tls_port());
  std::this_thread::sleep_for(600ms);
  ::close(descriptor);
  CHECK_FALSE(b.log.has("not signed on in time"));
  auto link = b.dial_as();
  REQUIRE(link);
  CHECK(link.stream->wait_for_end() == "a byte"); // EventLinkDisconnected
}

TEST_CASE("a login storm waits outside, and nobody of it is turned away") {
  tls_broker b{GENERATE(way::one_loop, way::stock)};
  b.config.limits.connections_unsigned_max = 4;
  b.start();
  std::atomic<int> in{0};
  std::vector<std::thread> office;
  for (int i = 0; i < 8; ++i)
    office.emplace_back([&] {
      auto context = client_context({});
      std::vector<connection> agents;
      for (int j = 0; j < 8; ++j) {
        auto link = dial(b.one->tls_port(), *context);
        auto& agent = agents.emplace_back();
        in += link && agent.open(std::move(link.stream), as(role::desktop)) ? 1 : 0;
      }
    });
  for (auto& each : office)
    each.join();
  CHECK(in == 64);
  CHECK(b.one->counters().refused == 0);
  CHECK(b.one->counters().tls_handshakes_failed == 0);
}

TEST_CASE("those who stall in the handshake lose their places to who waits outside") {
  tls_broker b;
  b.config.limits.connections_unsigned_max = 2;
  b.start();
  raw_socket first{b.one->tls_port()};
  raw_socket second{b.one->tls_port()};
  send_raw(first.descriptor, half_hello);
  REQUIRE(tls_broker::soon([&] { return b.one->counters().connections_unsigned == 2; }));
  auto desktop = b.join_by_tls(role::desktop); // waits for some seconds
  CHECK(read_all(first.descriptor).empty());
  b.await_log("TLS handshake: too many connections have not signed on yet");
  // At the plain door nobody waits.
  raw_socket third{b.one->tls_port()};
  REQUIRE(tls_broker::soon([&] { return b.one->counters().connections_unsigned == 2; }));
  auto plain = b.join_plainly(role::desktop);
  CHECK(read_all(second.descriptor).empty());
}

TEST_CASE("those who stall in the handshake do not keep others out, however many they are") {
  tls_broker b{GENERATE(from_range(every_way))};
  b.config.limits.connections_max = 100;
  b.config.limits.connections_unsigned_max = 4;
  b.start();
  std::vector<int> silent; // more than the house holds
  for (int i = 0; i < 200; ++i)
    silent.push_back(connect_from_elsewhere(b.one->tls_port()));
  auto desktop = b.join_by_tls(role::desktop);
  register_on(desktop, "7001");
  CHECK(b.one->counters().connections_unsigned > 0); // there was no free place
  for (auto descriptor : silent)
    ::close(descriptor);
}

TEST_CASE("a full house closes without a word at the TLS door") {
  tls_broker b;
  b.config.limits.connections_max = 2;
  b.config.limits.connections_unsigned_max = 2;
  b.start();
  auto first = b.join_by_tls(role::desktop);
  auto second = b.join_by_tls(role::desktop);
  raw_socket third{b.one->tls_port()};
  CHECK(read_all(third.descriptor).empty());
  CHECK(b.one->counters().refused == 1);
  b.await_log("too many connections"); // behind the close
}

TEST_CASE("a drain ends the handshakes that are under way") {
  tls_broker b{GENERATE(from_range(every_way))};
  b.config.limits.drain_timeout = 60s;
  b.start();
  raw_socket slow{b.one->tls_port()};
  send_raw(slow.descriptor, half_hello);
  REQUIRE(tls_broker::soon([&] { return b.one->counters().connections_unsigned == 1; }));
  CHECK(b.one->drain());
  CHECK(read_all(slow.descriptor).empty());
  b.one->stop();
}

TEST_CASE("a broker that stops closes the handshakes that are under way") {
  tls_broker b{GENERATE(from_range(every_way))};
  b.start();
  raw_socket slow{b.one->tls_port()};
  send_raw(slow.descriptor, half_hello);
  REQUIRE(tls_broker::soon([&] { return b.one->counters().connections_unsigned == 1; }));
  b.one->stop();
  CHECK(read_all(slow.descriptor).empty());
  CHECK(b.one->counters().connections == 0);
}

// ---- start ---------------------------------------------------------------------------------

TEST_CASE("what keeps the TLS door shut is an error of its own key, and nothing runs") {
  tls_broker b;
  b.start();
  tls_broker other;
  other.config.listen_tls.port = b.one->tls_port();
  broker second{other.config, other.options};
  auto started = second.start();
  REQUIRE(started.errors.size() == 1);
  CHECK(started.errors[0].key == "listen_tls.port");
  CHECK_FALSE(second.connect());
  CHECK(second.port() == 0);

  other.files.write("server.key", other.root.issue({}).key);
  broker third{other.config, other.options};
  started = third.start();
  REQUIRE(started.errors.size() == 1);
  CHECK(started.errors[0].key == "tls.key_file");
  CHECK_THAT(started.text(), Contains("tls.key_file: ") && Contains("server.key"));
  CHECK(broker::check(other.config).text() == started.text());
}

TEST_CASE("a broker may have a TLS door alone") {
  tls_broker b;
  b.config.listen.enabled = false;
  b.start();
  CHECK(b.one->port() == b.one->tls_port());
  b.join_by_tls(role::desktop);
}
