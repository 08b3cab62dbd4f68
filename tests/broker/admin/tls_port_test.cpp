// The admin port by TLS.
#include "tests/broker/admin/http_client.hpp"
#include "tests/broker/embedded/tls_broker.hpp"

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// A broker whose admin port speaks TLS, with or without a TLS door.
struct watched_by_tls : tls_broker {
  explicit watched_by_tls(way how = way::one_loop) : tls_broker(how) {
    config.admin.enabled = true;
    config.admin.tls = true;
    config.admin.port = 0;
  }
  dialled dial_admin(const client_manner& how) const {
    auto context = client_context(how);
    return dial(one->admin_port(), *context);
  }
  client_manner trusting(const std::string& protocols = {}) const {
    return {.authorities = root.certificate(), .protocols = protocols};
  }
};

const std::string http{"\x08http/1.1"};

/// What the port says to one request, to the end of the connection.
std::string said_to(dialled& visitor, std::string_view request) {
  REQUIRE(visitor.stream->write_some(request).status == transport_status::done);
  std::string all;
  char bytes[4096];
  for (;;) {
    auto got = visitor.stream->read_some(bytes, sizeof bytes);
    if (got.status == transport_status::would_block) {
      pollfd one{visitor.stream->descriptor(), POLLIN, 0};
      REQUIRE(::poll(&one, 1, http_patience_ms) == 1);
      continue;
    }
    if (got.status != transport_status::done)
      return all;
    all.append(bytes, got.bytes);
  }
}

} // namespace

TEST_CASE("an admin port by TLS answers by TLS alone, under any name that its certificate has") {
  watched_by_tls b;
  b.start();
  auto visitor = b.dial_admin(b.trusting(http));
  INFO(visitor.text);
  REQUIRE(visitor);
  auto said = said_to(visitor, "GET /livez HTTP/1.1\r\nHost: ringdown.test\r\n"
                               "Connection: close\r\n\r\n");
  CHECK(said.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(said.ends_with("}\n"));
  http_client plain{b.one->admin_port()};
  plain.say(http_text("GET", "/livez"));
  CHECK(plain.hear().status == 0);
}

TEST_CASE("the protocol of the doors is not spoken at the admin port, nor HTTP at a door") {
  watched_by_tls b;
  b.start();
  CHECK_FALSE(b.dial_admin(b.trusting("\x0aringdown/1")));
  CHECK_FALSE(b.dial_as(b.trusting(http)));
  CHECK(b.dial_admin(b.trusting()));
  CHECK(b.dial_admin(b.trusting("\x02h2" + http)));
}

TEST_CASE("a broker without a TLS door may have its admin port by TLS, and clients show nothing") {
  watched_by_tls b;
  b.config.listen_tls.enabled = false;
  b.ask_clients();
  b.one.emplace(b.config, b.options);
  REQUIRE(b.one->start());
  CHECK(b.one->tls_port() == 0);
  CHECK(b.dial_admin(b.trusting(http)));
}

TEST_CASE("a new certificate is shown to the next visitor of the admin port, too") {
  watched_by_tls b;
  b.start();
  auto before = b.dial_admin(b.trusting(http));
  REQUIRE(before);
  b.renew();
  REQUIRE(b.one->reload(b.config));
  auto behind = b.dial_admin(b.trusting(http));
  REQUIRE(behind);
  CHECK(before.stream->serial() != behind.stream->serial());
  // Who was there before is answered all the same.
  CHECK(said_to(before, "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
          .starts_with("HTTP/1.1 200 OK"));
}

TEST_CASE("a broker whose admin port has no good certificate does not start") {
  watched_by_tls b;
  b.config.listen_tls.enabled = false;
  b.files.write("server.key", "nonsense");
  b.one.emplace(b.config, b.options);
  auto started = b.one->start();
  REQUIRE_FALSE(started);
  CHECK(started.errors.front().key == "tls.key_file");
  CHECK_FALSE(broker::check(b.config));
}
