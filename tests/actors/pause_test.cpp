// Who keeps a screen paused, and what ends it: scopes and holders of pauses, desktops that are
// gone, what a `resume` may lift. In virtual time.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// The same application once more.
party& another_instance(office& o) {
  auto& page = o.connect("desk");
  auto request = sign_on(1, v1::ROLE_DESKTOP, "desk", {v1::CAPABILITY_OUTCOMES});
  request.mutable_request_sign_on()->set_instance_id("another instance");
  CHECK(ask(page, request) == "connected 1");
  return page;
}

/// The page of the same desktop, loaded again: a new instance.
party& page_loaded_again(office& o) {
  auto& page = another_instance(o);
  register_all("7001", {&page});
  return page;
}

/// It is recorded, and the desktop has paused it; the next event is #5, the next version 3.
void start_and_pause(pair_on_7001& p, std::uint64_t call = 0) {
  p.desk.says(send(3, "7001", "start", {.call = call}));
  p.recorder_says(3, "enabled", call);
  p.desk.says(send(4, "7001", "pause", {.call = call}));
  p.recorder_says(4, "paused", call);
  std::string of = call == 0 ? ": " : " call 71: ";
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2" + of + "enabled",
                                       "outcome 7001 #1" + of + "start confirmed", "ACK 4",
                                       "event 7001 #4" + of + "paused",
                                       "outcome 7001 #3" + of + "pause confirmed"}));
}

std::string pauses_of(party& who) {
  auto words = ask(who, query_address(99, "7001"));
  auto begin = words.find("; wants ");
  return begin == std::string::npos ? words : words.substr(begin + 2);
}

} // namespace

// ---- what a resume lifts -------------------------------------------------------------------

TEST_CASE("a pause is for the whole screen, and any of the desktops may resume") {
  pair_on_7001 p;
  auto& other = p.o.confirming_desktop("other");
  register_all("7001", {&other});
  start_and_pause(p, 0x71);
  other.hears();
  // Without a call source ConnIDs have no life of their own: another one lifts it, too.
  CHECK(ask(other, send(3, "7001", "resume", {.call = 0x72})) == "ACK 3: recorders 1, #5 v3");
  p.recorder_says(5, "enabled", 0x72);
  CHECK(other.hears().back() == "outcome 7001 #5 call 72: resume confirmed; recorder confirmed");
  CHECK(pauses_of(other) == "wants enabled v3; call 71 wants recording; call 72; "
                            "recorder says enabled of 72");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #5 call 72: resume", "event 7001 #6 call 72: enabled"}));
}

TEST_CASE("where calls are told of, a resume lifts the pauses of its call and of the screen") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  start_and_pause(p, 0x71);
  p.desk.says(send(5, "7001", "pause"), send(6, "7001", "pause", {.call = 0x72}));
  p.recorder_says(5, "paused");
  p.recorder_says(6, "paused");
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 5", "ACK 6", "event 7001 #7: paused",
                                       "outcome 7001 #5: pause confirmed", "event 7001 #8: paused",
                                       "outcome 7001 #6 call 72: pause confirmed"}));
  p.desk.says(send(7, "7001", "resume", {.call = 0x71}));
  CHECK(p.desk.hears() ==
        lines{"ACK 7: recorders 0, #9 v5",
              "outcome 7001 #9 call 71: resume held by desk's pause of call 72 v4, 1 wait"});
  CHECK(p.recorder.hears().empty());
  CHECK(pauses_of(p.desk) == "wants paused v5; call 72; call 71 wants recording; "
                             "desk's pause of call 72 v4, 1 wait; recorder says paused; "
                             "resume v5 call 71 held");
  p.desk.says(send(8, "7001", "resume")); // any call's
  p.recorder_says(7, "enabled");
  p.recorder_says(8, "enabled");
  CHECK(p.desk.hears() ==
        lines{"ACK 8: recorders 1, #10 v6",
              "event 7001 #11 call 71: resume v7 by the broker, light paused, HOLD_RELEASED",
              "event 7001 #12: enabled by recorder, light enabled",
              "outcome 7001 #10: resume confirmed; recorder confirmed",
              "event 7001 #13: enabled by recorder, light enabled",
              "outcome 7001 #11 call 71: resume confirmed, HOLD_RELEASED of #9; "
              "recorder confirmed"});
  calls.hears();
}

