// Conversations about the state of capture: what a recorder that comes back hears, when the light
// becomes unknown, and how sessions end.
#include "tests/actors/conversation.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("a recorder that comes back hears the pause it missed") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  CHECK(ask(desk, send(3, "7001", "start", {.call = 0x71})) == "ACK 3: recorders 1, #1 v1");
  CHECK(recorder.hears().size() == 1);
  CHECK(ask(recorder, send(3, "7001", "enabled", {.call = 0x71})) == "ACK 3: recorders 0, #2 v1");
  CHECK(desk.hears().size() == 1);
  recorder.vanishes();
  CHECK(desk.hears() ==
        lines{"event 7001 #3 call 71: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
  CHECK(ask(desk, send(4, "7001", "pause", {.call = 0x71})) == "ACK 4: recorders 0, #4 v2");
  auto& again = o.recorder();
  CHECK(ask(again, register_on(2, {"7001"})) ==
        "registered 2: 7001 share; light unknown, v2 #4, recorders 1+0, clients 2; "
        "call 71 wants paused sees unknown v2");
  CHECK(ask(again, send(3, "7001", "paused", {.call = 0x71})) == "ACK 3: recorders 0, #5 v2");
  CHECK(desk.hears() == lines{"event 7001 #5 call 71: paused by recorder, light paused"});
}

TEST_CASE("a desktop that vanishes while paused leaves it paused, and another may resume") {
  office o;
  auto& gone = o.desktop("gone");
  auto& recorder = o.recorder();
  register_all("7001", {&gone, &recorder});
  CHECK(ask(gone, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  CHECK(recorder.hears().size() == 1);
  CHECK(ask(recorder, send(3, "7001", "paused")) == "ACK 3: recorders 0, #2 v1");
  CHECK(gone.hears().size() == 1);
  gone.vanishes();
  auto& desk = o.desktop();
  CHECK(ask(desk, register_on(2, {"7001"})) ==
        "registered 2: 7001 share; light paused, v1 #2, recorders 1+0, clients 2; "
        "call 0 wants paused sees paused v1");
  CHECK(ask(desk, send(3, "7001", "resume", {.if_version = 1})) == "ACK 3: recorders 1, #3 v2");
  CHECK(recorder.hears() == lines{"event 7001 #3: resume v2 by desk, light paused"});
}

TEST_CASE("a snapshot names each session, who is there, and when it changed") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  CHECK(ask(desk, send(3, "7001", "start", {.call = 0x71})) == "ACK 3: recorders 1, #1 v1");
  o.pass(5ms);
  CHECK(ask(desk, send(4, "7001", "pause", {.call = 0x72})) == "ACK 4: recorders 1, #2 v2");
  auto first_change = o.context.utc_now() - 5000;
  CHECK(recorder.hears().size() == 2);
  o.pass(5ms);
  CHECK(ask(recorder, send(3, "7001", "enabled", {.call = 0x72})) == "ACK 3: recorders 0, #3 v2");
  CHECK(desk.hears().size() == 1);
  o.pass(5ms);
  desk.says(query_address(5, "7001"));
  auto snapshot = desk.frame().event_address_info().snapshot();
  CHECK(snapshot.dn_epoch() != 0);
  REQUIRE(snapshot.sessions_size() == 2);
  CHECK(snapshot.sessions(0).connection_id() == 0x71);
  CHECK(snapshot.sessions(0).desired() == v1::CAPTURE_STATE_ENABLED);
  CHECK(snapshot.sessions(0).observed() == v1::CAPTURE_STATE_UNKNOWN);
  CHECK(snapshot.sessions(0).version() == 1);
  CHECK(snapshot.sessions(0).changed_time_us() == first_change);
  CHECK(snapshot.sessions(1).desired() == v1::CAPTURE_STATE_PAUSED);
  CHECK(snapshot.sessions(1).observed() == v1::CAPTURE_STATE_ENABLED);
  CHECK(snapshot.sessions(1).version() == 2);
  CHECK(snapshot.sessions(1).changed_time_us() == first_change + 10'000);
  CHECK(snapshot.effective_state() == v1::CAPTURE_STATE_UNKNOWN); // of call 71 nobody knows
}

TEST_CASE("the DN's light is paused before unknown before enabled before disabled") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  std::uint32_t reference = 3;
  auto light_after = [&](std::uint64_t call, std::string_view verb) {
    recorder.says(send(reference++, "7001", verb, {.call = call}));
    CHECK(recorder.hears().size() == 1);
    auto event = desk.frame().event_user_event();
    return v1::CaptureState_Name(event.effective_state()).substr(14);
  };
  CHECK(light_after(1, "disabled") == "DISABLED");
  CHECK(light_after(2, "enabled") == "ENABLED");
  CHECK(light_after(1, "paused") == "PAUSED");
  CHECK(light_after(2, "disabled") == "PAUSED");
  CHECK(light_after(1, "enabled") == "ENABLED");
  CHECK(ask(desk, send(3, "7001", "start", {.call = 3})).starts_with("ACK"));
  CHECK(recorder.hears().size() == 1);
  CHECK(light_after(1, "disabled") == "UNKNOWN"); // of call 3 nobody knows yet
  CHECK(light_after(3, "disabled") == "DISABLED");
}

TEST_CASE("an indication without ConnID speaks for all sessions of its DN") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "start", {.call = 0x72}));
  CHECK(desk.hears().size() == 2);
  recorder.says(send(3, "7001", "enabled"));
  CHECK(recorder.hears().size() == 3);
  CHECK(desk.hears() == lines{"event 7001 #3: enabled by recorder, light enabled"});
  CHECK(ask(desk, query_address(5, "7001")) ==
        "address 5: 7001; light enabled, v2 #3, recorders 1+0, clients 2; "
        "call 71 wants enabled sees enabled v1; call 72 wants enabled sees enabled v2");
}

