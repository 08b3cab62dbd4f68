// A `start` or `resume` that a pause holds: its outcome at once, and what becomes of it when no
// pause stands any more. In virtual time.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// Call 71 is recorded, and a card number stands on the screen: the desktop has paused. Then a
/// second call comes, and the site's rule starts it. The next event is #6, the next version 4.
void second_call_in_a_pause(pair_on_7001& p) {
  p.desk.says(send(3, "7001", "start", {.call = 0x71}));
  p.recorder_says(3, "enabled", 0x71);
  p.desk.says(send(4, "7001", "pause", {.call = 0x71}));
  p.recorder_says(4, "paused", 0x71);
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2 call 71: enabled",
                                       "outcome 7001 #1 call 71: start confirmed", "ACK 4",
                                       "event 7001 #4 call 71: paused",
                                       "outcome 7001 #3 call 71: pause confirmed"}));
  p.desk.says(send(5, "7001", "start", {.call = 0x72, .command = "second"}));
  CHECK(p.desk.hears() ==
        lines{"ACK 5: recorders 0, #5 v3",
              "outcome 7001 #5 call 72: start held by desk's pause of call 71 v2, 1 wait"});
  CHECK(p.recorder.hears().empty());
}

} // namespace

TEST_CASE("a second call's start in a pause is held, and goes out when the pause is lifted") {
  pair_on_7001 p;
  auto& other = p.o.desktop("other");
  register_all("7001", {&other});
  second_call_in_a_pause(p);
  CHECK(other.hears().back() == "event 7001 #5 call 72: start v3 by desk, light paused, held");
  CHECK(ask(p.desk, query_address(6, "7001")) ==
        "address 6: 7001; light paused, v3 #5, recorders 1+0, clients 3; wants paused v3; "
        "call 71 wants recording; call 72 wants recording; desk's pause of call 71 v2, 1 wait; "
        "recorder says paused of 71; start v3 call 72 held");
  p.desk.says(send(7, "7001", "resume", {.call = 0x71}));
  auto start = "event 7001 #7 call 72: start v5 by the broker, light paused, HOLD_RELEASED";
  CHECK(p.desk.hears() == lines{"ACK 7: recorders 1, #6 v4", start});
  CHECK(p.recorder.hears() ==
        lines{"event 7001 #6 call 71: resume v4 by desk, light paused", start});
  p.recorder_says(5, "enabled", 0x71);
  p.recorder_says(6, "enabled", 0x72);
  CHECK(p.desk.hears() == lines{"event 7001 #8 call 71: enabled by recorder, light enabled",
                                "outcome 7001 #6 call 71: resume confirmed; recorder confirmed",
                                "event 7001 #9 call 72: enabled by recorder, light enabled",
                                "outcome 7001 #7 call 72: start confirmed, HOLD_RELEASED of #5; "
                                "recorder confirmed"});
  CHECK_THAT(other.hears(),
             in_brief({"event 7001 #6 call 71: resume", "event 7001 #7 call 72: start",
                       "event 7001 #8 call 71: enabled", "event 7001 #9 call 72: enabled"}));
}

TEST_CASE("a release names the command that it is about, and is nobody's command itself") {
  pair_on_7001 p;
  second_call_in_a_pause(p);
  p.desk.says(send(7, "7001", "resume", {.call = 0x71}));
  p.recorder_says(5, "enabled");
  p.recorder_says(6, "enabled");
  auto frames = p.desk.frames();
  auto& outcome = frames.back().event_outcome();
  CHECK(outcome.released_command_id() == "second..........");
  CHECK(outcome.command_id().empty());
  CHECK(outcome.released_sequence() == 5);
  CHECK(outcome.version() == 5);
  CHECK(outcome.origin_application() == "desk");
  CHECK(outcome.origin_client_id() == p.desk.id());
}

