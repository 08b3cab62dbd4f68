// What becomes of requests over scripted links: each ends once, few are sent twice, and there is
// room or an answer at once.
#include "tests/client/scripted_broker.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

TEST_CASE("a request ends with its answer") {
  scripted_client c;
  CHECK(c.subject.send(command(capture_verb::start), c.keep()).status == send_status::disconnected);
  c.bring_up_on("7001");
  auto sent = c.subject.send(command(capture_verb::start), c.keep());
  REQUIRE(sent);
  auto refused = c.subject.send(command(capture_verb::resume), c.keep());
  auto query = c.subject.query_address("7001", c.keep());
  REQUIRE(refused);
  REQUIRE(query);
  CHECK(c.done.empty()); // never within the call
  c.settle();
  c.broker.ack(c.broker.expect(), 5);
  c.broker.error(c.broker.expect(), 41, "7001");
  auto asked = c.broker.expect();
  v1::Frame answer;
  answer.set_reference_id(asked.reference_id());
  answer.mutable_event_address_info()->set_this_dn("7001");
  c.broker.send(answer);
  c.settle();
  REQUIRE(c.done.size() == 3);
  CHECK(c.done[0].request == sent.id);
  CHECK(c.done[0]);
  CHECK(c.done[0].ack()->sequence == dn_sequence{5});
  CHECK(c.done[1].status == request_status::refused);
  CHECK(c.done[2].info()->this_dn == "7001");
  CHECK(c.subject.requests_pending() == 0);
}

TEST_CASE("a call source merges and ends calls, and hears that it is done or why not") {
  scripted_client c;
  CHECK(c.subject.merge_calls("7001", {1}, {2}, c.keep()).status == send_status::disconnected);
  c.bring_up_on("7001");
  REQUIRE(c.subject.merge_calls("7001", {0x71}, {0x72}, c.keep()));
  REQUIRE(c.subject.end_call("7001", {0x72}, c.keep(), again()));
  REQUIRE(c.subject.end_call("7001", {0x73}, c.keep(), again()));
  c.settle();
  auto merge = c.broker.expect();
  CHECK(merge.request_merge_calls().this_dn() == "7001");
  CHECK(merge.request_merge_calls().old_connection_id() == 0x71);
  CHECK(merge.request_merge_calls().connection_id() == 0x72);
  c.broker.ack(merge, 5);
  auto end = c.broker.expect();
  CHECK(end.request_end_call().this_dn() == "7001");
  CHECK(end.request_end_call().connection_id() == 0x72);
  c.broker.error(end, 165, "7001");
  c.settle();
  c.broker.vanish();
  c.settle();
  REQUIRE(c.done.size() == 3);
  CHECK(c.done[0].ack()->sequence == dn_sequence{5});
  CHECK(c.done[1].status == request_status::refused);
  CHECK(c.done[2].doubt == doubt_reason::link_lost); // never sent twice
  CHECK(c.subject.requests_pending() == 0);
}

TEST_CASE("after a loss a request without a command id ends in doubt and is never sent again") {
  scripted_client c;
  c.bring_up_on("7001");
  REQUIRE(c.subject.send(command(capture_verb::pause), c.keep(), again()));
  REQUIRE(c.subject.send(command(capture_verb::resume, true), c.keep())); // not asked for
  c.settle();
  CHECK(c.broker.said().size() == 2);
  c.broker.vanish();
  c.settle();
  REQUIRE(c.done.size() == 2);
  for (auto& d : c.done) {
    CHECK(d.status == request_status::unknown_outcome);
    CHECK(d.doubt == doubt_reason::link_lost);
  }
  c.bring_back();
  c.broker.registered(c.broker.expect());
  c.pass(10s);
  CHECK(c.broker.said().empty());
  CHECK(c.done.size() == 2);
}

TEST_CASE("a command with an id is sent again behind its registration, under the same id") {
  scripted_client c;
  c.bring_up_on("7001");
  auto what = command(capture_verb::pause, true);
  auto sent = c.subject.send(what, c.keep(), again());
  REQUIRE(sent);
  c.settle();
  auto first = c.broker.expect();
  CHECK_FALSE(first.request_send_event().retry());
  c.broker.vanish();
  c.bring_back();
  CHECK(c.done.empty());
  CHECK(c.broker.expect().has_request_register_address()); // not answered yet: order is enough
  auto second = c.broker.expect();
  CHECK(second.request_send_event().retry());
  CHECK(second.request_send_event().command_id() == what.command.view());
  c.broker.ack(second);
  c.settle();
  REQUIRE(c.done.size() == 1);
  CHECK(c.done[0]);
  CHECK(c.done[0].request == sent.id);
  CHECK(c.done[0].times_sent == 2);
}

TEST_CASE("a command that is to be sent again ends in doubt when its time is over") {
  scripted_client c;
  c.bring_up_on("7001");
  auto how = again();
  how.timeout = 3s;
  REQUIRE(c.subject.send(command(capture_verb::stop, true), c.keep(), how));
  c.settle();
  c.broker.listens = false;
  c.broker.vanish();
  c.pass(2999ms);
  CHECK(c.done.empty());
  c.pass(1ms);
  REQUIRE(c.done.size() == 1);
  CHECK(c.done[0].doubt == doubt_reason::timed_out);
}

