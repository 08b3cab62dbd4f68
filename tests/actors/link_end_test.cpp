// Conversations at the end of a link: what cannot be trusted, sign-off, draining, and rules.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include "actors/batches.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

void register_both(party& desk, party& recorder) {
  desk.says(register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  recorder.says(register_on(2, {"7001"}));
  CHECK_THAT(recorder.hears(), in_brief({"registered 2: 7001"}));
}

} // namespace

TEST_CASE("an unknown request is answered 51 with its ReferenceID") {
  office o;
  auto& desk = o.desktop();
  // Field 59 of the root, and an answer of the broker's own.
  v1::Frame mirrored;
  mirrored.set_reference_id(4);
  mirrored.mutable_event_registered();
  desk.read_bytes({std::string{"\x08\x03\xda\x03\x00", 5}, mirrored.SerializeAsString(),
                   std::string{"\x08\x05", 2}});
  CHECK(desk.hears() == lines{"Error 3: 51", "Error 4: 51", "Error 5: 51"});
  CHECK_FALSE(desk.closing());
}

TEST_CASE("a frame that is no message ends the link, and what follows it is nobody's") {
  office o;
  auto& desk = o.desktop();
  desk.read_bytes(
    {hear_only(2, {}).SerializeAsString(), "\xff\xff", hear_only(3, {}).SerializeAsString()});
  CHECK(desk.hears() == lines{"ACK 2", "Error: 53", "disconnected: PROTOCOL_ERROR"});
  CHECK(desk.closing());
  desk.says(hear_only(4, {}));
  CHECK(desk.hears().empty());
  CHECK(o.told() == lines{"connection: connection closed"});
}

TEST_CASE("a request that is no message ends the link, and names its ReferenceID") {
  for (auto body : {"\x6a", "\x7a"}) { // RequestSetInputMask, RequestSendEvent
    office o;
    auto& desk = o.desktop();
    desk.read_bytes({std::string{"\x08\x05"} + body + "\x02\xff\xff"});
    CHECK(desk.hears() == lines{"Error 5: 53", "disconnected: PROTOCOL_ERROR"});
    CHECK(o.told() == lines{"connection: connection closed"});
  }
}

TEST_CASE("a link that ends in the middle of a read makes no DN of what the read brought up") {
  office o;
  auto before = o.actors(); // the directory
  auto& desk = o.desktop();
  desk.read_bytes({register_on(2, {"7001"}).SerializeAsString(), "\xff\xff"});
  CHECK(desk.hears() == lines{"Error: 53", "Error 2: 52 on 7001", "disconnected: PROTOCOL_ERROR"});
  CHECK(o.actors() == before);
  CHECK(o.told() == lines{"connection: connection closed"});
}

TEST_CASE("a frame with two bodies is refused") {
  office o;
  auto& desk = o.desktop();
  auto once = hear_only(5, {}).SerializeAsString();
  desk.read_bytes({once + std::string{"\x6a\x00", 2}});
  CHECK(desk.hears() == lines{"Error 5: 53"});
  CHECK_FALSE(desk.closing());
}

TEST_CASE("a stream that cannot be cut any more ends after what was whole") {
  for (auto end : {stream_end::frame_too_large, stream_end::malformed}) {
    office o;
    auto& desk = o.desktop();
    desk.read_bytes({hear_only(2, {}).SerializeAsString()}, static_cast<int>(end));
    auto frames = desk.frames();
    REQUIRE(frames.size() == 3);
    CHECK(frames[0].has_event_ack());
    CHECK(frames[1].event_error().error_code() == 53);
    CHECK(frames[1].event_error().attribute() == "frame");
    CHECK(frames[2].event_link_disconnected().reason() == v1::DISCONNECT_REASON_PROTOCOL_ERROR);
    CHECK(o.told() == lines{"connection: connection closed"});
  }
}

// ---- sign-off ------------------------------------------------------------------------------

TEST_CASE("a client signs off, and its registrations go with it") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_both(desk, recorder);
  recorder.says(sign_off(9));
  CHECK(recorder.hears() == lines{"disconnected 9: SIGNED_OFF"});
  CHECK(recorder.closing());
  desk.says(query_address(3, "7001"));
  CHECK(desk.hears() == lines{"address 3: 7001; light unknown, v0 #0, recorders 0+0, clients 1"});
}

TEST_CASE("what a client asked before it signs off is answered before") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_both(desk, recorder);
  desk.says(send(3, "7001", "pause"), register_on(4, {"7002"}), send(5, "7002", "start"),
            sign_off(6), send(7, "7001", "resume"));
  CHECK(desk.hears() ==
        lines{"ACK 3: recorders 1, #1 v1",
              "registered 4: 7002 share; light unknown, v0 #0, recorders 0+0, clients 1",
              "ACK 5: recorders 0, #1 v1"});
  o.pass(10ms); // the connection looks again
  CHECK(desk.hears() == lines{"disconnected 6: SIGNED_OFF"});
  CHECK(desk.closing());
  CHECK(recorder.hears() == lines{"event 7001 #1: pause v1 by desk, light unknown"});
}

// ---- a side that is closed -----------------------------------------------------------------