TEST_CASE("a release that nobody confirms has its outcome, and is an alarm") {
  pair_on_7001 p;
  second_call_in_a_pause(p);
  p.desk.says(send(7, "7001", "resume", {.call = 0x71, .confirm_timeout_ms = 500}));
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 7", "event 7001 #7 call 72: start"}));
  CHECK_THAT(p.recorder.hears(),
             in_brief({"event 7001 #6 call 71: resume", "event 7001 #7 call 72: start"}));
  p.o.pass(500ms);
  CHECK(p.desk.hears() ==
        lines{"event 7001 #8: query by the broker, light paused, ASKED, for recorder, "
              "desired enabled",
              "outcome 7001 #6 call 71: resume timed_out 57; recorder silent"});
  p.o.pass(1500ms);
  CHECK(p.desk.hears() ==
        lines{"event 7001 #9: user event by the broker, light paused, RECORDER_UNCONFIRMED, alarm",
              "outcome 7001 #7 call 72: start timed_out 57, HOLD_RELEASED of #5; recorder silent"});
  p.recorder_says(5, "enabled");
  CHECK(p.desk.hears() == lines{"event 7001 #10: enabled by recorder, light enabled"});
  CHECK(p.o.told() == lines{"dn: outcome of a command", "dn: alarm: a person must look",
                            "dn: held command let go"});
}

TEST_CASE("a held resume and the one that lifts the last pause are one order") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  second_call_in_a_pause(p);
  p.desk.says(send(6, "7001", "pause", {.call = 0x72}));
  p.recorder_says(5, "paused", 0x72);
  p.desk.hears();
  p.desk.says(send(7, "7001", "resume", {.call = 0x71}));
  CHECK(p.desk.hears() ==
        lines{"ACK 7: recorders 0, #8 v5",
              "outcome 7001 #8 call 71: resume held by desk's pause of call 72 v4, 2 wait"});
  // What is said of call 72 anyway starts it, and needs no order of its own.
  p.desk.says(send(8, "7001", "resume", {.call = 0x72}));
  auto order = "event 7001 #10 call 71: resume v7 by the broker, light paused, HOLD_RELEASED";
  CHECK(p.recorder.hears() ==
        lines{"event 7001 #9 call 72: resume v6 by desk, light paused", order});
  p.recorder_says(6, "enabled", 0x72);
  p.recorder_says(7, "enabled", 0x71);
  CHECK(p.desk.hears() == lines{"ACK 8: recorders 1, #9 v6", order,
                                "event 7001 #11 call 72: enabled by recorder, light enabled",
                                "outcome 7001 #9 call 72: resume confirmed; recorder confirmed",
                                "outcome 7001 #9 call 72: resume confirmed, HOLD_RELEASED of #5; "
                                "recorder confirmed",
                                "event 7001 #12 call 71: enabled by recorder, light enabled",
                                "outcome 7001 #10 call 71: resume confirmed, HOLD_RELEASED of #8; "
                                "recorder confirmed"});
  calls.hears();
}

TEST_CASE("a held start ends with a stop, and is told so") {
  pair_on_7001 p;
  second_call_in_a_pause(p);
  p.desk.says(send(6, "7001", "stop"));
  CHECK(p.recorder.hears() == lines{"event 7001 #6: stop v4 by desk, light paused"});
  CHECK(p.desk.hears() ==
        lines{"ACK 6: recorders 1, #6 v4",
              "outcome 7001 #5 call 72: start superseded by v4, HOLD_RELEASED of #5"});
  p.recorder_says(5, "disabled");
  CHECK(p.desk.hears().back() == "outcome 7001 #6: stop confirmed; recorder confirmed");
}

TEST_CASE("a held resume ends when the call is paused again, a held start does not") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  second_call_in_a_pause(p);
  p.desk.says(send(6, "7001", "resume", {.call = 0x72}));
  CHECK(p.desk.hears().back() ==
        "outcome 7001 #6 call 72: resume held by desk's pause of call 71 v2, 2 wait");
  p.desk.says(send(7, "7001", "pause", {.call = 0x72}));
  p.recorder_says(5, "paused", 0x72);
  CHECK(p.desk.hears() ==
        lines{"ACK 7: recorders 1, #7 v5",
              "outcome 7001 #6 call 72: resume superseded by v5, HOLD_RELEASED of #6",
              "event 7001 #8 call 72: paused by recorder, light paused",
              "outcome 7001 #7 call 72: pause confirmed; recorder confirmed"});
  CHECK(ask(p.desk, query_address(8, "7001")).ends_with("; start v3 call 72 held"));
  calls.hears();
}