TEST_CASE("nothing overtakes a command of its DN that waits to be sent again") {
  scripted_client c;
  c.broker.window_requests = 2; // one registration at a time
  REQUIRE(c.subject.register_on("1") == registering::accepted);
  REQUIRE(c.subject.register_on("2") == registering::accepted);
  c.bring_up();
  c.broker.registered(c.broker.expect());
  c.settle();
  c.broker.registered(c.broker.expect());
  c.settle();
  REQUIRE(c.subject.send(command(capture_verb::pause, true, "2"), c.keep(), again()));
  c.settle();
  c.broker.vanish();
  c.bring_back();
  CHECK(c.subject.send(command(capture_verb::resume, false, "2"), c.keep()).status ==
        send_status::window_full);
  c.broker.registered(c.broker.expect());
  c.settle();
  auto asked = c.broker.expect();
  CHECK(asked.request_register_address().this_dn(0) == "2");
  c.broker.registered(asked);
  CHECK(c.broker.expect().request_send_event().retry());
  c.settle();
  CHECK(c.subject.send(command(capture_verb::resume, false, "2"), c.keep()));
}

TEST_CASE("a command waits for a registration that was refused for now, and holds up no other DN") {
  scripted_client c;
  c.broker.window_requests = 1; // one thing at a time
  REQUIRE(c.subject.register_on("1") == registering::accepted);
  REQUIRE(c.subject.register_on("2") == registering::accepted);
  c.bring_up();
  for (int i = 0; i < 2; ++i) {
    c.broker.registered(c.broker.expect());
    c.settle();
  }
  REQUIRE(c.subject.send(command(capture_verb::start, true, "1"), c.keep(), again()));
  REQUIRE(c.subject.send(command(capture_verb::stop, true, "2"), c.keep(), again()));
  c.settle();
  c.broker.vanish();
  c.bring_back();
  c.broker.error(c.broker.expect(), 1186, "1", 300);
  c.settle();
  c.broker.registered(c.broker.expect());
  c.settle();
  auto free = c.broker.expect();
  CHECK(free.request_send_event().event().this_dn() == "2");
  c.broker.ack(free);
  c.settle();
  CHECK(c.broker.said().empty());
  CHECK(c.subject.query_address("1", c.keep()).status == send_status::window_full);
  c.pass(300ms);
  c.broker.registered(c.broker.expect());
  c.settle();
  auto second = c.broker.expect();
  CHECK(second.request_send_event().event().this_dn() == "1");
  CHECK(second.request_send_event().retry());
}

TEST_CASE("a request without an answer ends in doubt at its time, and a late answer is nobody's") {
  scripted_client c;
  c.bring_up_on("7001");
  REQUIRE(c.subject.send(command(capture_verb::start), c.keep()));
  c.settle();
  auto asked = c.broker.expect();
  c.pass(t_client_bounds{}.request_timeout);
  REQUIRE(c.done.size() == 1);
  CHECK(c.done[0].doubt == doubt_reason::timed_out);
  c.broker.ack(asked);
  c.settle();
  CHECK(c.done.size() == 1);
}

TEST_CASE("sending is refused at once where there is no room") {
  t_client_options options;
  options.limits.requests_max = 3;
  options.limits.request_bytes_max = 1000;
  scripted_client c{options};
  c.broker.window_requests = 2;
  c.bring_up_on("7001");
  auto big = command(capture_verb::none, true);
  big.data.add("b", binary_value{std::string(2000, 'x')});
  CHECK(c.subject.send(big, {}, again()).status == send_status::buffer_full);
  big.data.add("c", binary_value{std::string(200'000, 'x')});
  CHECK(c.subject.send(big, {}).status == send_status::too_large);
  CHECK(c.subject.send(command(capture_verb::start), {}));
  CHECK(c.subject.send(command(capture_verb::start), {}));
  CHECK(c.subject.send(command(capture_verb::start), {}).status == send_status::window_full);
  CHECK(c.subject.send(command(capture_verb::pause), {})); // above the broker's window
  CHECK(c.subject.send(command(capture_verb::stop), {}).status == send_status::window_full);
}

TEST_CASE("however many DNs are wanted, half the window stays the program's") {
  scripted_client c;
  c.broker.dns_per_request_max = 3;
  for (int i = 0; i < 20; ++i)
    REQUIRE(c.subject.register_on(std::to_string(100 + i)) == registering::accepted);
  c.bring_up();
  std::size_t asked = 0;
  for (int round = 0; round < 100 && asked < 20; ++round) {
    std::size_t dns = 0;
    for (auto& frame : c.broker.said()) {
      CHECK(frame.request_register_address().this_dn_size() <= 3);
      dns += static_cast<std::size_t>(frame.request_register_address().this_dn_size());
      c.broker.registered(frame);
    }
    CHECK(dns <= 8);
    CHECK(c.subject.send(command(capture_verb::start, false, "100"), {}));
    asked += dns;
    c.settle();
    for (auto& frame : c.broker.said()) {
      if (frame.has_request_send_event())
        c.broker.ack(frame);
      else
        asked += static_cast<std::size_t>(frame.request_register_address().this_dn_size()),
          c.broker.registered(frame);
    }
    c.settle();
  }
  CHECK(asked == 20);
  for (int i = 0; i < 20; ++i)
    CHECK(c.subject.registration_of(std::to_string(100 + i)) == registration_phase::registered);
}
