// Who keeps a screen paused: another call, the desktops that paused it, one that is gone. In
// virtual time.
#include "tests/actors/conversation.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("a resume beside a paused call is held, and goes out when no call is paused") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}), send(4, "7001", "pause", {.call = 0x72}));
  p.recorder_says(3, "paused");
  CHECK(p.desk.hears().size() == 5);
  calls.hears();
  p.desk.says(send(5, "7001", "resume", {.call = 0x71}));
  CHECK(p.desk.hears() ==
        lines{"ACK 5: recorders 0, #4 v3", "outcome 7001 #4 call 71: resume held by call 72"});
  CHECK(p.recorder.hears().empty());
  CHECK(calls.hears() == lines{"event 7001 #4 call 71: resume v3 by desk, light paused, held"});
  CHECK(ask(p.desk, query_address(6, "7001")).find("call 71 wants enabled sees paused v3 held") !=
        std::string::npos);
  calls.says(end_call(3, "7001", 0x72));
  auto told = lines{"event 7001 #5 call 71: resume v3 by the broker, light paused, HOLD_RELEASED",
                    "event 7001 #6 call 72: unknown by the broker, light paused, CALL_ENDED"};
  CHECK(p.recorder.hears() == told);
  CHECK(p.desk.hears() == told);
  p.recorder_says(4, "enabled", 0x71);
  CHECK(p.desk.hears() == lines{"event 7001 #7 call 71: enabled by recorder, light enabled"});
  p.o.pass(5s);
  CHECK(p.desk.hears().empty());
  calls.hears();
}

TEST_CASE("the desktop that paused and is gone is told of after a time, if the policy says so") {
  pair_on_7001 p;
  p.o.context.confirm.dead_desktop = dead_desktop_policy::alarm;
  auto& other = p.o.desktop("other");
  register_all("7001", {&other});
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  CHECK(p.desk.hears().size() == 3);
  other.hears();
  p.desk.vanishes();
  other.says(query_address(3, "7001"));
  auto session = other.frame().event_address_info().snapshot().sessions(0);
  CHECK(session.desired_by_application() == "desk");
  CHECK(session.desired_time_us() > 0);
  p.o.pass(29'999ms);
  CHECK(other.hears().empty());
  p.o.pass(1ms);
  auto alarm = lines{"event 7001 #3: user event by the broker, light paused, "
                     "PAUSE_HOLDER_GONE, alarm"};
  CHECK(other.hears() == alarm);
  CHECK(p.recorder.hears() == alarm);
  CHECK(ask(other, send(4, "7001", "resume")) == "ACK 4: recorders 1, #4 v2");
  p.recorder.hears();
}

TEST_CASE("the broker resumes for a desktop that paused and stays away, if the policy says so") {
  pair_on_7001 p;
  p.o.context.confirm.dead_desktop = dead_desktop_policy::resume;
  auto& other = p.o.desktop("other");
  register_all("7001", {&other});
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  CHECK(p.desk.hears().size() == 3);
  other.hears();
  p.desk.vanishes();
  p.o.pass(29'999ms);
  CHECK(other.hears().empty());
  p.o.pass(1ms);
  auto resume = lines{"event 7001 #3: resume v2 by the broker, light paused, PAUSE_HOLDER_GONE"};
  CHECK(other.hears() == resume);
  CHECK(p.recorder.hears() == resume);
  p.o.pass(2s); // nobody has confirmed it
  CHECK(other.hears() ==
        lines{"event 7001 #4: unknown by the broker, light unknown, RECORDER_UNCONFIRMED"});
  p.recorder.hears();
}

TEST_CASE("a desktop that pauses and is back in time keeps its pause") {
  pair_on_7001 p;
  p.o.context.confirm.dead_desktop = dead_desktop_policy::resume;
  p.desk.says(send(3, "7001", "pause"));
  CHECK(p.desk.hears().size() == 1);
  p.recorder.hears();
  p.desk.vanishes();
  p.o.pass(29'000ms);
  auto& again = p.o.confirming_desktop(); // the same program
  register_all("7001", {&again});
  p.o.pass(60'000ms);
  CHECK(again.hears().empty());
  CHECK(p.recorder.hears().empty());
}

TEST_CASE("where all that paused must resume, the first resume is held until the last") {
  pair_on_7001 p;
  p.o.context.confirm.ownership = pause_ownership::all_holders;
  auto& other = p.o.confirming_desktop("other");
  register_all("7001", {&other});
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}));
  other.says(send(3, "7001", "pause", {.call = 0x71}));
  p.recorder_says(3, "paused", 0x71);
  p.desk.hears();
  other.hears();
  p.desk.says(send(4, "7001", "resume", {.call = 0x71}));
  CHECK(p.desk.hears() ==
        lines{"ACK 4: recorders 0, #4 v3", "outcome 7001 #4 call 71: resume held by call 71"});
  CHECK(p.recorder.hears().empty());
  CHECK(other.hears() == lines{"event 7001 #4 call 71: resume v3 by desk, light paused, held"});
  CHECK(ask(other, send(4, "7001", "resume", {.call = 0x71})) == "ACK 4: recorders 1, #5 v4");
  p.recorder_says(4, "enabled", 0x71);
  CHECK(other.hears().back() == "outcome 7001 #5 call 71: resume confirmed; recorder confirmed");
  p.desk.hears();
}

TEST_CASE("a holder that is gone holds nothing, and the resume that waited goes out") {
  pair_on_7001 p;
  p.o.context.confirm.ownership = pause_ownership::all_holders;
  auto& other = p.o.desktop("other");
  register_all("7001", {&other});
  other.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  other.hears();
  p.desk.says(send(3, "7001", "resume"));
  CHECK(p.desk.hears().back() == "outcome 7001 #3: resume held by call 0");
  CHECK(other.hears().size() == 1);
  other.vanishes();
  CHECK(p.desk.hears() ==
        lines{"event 7001 #4: resume v3 by the broker, light paused, HOLD_RELEASED"});
  CHECK(p.recorder.hears() ==
        lines{"event 7001 #4: resume v3 by the broker, light paused, HOLD_RELEASED"});
}

TEST_CASE("a stop or a start ends what all holders hold") {
  for (std::string_view verb : {"stop", "start"}) {
    pair_on_7001 p;
    p.o.context.confirm.ownership = pause_ownership::all_holders;
    auto& other = p.o.desktop("other");
    register_all("7001", {&other});
    other.says(send(3, "7001", "pause"));
    p.desk.says(send(3, "7001", verb));
    p.recorder.hears();
    p.desk.says(send(4, "7001", "pause"));
    p.desk.hears();
    p.desk.says(send(5, "7001", "resume"));
    CHECK(p.desk.hears().front() == "ACK 5: recorders 1, #4 v4");
    p.recorder.hears();
    other.hears();
  }
}
