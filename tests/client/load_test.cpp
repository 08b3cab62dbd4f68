// A load run against a broker of the test's own: an honest one passes, and one that loses,
// damages, doubles or reorders is caught.
#include "client/load/run.hpp"

#include "tests/client/fake_broker.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::load;
using namespace std::chrono_literals;
using ringdown::test::fake_broker;

namespace {

load_options small(const fake_broker& broker) {
  load_options o;
  o.links.address = client::resolve("127.0.0.1", broker.port()).addresses.at(0);
  o.producers = 3;
  o.window = 8;
  o.dns = 20;
  o.receivers = 2;
  o.warmup = 20ms;
  o.seconds = 100ms;
  o.patience = 20s;
  o.silence_max = 1s;
  return o;
}

} // namespace

TEST_CASE("an honest broker passes with every delivery verified") {
  fake_broker::options options;
  options.dns_per_request_max = 4; // several registrations each
  options.window_requests = 8;
  fake_broker broker{options};
  auto o = small(broker);
  REQUIRE_FALSE(unusable(o));
  auto r = run_load(o);
  INFO(r.trouble);
  CHECK(r.good());
  CHECK(r.found.sent > 0);
  CHECK(r.found.delivered == r.found.acked);
  CHECK(r.ack_latency.count() == r.acked);
  CHECK(r.errors.empty());
  CHECK(r.frames >= r.reads);
}

TEST_CASE("a broker that loses one delivery is caught") {
  fake_broker::options options;
  int count = 0;
  options.on_delivery = [&count](v1::Frame&) { return ++count != 30; };
  fake_broker broker{options};
  auto r = run_load(small(broker));
  CHECK_FALSE(r.good());
  CHECK(r.found.lost == 1);
}

TEST_CASE("a broker that damages one byte is caught") {
  fake_broker::options options;
  int count = 0;
  options.on_delivery = [&count](v1::Frame& frame) {
    auto* pair =
      frame.mutable_event_user_event()->mutable_event()->mutable_user_data()->mutable_pairs(0);
    if (++count == 30)
      pair->mutable_binary_value()->back() ^= 1;
    return true;
  };
  fake_broker broker{options};
  auto r = run_load(small(broker));
  CHECK_FALSE(r.good());
  CHECK(r.found.corrupted == 1);
}

TEST_CASE("a broker that refuses with errors is no broken broker, and the run goes on") {
  fake_broker::options options;
  int count = 0;
  options.on_request = [&count](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_send_event() || ++count % 10 != 0)
      return false;
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    frame.mutable_event_error()->set_error_code(111);
    frame.mutable_event_error()->set_retry_after_ms(1);
    broker.send(fd, frame);
    return true;
  };
  fake_broker broker{options};
  auto r = run_load(small(broker));
  INFO(r.trouble);
  CHECK(r.good());
  CHECK(r.errors[111] == r.found.refused);
  CHECK(r.found.refused > 0);
}

TEST_CASE("a broker that goes away ends the run with the reason") {
  fake_broker::options options;
  int count = 0;
  options.on_request = [&count](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_send_event() || ++count != 50)
      return false;
    broker.disconnect(fd);
    return true;
  };
  fake_broker broker{options};
  auto r = run_load(small(broker));
  CHECK_FALSE(r.good());
  CHECK(r.trouble.starts_with("connection ")); // which one; closed or reset, as it happened
}

TEST_CASE("a window above what the broker grants is refused") {
  fake_broker::options options;
  options.window_requests = 4;
  fake_broker broker{options};
  auto r = run_load(small(broker));
  CHECK(r.trouble.find("grants") != std::string::npos);
}

TEST_CASE("options that make no run are refused") {
  fake_broker broker;
  auto o = small(broker);
  o.dns = 2;
  CHECK(unusable(o));
}

TEST_CASE("idle connections come up, each registered, and stay") {
  fake_broker::options options;
  options.heartbeat_interval_ms = 40;
  options.heartbeat_timeout_ms = 60'000;
  fake_broker broker{options};
  idle_options o;
  static_cast<run_options&>(o) = small(broker);
  o.connections = 100;
  o.dns = 100;
  o.links.opening_max = 10;
  o.broker_pid = ::getpid();
  auto r = run_idle(o);
  INFO(r.trouble);
  CHECK(r.trouble.empty());
  CHECK(broker.sign_ons == 100);
  CHECK(broker.requests == 200);
  CHECK(broker.heartbeats > 0);
  CHECK(r.resident_after);
  CHECK(r.broker_cpu);
}
