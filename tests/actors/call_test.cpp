// Conversations about calls, where a call source tells of them: two that become one, one that ends,
// and what goes on then.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// A call source beside them; it hears the outcomes of the broker's orders.
struct calls_on_7001 : pair_on_7001 {
  party& calls;

  calls_on_7001() : calls(o.join("calls", v1::ROLE_CALL_SOURCE)) {
    calls.says(register_for_outcomes(2, {"7001"}));
    CHECK_THAT(calls.hears(), in_brief({"registered 2: 7001"}));
  }
  std::string screen() {
    auto words = ask(desk, query_address(99, "7001"));
    return words.substr(words.find("clients 3") + 9);
  }
};

} // namespace

TEST_CASE("merged calls are one: it wants recording if either did, and the pauses of both stand") {
  calls_on_7001 p;
  p.desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "pause", {.call = 0x72}));
  p.recorder_says(3, "enabled", 0x71);
  p.recorder_says(4, "paused", 0x72);
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "ACK 4", "outcome 7001 #1 call 71: start superseded",
                       "event 7001 #3 call 71: enabled", "event 7001 #4 call 72: paused",
                       "outcome 7001 #2 call 72: pause confirmed"}));
  p.calls.hears();
  CHECK(ask(p.calls, merge_calls(3, "7001", 0x71, 0x72)) == "ACK 3: #4 v2");
  CHECK(p.desk.hears().empty());
  CHECK(p.screen() == "; wants paused v2; call 72 wants recording was 71; "
                      "desk's pause of call 72 v2; recorder says paused of 72");
  // A later command with the old ConnID is about the one call.
  CHECK(ask(p.desk, send(5, "7001", "resume", {.call = 0x71})) == "ACK 5: recorders 1, #5 v3");
  p.recorder_says(5, "enabled", 0x72);
  CHECK(p.desk.hears().back() == "outcome 7001 #5 call 71: resume confirmed; recorder confirmed");
  CHECK(p.screen() == "; wants enabled v3; call 72 wants recording was 71; "
                      "recorder says enabled of 72");
  p.calls.hears();
}

TEST_CASE("what a recorder says while two calls become one confirms what was asked of either") {
  for (std::uint64_t said_of : {0x71, 0x72, 0}) {
    calls_on_7001 p;
    p.desk.says(send(3, "7001", "start", {.call = 0x72}), send(4, "7001", "pause", {.call = 0x71}));
    CHECK_THAT(p.desk.hears(),
               in_brief({"ACK 3", "ACK 4", "outcome 7001 #1 call 72: start superseded"}));
    p.calls.hears();
    CHECK(ask(p.calls, merge_calls(3, "7001", 0x71, 0x72)) == "ACK 3: #2 v2");
    p.recorder_says(3, "enabled", said_of);
    p.recorder_says(4, "paused", said_of);
    CHECK(p.desk.hears().back() == "outcome 7001 #2 call 71: pause confirmed; recorder confirmed");
    p.calls.hears();
  }
}

TEST_CASE("a call whose ConnID changes goes on under the new one, with its pause") {
  calls_on_7001 p;
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}));
  p.recorder_says(3, "paused");
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2: paused",
                                       "outcome 7001 #1 call 71: pause confirmed"}));
  p.calls.hears();
  CHECK(ask(p.calls, merge_calls(3, "7001", 0x71, 0x80)) == "ACK 3: #2 v1");
  CHECK(p.screen() == "; wants paused v1; call 80 was 71; desk's pause of call 80 v1; "
                      "recorder says paused");
}

TEST_CASE("a held command is of the call that its call has become") {
  calls_on_7001 p;
  p.desk.says(send(3, "7001", "pause"), send(4, "7001", "start", {.call = 0x71}));
  p.recorder_says(3, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "ACK 4", "outcome 7001 #2 call 71: start held",
                       "event 7001 #3: paused", "outcome 7001 #1: pause confirmed"}));
  p.calls.hears();
  CHECK(ask(p.calls, merge_calls(3, "7001", 0x71, 0x80)).starts_with("ACK 3"));
  p.desk.says(send(5, "7001", "resume", {.call = 0x80}));
  CHECK(p.recorder.hears() == lines{"event 7001 #4 call 80: resume v3 by desk, light paused"});
  p.recorder_says(4, "enabled");
  CHECK(p.desk.hears().back() == "outcome 7001 #4 call 80: resume confirmed, HOLD_RELEASED of #2; "
                                 "recorder confirmed");
  p.calls.hears();
}

