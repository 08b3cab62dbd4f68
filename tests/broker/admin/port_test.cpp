// The admin port of a broker that runs.
#include "tests/broker/admin/watched_broker.hpp"

#include <atomic>
#include <thread>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

TEST_CASE("a broker that runs is alive and ready, on every scheduler") {
  for (auto how : every_way) {
    watched_broker b{how};
    auto live = get(b.port(), "/livez");
    CHECK(live.status == 200);
    CHECK(live.json().at("loops").size() == (how == way::two_loops ? 2 : 1));
    CHECK(get(b.port(), "/readyz").status == 200);
    CHECK(get(b.port(), "/metrics").status == 200);
  }
}

TEST_CASE("every answer says that it is not to be kept, framed or guessed at") {
  watched_broker b;
  for (auto* target : {"/livez", "/nothing", "/api/v1/summary", "/metrics"}) {
    auto answer = get(b.port(), target);
    CHECK(answer.has("X-Content-Type-Options: nosniff"));
    CHECK(answer.has("Content-Security-Policy: default-src 'self'"));
    CHECK(answer.has("X-Frame-Options: DENY"));
    CHECK(answer.has("Cache-Control: no-store"));
    CHECK_FALSE(answer.has("Access-Control-"));
  }
}

TEST_CASE("a broker that drains is alive and not ready, and one that has ended is not there") {
  auto b = std::make_unique<watched_broker>();
  auto desk = registered(**b, role::desktop, "7001");
  std::atomic<bool> may_end{false};
  std::thread drains{[&] { static_cast<void>((*b)->drain([&] { return may_end.load(); })); }};
  auto until = std::chrono::steady_clock::now() + patience;
  while (get(b->port(), "/readyz").status != 503 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  auto answer = get(b->port(), "/readyz");
  CHECK(answer.status == 503);
  CHECK(answer.body.find("the broker drains") != std::string::npos);
  CHECK(get(b->port(), "/livez").status == 200);
  may_end = true;
  drains.join();
  auto port = b->port();
  (*b)->stop();
  CHECK(b->port() == 0);
  int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(socket, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0);
  ::close(socket);
}

TEST_CASE("a broker may end while visitors wait and ask") {
  for (auto how : every_way) {
    auto b = std::make_unique<watched_broker>(how);
    auto desk = registered(**b, role::desktop, "7001");
    std::vector<http_client> visitors;
    for (int i = 0; i < 16; ++i) {
      visitors.emplace_back(b->port());
      visitors.back().say(http_text("GET", i % 2 == 0 ? "/metrics" : "/api/v1/dns/7001"));
    }
    visitors.emplace_back(b->port()).say("GET /livez HT");
    (*b)->stop();
    for (auto& one : visitors)
      while (one.hear().status != 0) {
      }
  }
}

TEST_CASE("a port that is taken keeps the broker from starting, and the key is named") {
  watched_broker first;
  auto config = watched(way::one_loop);
  config.admin.port = first.port();
  kept_log log;
  broker second{config, quiet(log)};
  auto started = second.start();
  REQUIRE(started.errors.size() == 1);
  CHECK(started.errors.front().key == "admin.port");
  auto where = "127.0.0.1 port " + std::to_string(first.port());
  CHECK(started.errors.front().message == "cannot listen on " + where + ": Address already in use");
  CHECK(second.admin_port() == 0);
}

TEST_CASE("whoever has the right ends a client, and it hears why") {
  watched_broker b{way::one_loop, two_tokens()};
  auto desk = registered(*b, role::desktop, "7001");
  auto all = ask(b.port(), "GET", "/api/v1/connections", "look");
  REQUIRE(all.status == 200);
  auto id = all.json().at("connections").at(0).at("id").get<std::string>();
  auto path = "/api/v1/connections/" + id + "/disconnect";
  CHECK(ask(b.port(), "POST", path, "look").status == 403);
  CHECK(ask(b.port(), "POST", path, "all").status == 202);
  auto last = next<event_link_disconnected>(desk);
  CHECK(last.reason == disconnect_reason::by_operator);
  CHECK(b.log.tells("an operator disconnects a client"));
  CHECK_FALSE(b.log.has("look"));
}

TEST_CASE("an order to drain reaches whoever runs the broker") {
  std::atomic<int> ordered{0};
  watched_broker b{way::one_loop, two_tokens(), [&] { ++ordered; }};
  CHECK(ask(b.port(), "POST", "/api/v1/drain", "all").status == 202);
  CHECK(ordered == 1);
  CHECK(ask(b.port(), "POST", "/api/v1/reload", "all").status == 501); // this host takes none
}
