// Conversations of screen capture: commands to the recorder, indications to the desktop.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("a start reaches the recorder, and its indication lights the desktop's light") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  desk.says(send(3, "7001", "start", {.call = 0x71, .user_event = 5}));
  CHECK(desk.hears() == lines{"ACK 3: recorders 1, #1 v1 tag 5"});
  CHECK(recorder.hears() == lines{"event 7001 #1 call 71: start v1 by desk, light unknown"});
  recorder.says(send(3, "7001", "enabled", {.call = 0x71, .echoed_version = 1}));
  CHECK(recorder.hears() == lines{"ACK 3: recorders 0, #2 v1"});
  CHECK(desk.hears() == lines{"event 7001 #2 call 71: enabled v1 by recorder, light enabled"});
}

TEST_CASE("an event says who sent it, in which life of the DN, and when") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  auto request = send(3, "7001", "pause");
  request.mutable_request_send_event()->set_command_id("sixteen bytes id");
  request.mutable_request_send_event()->set_confirm_timeout_ms(1500);
  desk.says(request);
  auto ack = desk.frame().event_ack();
  auto event = recorder.frame().event_user_event();
  CHECK(ack.dn_epoch() == event.dn_epoch());
  CHECK(ack.time_us() == o.context.utc_now());
  CHECK(event.dn_epoch() != 0);
  CHECK(event.time_us() == ack.time_us());
  CHECK(event.origin_client_id() == desk.id());
  CHECK(event.origin_role() == v1::ROLE_DESKTOP);
  CHECK(
    event.origin_instance_id() ==
    published_instance(o.context.secret, "desk", *instance_id::from("desk's instance ")).view());
  CHECK(event.command_id() == "sixteen bytes id");
  CHECK(event.confirm_timeout_ms() == 1500);
}

TEST_CASE("the event's bytes reach the recorder as they were sent") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  auto request = send(3, "7001", "pause", {.user_event = -7, .padding = 300});
  auto& event = *request.mutable_request_send_event()->mutable_event();
  auto& nested = *event.mutable_user_data()->add_pairs();
  nested.set_key("padding"); // keys may repeat
  nested.mutable_list_value()->add_pairs()->set_int_value(-1);
  // A field of a later version passes too.
  event.GetReflection()->MutableUnknownFields(&event)->AddLengthDelimited(99, "tomorrow");
  desk.says(request);
  CHECK(desk.hears() == lines{"ACK 3: recorders 1, #1 v1 tag -7"});
  CHECK(recorder.frame().event_user_event().event().SerializeAsString() ==
        event.SerializeAsString());
}

TEST_CASE("two desktops on one DN see each other's commands, and a second pause is harmless") {
  office o;
  auto& one = o.desktop("one");
  auto& other = o.desktop("other");
  auto& recorder = o.recorder();
  register_all("7001", {&one, &other, &recorder});
  one.says(send(3, "7001", "pause"));
  other.says(send(3, "7001", "pause"));
  CHECK(one.hears() ==
        lines{"ACK 3: recorders 1, #1 v1", "event 7001 #2: pause v2 by other, light unknown"});
  CHECK(other.hears() ==
        lines{"event 7001 #1: pause v1 by one, light unknown", "ACK 3: recorders 1, #2 v2"});
  CHECK(recorder.hears() == lines{"event 7001 #1: pause v1 by one, light unknown",
                                  "event 7001 #2: pause v2 by other, light unknown"});
}

