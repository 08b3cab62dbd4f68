// Certificates that change while a broker runs.
#include "tests/broker/embedded/tls_broker.hpp"

#include <atomic>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("a reload under load loses no connection, and new ones get the new certificate") {
  tls_broker b{GENERATE(from_range(every_way))};
  b.start();
  auto desktop = b.join_by_tls(role::desktop);
  auto recorder = b.join_by_tls(role::recorder);
  register_on(desktop, "7001");
  register_on(recorder, "7001");
  std::atomic<bool> ends{false};
  std::atomic<int> newcomers{0};
  std::thread storm{[&] {
    auto context = client_context({});
    while (!ends)
      newcomers += dial(b.one->tls_port(), *context) ? 1 : 1'000'000;
  }};
  for (int i = 0; i < 20; ++i) {
    auto before = b.serial();
    b.renew();
    auto reloaded = b.one->reload(b.config);
    INFO(reloaded.text());
    CHECK(reloaded);
    CHECK(b.serial() != before);
    check_speaking(desktop, recorder);
  }
  ends = true;
  storm.join();
  CHECK(newcomers > 0);
  CHECK(newcomers < 1'000'000);
}

TEST_CASE("a reload with a bad file changes nothing, and names it") {
  tls_broker b;
  b.start();
  auto desktop = b.join_by_tls(role::desktop);
  register_on(desktop, "7001");
  auto before = b.serial();
  b.files.write("server.pem", b.own.certificate.substr(0, 300));
  b.config.dns.list = {"7001"};
  auto reloaded = b.one->reload(b.config);
  REQUIRE(reloaded.errors.size() == 1);
  CHECK(reloaded.errors[0].key == "tls.certificate_file");
  CHECK_THAT(reloaded.text(), Contains("server.pem: the file is cut short or damaged"));
  CHECK(b.serial() == before);
  register_on(desktop, "7002"); // not even the list of DNs
}

TEST_CASE("files that change are taken over without a word from anybody, a bad one is told") {
  tls_broker b;
  b.start();
  auto before = b.serial();
  b.renew();
  b.one->tick();
  b.one->tick();
  auto after = b.serial();
  CHECK(after != before);
  CHECK(b.log.tells("the TLS doors' files were read: new connections use them"));
  b.files.write("server.key", "no key at all");
  b.one->tick();
  b.one->tick();
  CHECK(b.log.tells("the TLS doors' files have changed and are not good"));
  CHECK(b.log.tells("tls.key_file"));
  CHECK(b.serial() == after);
}

TEST_CASE("who was revoked meanwhile does not come in again, and others stay") {
  tls_broker b;
  b.ask_clients();
  auto good = b.clients.issue(for_client("desk", "DNS:desk"));
  auto lost = b.clients.issue(for_client("lost", "DNS:lost"));
  b.config.tls.crl_file = b.files.write("revoked.pem", b.clients.revoke({}));
  b.start();
  auto desktop = b.join_by_tls(role::desktop, {.shows = good});
  b.join_by_tls(role::desktop, {.shows = lost});
  b.files.write("revoked.pem", b.clients.revoke({lost.certificate}));
  b.one->tick();
  b.one->tick();
  auto link = b.dial_as({.shows = lost});
  CHECK_THAT(link ? link.stream->wait_for_end() : link.text, Contains("certificate revoked"));
  register_on(desktop, "7001");
  b.join_by_tls(role::desktop, {.shows = good});
}

TEST_CASE("a certificate that ends soon is told of once, and one that has ended loudly") {
  tls_broker b;
  std::atomic<std::int64_t> ahead_us{0};
  b.options.utc_clock = [&] { return std::time(nullptr) * 1'000'000LL + ahead_us; };
  b.start();
  b.one->tick();
  CHECK_FALSE(b.log.has("the broker's certificate"));
  constexpr auto day_us = 24 * 3600 * 1'000'000LL;
  ahead_us = 65 * day_us;
  b.one->tick();
  b.one->tick();
  CHECK(b.log.count("the broker's certificate ends") == 1);
  CHECK(b.log.tells("days_left=25"));
  ahead_us = 85 * day_us;
  b.one->tick();
  CHECK(b.log.tells("days_left=5"));
  ahead_us = 91 * day_us;
  b.one->tick();
  CHECK(b.log.tells("the broker's certificate has expired"));
}