TEST_CASE(
  "a resume of a screen that nobody records is confirmed at once, and kept from recorders") {
  pair_on_7001 p;
  p.recorder_says(3, "disabled");
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(4, "disabled");
  CHECK(p.desk.hears() == lines{"event 7001 #1: disabled by recorder, light disabled",
                                "ACK 3: recorders 1, #2 v1",
                                "event 7001 #3: disabled by recorder, light disabled",
                                "outcome 7001 #2: pause confirmed; recorder confirmed disabled"});
  auto& other = p.o.desktop("other");
  register_all("7001", {&other});
  p.desk.says(send(4, "7001", "resume"));
  CHECK(p.desk.hears() == lines{"ACK 4: recorders 0, #4 v2", "outcome 7001 #4: resume confirmed"});
  CHECK(other.hears() ==
        lines{"event 7001 #4: resume v2 by desk, light disabled, kept, desired disabled"});
  CHECK(p.recorder.hears().empty());
}

TEST_CASE("a resume brings back what a recorder had begun by itself") {
  pair_on_7001 p;
  p.recorder_says(3, "enabled", 0x71);
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(4, "paused");
  p.desk.says(send(4, "7001", "resume"));
  CHECK(p.recorder.hears() == lines{"event 7001 #4: resume v2 by desk, light paused"});
  p.recorder_says(5, "enabled");
  CHECK(p.desk.hears().back() == "outcome 7001 #4: resume confirmed; recorder confirmed");
}

TEST_CASE("a resume behind a stop is refused 185, in strict mode or not, and a start is not") {
  for (bool strict : {false, true}) {
    pair_on_7001 p;
    p.o.context.confirm.strict = strict;
    p.desk.says(send(3, "7001", "start", {.call = 0x71}));
    p.recorder_says(3, "enabled", 0x71);
    p.desk.says(send(4, "7001", "stop", {.call = 0x71}));
    p.recorder_says(4, "disabled", 0x71);
    CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2 call 71: enabled",
                                         "outcome 7001 #1 call 71: start confirmed", "ACK 4",
                                         "event 7001 #4 call 71: disabled",
                                         "outcome 7001 #3 call 71: stop confirmed"}));
    p.desk.says(send(5, "7001", "resume", {.call = 0x71}), send(6, "7001", "resume"),
                send(7, "7001", "resume", {.call = 0x72}));
    CHECK(p.desk.hears() == lines{"Error 5: 185 on 7001, v2", "Error 6: 185 on 7001, v2",
                                  "Error 7: 185 on 7001, v2"});
    CHECK(p.recorder.hears().empty());
    CHECK(ask(p.desk, send(8, "7001", "start", {.call = 0x71})) == "ACK 8: recorders 1, #5 v3");
    p.recorder_says(5, "enabled", 0x71);
    CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #6 call 71: enabled",
                                         "outcome 7001 #5 call 71: start confirmed"}));
  }
}

TEST_CASE("a resume of what the broker does not know is passed on: the recorder knows") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "resume")) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "enabled");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #2: enabled", "outcome 7001 #1: resume confirmed"}));
  // It pauses by itself: no pause is known, and a resume is no mistake.
  p.o.context.confirm.drift_enabled = drift_policy::ignore;
  p.recorder_says(4, "paused");
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #3: paused"}));
  CHECK(ask(p.desk, send(4, "7001", "resume")) == "ACK 4: recorders 1, #4 v2");
  p.recorder_says(5, "enabled");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #5: enabled", "outcome 7001 #4: resume confirmed"}));
}

// ---- stop ----------------------------------------------------------------------------------

