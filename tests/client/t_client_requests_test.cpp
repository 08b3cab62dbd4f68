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

// ---- many DNs ----------------------------------------------------------------------------------

namespace {

/// EventACK of one DN of many.
v1::Frame ack_of(const v1::Frame& request, const std::string& dn, std::uint64_t sequence) {
  v1::Frame frame;
  frame.set_reference_id(request.reference_id());
  auto& ack = *frame.mutable_event_ack();
  ack.set_this_dn(dn);
  ack.set_dn_sequence(sequence);
  ack.set_dn_epoch(1);
  return frame;
}

struct supervisor_stand : scripted_client {
  supervisor_stand() {
    for (auto* dn : {"7001", "7002", "7003"})
      REQUIRE(subject.register_on(dn) == registering::accepted);
    bring_up();
    for (auto& frame : broker.said())
      broker.registered(frame);
    settle();
  }

  /// The DNs of the requests that have ended, in order.
  std::vector<std::string> ended() const {
    std::vector<std::string> dns;
    for (auto& d : done)
      dns.push_back(d.this_dn);
    return dns;
  }

  bulk_command stop{{"7001", "7002", "7003"}, capture_verb::stop};
};

} // namespace

TEST_CASE("a command for many DNs goes out once and ends for each with its own answer") {
  supervisor_stand s;
  s.stop.reason = "audit";
  auto sent = s.subject.command_addresses(s.stop, s.keep());
  REQUIRE(sent);
  CHECK(s.subject.requests_pending() == 3);
  s.settle();
  auto request = s.broker.expect();
  CHECK(request.request_command_addresses().this_dn_size() == 3);
  CHECK(request.request_command_addresses().command() == v1::COMMAND_STOP);
  CHECK(request.request_command_addresses().reason() == "audit");
  s.broker.send(ack_of(request, "7003", 5));
  s.settle();
  CHECK(s.ended() == std::vector<std::string>{"7003"}); // none waits for the others
  CHECK(s.done[0].request.value == sent.id.value + 2);
  s.broker.error(request, 118, "7001");
  s.broker.send(ack_of(request, "7002", 5));
  s.settle();
  CHECK(s.ended() == std::vector<std::string>{"7003", "7001", "7002"});
  CHECK(s.done[1].status == request_status::refused);
  CHECK(s.done[2].ack()->this_dn == "7002");
  CHECK(s.subject.requests_pending() == 0);
}

TEST_CASE("a command for many DNs takes its share of the window for each") {
  supervisor_stand s;
  s.broker.window_requests = 4;
  s.broker.vanish();
  s.bring_back();
  for (auto& frame : s.broker.said())
    s.broker.registered(frame);
  s.settle();
  for (auto& frame : s.broker.said())
    s.broker.registered(frame);
  s.settle();
  s.stop.verb = capture_verb::resume;
  REQUIRE(s.subject.command_addresses(s.stop, {}));
  CHECK(s.subject.command_addresses(s.stop, {}).status == send_status::window_full);
  CHECK(s.subject.send(command(capture_verb::none), {}));
  CHECK(s.subject.send(command(capture_verb::none), {}).status == send_status::window_full);
  s.stop.verb = capture_verb::stop;
  CHECK(s.subject.command_addresses(s.stop, {})); // a person must be able to stop
}

TEST_CASE("a command for many DNs is refused as a whole, and at once where one has to wait") {
  supervisor_stand s;
  REQUIRE(s.subject.command_addresses(s.stop, s.keep()));
  s.settle();
  s.broker.error(s.broker.expect(), 53);
  s.settle();
  REQUIRE(s.done.size() == 3);
  for (auto& d : s.done)
    CHECK(d.status == request_status::refused);
  REQUIRE(s.subject.command_addresses({}, s.keep())); // for the broker to refuse
  s.settle();
  s.broker.error(s.broker.expect(), 53);
  s.settle();
  CHECK(s.done.size() == 4);
  t_client_options few;
  few.limits.requests_max = 2;
  scripted_client c{few};
  c.bring_up();
  CHECK(c.subject.command_addresses(s.stop, {}).status == send_status::window_full);
  c.broker.vanish();
  c.settle();
  CHECK(c.subject.command_addresses(s.stop, {}).status == send_status::disconnected);
}