TEST_CASE("a command without ConnID is answered by an indication with any") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  CHECK(ask(desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  recorder.says(send(3, "7001", "paused", {.call = 0x71}));
  CHECK(recorder.hears().size() == 2);
  CHECK(desk.hears().size() == 1);
  CHECK(ask(desk, query_address(4, "7001")) ==
        "address 4: 7001; light paused, v1 #2, recorders 1+0, clients 2; "
        "call 0 wants paused sees paused v1");
}

// ---- doubt ---------------------------------------------------------------------------------

TEST_CASE("when the last recorder is lost every known light becomes unknown, and is told") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  recorder.says(send(3, "7001", "enabled", {.call = 0x71}),
                send(4, "7001", "paused", {.call = 0x72}));
  CHECK(recorder.hears().size() + desk.hears().size() == 4);
  CHECK(ask(desk, send(3, "7001", "start", {.call = 0x73})) == "ACK 3: recorders 1, #3 v1");
  CHECK(recorder.hears().size() == 1);
  recorder.vanishes();
  CHECK(desk.hears() ==
        lines{"event 7001 #4 call 71: unknown by the broker, light unknown, RECORDER_LOST",
              "event 7001 #5 call 72: unknown by the broker, light unknown, RECORDER_LOST",
              "event 7001 #6 call 73: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
  auto& late = o.desktop("late");
  CHECK(ask(late, register_on(2, {"7001"})) ==
        "registered 2: 7001 share; light unknown, v1 #6, recorders 0+0, clients 2; "
        "call 71 sees unknown; call 72 sees unknown; call 73 wants enabled sees unknown v1");
}

TEST_CASE("of two recorders only the loss of the one that spoke makes the light unknown") {
  office o;
  auto& desk = o.desktop();
  auto& spoke = o.recorder("spoke");
  auto& silent = o.recorder("silent");
  register_all("7001", {&desk, &spoke, &silent});
  spoke.says(send(3, "7001", "enabled"));
  CHECK(spoke.hears().size() + desk.hears().size() + silent.hears().size() == 3);
  silent.says(unregister(4, {"7001"}));
  CHECK(silent.hears() == lines{"unregistered 4: 7001"});
  CHECK(desk.hears().empty());
  silent.says(register_on(5, {"7001"}));
  CHECK(silent.hears().size() == 1);
  spoke.says(register_as_standby(4, {"7001"})); // it steps back
  CHECK(spoke.hears() ==
        lines{"registered 4: 7001 share; light enabled, v0 #1, recorders 1+1, clients 3; "
              "call 0 sees enabled",
              "event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST"});
  CHECK(desk.hears() ==
        lines{"event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST"});
  CHECK(silent.hears().size() == 1);
}

TEST_CASE("a recorder that speaks before the doubt is told ends the doubt") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  auto& lost = o.recorder("lost");
  auto& stays = o.recorder("stays");
  register_all("7001", {&desk, &lost, &stays});
  lost.says(send(3, "7001", "enabled"));
  CHECK(lost.hears().size() + desk.hears().size() + stays.hears().size() == 3);
  // Both in the DN's hands before its session can say what the loss means.
  lost.says(unregister(4, {"7001"}));
  stays.says(send(3, "7001", "enabled"));
  CHECK(lost.hears() == lines{"unregistered 4: 7001"});
  CHECK(stays.hears() == lines{"ACK 3: recorders 0, #2"});
  CHECK(desk.hears() == lines{"event 7001 #2: enabled by stays, light enabled"});
  CHECK(ask(desk, query_address(3, "7001")) ==
        "address 3: 7001; light enabled, v0 #2, recorders 1+0, clients 2; call 0 sees enabled");
}

TEST_CASE(
  "what a lost recorder said goes with it, though another speaks before the doubt is told") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  auto& lost = o.recorder("lost");
  auto& stays = o.recorder("stays");
  register_all("7001", {&desk, &lost, &stays});
  lost.says(send(3, "7001", "enabled"));
  CHECK(lost.hears().size() + desk.hears().size() + stays.hears().size() == 3);
  lost.says(unregister(4, {"7001"}));
  stays.says(send(3, "7001", "paused"));
  CHECK(desk.hears() == lines{"event 7001 #2: paused by stays, light paused"});
  CHECK(lost.hears().size() + stays.hears().size() == 2);
}

