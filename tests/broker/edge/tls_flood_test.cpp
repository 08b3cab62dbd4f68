// Clients that keep TLS busy and say nothing.
#include "tests/broker/edge/tls_bench.hpp"

#include <cerrno>
#include <string>

using namespace ringdown;
using namespace ringdown::edge;
using namespace ringdown::test;

TEST_CASE("a client that changes its keys without end fails its stream, and costs few records") {
  auto both_ways = GENERATE(false, true);
  bench b;
  for (int i = 0; i < 600; ++i) {
    b.hands.update_keys(both_ways);
    b.hands.flush_client();
  }
  b.below->coming = b.hands.take_ciphertext();
  REQUIRE(b.below->coming.size() > 16'000);
  auto got = b.read();
  CHECK(got.status == transport_status::failed);
  CHECK(got.error == EPROTO);
  CHECK_THAT(std::string{b.stream->fault()}, Catch::Contains("too many records without data"));
}

TEST_CASE("keys that change now and then, with data between, are nobody's fault") {
  bench b;
  for (int i = 0; i < 100; ++i) {
    b.hands.update_keys(true);
    b.say("an event");
    REQUIRE(b.read().bytes == 8);
    static_cast<void>(b.stream->write_some("an answer"));
  }
  CHECK(b.stream->fault().empty());
  // But a little data is no leave to change them for a whole read.
  for (int i = 0; i < 200; ++i) {
    b.hands.update_keys(false);
    b.say("x");
  }
  CHECK(b.read().bytes == records_without_data_max);
  CHECK(b.read().error == EPROTO);
}

TEST_CASE("a few new keys a read without data between add up") {
  bench b;
  auto change = [&](std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      b.hands.update_keys(false);
      b.hands.flush_client();
    }
    b.below->coming += b.hands.take_ciphertext();
  };
  change(records_without_data_max);
  CHECK(b.read().status == transport_status::would_block);
  change(1);
  CHECK(b.read().error == EPROTO);
}
