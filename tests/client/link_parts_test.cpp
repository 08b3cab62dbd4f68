// What a link and a client that reconnects decide, apart from sockets: heartbeats, what of the
// window is spent, events that wait, whether to connect again.
#include "client/internal/awaited_answers.hpp"
#include "client/internal/event_queue.hpp"
#include "client/internal/heartbeats.hpp"
#include "client/internal/reconnecting.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

namespace {

const steady_time start{1h};

event_ack ack(std::uint32_t reference) {
  event_ack e;
  e.reference = {reference};
  return e;
}

event_link_connected terms(std::chrono::milliseconds interval, std::chrono::milliseconds timeout) {
  event_link_connected granted;
  granted.heartbeat_interval = interval;
  granted.heartbeat_timeout = timeout;
  return granted;
}

} // namespace

TEST_CASE("a link speaks each interval, and its broker is silent when the timeout is over") {
  heartbeats beats;
  beats.begin(start);
  auto granted = terms(2s, 5s);
  beats.bound(granted);
  beats.said(start);
  CHECK(beats.next_deadline() == start + 2s);
  CHECK_FALSE(beats.must_say(start + 1999ms));
  CHECK(beats.must_say(start + 2s));
  beats.said(start + 4s);
  CHECK(beats.next_deadline() == start + 5s);
  CHECK_FALSE(beats.is_silent(start + 4999ms));
  CHECK(beats.is_silent(start + 5s));
  beats.heard(start + 5s);
  CHECK_FALSE(beats.is_silent(start + 9s));
}

TEST_CASE("terms with which no client could work are bounded below") {
  heartbeats beats;
  beats.begin(start);
  auto granted = terms(0ms, 0ms);
  beats.bound(granted);
  CHECK(granted.heartbeat_interval == 20ms);
  CHECK(granted.heartbeat_timeout == 30ms);
  beats.said(start);
  CHECK(beats.next_deadline() == start + 20ms);
}

TEST_CASE("the window has back what a request took with its last answer") {
  awaited_answers awaits;
  auto one = awaits.next_reference();
  awaits.add(one, 2, 100);
  auto other = awaits.next_reference();
  CHECK(other != one);
  awaits.add(other, 1, 30);
  CHECK(awaits.answers() == 3);
  awaits.settle(ack(one.value));
  CHECK(awaits.answers_to(one) == 1);
  CHECK(awaits.bytes() == 130);
  awaits.settle(ack(one.value));
  awaits.settle(ack(one.value)); // which nobody waits for any more
  CHECK(awaits.bytes() == 30);
  CHECK(awaits.references() == std::vector{other});
}

TEST_CASE("an error without a DN answers a request about several as a whole") {
  awaited_answers awaits;
  awaits.add({7}, 3, 100);
  event_error about_one;
  about_one.reference = {7};
  about_one.this_dn = "7001";
  awaits.settle(about_one);
  CHECK(awaits.answers() == 2);
  event_error about_all;
  about_all.reference = {7};
  awaits.settle(about_all);
  CHECK(awaits.answers() == 0);
  CHECK_FALSE(awaits.has({7}));
}

TEST_CASE("events wait in their order, up to a number and to their bytes") {
  bounds limits;
  limits.events_max = 3;
  limits.event_bytes_max = 100;
  event_queue events;
  for (std::uint32_t reference : {1, 2, 3}) {
    CHECK_FALSE(events.is_full(limits));
    events.push(ack(reference), 10);
  }
  CHECK(events.is_full(limits));
  CHECK(events.has_reply({2}));
  CHECK(reference_of(*events.take_reply({2})) == reference_id{2});
  CHECK_FALSE(events.take_reply({2}));
  events.push(ack(4), 90);
  CHECK(events.is_full(limits)); // in number
  CHECK(reference_of(*events.take_first()) == reference_id{1});
  CHECK(events.is_full(limits)); // in bytes
  CHECK(reference_of(*events.take_first()) == reference_id{3});
  CHECK(reference_of(*events.take_first()) == reference_id{4});
  CHECK_FALSE(events.take_first());
  CHECK_FALSE(events.is_full(limits));
}

TEST_CASE("a client gives up where another attempt would change nothing, or as it is told") {
  t_client_options options;
  options.places.emplace_back(endpoint{});
  options.random = [] { return std::uint64_t{0}; };
  open_result ended;
  ended.fault = link_fault::ended_by_broker;
  ended.ended.emplace();
  reconnecting again{options};
  ended.ended->reason = disconnect_reason::draining;
  CHECK_FALSE(again.gives_up(ended));
  for (auto reason : {disconnect_reason::taken_over, disconnect_reason::sign_on_refused}) {
    ended.ended->reason = reason;
    options.reconnect_when_refused = false;
    CHECK(again.gives_up(ended));
    options.reconnect_when_refused = true;
    CHECK_FALSE(again.gives_up(ended));
  }
  options.reconnect = false;
  CHECK(again.gives_up(ended));
}

TEST_CASE("an attempt is due once, and waits as long as the broker asked for") {
  t_client_options options;
  options.places.emplace_back(endpoint{"::1", 7480});
  options.random = [] { return std::uint64_t{0}; };
  reconnecting again{options};
  CHECK(again.where() == "[::1]:7480");
  CHECK_FALSE(again.take_due());
  again.begin(start);
  CHECK(again.is_due());
  CHECK(again.take_due());
  CHECK_FALSE(again.take_due());
  event_link_connected granted;
  granted.server_instance = 1;
  CHECK_FALSE(again.link_stands(start, granted)); // the first
  CHECK_FALSE(again.link_stands(start, granted)); // the same
  granted.server_instance = 2;
  CHECK(again.link_stands(start, granted));
  open_result ended;
  ended.ended.emplace();
  ended.ended->retry_after = 3s;
  CHECK(again.after_failure(start, ended) == 3s);
  CHECK(again.next_attempt() == start + 3s);
}
