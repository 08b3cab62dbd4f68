// A load by several threads: each has its share, and the results are made one.
#include "bench/load/load_threads.hpp"
#include "bench/machine/process.hpp"
#include "tests/bench/small_load.hpp"
#include "tests/client/fake_broker.hpp"

#include <catch2/catch.hpp>

#include <sched.h>

#include <algorithm>
#include <atomic>

using namespace ringdown;
using namespace ringdown::bench;
using namespace std::chrono_literals;
using ringdown::test::fake_broker;

namespace {

/// Of a broker at this port.
load_options on_threads(std::uint32_t threads, std::uint16_t port = 0) {
  auto o = test::small_load(port);
  o.threads = threads;
  o.producers = 4;
  o.seconds = 500ms;
  return o;
}

load_options against(const fake_broker& broker, std::uint32_t threads) {
  return on_threads(threads, broker.port());
}

} // namespace

TEST_CASE("the shares of a load are the load") {
  auto whole = on_threads(2);
  whole.open_loop = pace{};
  whole.open_loop->per_second = 1000;
  whole.open_loop->burst_events = 1;
  auto one = share_of(whole, 0);
  auto other = share_of(whole, 1);
  for (auto& share : {one, other}) {
    CHECK(share.threads == 1);
    CHECK(share.producers == 2);
    CHECK(share.receivers == 1);
    CHECK(share.dns == 10);
    CHECK(share.window == whole.window);
    CHECK(share.open_loop->per_second == 500);
    CHECK(share.open_loop->burst_events == 1);
    CHECK_FALSE(unusable(share));
  }
  CHECK(one.dn_prefix != other.dn_prefix);
  CHECK(one.open_loop->seed != other.open_loop->seed);
}

TEST_CASE("a load that does not go into equal shares is refused") {
  CHECK_FALSE(unusable(on_threads(2)));
  auto is_refused = [](auto change) {
    auto o = on_threads(2);
    change(o);
    return unusable(o).has_value();
  };
  CHECK(is_refused([](auto& o) { o.threads = 0; }));
  CHECK(is_refused([](auto& o) { o.producers = 3; }));
  CHECK(is_refused([](auto& o) { o.receivers = 1; }));
  CHECK(is_refused([](auto& o) { o.dns = 21; }));
  CHECK(is_refused([](auto& o) { o.fan_out = 2; }));
  CHECK(is_refused([](auto& o) { o.slow_receivers = 1; }));
}

TEST_CASE("merged results are sums, and a fault of one is a fault of all") {
  load_result one, other;
  one.drained = other.drained = true;
  one.acked = 3;
  other.acked = 4;
  one.found.lost = 1;
  one.errors = {{111, 2}};
  other.errors = {{111, 1}, {53, 1}};
  one.measured = 1s;
  other.measured = 1010ms;
  one.resident_before = 10;
  other.resident_before = 12;
  one.resident_end = 20;
  other.resident_end = 21;
  one.ack_latency.record(5);
  other.ack_latency.record(900);
  // The process used 1.5 s, of which 0.5 s and 0.4 s were the threads' own.
  one.own_cpu = 500ms;
  one.broker_cpu = 1000ms;
  other.own_cpu = 400ms;
  other.broker_cpu = 1100ms;
  auto all = merged(std::vector{one, other}, true);
  CHECK(all.acked == 7);
  CHECK(all.found.lost == 1);
  CHECK_FALSE(all.good());
  CHECK(all.errors == std::map<std::uint32_t, std::uint64_t>{{53, 1}, {111, 3}});
  CHECK(all.measured == 1010ms);
  CHECK(all.resident_before == 10u);
  CHECK(all.resident_end == 21u);
  CHECK(all.ack_latency.count() == 2);
  CHECK(all.own_cpu == 900ms);
  CHECK(all.broker_cpu == std::chrono::nanoseconds{600ms});
  CHECK_FALSE(all.client_was_the_limit()); // 90 % of one core, on two threads
  CHECK(merged(std::vector{one, other}, false).broker_cpu == std::chrono::nanoseconds{1000ms});
  other.trouble = "lost";
  CHECK(merged(std::vector{one, other}, true).trouble == "lost");
  other.trouble.clear();
  one.drained = false;
  CHECK_FALSE(merged(std::vector{one, other}, true).drained);
}

TEST_CASE("merged samples are sums, with the latencies of the slowest") {
  sample one, other;
  one.acked = 1;
  other.acked = 2;
  one.ack_p99_ns = 70;
  other.ack_p99_ns = 50;
  other.resident_bytes = 9;
  auto both = merged(std::vector{one, other});
  CHECK(both.acked == 3);
  CHECK(both.ack_p99_ns == 70);
  CHECK(both.resident_bytes == 9u);
}

TEST_CASE("several threads load a broker, and every delivery of each is verified") {
  fake_broker::options options;
  int deliveries = 0;
  bool is_honest = GENERATE(true, false);
  options.on_delivery = [&](v1::Frame&) { return ++deliveries != 30 || is_honest; };
  fake_broker broker{options};
  auto o = against(broker, 2);
  std::atomic<int> began{0};
  std::uint64_t in_samples = 0; // told to one at a time
  o.on_measuring = [&](bool begins) { began += begins ? 1 : 0; };
  o.on_sample = [&](const sample& s) { in_samples += s.acked; };
  REQUIRE_FALSE(unusable(o));
  auto r = run_load(o);
  INFO(r.trouble);
  CHECK(r.good() == is_honest);
  CHECK(r.found.lost == (is_honest ? 0 : 1));
  CHECK(broker.sign_ons == 6);
  CHECK(r.cores == std::min(2u, usable_processors()));
  CHECK(r.found.delivered + r.found.lost == r.found.acked);
  CHECK(began == 1);
  std::uint64_t sampled = 0;
  for (auto& s : r.samples)
    sampled += s.acked;
  CHECK(sampled == in_samples);
  CHECK(sampled > 0);
}

TEST_CASE("threads that are kept on one processor are the limit when that one is used up") {
  cpu_set_t before;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  unsigned first = 0;
  while (!CPU_ISSET(first, &before))
    ++first;
  REQUIRE(pin_to(first));
  CHECK(usable_processors() == 1);
  REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
  load_result r;
  r.measured = std::chrono::seconds{1};
  r.broker_cpu = std::chrono::milliseconds{500};
  r.own_cpu = std::chrono::milliseconds{980}; // of both threads together
  r.cores = 1;
  CHECK(r.client_was_the_limit());
  r.cores = 2;
  CHECK_FALSE(r.client_was_the_limit());
}

TEST_CASE("threads whose broker refuses one of them all come back, and say why") {
  fake_broker::options options;
  int sign_ons = 0;
  options.on_request = [&](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_sign_on() || ++sign_ons != 4)
      return false;
    v1::Frame refusal;
    refusal.set_reference_id(request.reference_id());
    refusal.mutable_event_error()->set_error_code(119);
    broker.send(fd, refusal);
    return true;
  };
  fake_broker broker{options};
  auto r = run_load(against(broker, 2));
  CHECK_FALSE(r.good());
  CHECK(r.trouble != "");
  CHECK(r.trouble != others_failed);
  CHECK(r.found.sent == 0);
}