TEST_CASE("what is wrong with an event is answered in the order of the checks") {
  office o;
  o.configure({"7001", "7002"});
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  auto with = [](v1::Frame frame, auto change) {
    change(*frame.mutable_request_send_event());
    return frame;
  };
  auto other_type = with(send(7, "7001", "pause"), [](auto& r) {
    r.mutable_event()->set_message_type(static_cast<v1::MessageType>(2));
  });
  auto other_dn =
    with(send(8, "7001", "pause"), [](auto& r) { r.mutable_event()->set_this_dn("7002"); });
  auto no_event = with(send(9, "7001", "pause"), [](auto& r) { r.clear_event(); });
  desk.says(send(3, "", "pause"), send(4, "7009", "pause"), send(5, "7002", "pause"),
            send(6, "7001", "paused"), other_type, other_dn, no_event, send(10, "7001", "strat"),
            send(11, "7001", "pause", {.if_version = 4}), send(12, "7001", "query"),
            send(13, "7001", "unknown"), send(0, "7001", "pause"));
  CHECK(desk.hears() == lines{"Error 3: 53 on an empty DN", "Error 4: 59 on 7009",
                              "Error 5: 41 on 7002", "Error: 53 on 7001", "Error 6: 165 on 7001",
                              "Error 7: 51 on 7001", "Error 8: 53 on 7001", "Error 9: 53 on 7001",
                              "Error 10: 53 on 7001", "Error 11: 185 on 7001, v0",
                              "Error 12: 118 on 7001, last known unknown",
                              "Error 13: 165 on 7001"});
}

TEST_CASE("a monitor's command is refused 41, and a recorder's 165") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  desk.says(register_on(2, {"7001"}, v1::REGISTRATION_MODE_MONITOR));
  recorder.says(register_on(2, {"7001"}, v1::REGISTRATION_MODE_MONITOR));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  CHECK_THAT(recorder.hears(), in_brief({"registered 2: 7001"}));
  desk.says(send(3, "7001", "pause"), send(4, "7001", "paused"), send(5, "7001", ""));
  CHECK(desk.hears() ==
        lines{"Error 3: 41 on 7001", "Error 4: 165 on 7001", "Error 5: 41 on 7001"});
  recorder.says(send(3, "7001", "pause"), send(4, "7001", "paused"), send(5, "7001", ""),
                send(6, "7001", "unknown"));
  CHECK(recorder.hears() == lines{"Error 3: 165 on 7001", "ACK 4: recorders 0, #1",
                                  "Error 5: 41 on 7001", "Error 6: 53 on 7001"});
  CHECK(desk.hears() == lines{"event 7001 #1: paused by recorder, light paused"});
}

TEST_CASE("the platform may forbid a command, an indication or a user event of one DN") {
  action forbidden = action::register_;
  office o{{}, {}, [&](const client_identity&, action what, std::string_view dn, std::string_view) {
             return dn != "7001" || what != forbidden;
           }};
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  desk.says(register_on(2, {"7001"}));
  CHECK(desk.hears() == lines{"Error 2: 165 on 7001"});
  forbidden = action::send_command;
  register_all("7001", {&desk, &recorder});
  auto answers = [&](action what) {
    forbidden = what;
    desk.says(send(3, "7001", "query"), send(4, "7001", ""));
    recorder.says(send(3, "7001", "enabled"));
    std::string codes;
    for (auto* one : {&desk, &recorder})
      for (auto& frame : one->frames())
        if (frame.has_event_error())
          codes += std::to_string(frame.reference_id()) + ":" +
                   std::to_string(frame.event_error().error_code()) + " ";
    return codes;
  };
  CHECK(answers(action::send_command) == "3:165 ");
  CHECK(answers(action::send_user_event) == "4:165 ");
  CHECK(answers(action::send_indication) == "3:165 ");
  CHECK(answers(action::sign_on) == "");
}

// ---- query ---------------------------------------------------------------------------------

TEST_CASE("a query with no recorder is answered 118 at once with the last known state") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  recorder.says(send(3, "7001", "enabled"), unregister(4, {"7001"}));
  CHECK_THAT(recorder.hears(), in_brief({"ACK 3", "unregistered 4: 7001"}));
  CHECK(desk.hears() ==
        lines{"event 7001 #1: enabled by recorder, light enabled",
              "event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST"});
  desk.says(send(3, "7001", "query"));
  CHECK(desk.hears() == lines{"Error 3: 118 on 7001, last known unknown"});
}