TEST_CASE("a stop of another call leaves the pause over the card number where it is") {
  pair_on_7001 p;
  start_and_pause(p, 0x71);
  p.desk.says(send(5, "7001", "stop", {.call = 0x72}));
  CHECK(p.recorder.hears() == lines{"event 7001 #5 call 72: stop v3 by desk, light paused"});
  p.recorder_says(5, "disabled");
  CHECK(p.desk.hears() == lines{"ACK 5: recorders 1, #5 v3",
                                "event 7001 #6: disabled by recorder, light disabled",
                                "outcome 7001 #5 call 72: stop confirmed; recorder confirmed"});
  CHECK(pauses_of(p.desk) == "wants paused v3; call 71 stopped; call 72 stopped; "
                             "desk's pause of call 71 v2; recorder says disabled");
  // Nothing wants recording any more, whoever lifts the pause.
  p.desk.says(send(6, "7001", "resume", {.call = 0x71}));
  CHECK(p.desk.hears() ==
        lines{"ACK 6: recorders 0, #7 v4", "outcome 7001 #7 call 71: resume confirmed"});
  CHECK(p.recorder.hears().empty());
}

TEST_CASE("a stop of the paused call, or of all, ends the pause") {
  for (std::uint64_t call : {0x71, 0}) {
    pair_on_7001 p;
    start_and_pause(p, 0x71);
    CHECK(ask(p.desk, send(5, "7001", "stop", {.call = call})) == "ACK 5: recorders 1, #5 v3");
    CHECK(p.recorder.hears().back().ends_with("stop v3 by desk, light paused"));
    p.recorder_says(5, "disabled");
    std::string of = call == 0 ? ": " : " call 71: ";
    CHECK_THAT(p.desk.hears(),
               in_brief({"event 7001 #6: disabled", "outcome 7001 #5" + of + "stop confirmed"}));
    CHECK(ask(p.desk, send(6, "7001", "start", {.call = 0x72})) == "ACK 6: recorders 1, #7 v4");
    p.recorder_says(6, "enabled");
    CHECK_THAT(p.desk.hears(),
               in_brief({"event 7001 #8: enabled", "outcome 7001 #7 call 72: start confirmed"}));
  }
}

TEST_CASE("behind the stop of one call the broker goes on with another that wants recording") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  calls.says(register_for_outcomes(2, {"7001"}));
  CHECK_THAT(calls.hears(), in_brief({"registered 2: 7001"}));
  p.desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "start", {.call = 0x72}));
  p.recorder_says(3, "enabled", 0x71);
  p.recorder_says(4, "enabled", 0x72);
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "ACK 4", "event 7001 #3 call 71: enabled",
                       "outcome 7001 #1 call 71: start confirmed", "event 7001 #4 call 72: enabled",
                       "outcome 7001 #2 call 72: start confirmed"}));
  calls.hears();
  CHECK(p.recorder.hears().empty());
  p.desk.says(send(5, "7001", "stop", {.call = 0x72}));
  auto order = "event 7001 #6 call 71: start v4 by the broker, light enabled, CALL_GOES_ON";
  CHECK(p.desk.hears() == lines{"ACK 5: recorders 1, #5 v3", order});
  CHECK(p.recorder.hears() ==
        lines{"event 7001 #5 call 72: stop v3 by desk, light enabled", order});
  p.recorder_says(5, "disabled", 0x72);
  p.recorder_says(6, "enabled", 0x71);
  CHECK(p.desk.hears() == lines{"event 7001 #7 call 72: disabled by recorder, light disabled",
                                "outcome 7001 #5 call 72: stop confirmed; recorder confirmed",
                                "event 7001 #8 call 71: enabled by recorder, light enabled"});
  CHECK(calls.hears().back() ==
        "outcome 7001 #6 call 71: start confirmed, CALL_GOES_ON; recorder confirmed");
}

// ---- holders -------------------------------------------------------------------------------

TEST_CASE("where each holder lifts its own pause, a resume waits for the other holder's") {
  pair_on_7001 p;
  p.o.context.confirm.ownership = pause_ownership::all_holders;
  auto& other = p.o.confirming_desktop("other");
  register_all("7001", {&other});
  start_and_pause(p, 0x71);
  other.says(send(3, "7001", "pause", {.call = 0x71, .reason = "consult"}));
  p.recorder_says(5, "paused", 0x71);
  p.desk.hears();
  other.hears();
  p.desk.says(send(5, "7001", "resume", {.call = 0x71}));
  CHECK(p.desk.hears() == lines{"ACK 5: recorders 0, #7 v4",
                                "outcome 7001 #7 call 71: resume held by "
                                "other's pause of call 71 v3, 1 wait, because consult"});
  CHECK(p.recorder.hears().empty());
  CHECK(other.hears() == lines{"event 7001 #7 call 71: resume v4 by desk, light paused, held"});
  CHECK(ask(other, send(4, "7001", "resume", {.call = 0x71})) == "ACK 4: recorders 1, #8 v5");
  p.recorder_says(6, "enabled", 0x71);
  CHECK(other.hears().back() == "outcome 7001 #8 call 71: resume confirmed; recorder confirmed");
  CHECK(p.desk.hears() == lines{"event 7001 #8 call 71: resume v5 by other, light paused",
                                "event 7001 #9 call 71: enabled by recorder, light enabled",
                                "outcome 7001 #8 call 71: resume confirmed, HOLD_RELEASED of #7; "
                                "recorder confirmed"});
}

