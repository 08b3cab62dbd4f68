// What recorders say, and what it answers: one recorder, one word, whatever call it names; and
// recorders that tell calls apart.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

std::string light_on_7001(party& who) {
  who.says(query_address(99, "7001"));
  auto snapshot = who.frame().event_address_info().snapshot();
  return v1::CaptureState_Name(snapshot.effective_state()).substr(14);
}

} // namespace

TEST_CASE("a recorder has one word: the ConnID says what it answers, not what it is about") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "start", {.call = 0x72}));
  p.recorder_says(3, "enabled", 0x71);
  p.recorder_says(4, "enabled", 0x72);
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "ACK 4", "event 7001 #3 call 71: enabled",
                       "outcome 7001 #1 call 71: start confirmed", "event 7001 #4 call 72: enabled",
                       "outcome 7001 #2 call 72: start confirmed"}));
  p.desk.says(send(5, "7001", "pause", {.call = 0x72}));
  p.recorder_says(5, "paused", 0x71);
  CHECK(p.desk.hears() == lines{"ACK 5: recorders 1, #5 v3",
                                "event 7001 #6 call 71: paused by recorder, light paused",
                                "outcome 7001 #5 call 72: pause confirmed; recorder confirmed"});
}

TEST_CASE("a word without ConnID answers what was asked of a call, and the other way round") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "start", {.call = 0x71}));
  p.recorder_says(3, "enabled");
  CHECK(p.desk.hears().back() == "outcome 7001 #1 call 71: start confirmed; recorder confirmed");
  p.desk.says(send(4, "7001", "pause"));
  p.recorder_says(4, "paused", 0x71);
  CHECK(p.desk.hears().back() == "outcome 7001 #3: pause confirmed; recorder confirmed");
}

TEST_CASE("the first paused of pause, resume, pause answers the first pause") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "start"));
  p.recorder_says(3, "enabled");
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "event 7001 #2: enabled", "outcome 7001 #1: start confirmed"}));
  p.desk.says(send(4, "7001", "pause"), send(5, "7001", "resume"), send(6, "7001", "pause"));
  CHECK(p.desk.hears() == lines{"ACK 4: recorders 1, #3 v2", "ACK 5: recorders 1, #4 v3",
                                "outcome 7001 #3: pause superseded by v3; recorder silent",
                                "ACK 6: recorders 1, #5 v4",
                                "outcome 7001 #4: resume superseded by v4; recorder silent"});
  p.recorder_says(4, "paused");
  CHECK(p.desk.hears() == lines{"event 7001 #6: paused by recorder, light paused"});
  p.recorder_says(5, "enabled");
  CHECK(p.desk.hears() == lines{"event 7001 #7: enabled by recorder, light enabled"});
  p.recorder_says(6, "paused");
  CHECK(p.desk.hears() == lines{"event 7001 #8: paused by recorder, light paused",
                                "outcome 7001 #5: pause confirmed; recorder confirmed"});
}

TEST_CASE("where a plain recorder skips words its last one is judged at the deadline") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "start"));
  p.recorder_says(3, "enabled");
  p.desk.says(send(4, "7001", "pause"), send(5, "7001", "resume"), send(6, "7001", "pause"));
  p.recorder_says(4, "paused"); // and that is all it has to say
  p.desk.hears();
  p.o.pass(1950ms);
  CHECK(p.desk.hears().empty());
  p.o.pass(50ms);
  CHECK(p.desk.hears() == lines{"outcome 7001 #5: pause confirmed; recorder confirmed"});
}

TEST_CASE("a word that crossed an order on its way answers nothing, and is no drift") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "start"));
  p.recorder_says(3, "enabled");
  p.desk.says(send(4, "7001", "pause"));
  p.desk.hears();
  p.recorder_says(4, "enabled"); // said before it read the pause
  CHECK(p.desk.hears() == lines{"event 7001 #4: enabled by recorder, light enabled"});
  p.recorder_says(5, "paused");
  CHECK(p.desk.hears() == lines{"event 7001 #5: paused by recorder, light paused",
                                "outcome 7001 #3: pause confirmed; recorder confirmed"});
}

TEST_CASE("an exact recorder's word counts by the version that it echoes, and for those before") {
  office o;
  auto& desk = o.confirming_desktop();
  auto& exact = o.exact_recorder();
  register_all("7001", {&desk, &exact});
  desk.says(send(3, "7001", "stop"), send(4, "7001", "stop"), send(5, "7001", "stop"));
  CHECK_THAT(desk.hears(), in_brief({"ACK 3", "ACK 4", "ACK 5"}));
  exact.says(send(3, "7001", "disabled")); // answers nothing
  CHECK(desk.hears() == lines{"event 7001 #4: disabled by exact, light disabled"});
  exact.says(send(4, "7001", "disabled", {.echoed_version = 2}));
  CHECK(desk.hears() == lines{"event 7001 #5: disabled v2 by exact, light disabled",
                              "outcome 7001 #1: stop confirmed; exact confirmed",
                              "outcome 7001 #2: stop confirmed; exact confirmed"});
  exact.says(send(5, "7001", "disabled", {.echoed_version = 3}));
  CHECK(desk.hears() == lines{"event 7001 #6: disabled v3 by exact, light disabled",
                              "outcome 7001 #3: stop confirmed; exact confirmed"});
  exact.hears();
}