TEST_CASE("a query with two recorders hears both, and changes nothing") {
  office o;
  auto& desk = o.desktop();
  auto& left = o.recorder("left");
  auto& right = o.recorder("right");
  register_all("7001", {&desk, &left, &right});
  desk.says(send(3, "7001", "query"));
  CHECK(desk.hears() == lines{"ACK 3: recorders 2, #1"});
  CHECK(left.hears() == lines{"event 7001 #1: query by desk, light unknown"});
  CHECK(right.hears() == lines{"event 7001 #1: query by desk, light unknown"});
  left.says(send(3, "7001", "enabled"));
  CHECK(left.hears() == lines{"ACK 3: recorders 1, #2"});
  right.says(send(3, "7001", "enabled"));
  CHECK(right.hears() ==
        lines{"event 7001 #2: enabled by left, light enabled", "ACK 3: recorders 1, #3"});
  CHECK(left.hears() == lines{"event 7001 #3: enabled by right, light enabled"});
  CHECK(desk.hears() == lines{"event 7001 #2: enabled by left, light enabled",
                              "event 7001 #3: enabled by right, light enabled"});
}

TEST_CASE("an answer may go to the desktop that asked, and others see it all the same") {
  office o;
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &other, &recorder});
  desk.says(send(3, "7001", "query"));
  auto asked = recorder.frame().event_user_event();
  CHECK(asked.origin_client_id() == desk.id());
  recorder.says(send(77, "7001", "enabled", {.directed_to = asked.origin_client_id()}));
  CHECK(recorder.hears() == lines{"ACK 77: recorders 0, #2"});
  CHECK(desk.hears() == lines{"ACK 3: recorders 1, #1",
                              "event 7001 #2: enabled by recorder, light enabled, directed 77"});
  CHECK(other.hears() == lines{"event 7001 #1: query by desk, light unknown",
                               "event 7001 #2: enabled by recorder, light enabled"});
}

// ---- versions ------------------------------------------------------------------------------

TEST_CASE("a resume never undoes a later pause: if_version") {
  office o;
  auto& one = o.desktop("one");
  auto& other = o.desktop("other");
  register_all("7001", {&one, &other});
  one.says(send(3, "7001", "pause"));
  CHECK(one.hears() == lines{"ACK 3: recorders 0, #1 v1"});
  other.says(send(3, "7001", "pause"));
  CHECK(other.hears() ==
        lines{"event 7001 #1: pause v1 by one, light unknown", "ACK 3: recorders 0, #2 v2"});
  one.says(send(4, "7001", "resume", {.if_version = 1}));
  CHECK(one.hears() ==
        lines{"event 7001 #2: pause v2 by other, light unknown", "Error 4: 185 on 7001, v2"});
  one.says(send(5, "7001", "resume", {.if_version = 2}));
  CHECK(one.hears() == lines{"ACK 5: recorders 0, #3 v3"});
  CHECK(other.hears() ==
        lines{"event 7001 #3: resume v3 by one, light unknown, kept, desired disabled"});
}

TEST_CASE("versions count commands and sequences count events") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  desk.says(send(3, "7001", "start"), send(4, "7001", ""), send(5, "7001", "query"),
            send(6, "7001", "pause"));
  CHECK(desk.hears() == lines{"ACK 3: recorders 1, #1 v1", "ACK 4: recorders 1, #2 v1",
                              "ACK 5: recorders 1, #3 v1", "ACK 6: recorders 1, #4 v2"});
  CHECK(recorder.hears() == lines{"event 7001 #1: start v1 by desk, light unknown",
                                  "event 7001 #2: user event by desk, light unknown",
                                  "event 7001 #3: query by desk, light unknown, desired enabled",
                                  "event 7001 #4: pause v2 by desk, light unknown"});
}

TEST_CASE("three clients see one order of a race, without a gap") {
  office o;
  std::vector<party*> desks;
  for (auto name : {"one", "two", "three"})
    desks.push_back(&o.desktop(name));
  for (auto* desk : desks) {
    desk->says(register_with_echo(2, {"7001"}));
    CHECK_THAT(desk->hears(), in_brief({"registered 2: 7001"}));
  }
  const char* verbs[] = {"pause", "start", "stop"};
  for (std::uint32_t i = 0; i < 30; ++i)
    desks[i % 3]->says(send(3 + i, "7001", verbs[(i + i / 3) % 3]));
  std::vector<lines> seen;
  for (auto* desk : desks) {
    lines events;
    for (auto& line : desk->hears())
      if (line.starts_with("event"))
        events.push_back(line);
    seen.push_back(events);
  }
  REQUIRE(seen[0].size() == 30);
  for (std::size_t i = 0; i < 30; ++i) {
    auto number = std::to_string(i + 1);
    CHECK(seen[0][i].starts_with("event 7001 #" + number + ": "));
    CHECK(seen[0][i].find(" v" + number + " ") != std::string::npos);
  }
  CHECK(seen[1] == seen[0]);
  CHECK(seen[2] == seen[0]);
}