TEST_CASE("two agents of one application hold their own pauses, and one that is silent is both") {
  pair_on_7001 p;
  p.o.context.confirm.ownership = pause_ownership::all_holders;
  p.recorder_says(3, "enabled");
  p.desk.says(send(3, "7001", "pause", {.agent_id = "anna"}),
              send(4, "7001", "pause", {.agent_id = "bert"}));
  p.recorder_says(4, "paused");
  p.recorder_says(5, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #1: enabled", "ACK 3", "ACK 4", "event 7001 #4: paused",
                       "outcome 7001 #2: pause confirmed", "event 7001 #5: paused",
                       "outcome 7001 #3: pause confirmed"}));
  p.desk.says(send(5, "7001", "resume", {.agent_id = "anna"}));
  CHECK(p.desk.hears() == lines{"ACK 5: recorders 0, #6 v3",
                                "outcome 7001 #6: resume held by desk's pause of all v2, 1 wait, "
                                "agent bert, agent anna"});
  CHECK(ask(p.desk, send(6, "7001", "resume")) == "ACK 6: recorders 1, #7 v4");
  p.recorder_says(6, "enabled");
  CHECK(p.desk.hears().back() == "outcome 7001 #7: resume confirmed, HOLD_RELEASED of #6, "
                                 "agent anna; recorder confirmed");
}