// ---- a call's end --------------------------------------------------------------------------

TEST_CASE("the end of the only call orders nothing: the light stays what the words say") {
  calls_on_7001 p;
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}));
  p.recorder_says(3, "paused", 0x71);
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2 call 71: paused",
                                       "outcome 7001 #1 call 71: pause confirmed"}));
  p.calls.hears();
  CHECK(ask(p.calls, end_call(3, "7001", 0x71)) == "ACK 3: #2 v1");
  CHECK(p.desk.hears().empty());
  CHECK(p.recorder.hears().empty());
  CHECK(p.screen() == "; wants disabled v1; recorder says paused of 71");
  // The next call is not paused.
  p.desk.says(send(4, "7001", "start", {.call = 0x72}));
  p.recorder_says(4, "enabled", 0x72);
  CHECK(p.desk.hears().back() == "outcome 7001 #3 call 72: start confirmed; recorder confirmed");
  p.calls.hears();
}

TEST_CASE("behind the end of a paused call the broker resumes what is recorded beside it") {
  calls_on_7001 p;
  p.desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "pause", {.call = 0x72}));
  p.recorder_says(3, "enabled", 0x71);
  p.recorder_says(4, "paused", 0x72);
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "ACK 4", "outcome 7001 #1 call 71: start superseded",
                       "event 7001 #3 call 71: enabled", "event 7001 #4 call 72: paused",
                       "outcome 7001 #2 call 72: pause confirmed"}));
  p.calls.hears();
  p.calls.says(end_call(3, "7001", 0x72));
  auto order = "event 7001 #5 call 71: resume v3 by the broker, light paused, CALL_ENDED";
  CHECK(p.calls.hears() == lines{"ACK 3: #4 v2", order});
  CHECK(p.desk.hears() == lines{order});
  CHECK(p.recorder.hears() == lines{order});
  p.recorder_says(5, "enabled", 0x71);
  CHECK(p.desk.hears() == lines{"event 7001 #6 call 71: enabled by recorder, light enabled"});
  CHECK(p.calls.hears().back() ==
        "outcome 7001 #5 call 71: resume confirmed, CALL_ENDED; recorder confirmed");
}

TEST_CASE("what follows a call's end and is not confirmed is an alarm") {
  calls_on_7001 p;
  p.desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "pause", {.call = 0x72}));
  p.recorder_says(3, "enabled", 0x71);
  p.recorder_says(4, "paused", 0x72);
  p.calls.says(end_call(3, "7001", 0x72));
  p.desk.hears();
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #5 call 71: resume"}));
  p.o.pass(2s);
  CHECK(p.desk.hears() ==
        lines{"event 7001 #6: query by the broker, light paused, ASKED, for recorder, "
              "desired enabled",
              "event 7001 #7: user event by the broker, light paused, RECORDER_UNCONFIRMED, "
              "alarm"});
  CHECK(p.calls.hears().back() ==
        "outcome 7001 #5 call 71: resume timed_out 57, CALL_ENDED; recorder silent");
  p.recorder_says(5, "enabled");
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #8: enabled"}));
  p.calls.hears();
  CHECK(p.o.told() == lines{"dn: alarm: a person must look", "dn: outcome of the broker's order"});
}

TEST_CASE("behind the end of a call that was recorded the broker stops, where another is stopped") {
  calls_on_7001 p;
  p.desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "start", {.call = 0x72}));
  p.recorder_says(3, "enabled", 0x71);
  p.recorder_says(4, "enabled", 0x72);
  p.desk.says(send(5, "7001", "stop", {.call = 0x72})); // the broker goes on with call 71
  p.recorder_says(5, "disabled", 0x72);
  p.recorder_says(6, "enabled", 0x71);
  p.desk.hears();
  p.calls.hears();
  p.calls.says(end_call(3, "7001", 0x71));
  auto order = "event 7001 #9: stop v5 by the broker, light enabled, CALL_ENDED";
  CHECK(p.desk.hears() == lines{order});
  CHECK(p.recorder.hears() == lines{order});
  p.recorder_says(7, "disabled");
  CHECK(p.desk.hears() == lines{"event 7001 #10: disabled by recorder, light disabled"});
  p.calls.hears();
}