// ---- who hears -----------------------------------------------------------------------------

TEST_CASE("a sender hears its own event only if it asked for echo, after its ACK") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  desk.says(register_with_echo(2, {"7001"}));
  recorder.says(register_with_echo(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  CHECK_THAT(recorder.hears(), in_brief({"registered 2: 7001"}));
  desk.says(send(3, "7001", "start"));
  CHECK(desk.hears() ==
        lines{"ACK 3: recorders 1, #1 v1", "event 7001 #1: start v1 by desk, light unknown"});
  recorder.says(send(3, "7001", "enabled"));
  CHECK(recorder.hears() == lines{"event 7001 #1: start v1 by desk, light unknown",
                                  "ACK 3: recorders 1, #2 v1",
                                  "event 7001 #2: enabled by recorder, light enabled"});
  CHECK(desk.hears() == lines{"event 7001 #2: enabled by recorder, light enabled"});
}

TEST_CASE("a client hears the kinds of events that it wants, and the rest is no loss") {
  office o;
  auto& desk = o.desktop();
  auto& light = o.desktop("light");
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &light, &recorder});
  light.says(hear_only(3, {v1::EVENT_KIND_INDICATION}));
  CHECK(light.hears() == lines{"ACK 3"});
  desk.says(send(3, "7001", "start"), send(4, "7001", ""));
  CHECK_THAT(desk.hears(), in_brief({"ACK 3", "ACK 4"}));
  recorder.says(send(3, "7001", "enabled"));
  CHECK_THAT(recorder.hears(),
             in_brief({"event 7001 #1: start", "event 7001 #2: user event", "ACK 3"}));
  CHECK_THAT(desk.hears(), in_brief({"event 7001 #3: enabled"}));
  CHECK(light.hears() == lines{"event 7001 #3: enabled by recorder, light enabled"});
  light.says(hear_only(4, {v1::EVENT_KIND_COMMAND, v1::EVENT_KIND_USER_EVENT}));
  desk.says(send(5, "7001", "stop"), send(6, "7001", ""));
  CHECK_THAT(desk.hears(), in_brief({"ACK 5", "ACK 6"}));
  CHECK(light.hears() == lines{"ACK 4", "event 7001 #4: stop v2 by desk, light enabled",
                               "event 7001 #5: user event by desk, light enabled"});
  light.says(hear_only(5, {}), hear_only(6, {static_cast<v1::EventKind>(9)}));
  CHECK(light.hears() == lines{"ACK 5", "Error 6: 53"});
  recorder.says(send(4, "7001", "enabled"));
  CHECK_THAT(recorder.hears(),
             in_brief({"event 7001 #4: stop", "event 7001 #5: user event", "ACK 4"}));
  CHECK_THAT(desk.hears(), in_brief({"event 7001 #6: enabled"}));
  CHECK(light.hears() == lines{"event 7001 #6: enabled by recorder, light enabled"});
}

TEST_CASE("the older RequestDistributeUserEvent does the same") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  desk.says(distribute(3, "7001", "pause"), distribute(4, "7001", "strat"));
  CHECK(desk.hears() == lines{"ACK 3: recorders 1, #1 v1", "Error 4: 53 on 7001"});
  CHECK(recorder.hears() == lines{"event 7001 #1: pause v1 by desk, light unknown"});
}