TEST_CASE("a lost link lifts no pause, and a holder that is gone long enough holds none") {
  pair_on_7001 p;
  p.o.context.confirm.ownership = pause_ownership::all_holders; // dead_desktop_after: 30 s
  auto& other = p.o.confirming_desktop("other");
  register_all("7001", {&other});
  start_and_pause(p);
  other.hears();
  p.desk.vanishes();
  p.o.pass(29'999ms);
  CHECK(p.recorder.hears().empty());
  other.says(send(3, "7001", "resume"));
  CHECK(other.hears() ==
        lines{"ACK 3: recorders 0, #5 v3",
              "outcome 7001 #5: resume held by desk's pause of all v2, holder gone, 1 wait"});
  p.o.pass(1ms);
  CHECK(other.hears().empty());
  CHECK(p.recorder.hears().empty());
  CHECK(pauses_of(other) == "wants paused v3; call 0 wants recording; "
                            "desk's pause of all v2, holder gone, 1 wait; "
                            "recorder says paused; resume v3 held");
  CHECK(ask(other, send(4, "7001", "resume")) == "ACK 4: recorders 1, #6 v4"); // now it may
  p.recorder_says(5, "enabled");
  CHECK(other.hears() == lines{"event 7001 #7: enabled by recorder, light enabled",
                               "outcome 7001 #6: resume confirmed; recorder confirmed",
                               "outcome 7001 #6: resume confirmed, HOLD_RELEASED of #5; "
                               "recorder confirmed"});
}

TEST_CASE("a page that is loaded again is the same holder, whatever its instance id") {
  pair_on_7001 p;
  p.o.context.confirm.ownership = pause_ownership::all_holders;
  start_and_pause(p);
  p.desk.vanishes();
  auto& page = p.o.connect("desk");
  auto request = sign_on(1, v1::ROLE_DESKTOP, "desk", {v1::CAPABILITY_OUTCOMES});
  request.mutable_request_sign_on()->set_instance_id("another instance");
  CHECK(ask(page, request) == "connected 1");
  CHECK(ask(page, register_on(2, {"7001"})) ==
        "registered 2: 7001 share; light paused, v2 #4, recorders 1+0, clients 2; "
        "wants paused v2; call 0 wants recording; desk's pause of all v2; recorder says paused");
  CHECK(ask(page, send(3, "7001", "resume")) == "ACK 3: recorders 1, #5 v3");
  p.recorder_says(5, "enabled");
  CHECK(page.hears().back() == "outcome 7001 #5: resume confirmed; recorder confirmed");
}

TEST_CASE("a supervisor need not wait for a desktop that is gone") {
  pair_on_7001 p;
  p.o.context.confirm.ownership = pause_ownership::all_holders;
  auto& boss = p.o.supervisor();
  register_all("7001", {&boss});
  start_and_pause(p);
  boss.hears();
  boss.says(send(3, "7001", "resume"));
  CHECK(boss.hears() == lines{"ACK 3: recorders 0, #5 v3"}); // held: the holder is here
  CHECK(p.desk.hears() == lines{"event 7001 #5: resume v3 by supervisor, light paused, held"});
  p.desk.vanishes();
  p.o.settle();
  CHECK(ask(boss, send(4, "7001", "resume")) == "ACK 4: recorders 1, #6 v4");
  p.recorder_says(5, "enabled");
  CHECK(boss.hears() == lines{"event 7001 #7: enabled by recorder, light enabled"});
}

// ---- desktops that are gone ----------------------------------------------------------------

TEST_CASE("the desktop that paused and is gone is told of after a time, if the policy says so") {
  pair_on_7001 p;
  p.o.context.confirm.dead_desktop = dead_desktop_policy::alarm;
  auto& other = p.o.desktop("other");
  register_all("7001", {&other});
  start_and_pause(p);
  other.hears();
  p.desk.vanishes();
  p.o.pass(29'999ms);
  CHECK(other.hears().empty());
  p.o.pass(1ms);
  auto alarm = lines{"event 7001 #5: user event by the broker, light paused, "
                     "PAUSE_HOLDER_GONE, alarm"};
  CHECK(other.hears() == alarm);
  CHECK(p.recorder.hears() == alarm);
  CHECK(pauses_of(other).ends_with("alarm PAUSE_HOLDER_GONE"));
  p.o.pass(60s); // once
  CHECK(other.hears().empty());
  auto& again = page_loaded_again(p.o);
  CHECK(pauses_of(again) == "wants paused v2; call 0 wants recording; desk's pause of all v2; "
                            "recorder says paused"); // the alarm is over
  CHECK(ask(other, send(4, "7001", "resume")) == "ACK 4: recorders 1, #6 v3");
  p.recorder_says(5, "enabled");
  CHECK_THAT(other.hears(), in_brief({"event 7001 #7: enabled"}));
  CHECK_THAT(again.hears(), in_brief({"event 7001 #6: resume", "event 7001 #7: enabled"}));
}

TEST_CASE("the broker resumes for a desktop that paused and stays away, if the policy says so") {
  pair_on_7001 p;
  p.o.context.confirm.dead_desktop = dead_desktop_policy::resume;
  auto& other = p.o.desktop("other");
  other.says(register_for_outcomes(2, {"7001"}));
  CHECK_THAT(other.hears(), in_brief({"registered 2: 7001"}));
  start_and_pause(p);
  other.hears();
  p.desk.vanishes();
  p.o.pass(29'999ms);
  CHECK(other.hears().empty());
  p.o.pass(1ms);
  auto resume = lines{"event 7001 #5: resume v3 by the broker, light paused, PAUSE_HOLDER_GONE"};
  CHECK(other.hears() == resume);
  CHECK(p.recorder.hears() == resume);
  p.o.pass(2s); // nobody confirms it
  CHECK(other.hears() ==
        lines{"event 7001 #6: query by the broker, light paused, ASKED, for recorder, "
              "desired enabled",
              "event 7001 #7: user event by the broker, light paused, RECORDER_UNCONFIRMED, alarm",
              "outcome 7001 #5: resume timed_out 57, PAUSE_HOLDER_GONE; recorder silent"});
  p.recorder_says(5, "enabled");
  CHECK_THAT(other.hears(),
             in_brief({"event 7001 #8: enabled", "outcome 7001 #6: query confirmed"}));
  CHECK(p.o.told().size() == 2);
}

TEST_CASE("a desktop that pauses and is back in time keeps its pause") {
  pair_on_7001 p;
  p.o.context.confirm.dead_desktop = dead_desktop_policy::resume;
  start_and_pause(p);
  p.desk.vanishes();
  p.o.pass(29s);
  auto& again = page_loaded_again(p.o);
  p.o.pass(60s);
  CHECK(again.hears().empty());
  CHECK(p.recorder.hears().empty());
}

TEST_CASE("who only looks is not the desktop that is back") {
  pair_on_7001 p;
  p.o.context.confirm.dead_desktop = dead_desktop_policy::resume;
  start_and_pause(p);
  auto& looks = another_instance(p.o);
  CHECK(ask(looks, register_on(2, {"7001"}, v1::REGISTRATION_MODE_MONITOR)).starts_with("reg"));
  p.desk.vanishes();
  p.o.pass(15s);
  looks.says(register_on(3, {"7001"}, v1::REGISTRATION_MODE_MONITOR));
  p.o.pass(14'999ms);
  CHECK_THAT(looks.hears(), in_brief({"registered 3: 7001"}));
  p.o.pass(1ms);
  auto resume = lines{"event 7001 #5: resume v3 by the broker, light paused, PAUSE_HOLDER_GONE"};
  CHECK(looks.hears() == resume);
  CHECK(p.recorder.hears() == resume);
  p.recorder_says(5, "enabled");
  looks.hears();
}

TEST_CASE("a desktop that will only look from now on is gone, and is back when it may command") {
  pair_on_7001 p;
  p.o.context.confirm.dead_desktop = dead_desktop_policy::resume;
  start_and_pause(p);
  p.desk.says(register_on(5, {"7001"}, v1::REGISTRATION_MODE_MONITOR));
  p.o.pass(29s);
  p.desk.says(register_on(6, {"7001"}));
  p.o.pass(60s);
  p.desk.says(register_on(7, {"7001"}, v1::REGISTRATION_MODE_MONITOR));
  CHECK_THAT(p.desk.hears(),
             in_brief({"registered 5: 7001", "registered 6: 7001", "registered 7: 7001"}));
  p.o.pass(30s);
  auto resume = lines{"event 7001 #5: resume v3 by the broker, light paused, PAUSE_HOLDER_GONE"};
  CHECK(p.desk.hears() == resume);
  CHECK(p.recorder.hears() == resume);
  p.recorder_says(5, "enabled");
  p.desk.hears();
}

TEST_CASE("one of two tabs that is closed takes no pause with it") {
  pair_on_7001 p;
  p.o.context.confirm.dead_desktop = dead_desktop_policy::resume;
  auto& tab = page_loaded_again(p.o);
  start_and_pause(p);
  p.desk.vanishes();
  p.o.pass(120s);
  tab.hears();
  CHECK(p.recorder.hears().empty());
  CHECK(pauses_of(tab) == "wants paused v2; call 0 wants recording; desk's pause of all v2; "
                          "recorder says paused");
}

// ---- a pause that is forgotten -------------------------------------------------------------

TEST_CASE("a pause that stands for long is told of, again and again, and never lifted for it") {
  pair_on_7001 p;
  p.o.context.confirm.pause_remind_after = 60s;
  start_and_pause(p);
  p.o.pass(59'999ms);
  CHECK(p.desk.hears().empty());
  p.o.pass(1ms);
  CHECK(p.desk.hears() ==
        lines{"event 7001 #5: user event by the broker, light paused, PAUSE_LONG, alarm"});
  p.o.pass(60s);
  CHECK(p.desk.hears() ==
        lines{"event 7001 #6: user event by the broker, light paused, PAUSE_LONG, alarm"});
  CHECK(pauses_of(p.desk).ends_with("recorder says paused; alarm PAUSE_LONG"));
  CHECK(ask(p.desk, send(5, "7001", "resume")) == "ACK 5: recorders 1, #7 v3");
  p.recorder_says(5, "enabled");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #8: enabled", "outcome 7001 #7: resume confirmed"}));
  CHECK(pauses_of(p.desk) == "wants enabled v3; call 0 wants recording; recorder says enabled");
  p.o.pass(120s);
  CHECK(p.desk.hears().empty());
}