TEST_CASE("what is asked of a call that ends is not known any more, and a late resume is refused") {
  calls_on_7001 p;
  p.desk.says(send(3, "7001", "start", {.call = 0x71}));
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3"}));
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #1 call 71: start"}));
  p.calls.hears();
  p.calls.says(end_call(3, "7001", 0x71));
  auto outcome = "outcome 7001 #1 call 71: start unknown; recorder silent";
  CHECK(p.calls.hears() == lines{"ACK 3: #1 v1", outcome});
  CHECK(p.desk.hears() == lines{outcome});
  CHECK(p.o.context.outcomes_owed == 0);
  CHECK(ask(p.desk, send(4, "7001", "resume", {.call = 0x71})) == "Error 4: 185 on 7001, v1");
}

TEST_CASE("where calls are told of, the stop of one is the stop of no other") {
  calls_on_7001 p;
  p.desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "stop", {.call = 0x72}));
  CHECK(p.recorder.hears() ==
        lines{"event 7001 #1 call 71: start v1 by desk, light unknown",
              "event 7001 #2 call 72: stop v2 by desk, light unknown",
              "event 7001 #3 call 71: start v3 by the broker, light unknown, CALL_GOES_ON"});
  p.recorder_says(3, "enabled");
  p.recorder_says(4, "disabled");
  p.recorder_says(5, "enabled");
  p.desk.hears();
  CHECK(ask(p.desk, send(5, "7001", "resume", {.call = 0x72})) == "Error 5: 185 on 7001, v3");
  p.calls.hears();
}

TEST_CASE("a call source whose link breaks for a moment does not take the calls' lives with it") {
  calls_on_7001 p; // dead_desktop_after: 30 s
  p.desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "pause", {.call = 0x71}));
  p.recorder_says(3, "enabled");
  p.recorder_says(4, "paused");
  p.desk.hears();
  p.calls.hears();
  p.calls.vanishes();
  p.o.pass(29'999ms);
  p.desk.says(send(5, "7001", "resume", {.call = 0x72}));
  CHECK(p.desk.hears().back() ==
        "outcome 7001 #5 call 72: resume held by desk's pause of call 71 v2, 1 wait");
  p.o.pass(1ms);
  CHECK(ask(p.desk, send(6, "7001", "resume", {.call = 0x72})) == "ACK 6: recorders 1, #6 v4");
  p.recorder_says(5, "enabled");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #7: enabled", "outcome 7001 #6 call 72: resume confirmed",
                       "outcome 7001 #6 call 72: resume confirmed"}));
}

// ---- what is refused -----------------------------------------------------------------------

TEST_CASE("what a call source or another may not ask is refused, and nothing changes") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  calls.says(merge_calls(2, "7001", 1, 2));
  CHECK(calls.hears() == lines{"Error 2: 41 on 7001"});
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}));
  p.recorder_says(3, "paused", 0x71);
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2 call 71: paused",
                                       "outcome 7001 #1 call 71: pause confirmed"}));
  calls.hears();
  auto before = ask(p.desk, query_address(4, "7001"));
  calls.says(merge_calls(3, "7001", 0x99, 0x71), merge_calls(4, "7001", 0x71, 0x71),
             merge_calls(5, "7001", 0x71, 0), merge_calls(6, "7001", 0, 0x71),
             end_call(7, "7001", 0x99), end_call(8, "7001", 0), send(9, "7001", "pause"),
             send(10, "7001", ""), send(11, "7001", "paused"));
  CHECK(calls.hears() == lines{"Error 3: 53 on 7001", "Error 4: 53 on 7001", "Error 5: 53 on 7001",
                               "Error 6: 53 on 7001", "Error 7: 53 on 7001", "Error 8: 53 on 7001",
                               "Error 9: 165 on 7001", "Error 10: 165 on 7001",
                               "Error 11: 165 on 7001"});
  p.desk.says(merge_calls(5, "7001", 0x71, 0x72), end_call(6, "7001", 0x71));
  CHECK(p.desk.hears() == lines{"Error 5: 165 on 7001", "Error 6: 165 on 7001"});
  auto after = ask(p.desk, query_address(4, "7001"));
  CHECK(after == before);
}

TEST_CASE("calls are merged into one up to a bound") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "pause", {.call = 0x100}));
  p.desk.hears();
  calls.hears();
  for (std::uint32_t i = 0; i < former_connections_max; ++i)
    CHECK(ask(calls, merge_calls(3 + i, "7001", 0x100 + i, 0x101 + i)).starts_with("ACK"));
  CHECK(ask(calls, merge_calls(20, "7001", 0x100, 0x200)) == "Error 20: 1186 on 7001");
  p.recorder.hears();
}
