// Conversations about a screen's capture session: what a recorder that comes is told, when the
// light becomes unknown, and what is shown.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"
#include "tests/actors/in_words.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

// ---- a recorder that comes -----------------------------------------------------------------

TEST_CASE("a recorder that comes back hears the pause it missed, as an order of its own") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "start", {.call = 0x71})) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "enabled", 0x71);
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #2 call 71: enabled",
                                       "outcome 7001 #1 call 71: start confirmed"}));
  p.recorder.vanishes();
  CHECK(p.desk.hears() ==
        lines{"event 7001 #3: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
  CHECK(ask(p.desk, send(4, "7001", "pause", {.call = 0x71})) == "ACK 4: recorders 0, #4 v2");
  auto& again = p.o.recorder();
  again.says(register_on(2, {"7001"}));
  auto order =
    "event 7001 #5 call 71: pause v3 by the broker, light unknown, RECORDER_CAME, for recorder";
  CHECK(again.hears() ==
        lines{"registered 2: 7001 share; light unknown, v2 #4, recorders 1+0, clients 2; "
              "wants paused v2; call 71 wants recording; desk's pause of call 71 v2; "
              "pause v2 call 71 open; alarm RECORDER_LOST",
              order});
  CHECK(p.desk.hears() == lines{order});
  CHECK(ask(again, send(3, "7001", "paused", {.call = 0x71})) == "ACK 3: recorders 0, #6 v3");
  CHECK(p.desk.hears() == lines{"event 7001 #6 call 71: paused by recorder, light paused"});
  CHECK(ask(p.desk, query_address(5, "7001")) ==
        "address 5: 7001; light paused, v3 #6, recorders 1+0, clients 2; wants paused v2; "
        "call 71 wants recording; desk's pause of call 71 v2; recorder says paused of 71; "
        "pause v2 call 71 open");
  p.o.pass(2s); // the command itself went to nobody
  CHECK(p.desk.hears() == lines{"outcome 7001 #4 call 71: pause timed_out 57"});
}

TEST_CASE("a recorder that comes gets the order for it alone") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #2: paused", "outcome 7001 #1: pause confirmed"}));
  auto& exact = p.o.exact_recorder();
  exact.says(register_on(2, {"7001"}));
  auto order = "event 7001 #3: pause v2 by the broker, light unknown, RECORDER_CAME, for exact";
  auto doubt = "event 7001 #4: unknown by the broker, light unknown, RECORDER_CAME";
  CHECK(exact.hears() ==
        lines{"registered 2: 7001 share; light paused, v1 #2, recorders 2+0, clients 3; "
              "wants paused v1; desk's pause of all v1; recorder says paused",
              order, doubt});
  CHECK(p.desk.hears() == lines{order, doubt});
  CHECK(p.recorder.hears() == lines{doubt});
  CHECK(ask(p.recorder, send(4, "7001", "paused", {.echoed_version = 2})) == "Error 4: 53 on 7001");
  CHECK(ask(exact, send(3, "7001", "paused", {.echoed_version = 2})) ==
        "ACK 3: recorders 1, #5 v2");
  CHECK(p.desk.hears() == lines{"event 7001 #5: paused v2 by exact, light paused"});
  p.recorder.hears();
}

TEST_CASE("a recorder that comes and does not do what is desired is an alarm that stands") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "start")) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "enabled");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #2: enabled", "outcome 7001 #1: start confirmed"}));
  p.recorder.vanishes();
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #3: unknown"}));
  auto& again = p.o.recorder();
  again.says(register_on(2, {"7001"}));
  CHECK(again.hears().back() ==
        "event 7001 #4: start v2 by the broker, light unknown, RECORDER_CAME, for recorder");
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #4: start"}));
  p.o.pass(2s);
  CHECK(p.desk.hears() ==
        lines{"event 7001 #5: query by the broker, light unknown, ASKED, for recorder, "
              "desired enabled",
              "event 7001 #6: user event by the broker, light unknown, RECORDER_UNCONFIRMED, "
              "alarm"});
  CHECK_THAT(again.hears(), in_brief({"event 7001 #5: query", "event 7001 #6: user event"}));
  CHECK(ask(p.desk, query_address(4, "7001")) ==
        "address 4: 7001; light unknown, v2 #6, recorders 1+0, clients 2; wants enabled v1; "
        "call 0 wants recording; recorder is silent; query open, ASKED; alarm RECORDER_LOST; "
        "alarm RECORDER_UNCONFIRMED");
  CHECK(ask(again, send(3, "7001", "enabled")) == "ACK 3: recorders 0, #7 v2");
  CHECK(p.desk.hears() == lines{"event 7001 #7: enabled by recorder, light enabled"});
  CHECK(ask(p.desk, query_address(5, "7001")) ==
        "address 5: 7001; light enabled, v2 #7, recorders 1+0, clients 2; wants enabled v1; "
        "call 0 wants recording; recorder says enabled");
  CHECK(p.o.told() == lines{"dn: alarm: a person must look", "dn: alarm: a person must look",
                            "dn: outcome of the broker's order"});
}