TEST_CASE("a standby recorder that is lost takes its word with it") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  auto& standby = o.recorder("standby");
  register_all("7001", {&desk, &recorder});
  standby.says(register_as_standby(2, {"7001"}));
  CHECK(standby.hears().size() == 1);
  recorder.says(send(3, "7001", "enabled", {.call = 0x71}));
  standby.says(send(3, "7001", "paused", {.call = 0x72}));
  CHECK(recorder.hears().size() + standby.hears().size() + desk.hears().size() == 6);
  standby.vanishes();
  auto end = lines{"event 7001 #3 call 72: unknown by the broker, light unknown, RECORDER_LOST"};
  CHECK(desk.hears() == end); // call 71 is still the word of one who is there
  CHECK(recorder.hears() == end);
}

TEST_CASE("a light without a session does not outlive the last recorder") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  desk.says(send(3, "7001", "stop"));
  CHECK(desk.hears().size() + recorder.hears().size() == 2);
  recorder.says(send(3, "7001", "disabled"));
  CHECK(recorder.hears() == lines{"ACK 3: recorders 0, #2 v1"});
  CHECK(desk.hears() == lines{"event 7001 #2: disabled by recorder, light disabled"});
  CHECK(ask(desk, query_address(4, "7001")) ==
        "address 4: 7001; light disabled, v1 #2, recorders 1+0, clients 2");
  recorder.vanishes();
  CHECK(desk.hears() ==
        lines{"event 7001 #3: unknown by the broker, light unknown, RECORDER_LOST"});
}

// ---- the end of a session ------------------------------------------------------------------