TEST_CASE("a recorder's screen-capture-indication is emitted as screen-capture") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  recorder.says(send(3, "7001", "paused", {.key = "screen-capture-indication", .padding = 3}));
  CHECK(recorder.hears() == lines{"ACK 3: recorders 0, #1"});
  auto event = desk.frame().event_user_event();
  REQUIRE(event.event().user_data().pairs_size() == 2);
  CHECK(event.event().user_data().pairs(0).key() == "screen-capture");
  CHECK(event.event().user_data().pairs(0).string_value() == "paused");
  CHECK(event.event().user_data().pairs(1).binary_value() == "xxx");
  CHECK(event.effective_state() == v1::CAPTURE_STATE_PAUSED);
  desk.says(send(3, "7001", "paused", {.key = "screen-capture-indication"}),
            send(4, "7001", "pause", {.key = "screen-capture-indication"}));
  CHECK(desk.hears() == lines{"Error 3: 165 on 7001", "Error 4: 53 on 7001"});
}

TEST_CASE("a ReferenceID that is outstanding is refused 53, and free after its answer") {
  office o;
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  desk.says(send(3, "7001", "start"), send(3, "7001", "pause"), query_address(3, "7001"),
            hear_only(3, {}));
  CHECK(desk.hears() == lines{"Error 3: 53 on 7001", "Error 3: 53 on 7001", "Error 3: 53",
                              "ACK 3: recorders 0, #1 v1"});
  desk.says(send(3, "7001", "pause"));
  CHECK(desk.hears() == lines{"ACK 3: recorders 0, #2 v2"});
}

// ---- standby -------------------------------------------------------------------------------

TEST_CASE("a standby recorder hears all and does not count") {
  office o;
  auto& desk = o.desktop();
  auto& standby = o.recorder("standby");
  register_all("7001", {&desk});
  standby.says(register_as_standby(2, {"7001"}));
  CHECK(standby.hears() ==
        lines{"registered 2: 7001 share; light unknown, v0 #0, recorders 0+1, clients 2"});
  desk.says(send(3, "7001", "pause"), send(4, "7001", "query"));
  CHECK(desk.hears() ==
        lines{"ACK 3: recorders 0, #1 v1", "Error 4: 118 on 7001, last known unknown"});
  CHECK(standby.hears() == lines{"event 7001 #1: pause v1 by desk, light unknown"});
  standby.says(send(3, "7001", "disabled"));
  CHECK(standby.hears() == lines{"ACK 3: recorders 0, #2 v1"});
  CHECK(desk.hears() == lines{"event 7001 #2: disabled by standby, light unknown"});
  standby.says(register_on(4, {"7001"})); // it takes over
  auto order = "event 7001 #3: pause v2 by the broker, light unknown, RECORDER_CAME, for standby";
  CHECK(standby.hears() ==
        lines{"registered 4: 7001 share; light unknown, v1 #2, recorders 1+0, clients 2; "
              "wants paused v1; desk's pause of all v1; pause v1 open",
              order});
  CHECK(desk.hears() == lines{order});
  desk.says(send(5, "7001", "query"));
  CHECK(desk.hears() == lines{"ACK 5: recorders 1, #4 v2"});
  CHECK(standby.hears() == lines{"event 7001 #4: query by desk, light unknown, desired paused"});
  CHECK(ask(standby, send(5, "7001", "paused")) == "ACK 5: recorders 0, #5 v2");
  CHECK(desk.hears() == lines{"event 7001 #5: paused by standby, light paused"});
}

TEST_CASE("a snapshot shows the oldest of many open orders, and how many there are") {
  pair_on_7001 p;
  lines accepted, delivered;
  for (std::uint32_t i = 1; i <= 70; ++i) {
    p.desk.says(send(2 + i, "7001", "pause", {.confirm_timeout_ms = 60'000}));
    accepted.push_back("ACK " + std::to_string(2 + i));
    delivered.push_back("event 7001 #" + std::to_string(i) + ": pause");
  }
  CHECK_THAT(p.desk.hears(), in_brief(accepted));
  CHECK_THAT(p.recorder.hears(), in_brief(delivered));
  p.desk.says(query_address(100, "7001"));
  auto session = p.desk.frame().event_address_info().snapshot().sessions(0);
  CHECK(session.pending() == 70);
  REQUIRE(session.orders_size() == 64);
  CHECK(session.orders(0).dn_sequence() == 1);
  CHECK(session.orders(63).dn_sequence() == 64);
  p.recorder_says(3, "paused"); // which answers the oldest, and all behind it want the same
  p.desk.hears();
}
