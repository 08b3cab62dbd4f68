// What visitors of the admin port do wrong, and that nobody else notices.
#include "broker/admin/server.hpp"
#include "tests/broker/admin/watched_broker.hpp"

#include <stdexcept>

using namespace ringdown;
using namespace ringdown::test;

namespace {

int status_of(std::uint16_t port, std::string_view bytes) {
  http_client one{port};
  one.say(bytes);
  return one.hear().status;
}

} // namespace

TEST_CASE("sixty visitors who finish no request keep nobody from asking for health") {
  watched_broker b;
  std::vector<http_client> stuck;
  for (int i = 0; i < 60; ++i) {
    stuck.emplace_back(b.port());
    if (i % 2 == 0)
      stuck.back().say("GET /livez HTTP/1.1\r\nHost: loc");
  }
  CHECK(get(b.port(), "/livez").status == 200);
  // Those who are only slow are answered all the same.
  stuck.front().say("alhost\r\n\r\n");
  CHECK(stuck.front().hear().status == 200);
}

TEST_CASE("visitors who take no answer keep nobody from asking for health") {
  watched_broker b;
  std::vector<http_client> deaf;
  for (int i = 0; i < 20; ++i) {
    deaf.emplace_back(b.port());
    for (int n = 0; n < 200; ++n)
      deaf.back().say(http_text("GET", "/metrics"));
  }
  CHECK(get(b.port(), "/livez").status == 200);
}

TEST_CASE("for one visitor too many the one goes that has been idle longest") {
  watched_broker b;
  std::vector<http_client> idle;
  for (std::size_t i = 0; i < admin::connections_max; ++i)
    idle.emplace_back(b.port());
  // The second has asked since, so it is not the oldest any more.
  for (std::size_t i : {std::size_t{0}, admin::connections_max - 1, std::size_t{1}}) {
    idle[i].say(http_text("GET", "/livez"));
    REQUIRE(idle[i].hear().status == 200);
  }
  CHECK(get(b.port(), "/livez").status == 200);
  CHECK(idle[2].has_ended());
  idle[0].say(http_text("GET", "/livez"));
  CHECK(idle[0].hear().status == 200);
}

TEST_CASE("several requests on one connection are answered in their order, sent at once or not") {
  watched_broker b;
  http_client one{b.port()};
  one.say(http_text("GET", "/livez") + http_text("GET", "/nothing") +
          http_text("GET", "/api/v1/queues"));
  CHECK(one.hear().status == 200);
  CHECK(one.hear().status == 404);
  CHECK(one.hear().json().contains("queues"));
  one.say(http_text("GET", "/readyz", {}, "Connection: close\r\n"));
  CHECK(one.hear().status == 200);
  CHECK(one.has_ended());
}

TEST_CASE("a connection ends with its thousandth answer") {
  watched_broker b;
  http_client one{b.port()};
  for (std::size_t i = 1; i <= admin::requests_per_connection_max; ++i) {
    one.say(http_text("GET", "/readyz"));
    auto answer = one.hear();
    REQUIRE(answer.status == 200);
    CHECK(answer.has("Connection: close") == (i == admin::requests_per_connection_max));
  }
  CHECK(one.has_ended());
}

TEST_CASE("what is wrong has its answer, and ends the connection where nothing can follow") {
  watched_broker b;
  CHECK(status_of(b.port(), "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(9000, 'x') +
                              "\r\n\r\n") == 431);
  CHECK(status_of(b.port(), "POST /api/v1/drain HTTP/1.1\r\nHost: localhost\r\n"
                            "Content-Length: 70000\r\n\r\n") == 413);
  CHECK(status_of(b.port(), "\x16\x03\x01\x02\x00 hello\r\n\r\n") == 400);
  CHECK(status_of(b.port(), "GET /livez HTTP/1.1\r\n\r\n") == 403); // for no host
  CHECK(status_of(b.port(), "GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n") == 403);
  CHECK(status_of(b.port(), http_text("GET", "/api/v1/connections?limit=1001")) == 400);
  CHECK(status_of(b.port(), http_text("BREW", "/livez")) == 405);
  http_client wrong{b.port()};
  wrong.say("nonsense\r\n\r\n" + http_text("GET", "/livez"));
  CHECK(wrong.hear().status == 400);
  CHECK(wrong.has_ended());
  CHECK(get(b.port(), "/livez").status == 200);
}

TEST_CASE("who meets a function of the host that throws is answered 500 and closed, nobody else") {
  watched_broker b{way::one_loop,
                   [](std::string_view token) -> admin_rights {
                     if (token == "all")
                       return {"wim", true, true};
                     if (token == "odd")
                       throw 17;
                     throw std::runtime_error{"no directory of persons"};
                   },
                   [] { throw std::runtime_error{"nobody takes orders"}; }};
  for (std::string_view token : {"look", "odd"}) {
    http_client one{b.port()};
    one.say(http_text("GET", "/api/v1/summary", token));
    auto answer = one.hear();
    CHECK(answer.status == 500);
    CHECK(answer.json().contains("error"));
    CHECK(answer.has("Connection: close"));
    CHECK(one.has_ended());
  }
  CHECK(ask(b.port(), "POST", "/api/v1/drain", "all").status == 500);
  CHECK(b.log.has("no directory of persons"));
  CHECK(b.log.has("nobody takes orders"));
  auto numbers = ask(b.port(), "GET", "/metrics", "all");
  CHECK(numbers.status == 200);
  CHECK(numbers.body.find("\nringdown_admin_requests_failed_total 3\n") != std::string::npos);
}

TEST_CASE("without a token of the access file nothing is told but health") {
  watched_broker b{way::one_loop, two_tokens()};
  for (auto* target : {"/metrics", "/api/v1/summary", "/api/v1/config", "/api/v1/dns/7001"}) {
    CHECK(get(b.port(), target).status == 401);
    CHECK(ask(b.port(), "GET", target, "wrong").status == 401);
  }
  CHECK(ask(b.port(), "GET", "/metrics", "look").status == 200);
  CHECK(get(b.port(), "/livez").status == 200);
}
