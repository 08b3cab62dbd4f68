// What a command id remembers: a command that is sent again is not done twice, and its outcome
// finds its sender. In virtual time.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("a command sent again has the same answer, its outcome so far, and no second effect") {
  pair_on_7001 p;
  p.recorder_says(3, "enabled");
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #1: enabled"}));
  auto pause = send(3, "7001", "pause", {.command = "first"});
  CHECK(ask(p.desk, pause) == "ACK 3: recorders 1, #2 v1");
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #2: pause"}));
  pause.set_reference_id(4);
  pause.mutable_request_send_event()->set_retry(true);
  CHECK(ask(p.desk, pause) == "ACK 4: recorders 1, #2 v1");
  CHECK(p.recorder.hears().empty());
  p.recorder_says(4, "paused");
  CHECK(p.desk.hears() == lines{"event 7001 #3: paused by recorder, light paused",
                                "outcome 7001 #2: pause confirmed; recorder confirmed"});
  // Across a reconnect, and when the state has moved on.
  CHECK(ask(p.desk, send(5, "7001", "resume")) == "ACK 5: recorders 1, #4 v2");
  p.recorder_says(5, "enabled");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #5: enabled", "outcome 7001 #4: resume confirmed"}));
  p.desk.vanishes();
  auto& again = p.o.confirming_desktop();
  register_all("7001", {&again});
  pause.set_reference_id(3);
  again.says(pause);
  CHECK(again.hears() ==
        lines{"ACK 3: recorders 1, #2 v1", "outcome 7001 #2: pause confirmed; recorder confirmed"});
  CHECK(p.recorder.hears().empty());
}

TEST_CASE("a program that was restarted sends its command again, and hears the outcome") {
  pair_on_7001 p;
  auto pause = send(3, "7001", "pause", {.command = "first"});
  CHECK(ask(p.desk, pause) == "ACK 3: recorders 1, #1 v1");
  CHECK(p.recorder.hears() == lines{"event 7001 #1: pause v1 by desk, light unknown"});
  p.desk.vanishes();
  auto& restarted = p.o.connect("desk");
  restarted.says(sign_on(1, v1::ROLE_DESKTOP, "desk", {v1::CAPABILITY_OUTCOMES}, "restarted"));
  CHECK(restarted.hears() == lines{"connected 1"});
  register_all("7001", {&restarted});
  CHECK(ask(restarted, pause) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "paused");
  CHECK(restarted.hears() == lines{"event 7001 #2: paused by recorder, light paused",
                                   "outcome 7001 #1: pause confirmed; recorder confirmed"});
}

TEST_CASE("a command sent again by another of its application: both hear the outcome, once") {
  pair_on_7001 p;
  auto pause = send(3, "7001", "pause", {.command = "first"});
  CHECK(ask(p.desk, pause) == "ACK 3: recorders 1, #1 v1");
  CHECK(p.recorder.hears() == lines{"event 7001 #1: pause v1 by desk, light unknown"});
  auto& twin = p.o.connect("desk");
  twin.says(sign_on(1, v1::ROLE_DESKTOP, "desk", {v1::CAPABILITY_OUTCOMES}, "the twin"));
  CHECK(twin.hears() == lines{"connected 1"});
  register_all("7001", {&twin});
  CHECK(ask(twin, pause) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "paused");
  lines both{"event 7001 #2: paused by recorder, light paused",
             "outcome 7001 #1: pause confirmed; recorder confirmed"};
  CHECK(p.desk.hears() == both);
  CHECK(twin.hears() == both);
}

TEST_CASE("a version that nobody can give is not the same as none, for the same command id") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause", {.command = "x"})) == "ACK 3: recorders 1, #1 v1");
  auto again = send(4, "7001", "pause", {.command = "x"});
  again.mutable_request_send_event()->set_if_version(~std::uint64_t{});
  p.desk.says(again);
  CHECK(p.desk.frame().event_error().error_code() == 53);
  p.desk.hears();
  p.recorder.hears();
}

TEST_CASE("an outcome reaches the same program over its next connection") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause", {.command = "first"})) == "ACK 3: recorders 1, #1 v1");
  p.desk.vanishes();
  auto& again = p.o.confirming_desktop();
  register_all("7001", {&again});
  p.recorder_says(3, "paused");
  CHECK(again.hears() == lines{"event 7001 #2: paused by recorder, light paused",
                               "outcome 7001 #1: pause confirmed; recorder confirmed"});
}