TEST_CASE("what is lost of a command for many DNs ends in doubt, and is never sent twice") {
  supervisor_stand s;
  s.stop.command = random_command_id();
  REQUIRE(s.subject.command_addresses(s.stop, s.keep(), again()));
  s.settle();
  s.broker.send(ack_of(s.broker.expect(), "7002", 5));
  s.settle();
  s.broker.vanish();
  s.settle();
  CHECK(s.ended() == std::vector<std::string>{"7002", "7001", "7003"});
  CHECK(s.done[2].doubt == doubt_reason::link_lost);
  s.bring_back();
  for (auto& frame : s.broker.said())
    CHECK(frame.has_request_register_address());
  auto gaps = s.told<gap_notice>();
  CHECK(gaps.empty());
}

TEST_CASE("the place of a DN in a command for many is seen: what follows is no gap") {
  supervisor_stand s;
  REQUIRE(s.subject.command_addresses(s.stop, s.keep()));
  s.settle();
  auto request = s.broker.expect();
  for (auto* dn : {"7001", "7002", "7003"})
    s.broker.send(ack_of(request, dn, 5));
  s.settle();
  s.broker.vanish();
  s.bring_back();
  for (auto& frame : s.broker.said())
    s.broker.registered(frame, 5);
  s.settle();
  CHECK(s.told<gap_notice>().empty());
}

TEST_CASE("a list comes page by page") {
  scripted_client c;
  address_list_request ask;
  ask.only.alarmed = true;
  CHECK(c.subject.list_addresses(ask, c.keep()).status == send_status::disconnected);
  c.bring_up();
  REQUIRE(c.subject.list_addresses(ask, c.keep()));
  c.settle();
  auto request = c.broker.expect();
  CHECK(request.request_list_addresses().alarmed());
  v1::Frame page;
  page.set_reference_id(request.reference_id());
  page.mutable_event_address_list()->add_addresses()->set_this_dn("7001");
  page.mutable_event_address_list()->set_next("7001");
  c.broker.send(page);
  c.settle();
  REQUIRE(c.done.size() == 1);
  REQUIRE(c.done[0].list() != nullptr);
  ask.after = c.done[0].list()->next;
  REQUIRE(c.subject.list_addresses(ask, c.keep()));
  c.settle();
  request = c.broker.expect();
  CHECK(request.request_list_addresses().after() == "7001");
  c.broker.error(request, 165);
  c.settle();
  CHECK(c.done.at(1).status == request_status::refused);
}

TEST_CASE("a listener for every DN hears of all of them, as long as it is one") {
  scripted_client c;
  registration how;
  how.mode = registration_mode::monitor;
  how.hear_outcomes = true;
  REQUIRE(c.subject.register_on(every_dn, how) == registering::accepted);
  std::vector<std::string> heard;
  REQUIRE(c.subject.listen([&](const notice& n) {
    if (auto* e = std::get_if<event_user_event>(&n))
      heard.push_back(e->this_dn);
  }));
  c.bring_up();
  auto request = c.broker.expect();
  CHECK(request.request_register_address().every_dn());
  CHECK(request.request_register_address().this_dn_size() == 0);
  CHECK(request.request_register_address().hear_outcomes());
  v1::Frame stands;
  stands.set_reference_id(request.reference_id());
  stands.mutable_event_registered()->set_every_dn(true);
  c.broker.send(stands);
  c.settle();
  CHECK(c.subject.registration_of(every_dn) == registration_phase::registered);
  c.broker.event("7001", "paused", 1);
  c.broker.event("8001", "pause", 1);
  c.settle();
  CHECK(heard == std::vector<std::string>{"7001", "8001"});
  c.broker.vanish();
  c.bring_back();
  CHECK(c.broker.expect().request_register_address().every_dn()); // a wish that is kept
  c.subject.unregister_from(every_dn);
  c.settle();
  CHECK(c.broker.expect().request_unregister_address().every_dn());
  c.broker.event("7001", "paused", 2);
  c.settle();
  CHECK(heard.size() == 2);
}

TEST_CASE("traffic shows all that goes and comes, a second sending as such") {
  std::vector<std::string> seen;
  t_client_options options;
  options.on_traffic = [&](const traffic& t) {
    if (auto* event = std::get_if<event_sent>(&t))
      seen.push_back(event->again ? "again" : "sent");
    else if (auto* registration = std::get_if<registration_sent>(&t))
      seen.push_back("register " + std::to_string(registration->dns.size()));
    else
      seen.push_back("received");
  };
  scripted_client c{options};
  c.bring_up_on("7001");
  REQUIRE(c.subject.send(command(capture_verb::pause, true), {}, again()));
  c.settle();
  c.broker.vanish();
  c.bring_back();
  CHECK(seen == std::vector<std::string>{"register 1", "received", "sent", "received", "register 1",
                                         "again"});
}