TEST_CASE("a recorder that registers again and does what is desired is left alone") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #2: paused", "outcome 7001 #1: pause confirmed"}));
  CHECK(ask(p.recorder, register_with_echo(4, {"7001"})).starts_with("registered 4"));
  CHECK(p.desk.hears().empty());
}

// ---- recorders that say nothing ------------------------------------------------------------

TEST_CASE("recorders that have said nothing are asked half a confirm_timeout after they came") {
  pair_on_7001 p;
  p.o.pass(999ms);
  CHECK(p.desk.hears().empty());
  p.o.pass(1ms);
  auto asked = lines{"event 7001 #1: query by the broker, light unknown, ASKED, for recorder"};
  CHECK(p.desk.hears() == asked);
  CHECK(p.recorder.hears() == asked);
  p.recorder_says(3, "enabled"); // what it recorded before the broker started
  CHECK(p.desk.hears() == lines{"event 7001 #2: enabled by recorder, light enabled"});
  p.o.pass(10s);
  CHECK(p.desk.hears().empty());
}

TEST_CASE("a recorder that speaks soon is not asked, and one that came later is") {
  pair_on_7001 p;
  p.o.pass(500ms);
  p.recorder_says(3, "disabled");
  CHECK(p.desk.hears() == lines{"event 7001 #1: disabled by recorder, light disabled"});
  auto& late = p.o.recorder("late");
  late.says(register_on(2, {"7001"}));
  auto doubt = "event 7001 #2: unknown by the broker, light unknown, RECORDER_CAME";
  CHECK(late.hears() == lines{"registered 2: 7001 share; light disabled, v0 #1, recorders 2+0, "
                              "clients 3; wants nothing; recorder says disabled",
                              doubt});
  CHECK(p.desk.hears() == lines{doubt});
  CHECK(p.recorder.hears() == lines{doubt});
  p.o.pass(999ms);
  CHECK(p.desk.hears().empty());
  p.o.pass(1ms);
  auto asked = lines{"event 7001 #3: query by the broker, light unknown, ASKED, for late"};
  CHECK(late.hears() == asked);
  CHECK(p.desk.hears() == asked);
  CHECK(p.recorder.hears().empty());
  CHECK(ask(late, send(3, "7001", "disabled")) == "ACK 3: recorders 1, #4");
  CHECK(p.desk.hears() == lines{"event 7001 #4: disabled by late, light disabled"});
  p.recorder.hears();
}

TEST_CASE("nobody is asked where no recorder is active") {
  office o;
  auto& desk = o.desktop();
  auto& standby = o.recorder("standby");
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  standby.says(register_as_standby(2, {"7001"}));
  CHECK_THAT(standby.hears(), in_brief({"registered 2: 7001"}));
  CHECK(ask(recorder, unregister(3, {"7001"})) == "unregistered 3: 7001");
  o.pass(1s);
  CHECK(desk.hears().empty());
  CHECK(standby.hears().empty());
}

TEST_CASE("a recorder that does not repeat itself is asked half-way, and its answer confirms") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #2: paused", "outcome 7001 #1: pause confirmed"}));
  CHECK(ask(p.desk, send(4, "7001", "pause")) == "ACK 4: recorders 1, #3 v2");
  CHECK_THAT(p.recorder.hears(),
             in_brief({"event 7001 #3: pause"})); // it is paused, and has nothing to say
  p.o.pass(999ms);
  CHECK(p.recorder.hears().empty());
  p.o.pass(1ms);
  auto asked = lines{"event 7001 #4: query by the broker, light paused, ASKED, for recorder, "
                     "desired paused"};
  CHECK(p.recorder.hears() == asked);
  CHECK(p.desk.hears() == asked);
  p.recorder_says(4, "paused");
  CHECK(p.desk.hears() == lines{"event 7001 #5: paused by recorder, light paused",
                                "outcome 7001 #3: pause confirmed; recorder confirmed"});
}

