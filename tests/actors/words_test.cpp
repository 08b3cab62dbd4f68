// What recorders say, and what it makes of the light: of one call, of all, late, or behind the end
// of a session.
#include "tests/actors/conversation.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("a word that came behind a session's end confirms what it answers, and no more") {
  office o{{}, message_by_message};
  auto& desk = o.confirming_desktop();
  auto& exact = o.exact_recorder();
  register_all("7001", {&desk, &exact});
  CHECK(ask(desk, send(3, "7001", "stop")) == "ACK 3: recorders 1, #1 v1");
  exact.hears();
  says_at_once(o, exact, send(3, "7001", "disabled", {.echoed_version = 1})); // ends the session,
  says_at_once(o, desk, send(4, "7001", "stop"));                             // which reads no more
  says_at_once(o, exact, send(4, "7001", "disabled", {.echoed_version = 1}));
  CHECK(desk.hears().back() == "outcome 7001 #1: stop confirmed; exact confirmed");
  exact.says(send(5, "7001", "disabled", {.echoed_version = 2}));
  CHECK(desk.hears().back() == "outcome 7001 #3: stop confirmed; exact confirmed");
  exact.hears();
}

TEST_CASE("what records behind a session's end is a session again") {
  pair_on_7001 p{{}, message_by_message};
  p.desk.says(send(3, "7001", "stop", {.call = 0x71}));
  p.recorder.hears();
  says_at_once(p.o, p.recorder, send(3, "7001", "disabled", {.call = 0x71}));
  says_at_once(p.o, p.recorder, send(4, "7001", "enabled", {.call = 0x71}));
  p.desk.hears();
  p.recorder_says(5, "disabled", 0x72);
  CHECK(p.desk.hears() == lines{"event 7001 #4 call 72: disabled by recorder, light enabled"});
}

TEST_CASE("a word that was said before a command does not confirm it behind a session's end") {
  office o{{}, message_by_message};
  auto& desk = o.confirming_desktop();
  auto& a = o.recorder("a");
  auto& b = o.recorder("b");
  register_all("7001", {&desk, &a, &b});
  CHECK(ask(desk, send(3, "7001", "stop")) == "ACK 3: recorders 2, #1 v1");
  a.says(send(3, "7001", "disabled"));
  CHECK(desk.hears().size() == 1);
  b.hears();
  says_at_once(o, b, send(3, "7001", "disabled"));
  says_at_once(o, desk, send(4, "7001", "stop"));
  says_at_once(o, b, send(4, "7001", "disabled"));
  CHECK(desk.hears().back() == "outcome 7001 #1: stop confirmed; a confirmed; b confirmed");
  a.says(send(4, "7001", "disabled"));
  CHECK(desk.hears().back() == "outcome 7001 #4: stop confirmed; a confirmed; b confirmed");
  a.hears();
  b.hears();
}

TEST_CASE("what is said of one call does not put out the light of what records without a call") {
  pair_on_7001 p;
  auto light = [&] {
    p.desk.says(query_address(9, "7001"));
    return p.desk.frame().event_address_info().snapshot().effective_state();
  };
  p.desk.says(send(3, "7001", "start"));
  p.recorder_says(3, "enabled");
  p.desk.says(send(4, "7001", "start", {.call = 0x71}));
  p.recorder_says(4, "enabled", 0x71);
  p.desk.says(send(5, "7001", "stop", {.call = 0x71}));
  p.recorder_says(5, "disabled", 0x71);
  p.desk.hears();
  CHECK(light() == v1::CAPTURE_STATE_ENABLED);
  p.desk.says(send(6, "7001", "stop"));
  p.recorder_says(6, "disabled");
  p.desk.hears();
  CHECK(light() == v1::CAPTURE_STATE_DISABLED);
}

TEST_CASE("what is said of one call confirms what was asked without a call") {
  pair_on_7001 p;
  ask(p.desk, send(3, "7001", "start", {.call = 0x71}));
  p.recorder_says(3, "enabled", 0x71);
  p.desk.hears();
  ask(p.desk, send(4, "7001", "pause"));
  p.recorder_says(4, "paused", 0x71);
  CHECK(p.desk.hears() == lines{"event 7001 #4 call 71: paused by recorder, light paused",
                                "outcome 7001 #3: pause confirmed; recorder confirmed"});
}

TEST_CASE("a late word of a call that is over changes nothing of what records without a call") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "start"));
  p.recorder_says(3, "enabled");
  p.desk.hears();
  p.recorder_says(4, "disabled", 0x71);
  CHECK(p.desk.hears() == lines{"event 7001 #3 call 71: disabled by recorder, light enabled"});
}

TEST_CASE("a recorder that says disabled where nothing is recorded begins no session") {
  pair_on_7001 p;
  p.recorder_says(3, "disabled");
  CHECK(p.desk.hears() == lines{"event 7001 #1: disabled by recorder, light disabled"});
  p.desk.says(query_address(9, "7001"));
  CHECK(p.desk.frame().event_address_info().snapshot().sessions_size() == 0);
  ask(p.recorder, unregister(5, {"7001"}));
  CHECK(p.desk.hears() ==
        lines{"event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST"});
}

TEST_CASE("a capture that nobody commanded is a session until its recorder says disabled") {
  pair_on_7001 p;
  p.recorder_says(3, "enabled", 0x71);
  p.recorder_says(4, "disabled", 0x71);
  p.desk.hears();
  p.desk.says(query_address(9, "7001"));
  auto snapshot = p.desk.frame().event_address_info().snapshot();
  CHECK(snapshot.sessions_size() == 0);
  CHECK(snapshot.effective_state() == v1::CAPTURE_STATE_DISABLED);
}

TEST_CASE("when one of two recorders is lost, the other's word counts with the next one") {
  office o;
  auto& desk = o.desktop();
  auto& one = o.recorder("one");
  auto& other = o.recorder("other");
  auto& third = o.recorder("third");
  register_all("7001", {&desk, &one, &other, &third});
  desk.says(send(3, "7001", "start"));
  for (auto* who : {&one, &other}) {
    who->hears();
    who->says(send(3, "7001", "enabled"));
    who->hears();
  }
  one.vanishes();
  desk.hears();
  third.hears();
  third.says(send(3, "7001", "disabled"));
  CHECK(third.hears().size() == 1);
  CHECK(other.hears().size() == 2);
  static_cast<void>(one.frames());
  CHECK(desk.hears() == lines{"event 7001 #5: disabled by third, light enabled"});
}