TEST_CASE("a held command of a call that ends is not known any more") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  second_call_in_a_pause(p);
  calls.hears();
  CHECK(ask(calls, end_call(3, "7001", 0x72)) == "ACK 3: #5 v3");
  CHECK(p.desk.hears() == lines{"outcome 7001 #5 call 72: start unknown, HOLD_RELEASED of #5"});
  CHECK(p.recorder.hears().empty()); // call 71 is still paused
  CHECK(p.o.told() == lines{"dn: held command let go"});
}

TEST_CASE("a held command goes out when the paused call ends") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  second_call_in_a_pause(p);
  calls.hears();
  calls.says(end_call(3, "7001", 0x71));
  auto order = "event 7001 #6 call 72: start v4 by the broker, light paused, HOLD_RELEASED";
  CHECK(calls.hears() == lines{"ACK 3: #5 v3", order});
  CHECK(p.recorder.hears() == lines{order});
  CHECK(p.desk.hears() == lines{order});
  p.recorder_says(5, "enabled", 0x72);
  CHECK(p.desk.hears() == lines{"event 7001 #7 call 72: enabled by recorder, light enabled",
                                "outcome 7001 #6 call 72: start confirmed, HOLD_RELEASED of #5; "
                                "recorder confirmed"});
  calls.hears();
}

TEST_CASE("a release finds its sender over another connection, and holds on to none that is gone") {
  pair_on_7001 p;
  auto& other = p.o.desktop("other");
  register_all("7001", {&other});
  second_call_in_a_pause(p);
  p.desk.vanishes();
  p.o.pass(110ms); // its link looks whether it is owed anything
  CHECK(p.o.remembered("desk") == 0);
  auto& again = p.o.confirming_desktop(); // the same program
  register_all("7001", {&again});
  other.says(send(3, "7001", "resume"));
  p.recorder_says(5, "enabled");
  p.recorder_says(6, "enabled");
  CHECK(again.hears().back() == "outcome 7001 #7 call 72: start confirmed, HOLD_RELEASED of #5; "
                                "recorder confirmed");
  other.hears();
}

TEST_CASE("a held command that is sent again is answered as before, and reaches nobody") {
  pair_on_7001 p;
  second_call_in_a_pause(p);
  p.desk.says(send(8, "7001", "start", {.call = 0x72, .command = "second", .retry = true}));
  CHECK(p.desk.hears() ==
        lines{"ACK 8: recorders 0, #5 v3",
              "outcome 7001 #5 call 72: start held by desk's pause of call 71 v2, 1 wait"});
  CHECK(p.recorder.hears().empty());
}

TEST_CASE("so many commands may be held, and the oldest makes room") {
  office o;
  auto& desk = o.confirming_desktop();
  register_all("7001", {&desk});
  std::vector<v1::Frame> commands{send(3, "7001", "pause")};
  for (std::uint32_t call = 1; call <= 65; ++call)
    commands.push_back(send(3 + call, "7001", "start", {.call = call}));
  desk.read(commands);
  auto heard = desk.hears();
  CHECK(heard.back() == "outcome 7001 #2 call 1: start superseded by v66, HOLD_RELEASED of #2");
  CHECK(heard[heard.size() - 2].starts_with("outcome 7001 #66 call 41: start held by"));
}

TEST_CASE("where agents have one call at a time a new one may lift the pauses of those before") {
  pair_on_7001 p;
  p.o.context.confirm.new_call = new_call_policy::lifts;
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}));
  p.recorder_says(3, "paused");
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2: paused",
                                       "outcome 7001 #1 call 71: pause confirmed"}));
  CHECK(ask(p.desk, send(4, "7001", "start", {.call = 0x72})) == "ACK 4: recorders 1, #3 v2");
  p.recorder_says(4, "enabled");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #4: enabled", "outcome 7001 #3 call 72: start confirmed"}));
  // A pause of the whole screen is no older call's, nor is a call's own pause.
  p.desk.says(send(5, "7001", "pause"));
  p.recorder_says(5, "paused");
  p.desk.hears();
  p.desk.says(send(6, "7001", "start", {.call = 0x73}), send(7, "7001", "start", {.call = 0x72}));
  CHECK(p.desk.hears() ==
        lines{"ACK 6: recorders 0, #7 v4",
              "outcome 7001 #7 call 73: start held by desk's pause of all v3, 1 wait",
              "ACK 7: recorders 0, #8 v5",
              "outcome 7001 #8 call 72: start held by desk's pause of all v3, 2 wait"});
}