// ---- what is shown -------------------------------------------------------------------------

TEST_CASE("a desktop that vanishes while paused leaves it paused, and another may resume") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "start")) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "enabled");
  p.desk.says(send(4, "7001", "pause"));
  p.recorder_says(4, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"event 7001 #2: enabled", "outcome 7001 #1: start confirmed", "ACK 4",
                       "event 7001 #4: paused", "outcome 7001 #3: pause confirmed"}));
  p.desk.vanishes();
  auto& other = p.o.desktop("other");
  CHECK(ask(other, register_on(2, {"7001"})) ==
        "registered 2: 7001 share; light paused, v2 #4, recorders 1+0, clients 2; "
        "wants paused v2; call 0 wants recording; desk's pause of all v2, holder gone; "
        "recorder says paused");
  CHECK(ask(other, send(3, "7001", "resume", {.if_version = 2})) == "ACK 3: recorders 1, #5 v3");
  CHECK(p.recorder.hears() == lines{"event 7001 #5: resume v3 by other, light paused"});
  p.recorder_says(5, "enabled");
  CHECK_THAT(other.hears(), in_brief({"event 7001 #6: enabled"}));
}

TEST_CASE("a snapshot has one screen: who asked what when, and what waits until when") {
  pair_on_7001 p;
  auto begin = p.o.context.utc_now();
  CHECK(ask(p.desk, send(3, "7001", "start", {.call = 0x71})) == "ACK 3: recorders 1, #1 v1");
  p.o.pass(5ms);
  p.desk.says(send(4, "7001", "pause", {.call = 0x72}));
  CHECK_THAT(
    p.desk.hears(),
    in_brief({"ACK 4", "outcome 7001 #1 call 71: start superseded"})); // the start is superseded
  p.o.pass(5ms);
  p.recorder_says(3, "enabled", 0x71);
  p.o.pass(5ms);
  p.desk.says(send(5, "7001", "start", {.call = 0x73}));
  p.desk.hears();
  p.desk.says(query_address(6, "7001"));
  auto snapshot = p.desk.frame().event_address_info().snapshot();
  CHECK(snapshot.dn_epoch() != 0);
  REQUIRE(snapshot.sessions_size() == 1);
  auto& session = snapshot.sessions(0);
  CHECK(session.connection_id() == 0x73);
  CHECK(session.desired_by_application() == "desk");
  CHECK(session.desired_by_client_id() == p.desk.id());
  CHECK(session.desired_time_us() == begin + 15'000);
  CHECK(session.changed_time_us() == begin + 10'000); // the light
  CHECK(session.held());
  CHECK(session.pending() == 1);
  CHECK(session.deadline_time_us() == begin + 5'000 + 2'000'000);
  REQUIRE(session.calls_size() == 3);
  CHECK(session.calls(0).version() == 1);
  REQUIRE(session.pauses_size() == 1);
  CHECK(session.pauses(0).since_time_us() == begin + 5'000);
  CHECK(session.pauses(0).client_id() == p.desk.id());
  REQUIRE(session.recorders_size() == 1);
  CHECK(session.recorders(0).client_id() == p.recorder.id());
  CHECK(session.recorders(0).time_us() == begin + 10'000);
  CHECK(in_words(snapshot) ==
        "light enabled, v3 #4, recorders 1+0, clients 2; wants paused v3; "
        "call 71 wants recording; call 72; call 73 wants recording; "
        "desk's pause of call 72 v2, 1 wait; recorder says enabled of 71, owes 1; "
        "start v3 call 73 held; pause v2 call 72 open");
  p.recorder_says(4, "paused", 0x72);
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #5 call 72: paused",
                                       "outcome 7001 #2 call 72: pause confirmed"}));
}

TEST_CASE("a pause says why and whose hand it was: in events, outcomes and the snapshot") {
  pair_on_7001 p;
  auto& auditor = p.o.supervisor();
  auditor.says(register_for_outcomes(2, {"7001"}));
  CHECK_THAT(auditor.hears(), in_brief({"registered 2: 7001"}));
  p.desk.says(send(3, "7001", "pause", {.reason = "card number", .agent_id = "anna"}));
  auto event = "event 7001 #1: pause v1 by desk, light unknown, agent anna, because card number";
  CHECK(p.recorder.hears() == lines{event});
  p.recorder_says(3, "paused");
  auto outcome = "outcome 7001 #1: pause confirmed, agent anna, because card number; "
                 "recorder confirmed";
  CHECK(p.desk.hears() == lines{"ACK 3: recorders 1, #1 v1",
                                "event 7001 #2: paused by recorder, light paused", outcome});
  CHECK(auditor.hears() ==
        lines{event, "event 7001 #2: paused by recorder, light paused", outcome});
  CHECK(ask(auditor, query_address(3, "7001")) ==
        "address 3: 7001; light paused, v1 #2, recorders 1+0, clients 3; wants paused v1; "
        "desk's pause of all v1, agent anna, because card number; recorder says paused");
  p.desk.says(send(4, "7001", "start", {.call = 0x72}));
  CHECK(p.desk.hears().back() == "outcome 7001 #3 call 72: start held by desk's pause of all v1, "
                                 "1 wait, agent anna, because card number");
  CHECK_THAT(auditor.hears(),
             in_brief({"event 7001 #3 call 72: start", "outcome 7001 #3 call 72: start held"}));
}

TEST_CASE("a DN remembers so many calls, and forgets those that want nothing first") {
  limits bounds;
  bounds.calls_per_dn_max = 3;
  office o{bounds};
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  desk.says(send(3, "7001", "start", {.call = 1}), send(4, "7001", "pause", {.call = 2}),
            send(5, "7001", "start", {.call = 3}), send(6, "7001", "start", {.call = 4}));
  CHECK(desk.hears() == lines{"ACK 3: recorders 0, #1 v1", "ACK 4: recorders 0, #2 v2",
                              "ACK 5: recorders 0, #3 v3", "ACK 6: recorders 0, #4 v4"});
  CHECK(ask(desk, query_address(7, "7001")) ==
        "address 7: 7001; light unknown, v4 #4, recorders 0+0, clients 1; wants paused v4; "
        "call 1 wants recording; call 3 wants recording; call 4 wants recording; "
        "desk's pause of call 2 v2, 2 wait; start v3 call 3 held; start v4 call 4 held; "
        "pause v2 call 2 open"); // the pause stands without its call
}

TEST_CASE("the pauses of a screen are bounded, and one that stands may be given again") {
  office o;
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  std::vector<v1::Frame> pauses;
  for (std::uint32_t call = 1; call <= 65; ++call)
    pauses.push_back(send(2 + call, "7001", "pause", {.call = call}));
  desk.read(pauses);
  auto heard = desk.hears();
  REQUIRE(heard.size() == 65);
  CHECK(heard[63] == "ACK 66: recorders 0, #64 v64");
  CHECK(heard[64] == "Error 67: 1186 on 7001");
  CHECK(ask(desk, send(3, "7001", "pause", {.call = 1})) == "ACK 3: recorders 0, #65 v65");
  CHECK(ask(desk, send(4, "7001", "stop")) == "ACK 4: recorders 0, #66 v66");
  CHECK(ask(desk, send(5, "7001", "pause", {.call = 65})) == "ACK 5: recorders 0, #67 v67");
}

// ---- doubt ---------------------------------------------------------------------------------

TEST_CASE("when the last recorder is lost the light becomes unknown, and it is an alarm") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "start", {.call = 0x73}));
  p.recorder_says(3, "enabled", 0x73);
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2 call 73: enabled",
                                       "outcome 7001 #1 call 73: start confirmed"}));
  p.recorder.vanishes();
  CHECK(p.desk.hears() ==
        lines{"event 7001 #3: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
  auto& late = p.o.desktop("late");
  CHECK(ask(late, register_on(2, {"7001"})) ==
        "registered 2: 7001 share; light unknown, v1 #3, recorders 0+0, clients 2; "
        "wants enabled v1; call 73 wants recording; alarm RECORDER_LOST");
}

TEST_CASE("where nothing is to be recorded the loss of the last recorder is no alarm") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "stop"));
  p.recorder_says(3, "disabled");
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "event 7001 #2: disabled", "outcome 7001 #1: stop confirmed"}));
  p.recorder.vanishes();
  CHECK(p.desk.hears() ==
        lines{"event 7001 #3: unknown by the broker, light unknown, RECORDER_LOST"});
}