TEST_CASE("a word of one recorder does not confirm what another owes") {
  office o;
  auto& desk = o.confirming_desktop();
  auto& a = o.recorder("a");
  auto& b = o.recorder("b");
  register_all("7001", {&desk, &a, &b});
  desk.says(send(3, "7001", "stop"));
  a.says(send(3, "7001", "disabled"));
  a.says(send(4, "7001", "disabled"));
  CHECK(desk.hears() == lines{"ACK 3: recorders 2, #1 v1",
                              "event 7001 #2: disabled by a, light unknown",
                              "event 7001 #3: disabled by a, light unknown"});
  b.says(send(3, "7001", "disabled"));
  CHECK(desk.hears() == lines{"event 7001 #4: disabled by b, light disabled",
                              "outcome 7001 #1: stop confirmed; a confirmed; b confirmed"});
  a.hears();
  b.hears();
}

TEST_CASE("a recorder that says disabled where nothing was asked is known, and wants nothing") {
  pair_on_7001 p;
  p.recorder_says(3, "disabled");
  CHECK(p.desk.hears() == lines{"event 7001 #1: disabled by recorder, light disabled"});
  CHECK(ask(p.desk, query_address(3, "7001")) ==
        "address 3: 7001; light disabled, v0 #1, recorders 1+0, clients 2; wants nothing; "
        "recorder says disabled");
  CHECK(ask(p.recorder, unregister(5, {"7001"})) == "unregistered 5: 7001");
  CHECK(p.desk.hears() ==
        lines{"event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST"});
}

TEST_CASE(
  "when the standby takes over and the old recorder steps down the light stays what it is") {
  office o;
  auto& desk = o.desktop();
  auto& old = o.recorder("old");
  auto& standby = o.recorder("standby");
  register_all("7001", {&desk, &old});
  old.says(send(3, "7001", "paused"));
  standby.says(register_on(2, {"7001"}));
  standby.says(send(3, "7001", "paused"));
  CHECK(desk.hears().back() == "event 7001 #3: paused by standby, light paused");
  old.says(register_as_standby(4, {"7001"}));
  o.pass(10s);
  CHECK(desk.hears().empty());
  old.vanishes();
  o.pass(10s);
  CHECK(desk.hears().empty());
  static_cast<void>(old.frames());
  static_cast<void>(standby.frames());
}

TEST_CASE("when a recorder is lost the one that is left is asked, and the light is known again") {
  office o;
  auto& desk = o.desktop();
  auto& lost = o.recorder("lost");
  auto& stays = o.recorder("stays");
  register_all("7001", {&desk, &lost, &stays});
  lost.says(send(3, "7001", "paused"));
  stays.says(send(3, "7001", "paused"));
  lost.vanishes();
  desk.hears();
  o.pass(1s);
  CHECK(desk.hears() ==
        lines{"event 7001 #4: query by the broker, light unknown, ASKED, for stays"});
  stays.says(send(4, "7001", "paused"));
  CHECK(desk.hears() == lines{"event 7001 #5: paused by stays, light paused"});
  static_cast<void>(lost.frames());
  static_cast<void>(stays.frames());
}

// ---- recorders that tell calls apart -------------------------------------------------------

TEST_CASE(
  "the word of a recorder that tells calls apart is the nearest to recording of its calls") {
  office o;
  auto& desk = o.desktop();
  auto& apart = o.join("apart", v1::ROLE_RECORDER, {v1::CAPABILITY_PER_CALL});
  register_all("7001", {&desk, &apart});
  std::uint32_t reference = 3;
  auto light_after = [&](std::string_view verb, std::uint64_t call) {
    auto sequence = "event 7001 #" + std::to_string(reference - 2);
    apart.says(send(reference++, "7001", verb, {.call = call}));
    CHECK_THAT(desk.hears(), in_brief({sequence}));
    apart.hears();
    return light_on_7001(desk);
  };
  CHECK(light_after("enabled", 0x71) == "ENABLED");
  CHECK(light_after("paused", 0x72) == "ENABLED");
  CHECK(light_after("disabled", 0x71) == "PAUSED");
  CHECK(light_after("enabled", 0x73) == "ENABLED");
  CHECK(light_after("disabled", 0) == "DISABLED"); // of all
  CHECK(light_after("paused", 0x71) == "PAUSED");
  desk.says(query_address(98, "7001"));
  auto info = desk.frame().event_address_info();
  CHECK(info.recorders(0).per_call());
  CHECK(info.snapshot().sessions(0).recorders(0).per_call());
}

TEST_CASE("a recorder that tells calls apart answers each call's order for itself") {
  office o;
  auto& desk = o.confirming_desktop();
  auto& apart = o.join("apart", v1::ROLE_RECORDER, {v1::CAPABILITY_PER_CALL});
  register_all("7001", {&desk, &apart});
  desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "start", {.call = 0x72}));
  CHECK_THAT(desk.hears(), in_brief({"ACK 3", "ACK 4"}));
  apart.says(send(3, "7001", "enabled", {.call = 0x72}));
  CHECK(desk.hears() == lines{"event 7001 #3 call 72: enabled by apart, light enabled",
                              "outcome 7001 #2 call 72: start confirmed; apart confirmed"});
  apart.says(send(4, "7001", "enabled", {.call = 0x71}));
  CHECK(desk.hears() == lines{"event 7001 #4 call 71: enabled by apart, light enabled",
                              "outcome 7001 #1 call 71: start confirmed; apart confirmed"});
  apart.hears();
}