TEST_CASE("a client that says no more is told what it is owed, and then its link ends") {
  auto where = GENERATE(
    values<stage>({{runs_on::virtual_time, 1}, {runs_on::virtual_time, 2}, message_by_message}));
  INFO(where);
  pair_on_7001 p{{}, where};
  p.desk.says(send(3, "7001", ""), register_on(4, {"7002"}), send(5, "7001", "pause"));
  p.desk.says_no_more();
  CHECK(p.desk.hears() ==
        lines{"ACK 3: recorders 1, #1", "ACK 5: recorders 1, #2 v1",
              "registered 4: 7002 share; light unknown, v0 #0, recorders 0+0, clients 1"});
  CHECK_FALSE(p.desk.closing());
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #1: user event", "event 7001 #2: pause"}));
  p.o.pass(20ms);
  CHECK(ask(p.recorder, query_address(3, "7001")).find(", clients 1") !=
        std::string::npos); // it is not here
  p.recorder_says(4, "paused");
  p.o.pass(110ms);
  CHECK(p.desk.hears() ==
        lines{"outcome 7001 #2: pause confirmed; recorder confirmed", "disconnected: SIGNED_OFF"});
  CHECK(p.desk.closing());
}

TEST_CASE("the link of a client that says no more waits no longer than its commands do") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  p.desk.says_no_more();
  p.o.pass(1990ms);
  CHECK_FALSE(p.desk.closing());
  p.o.pass(110ms);
  CHECK(p.desk.hears() ==
        lines{"outcome 7001 #1: pause timed_out 57; recorder silent", "disconnected: SIGNED_OFF"});
  p.recorder.hears();
}

TEST_CASE("a recorder that says no more is none any more") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_both(desk, recorder);
  recorder.says(send(3, "7001", "enabled"));
  recorder.says_no_more();
  CHECK(recorder.hears() == lines{"ACK 3: recorders 0, #1", "disconnected: SIGNED_OFF"});
  CHECK(desk.hears() ==
        lines{"event 7001 #1: enabled by recorder, light enabled",
              "event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST"});
}

TEST_CASE("what a client asks behind its sign-on is answered although it says no more") {
  office o{{}, message_by_message};
  auto& desk = o.connect("desk");
  desk.says(sign_on(1, v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  desk.says_no_more();
  auto heard = desk.hears();
  o.pass(20ms);
  for (auto& line : desk.hears())
    heard.push_back(line);
  CHECK(heard == lines{"connected 1",
                       "registered 2: 7001 share; light unknown, v0 #0, recorders 0+0, clients 1",
                       "disconnected: SIGNED_OFF"});
}

TEST_CASE("the same program takes over from a link that waits for an outcome") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  p.desk.says_no_more();
  CHECK(p.desk.hears().empty());
  auto& again = p.o.confirming_desktop();
  CHECK(p.desk.hears() == lines{"disconnected: TAKEN_OVER"});
  register_all("7001", {&again});
  p.recorder_says(3, "paused");
  CHECK(again.hears() == lines{"event 7001 #2: paused by recorder, light paused",
                               "outcome 7001 #1: pause confirmed; recorder confirmed"});
}

TEST_CASE("a program that has died is noticed by what is said to it") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  p.desk.vanishes();
  p.recorder.hears();
  CHECK(ask(p.recorder, query_address(3, "7001")).find("clients 1") != std::string::npos);
  p.recorder_says(4, "paused"); // the outcome finds nobody
  p.o.pass(110ms);
  CHECK(p.o.remembered("desk") == 0);
}

// ---- draining ------------------------------------------------------------------------------

TEST_CASE("a draining broker takes its leave when nothing is outstanding") {
  office o;
  auto& desk = o.desktop();
  auto& newcomer = o.connect("newcomer");
  desk.drains();
  newcomer.drains();
  CHECK(desk.frame().event_link_disconnected().retry_after_ms() > 0);
  CHECK(newcomer.hears() == lines{"disconnected: DRAINING"});
  CHECK(desk.closing());
}

TEST_CASE("while the broker drains, what is in flight is answered and the rest is refused 58") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_both(desk, recorder);
  desk.stops_reading();                // its outbox shows how far the work has come
  desk.says(register_on(3, {"7002"})); // the directory is asked
  desk.drains();
  auto late = send(5, "7001", "pause");
  late.mutable_request_send_event()->mutable_event()->set_message_type(
    v1::MESSAGE_TYPE_UNSPECIFIED);
  desk.says(send(4, "7001", "pause"), late, send(6, "7003", "pause"), register_on(7, {"7004"}),
            query_address(8, "7001"), unregister(9, {"7001"}), hear_only(10, {}));
  while (desk.box().frames() < 7)
    REQUIRE(o.step());
  auto heard = desk.hears();
  o.pass(10ms);
  for (auto& line : desk.hears())
    heard.push_back(line);
  CHECK(heard == lines{"Error 4: 58 on 7001", "Error 5: 53 on 7001", "Error 6: 41 on 7003",
                       "Error 7: 58 on 7004", "Error 8: 58 on 7001", "Error 9: 58 on 7001",
                       "Error 10: 58",
                       "registered 3: 7002 share; light unknown, v0 #0, recorders 0+0, clients 1",
                       "disconnected: DRAINING"});
}

TEST_CASE("a connection that is closed by a rule tells its client the reason") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_both(desk, recorder);
  recorder.is_closed(v1::DISCONNECT_REASON_SLOW_CONSUMER);
  recorder.is_closed(v1::DISCONNECT_REASON_HEARTBEAT_TIMEOUT); // once only
  CHECK(recorder.hears() == lines{"disconnected: SLOW_CONSUMER"});
  CHECK(recorder.closing());
  recorder.says(send(3, "7001", "enabled"));
  CHECK(recorder.hears().empty());
  desk.says(query_address(3, "7001"));
  CHECK(desk.hears() == lines{"address 3: 7001; light unknown, v0 #0, recorders 0+0, clients 1"});
  CHECK(o.told() == lines{"connection: connection closed"});
}

TEST_CASE("read batches come back when their requests are answered") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}));
  desk.says(send(3, "7001", "pause"));
  CHECK(desk.reads_in_flight() == 2);
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001", "ACK 3"}));
  CHECK(desk.reads_in_flight() == 0);
}