TEST_CASE("a confirmed stop ends the session, and the next call starts unpaused") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  desk.says(send(3, "7001", "pause", {.call = 0x71}), send(4, "7001", "stop", {.call = 0x71}));
  CHECK(desk.hears().size() + recorder.hears().size() == 4);
  recorder.says(send(3, "7001", "disabled", {.call = 0x71}));
  CHECK(recorder.hears().size() + desk.hears().size() == 2);
  desk.says(send(5, "7001", "start", {.call = 0x72}));
  CHECK(desk.hears().size() + recorder.hears().size() == 2);
  CHECK(ask(desk, query_address(6, "7001")) ==
        "address 6: 7001; light unknown, v3 #4, recorders 1+0, clients 2; "
        "call 72 wants enabled sees unknown v3");
}

TEST_CASE("a command behind the confirmation of a stop is not lost with the old session") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  desk.says(send(3, "7001", "stop"));
  CHECK(desk.hears().size() + recorder.hears().size() == 2);
  // The DN has all three in hand before its session can say that it is over.
  recorder.says(send(3, "7001", "disabled"));
  desk.says(send(4, "7001", "start"), send(5, "7001", "pause"));
  CHECK(recorder.hears() == lines{"ACK 3: recorders 0, #2 v1",
                                  "event 7001 #3: start v2 by desk, light disabled",
                                  "event 7001 #4: pause v3 by desk, light disabled"});
  CHECK(desk.hears() == lines{"event 7001 #2: disabled by recorder, light disabled",
                              "ACK 4: recorders 1, #3 v2", "ACK 5: recorders 1, #4 v3"});
  recorder.vanishes();
  CHECK(desk.hears() ==
        lines{"event 7001 #5: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
  auto& again = o.recorder();
  CHECK(ask(again, register_on(2, {"7001"})) ==
        "registered 2: 7001 share; light unknown, v3 #5, recorders 1+0, clients 2; "
        "call 0 wants paused sees unknown v3");
}

TEST_CASE("a session that makes room for another is told unknown, and paused ones go last") {
  limits bounds;
  bounds.sessions_per_dn_max = 3;
  office o{bounds};
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  desk.says(send(3, "7001", "pause", {.call = 1}), send(4, "7001", "start", {.call = 2}),
            send(5, "7001", "start", {.call = 3}), send(6, "7001", "start", {.call = 4}));
  CHECK(desk.hears() ==
        lines{"ACK 3: recorders 0, #1 v1", "ACK 4: recorders 0, #2 v2", "ACK 5: recorders 0, #3 v3",
              "ACK 6: recorders 0, #4 v4",
              "event 7001 #5 call 2: unknown by the broker, light unknown, SESSION_ENDED"});
  CHECK(ask(desk, query_address(7, "7001")) ==
        "address 7: 7001; light unknown, v4 #5, recorders 0+0, clients 1; "
        "call 1 wants paused sees unknown v1; call 3 wants enabled sees unknown v3; "
        "call 4 wants enabled sees unknown v4");
  CHECK(o.told() == lines{"dn: capture session ended to make room", "dn: outcome of a command",
                          "dn: capture session ended by force"});
}

TEST_CASE("a DN never has more sessions than it may, however fast they come") {
  limits bounds;
  bounds.sessions_per_dn_max = 3;
  office o{bounds};
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  std::vector<v1::Frame> pauses;
  for (std::uint32_t call = 1; call <= 9; ++call)
    pauses.push_back(send(2 + call, "7001", "pause", {.call = call}));
  desk.read(pauses);
  CHECK(desk.hears().size() == 9 + 6);
  CHECK(ask(desk, query_address(20, "7001")) ==
        "address 20: 7001; light unknown, v9 #15, recorders 0+0, clients 1; "
        "call 7 wants paused sees unknown v7; call 8 wants paused sees unknown v8; "
        "call 9 wants paused sees unknown v9");
  CHECK(o.told().size() == 6 * 3);
}

TEST_CASE("a session that nobody speaks to for session_idle_max ends, and its clients are told") {
  limits bounds;
  bounds.session_idle_max = 10s;
  office o{bounds};
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  CHECK(ask(desk, send(3, "7001", "pause", {.call = 0x71})) == "ACK 3: recorders 1, #1 v1");
  o.pass(2s); // no recorder confirms the pause
  o.pass(4s);
  recorder.says(send(3, "7001", "paused", {.call = 0x71}));
  CHECK(recorder.hears().size() + desk.hears().size() == 3);
  o.pass(5s); // 11 s after the pause, 5 s after the indication
  CHECK(desk.hears().empty());
  recorder.says(register_on(4, {"7001"}), register_as_standby(5, {"7001"}),
                register_on(6, {"7001"})); // it comes back, and must confirm
  CHECK(recorder.hears().size() == 4);
  CHECK(desk.hears() ==
        lines{"event 7001 #3 call 71: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
  recorder.says(send(7, "7001", "paused", {.call = 0x71}));
  CHECK(recorder.hears().size() + desk.hears().size() == 2);
  o.pass(9999ms);
  CHECK(desk.hears().empty());
  o.pass(1ms);
  auto end = lines{"event 7001 #5 call 71: unknown by the broker, light unknown, SESSION_ENDED"};
  CHECK(desk.hears() == end);
  CHECK(recorder.hears() == end);
  CHECK(ask(desk, query_address(4, "7001")) ==
        "address 4: 7001; light unknown, v1 #5, recorders 1+0, clients 2");
  CHECK(o.told() == lines{"dn: outcome of a command", "dn: alarm: a person must look",
                          "dn: capture session ended by force"});
}

TEST_CASE("an ended session is soon forgotten, not after session_idle_max") {
  office o; // 8 hours
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  desk.says(send(3, "7001", "stop", {.call = 0x71}));
  CHECK(desk.hears().size() + recorder.hears().size() == 2);
  CHECK(o.has_timers());
  recorder.says(send(3, "7001", "disabled", {.call = 0x71}));
  CHECK(recorder.hears().size() + desk.hears().size() == 2);
  o.pass(1min);
  CHECK_FALSE(o.has_timers()); // an armed tick keeps its actor
}

// ---- the life of a DN ----------------------------------------------------------------------

TEST_CASE("a DN that nobody needs retires, and is reborn with another epoch") {
  limits bounds;
  bounds.dn_idle_timeout = 60s;
  office o{bounds};
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}));
  auto first = desk.frame().event_registered().snapshot();
  CHECK(ask(desk, send(3, "7001", "")) == "ACK 3: recorders 0, #1");
  o.pass(120s);
  desk.says(query_address(4, "7001"));
  CHECK(desk.frame().event_address_info().snapshot().dn_epoch() == first.dn_epoch()); // in use
  CHECK(ask(desk, unregister(5, {"7001"})) == "unregistered 5: 7001");
  o.pass(59s);
  desk.says(register_on(6, {"7001"}));
  auto second = desk.frame().event_registered().snapshot();
  CHECK(second.dn_epoch() == first.dn_epoch());
  CHECK(second.dn_sequence() == 1);
  CHECK(ask(desk, unregister(7, {"7001"})) == "unregistered 7: 7001");
  o.pass(60s);
  o.pass(60s);
  desk.says(register_on(8, {"7001"}));
  auto third = desk.frame().event_registered().snapshot();
  CHECK(third.dn_epoch() > first.dn_epoch());
  CHECK(third.dn_sequence() == 0);
}

TEST_CASE("a DN with a session stays, though nobody is registered on it") {
  office o;
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}), send(3, "7001", "pause"), unregister(4, {"7001"}));
  CHECK(desk.hears().size() == 3);
  o.pass(10min);
  o.pass(10min);
  CHECK(ask(desk, register_on(5, {"7001"})) ==
        "registered 5: 7001 share; light unknown, v1 #1, recorders 0+0, clients 1; "
        "call 0 wants paused sees unknown v1");
}