TEST_CASE("a command id with other content is 53, and another program's id is its own") {
  pair_on_7001 p;
  auto& other = p.o.desktop("other");
  register_all("7001", {&other});
  CHECK(ask(p.desk, send(3, "7001", "pause", {.command = "x"})) == "ACK 3: recorders 1, #1 v1");
  other.hears();
  p.desk.says(send(4, "7001", "resume", {.command = "x"}));
  auto error = p.desk.frame().event_error();
  CHECK(error.error_code() == 53);
  CHECK(error.attribute() == "command_id");
  CHECK(error.text().find(to_hex("x...............")) != std::string::npos);
  CHECK(ask(other, send(3, "7001", "pause", {.command = "x"})) == "ACK 3: recorders 1, #2 v2");
  p.desk.hears();
  p.recorder.hears();
}

TEST_CASE("a lost pause sent again is done; of a lost resume it is said that nobody knows") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "resume", {.command = "r", .retry = true}));
  auto error = p.desk.frame().event_error();
  CHECK(error.error_code() == 57);
  CHECK(error.retry_class() == v1::RETRY_CLASS_UNKNOWN_OUTCOME);
  CHECK(p.recorder.hears().empty());
  CHECK(ask(p.desk, send(4, "7001", "pause", {.command = "p", .retry = true})) ==
        "ACK 4: recorders 1, #1 v1");
  p.recorder.hears();
}

TEST_CASE("command ids outlive the session and everybody, and keep the DN until they expire") {
  limits bounds;
  bounds.dn_idle_timeout = 20s;
  bounds.command_id_window = 100s;
  office o{bounds};
  auto stop = send(3, "7001", "stop", {.command = "s"});
  {
    auto& desk = o.confirming_desktop();
    auto& recorder = o.recorder();
    register_all("7001", {&desk, &recorder});
    CHECK(ask(desk, stop) == "ACK 3: recorders 1, #1 v1");
    recorder.hears();
    recorder.says(send(3, "7001", "disabled"));
    recorder.hears();
    CHECK_THAT(desk.hears(),
               in_brief({"event 7001 #2: disabled", "outcome 7001 #1: stop confirmed"}));
    desk.vanishes();
    recorder.vanishes();
  }
  for (int i = 0; i < 9; ++i)
    o.pass(10s);
  auto& again = o.confirming_desktop();
  register_all("7001", {&again});
  CHECK(ask(again, query_address(4, "7001")) ==
        "address 4: 7001; light unknown, v1 #3, recorders 0+0, clients 1");
  again.says(stop);
  CHECK(again.hears() ==
        lines{"ACK 3: recorders 1, #1 v1", "outcome 7001 #1: stop confirmed; recorder confirmed"});
  again.vanishes();
  for (int i = 0; i < 9; ++i)
    o.pass(10s);
  CHECK(o.actors() == 1); // the directory
}

TEST_CASE("the table of command ids is bounded, and the oldest with an outcome goes first") {
  limits bounds;
  bounds.command_ids_per_dn_max = 3;
  pair_on_7001 p{bounds};
  for (auto id : {"a", "b", "c"})
    CHECK(ask(p.desk, send(3, "7001", "pause", {.command = id})).starts_with("ACK"));
  for (std::uint32_t reference : {3, 4, 5})
    p.recorder_says(reference, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #4: paused", "outcome 7001 #1: pause confirmed",
                       "event 7001 #5: paused", "outcome 7001 #2: pause confirmed",
                       "event 7001 #6: paused", "outcome 7001 #3: pause confirmed"}));
  CHECK(ask(p.desk, send(3, "7001", "pause", {.command = "d"})) == "ACK 3: recorders 1, #7 v4");
  p.desk.says(send(4, "7001", "pause", {.command = "b"}));
  CHECK(p.desk.hears().front() == "ACK 4: recorders 1, #2 v2");
  CHECK(ask(p.desk, send(5, "7001", "pause", {.command = "a"})) == "ACK 5: recorders 1, #8 v5");
  p.recorder.hears();
}
