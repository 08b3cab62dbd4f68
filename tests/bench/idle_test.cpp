// Connections that say nothing, and storms of them, against a broker of the test's own.
#include "bench/load/idle.hpp"
#include "bench/speak/ringdown_protocol.hpp"
#include "bench/tell/report.hpp"
#include "client/connection.hpp"

#include "tests/client/fake_broker.hpp"

#include <catch2/catch.hpp>
#include <netinet/in.h>

#include <mutex>
#include <set>

using namespace ringdown;
using namespace ringdown::bench;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using ringdown::test::fake_broker;

namespace {

idle_options idle_on(const fake_broker& broker, std::uint32_t connections) {
  idle_options o;
  o.links.address = client::resolve("127.0.0.1", broker.port()).addresses.at(0);
  o.connections = connections;
  o.dns = connections;
  o.seconds = 10ms;
  o.patience = 20s;
  return o;
}

/// Refuses the first so many requests of a kind, as a broker without room does.
struct crowded {
  int left = 0;
  bool (v1::Frame::*kind)() const = nullptr;
  void (*refuse)(const v1::Frame& request, v1::Frame& answer) = nullptr;

  bool operator()(fake_broker& broker, int fd, const v1::Frame& request) {
    if (!(request.*kind)() || left-- <= 0)
      return false;
    v1::Frame answer;
    refuse(request, answer);
    broker.send(fd, answer);
    broker.disconnect(fd);
    return true;
  }
};

void overloaded(const v1::Frame&, v1::Frame& answer) {
  auto& end = *answer.mutable_event_link_disconnected();
  end.set_reason(v1::DISCONNECT_REASON_OVERLOADED);
  end.set_text("too many");
  end.set_retry_after_ms(30);
}

void too_many_requests(const v1::Frame& request, v1::Frame& answer) {
  answer.set_reference_id(request.reference_id());
  answer.mutable_event_error()->set_error_code(111);
  answer.mutable_event_error()->set_text("wait");
  answer.mutable_event_error()->set_retry_after_ms(30);
}

void for_ever(const v1::Frame& request, v1::Frame& answer) {
  answer.set_reference_id(request.reference_id());
  answer.mutable_event_error()->set_error_code(59);
}

} // namespace

TEST_CASE("idle connections come up, each registered, and stay") {
  fake_broker::options options;
  options.heartbeat_interval_ms = 40;
  options.heartbeat_timeout_ms = 60'000;
  fake_broker broker{options};
  auto o = idle_on(broker, 100);
  o.seconds = 100ms;
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

TEST_CASE("idle connections of another broker's protocol are receivers, each of one DN") {
  fake_broker broker;
  auto o = idle_on(broker, 4);
  o.dns = 2;
  std::vector<link_plan> asked;
  o.speak = [&](const std::vector<link_plan>& plans, const event_template& events) {
    asked = plans;
    return std::make_unique<ringdown_protocol>(ringdown_protocol::options{}, plans, events);
  };
  auto r = run_idle(o);
  CHECK(r.trouble.empty());
  REQUIRE(asked.size() == 4);
  for (auto& plan : asked)
    CHECK(plan.receives());
  CHECK(asked[3].dns == std::vector<std::uint32_t>{1});
}

TEST_CASE("many connections to this machine come from several of its addresses") {
  std::mutex mutex;
  std::set<std::uint32_t> sources;
  fake_broker::options options;
  options.on_request = [&](fake_broker&, int fd, const v1::Frame&) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size);
    std::lock_guard lock{mutex};
    sources.insert(ntohl(peer.sin_addr.s_addr));
    return false;
  };
  fake_broker broker{options};
  auto o = idle_on(broker, 9);
  o.links.links_of_a_source_max = 3;
  auto r = run_idle(o);
  INFO(r.trouble);
  CHECK(r.trouble.empty());
  CHECK(sources ==
        std::set<std::uint32_t>{INADDR_LOOPBACK, INADDR_LOOPBACK + 1, INADDR_LOOPBACK + 2});
}

TEST_CASE("who is refused in a storm comes again when the broker says") {
  crowded rule{6, &v1::Frame::has_request_sign_on, overloaded};
  std::string reason = "overloaded, too many";
  if (GENERATE(true, false)) {
    rule.kind = &v1::Frame::has_request_register_address;
    rule.refuse = too_many_requests;
    reason = "111, wait";
  }
  fake_broker::options options;
  options.on_request = rule;
  fake_broker broker{options};
  auto o = idle_on(broker, 20);
  o.links.come_again = true;
  auto r = run_idle(o);
  INFO(r.trouble);
  CHECK(r.trouble.empty());
  CHECK(r.refused.by_reason == std::map<std::string, std::uint64_t>{{reason, 6}});
  CHECK(r.refused.told == 6);
  CHECK(r.refused.links == 6);
  CHECK(r.opening_times.max() >= 30'000'000); // the wait is a part of it
  CHECK(r.sign_on_times.count() == 20);
  CHECK_THAT(text_of(o, r), Contains("served at once            14") && Contains(reason));
}

TEST_CASE("a refusal for good ends a storm, and any refusal a run that is none") {
  bool storm = GENERATE(true, false);
  fake_broker::options options;
  options.on_request =
    crowded{1, &v1::Frame::has_request_register_address, storm ? for_ever : too_many_requests};
  fake_broker broker{options};
  auto o = idle_on(broker, 5);
  o.links.come_again = storm;
  auto r = run_idle(o);
  CHECK_THAT(r.trouble, Contains(storm ? "59" : "111"));
  CHECK(r.refused.links == 0);
}

TEST_CASE("a storm on a broker that is not there says why nobody is in") {
  fake_broker broker;
  auto o = idle_on(broker, 3);
  o.links.address = client::resolve("127.0.0.1", 9).addresses.at(0); // nobody listens there
  o.links.come_again = true;
  o.patience = 50ms;
  auto r = run_idle(o);
  CHECK_THAT(r.trouble, Contains("only 0 of 3"));
  CHECK(r.refused.told == 0);
  CHECK(r.refused.links == 3);
}

TEST_CASE("while connections come up it is told once a second how many are") {
  fake_broker::options options;
  options.on_request = crowded{1, &v1::Frame::has_request_sign_on, [](auto& request, auto& answer) {
                                 overloaded(request, answer);
                                 auto& end = *answer.mutable_event_link_disconnected();
                                 end.set_retry_after_ms(1500);
                               }};
  fake_broker broker{options};
  auto o = idle_on(broker, 3);
  o.links.come_again = true;
  std::vector<std::string> told;
  o.links.on_opening = [&](const link_set& links, std::chrono::nanoseconds time) {
    CHECK(time >= 1s);
    told.push_back(text_of(links, time));
  };
  CHECK(run_idle(o).trouble.empty());
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Contains("2 of 3 connections are up  1 refused at first"));
}