TEST_CASE("of two recorders the loss of either is doubt, but while the other records") {
  office o;
  auto& desk = o.desktop();
  auto& one = o.recorder("one");
  auto& other = o.recorder("other");
  register_all("7001", {&desk, &one, &other});
  one.says(send(3, "7001", "enabled"));
  CHECK_THAT(one.hears(), in_brief({"ACK 3"}));
  CHECK_THAT(desk.hears(), in_brief({"event 7001 #1: enabled"}));
  CHECK_THAT(other.hears(), in_brief({"event 7001 #1: enabled"}));
  CHECK(ask(other, unregister(4, {"7001"})) == "unregistered 4: 7001");
  CHECK(desk.hears().empty());
  other.says(register_on(5, {"7001"}));
  CHECK_THAT(other.hears(), in_brief({"registered 5: 7001"}));
  one.says(register_as_standby(4, {"7001"})); // it steps back
  auto doubt = "event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST";
  CHECK(one.hears() ==
        lines{"registered 4: 7001 share; light enabled, v0 #1, recorders 1+1, clients 3; "
              "wants nothing; one says enabled; other is silent",
              doubt});
  CHECK(desk.hears() == lines{doubt});
  CHECK_THAT(other.hears(), in_brief({"event 7001 #2: unknown"}));
}

TEST_CASE("after a loss the next word of one that is there ends the doubt") {
  office o;
  auto& desk = o.desktop();
  auto& lost = o.recorder("lost");
  auto& stays = o.recorder("stays");
  register_all("7001", {&desk, &lost, &stays});
  stays.says(send(3, "7001", "paused"));
  lost.says(send(3, "7001", "enabled"));
  CHECK_THAT(lost.hears(), in_brief({"event 7001 #1: paused", "ACK 3"}));
  CHECK_THAT(desk.hears(), in_brief({"event 7001 #1: paused", "event 7001 #2: enabled"}));
  CHECK_THAT(stays.hears(), in_brief({"ACK 3", "event 7001 #2: enabled"}));
  lost.vanishes();
  CHECK(desk.hears() ==
        lines{"event 7001 #3: unknown by the broker, light unknown, RECORDER_LOST"});
  stays.hears();
  CHECK(ask(stays, send(4, "7001", "paused")) == "ACK 4: recorders 0, #4");
  CHECK(desk.hears() == lines{"event 7001 #4: paused by stays, light paused"});
}

TEST_CASE("a standby recorder's word makes no light, and its loss no doubt") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  auto& standby = o.recorder("standby");
  register_all("7001", {&desk, &recorder});
  standby.says(register_as_standby(2, {"7001"}));
  CHECK_THAT(standby.hears(), in_brief({"registered 2: 7001"}));
  standby.says(send(3, "7001", "paused", {.call = 0x72})); // it begins no session
  CHECK(desk.hears() == lines{"event 7001 #1 call 72: paused by standby, light unknown"});
  CHECK(ask(desk, query_address(3, "7001")) ==
        "address 3: 7001; light unknown, v0 #1, recorders 1+1, clients 3");
  recorder.says(send(3, "7001", "disabled"));
  CHECK(desk.hears() == lines{"event 7001 #2: disabled by recorder, light disabled"});
  standby.says(send(4, "7001", "enabled"));
  CHECK(desk.hears() == lines{"event 7001 #3: enabled by standby, light disabled"});
  standby.vanishes();
  CHECK(desk.hears().empty());
  recorder.hears();
  static_cast<void>(standby.frames());
}

// ---- the end of a session ------------------------------------------------------------------

TEST_CASE("a stop that is confirmed leaves the next call unpaused") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}), send(4, "7001", "stop", {.call = 0x71}));
  p.recorder_says(3, "disabled", 0x71);
  p.recorder_says(4, "disabled", 0x71);
  CHECK(p.desk.hears() == lines{"ACK 3: recorders 1, #1 v1", "ACK 4: recorders 1, #2 v2",
                                "event 7001 #3 call 71: disabled by recorder, light disabled",
                                "outcome 7001 #1 call 71: pause confirmed; recorder confirmed "
                                "disabled",
                                "event 7001 #4 call 71: disabled by recorder, light disabled",
                                "outcome 7001 #2 call 71: stop confirmed; recorder confirmed"});
  CHECK(ask(p.desk, send(5, "7001", "start", {.call = 0x72})) == "ACK 5: recorders 1, #5 v3");
  p.recorder_says(5, "enabled", 0x72);
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #6 call 72: enabled",
                                       "outcome 7001 #5 call 72: start confirmed"}));
  CHECK(ask(p.desk, query_address(6, "7001")) ==
        "address 6: 7001; light enabled, v3 #6, recorders 1+0, clients 2; wants enabled v3; "
        "call 71 stopped; call 72 wants recording; recorder says enabled of 72");
}
