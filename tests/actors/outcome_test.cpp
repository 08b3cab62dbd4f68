// What becomes of commands, as their senders hear it: every outcome, and to whom it goes. What a
// command id remembers: repeat_test.cpp. In virtual time.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("a pause that the recorder confirms has its outcome, once") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause", {.call = 0x71})) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "paused", 0x71);
  CHECK(p.desk.hears() == lines{"event 7001 #2 call 71: paused by recorder, light paused",
                                "outcome 7001 #1 call 71: pause confirmed; recorder confirmed"});
  p.recorder_says(4, "paused", 0x71);
  CHECK(p.desk.hears() == lines{"event 7001 #3 call 71: paused by recorder, light paused"});
  p.o.pass(10s);
  CHECK(p.desk.hears().empty());
}

TEST_CASE("a pause that nobody confirms is told by its deadline, and its recorder asked half-way") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "pause"), send(4, "7001", "pause", {.confirm_timeout_ms = 500}));
  CHECK(p.desk.hears() == lines{"ACK 3: recorders 1, #1 v1", "ACK 4: recorders 1, #2 v2"});
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #1: pause", "event 7001 #2: pause"}));
  p.o.pass(249ms);
  CHECK(p.desk.hears().empty());
  p.o.pass(1ms);
  auto asked = lines{"event 7001 #3: query by the broker, light unknown, ASKED, for recorder, "
                     "desired paused"};
  CHECK(p.desk.hears() == asked);
  CHECK(p.recorder.hears() == asked);
  p.o.pass(249ms);
  CHECK(p.desk.hears().empty());
  p.o.pass(1ms);
  CHECK(p.desk.hears() == lines{"outcome 7001 #2: pause timed_out 57; recorder silent"});
  p.o.pass(1500ms); // it is asked once as long as it says nothing
  CHECK(p.desk.hears() == lines{"outcome 7001 #1: pause timed_out 57; recorder silent"});
  p.recorder_says(3, "paused");
  CHECK(p.desk.hears() == lines{"event 7001 #4: paused by recorder, light paused"});
}

TEST_CASE("what has become due is told before what is asked in that moment is answered") {
  pair_on_7001 p{{}, message_by_message};
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  p.o.pass(p.o.context.bounds.confirm_timeout - 1ms);
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #1: pause", "event 7001 #2: query"}));
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #2: query"}));
  p.desk.says(send(4, "7001", "stop"));
  p.o.next_is(p.desk);
  REQUIRE(p.o.step());     // the request is on its way to the DN
  p.o.stand_still(1ms);    // the session's tick is due
  REQUIRE(p.o.step_of(1)); // and comes first
  CHECK(p.desk.hears() ==
        lines{"outcome 7001 #1: pause timed_out 57; recorder silent", "ACK 4: recorders 1, #3 v2"});
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #3: stop"}));
}

TEST_CASE("a deadline of zero or past the cap is 53, and nothing changes") {
  pair_on_7001 p;
  p.recorder_says(3, "disabled");
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #1: disabled"}));
  p.desk.says(send(3, "7001", "pause", {.confirm_timeout_ms = 0}),
              send(4, "7001", "pause", {.confirm_timeout_ms = 60'001}));
  CHECK(p.desk.hears() == lines{"Error 3: 53 on 7001", "Error 4: 53 on 7001"});
  CHECK(p.recorder.hears().empty());
  p.o.pass(61s);
  CHECK(p.desk.hears().empty());
}

TEST_CASE(
  "a command without a recorder times out, and the recorder that comes is ordered to do it") {
  office o;
  auto& desk = o.confirming_desktop();
  register_all("7001", {&desk});
  CHECK(ask(desk, send(3, "7001", "pause")) == "ACK 3: recorders 0, #1 v1");
  o.pass(2s);
  CHECK(desk.hears() == lines{"outcome 7001 #1: pause timed_out 57"});
  auto& late = o.exact_recorder();
  late.says(register_on(2, {"7001"}));
  auto order = "event 7001 #2: pause v2 by the broker, light unknown, RECORDER_CAME, for exact";
  CHECK(late.hears().back() == order);
  CHECK(desk.hears() == lines{order});
  CHECK(ask(late, send(3, "7001", "paused", {.echoed_version = 2})) == "ACK 3: recorders 0, #3 v2");
  CHECK(desk.hears() == lines{"event 7001 #3: paused v2 by exact, light paused"});
  o.pass(10s);
  CHECK(desk.hears().empty());
}

TEST_CASE("of two recorders both must confirm a pause, and one a start") {
  office o;
  auto& desk = o.confirming_desktop();
  auto& plain = o.recorder("plain");
  auto& exact = o.exact_recorder();
  register_all("7001", {&desk, &plain, &exact});
  CHECK(ask(desk, send(3, "7001", "start")) == "ACK 3: recorders 2, #1 v1");
  plain.says(send(3, "7001", "enabled"));
  CHECK(desk.hears() == lines{"event 7001 #2: enabled by plain, light enabled",
                              "outcome 7001 #1: start confirmed; plain confirmed; exact silent"});
  CHECK(ask(desk, send(4, "7001", "pause")) == "ACK 4: recorders 2, #3 v2");
  plain.says(send(4, "7001", "paused"));
  exact.says(send(4, "7001", "paused", {.echoed_version = 1})); // of no command that waits
  o.pass(2s);
  CHECK(desk.hears() == lines{"event 7001 #4: paused by plain, light unknown",
                              "event 7001 #5: paused v1 by exact, light paused",
                              "outcome 7001 #3: pause partial; plain confirmed; exact otherwise"});
  plain.hears();
  exact.hears();
}

TEST_CASE("a standby recorder confirms nothing") {
  office o;
  auto& desk = o.confirming_desktop();
  auto& active = o.recorder("active");
  auto& standby = o.recorder("standby");
  register_all("7001", {&desk, &active});
  standby.says(register_as_standby(2, {"7001"}));
  CHECK_THAT(standby.hears(), in_brief({"registered 2: 7001"}));
  CHECK(ask(desk, send(3, "7001", "stop")) == "ACK 3: recorders 1, #1 v1");
  standby.says(send(3, "7001", "disabled"));
  CHECK(desk.hears() == lines{"event 7001 #2: disabled by standby, light unknown"});
  active.says(send(3, "7001", "disabled"));
  CHECK(desk.hears() == lines{"event 7001 #3: disabled by active, light disabled",
                              "outcome 7001 #1: stop confirmed; active confirmed"});
  active.hears();
  standby.hears();
}

TEST_CASE("a later command supersedes what wants otherwise, and joins what wants the same") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "start"), send(4, "7001", "resume"), send(5, "7001", "pause"));
  CHECK(p.desk.hears() == lines{"ACK 3: recorders 1, #1 v1", "ACK 4: recorders 1, #2 v2",
                                "ACK 5: recorders 1, #3 v3",
                                "outcome 7001 #1: start superseded by v3; recorder silent",
                                "outcome 7001 #2: resume superseded by v3; recorder silent"});
  p.recorder_says(3, "enabled");
  p.recorder_says(4, "enabled");
  p.recorder_says(5, "paused");
  CHECK(p.desk.hears() == lines{"event 7001 #4: enabled by recorder, light enabled",
                                "event 7001 #5: enabled by recorder, light enabled",
                                "event 7001 #6: paused by recorder, light paused",
                                "outcome 7001 #3: pause confirmed; recorder confirmed"});
  // A screen that is stopped is not recorded: a stop leaves the pause before it alone.
  p.desk.says(send(6, "7001", "pause"), send(7, "7001", "stop"));
  p.recorder_says(6, "paused");
  p.recorder_says(7, "disabled");
  CHECK(p.desk.hears() == lines{"ACK 6: recorders 1, #7 v4", "ACK 7: recorders 1, #8 v5",
                                "event 7001 #9: paused by recorder, light paused",
                                "outcome 7001 #7: pause confirmed; recorder confirmed",
                                "event 7001 #10: disabled by recorder, light disabled",
                                "outcome 7001 #8: stop confirmed; recorder confirmed"});
}

TEST_CASE("a lost recorder is told at once") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  p.recorder.hears();
  p.recorder.vanishes();
  CHECK(p.desk.hears() ==
        lines{"event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST, alarm",
              "outcome 7001 #1: pause recorder_lost; recorder lost"});
}

TEST_CASE("a query's outcome says what all recorders say together") {
  office o;
  auto& desk = o.confirming_desktop();
  auto& a = o.recorder("a");
  auto& b = o.recorder("b");
  register_all("7001", {&desk, &a, &b});
  CHECK(ask(desk, send(3, "7001", "query")) == "ACK 3: recorders 2, #1");
  a.says(send(3, "7001", "paused"));
  b.says(send(3, "7001", "enabled"));
  CHECK(desk.hears() == lines{"event 7001 #2: paused by a, light unknown",
                              "event 7001 #3: enabled by b, light enabled",
                              "outcome 7001 #1: query confirmed, all say mixed; a confirmed; "
                              "b confirmed"});
  CHECK(ask(desk, send(4, "7001", "query")) == "ACK 4: recorders 2, #4");
  a.says(send(4, "7001", "paused"));
  o.pass(2s);
  CHECK(desk.hears() == lines{"event 7001 #5: paused by a, light enabled",
                              "outcome 7001 #4: query partial, all say unknown; a confirmed; "
                              "b silent"});
  a.hears();
  b.hears();
}

TEST_CASE("outcomes go to those who asked for them, and plain clients hear none") {
  pair_on_7001 p;
  auto& plain = p.o.desktop("plain");
  auto& auditor = p.o.supervisor();
  register_all("7001", {&plain});
  auditor.says(register_for_outcomes(2, {"7001"}));
  CHECK_THAT(auditor.hears(), in_brief({"registered 2: 7001"}));
  CHECK(ask(plain, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "paused");
  CHECK(plain.hears() == lines{"event 7001 #2: paused by recorder, light paused"});
  CHECK(auditor.hears() == lines{"event 7001 #1: pause v1 by plain, light unknown",
                                 "event 7001 #2: paused by recorder, light paused",
                                 "outcome 7001 #1: pause confirmed; recorder confirmed"});
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #1: pause", "event 7001 #2: paused"}));
}

// ---- limits and strictness -----------------------------------------------------------------

TEST_CASE("too many commands without an outcome are refused, pause and stop last") {
  limits bounds;
  bounds.commands_pending_max = 2;
  bounds.commands_pending_reserve = 1;
  pair_on_7001 p{bounds};
  p.desk.says(send(3, "7001", "start"), send(4, "7001", "start"), send(5, "7001", "start"),
              send(6, "7001", "query"), send(7, "7001", "start"));
  CHECK(p.desk.hears() == lines{"ACK 3: recorders 1, #1 v1", "ACK 4: recorders 1, #2 v2",
                                "Error 5: 1186 on 7001", "Error 6: 1186 on 7001",
                                "Error 7: 1186 on 7001"});
  p.desk.says(send(8, "7001", "pause"));
  CHECK(p.desk.hears() == lines{"ACK 8: recorders 1, #3 v3",
                                "outcome 7001 #1: start superseded by v3; recorder silent",
                                "outcome 7001 #2: start superseded by v3; recorder silent"});
  p.recorder.hears();
}

TEST_CASE("strict mode refuses what the observed state makes pointless, but pause and stop never") {
  pair_on_7001 p;
  p.o.context.confirm.strict = true;
  p.recorder_says(3, "enabled");
  p.desk.hears();
  p.desk.says(send(3, "7001", "start"), send(4, "7001", "resume"));
  CHECK(p.desk.hears() == lines{"Error 3: 43 on 7001", "Error 4: 43 on 7001"});
  p.recorder_says(4, "disabled");
  p.desk.hears();
  CHECK(ask(p.desk, send(5, "7001", "resume")) == "Error 5: 185 on 7001, v0");
  CHECK(ask(p.desk, send(6, "7001", "stop")) == "ACK 6: recorders 1, #3 v1");
  p.recorder_says(5, "paused");
  p.desk.hears();
  p.desk.says(send(7, "7001", "pause"));
  CHECK(p.desk.hears().front() == "ACK 7: recorders 1, #5 v2");
  p.recorder.hears();
}

TEST_CASE("in strict mode, too, a pause that stands can be resumed, whatever is recorded") {
  pair_on_7001 p;
  p.o.context.confirm.strict = true;
  for (auto* word : {"disabled", "enabled", "paused"}) {
    INFO(word);
    p.desk.says(send(3, "7001", "pause"));
    p.recorder_says(3, word);
    p.desk.hears();
    p.desk.says(send(4, "7001", "resume"));
    CHECK(p.desk.hears().front().starts_with("ACK 4"));
    p.recorder_says(4, "disabled");
    p.desk.hears();
    p.recorder.hears();
    p.desk.says(query_address(5, "7001"));
    CHECK(p.desk.frame().event_address_info().snapshot().sessions(0).pauses_size() == 0);
  }
  p.o.told();
}

TEST_CASE("a version that was never given confirms nothing, and its word counts all the same") {
  pair_on_7001 p;
  auto& sure = p.o.exact_recorder("sure");
  sure.says(register_on(2, {"7001"}));
  sure.hears();
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 2, #1 v1");
  sure.says(send(3, "7001", "paused", {.echoed_version = 1'000'000'000}));
  p.recorder_says(3, "paused");
  CHECK(p.desk.hears().back().find("light paused") != std::string::npos);
  sure.says(send(4, "7001", "paused", {.echoed_version = 1}));
  CHECK(p.desk.hears().back().find("pause confirmed") != std::string::npos);
  sure.hears();
  p.recorder.hears();
}

// ---- ends ----------------------------------------------------------------------------------

TEST_CASE("a draining broker waits for confirmations") {
  limits bounds;
  bounds.drain_timeout = 4s;
  bounds.confirm_timeout = 10s;
  pair_on_7001 p{bounds};
  p.desk.says(send(3, "7001", "pause"));
  CHECK(p.desk.hears() == lines{"ACK 3: recorders 1, #1 v1"});
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #1: pause"}));
  p.o.drain();
  p.o.settle();
  CHECK(p.desk.hears().empty());
  p.desk.says(send(4, "7001", "pause"));
  CHECK(p.desk.hears() == lines{"Error 4: 58 on 7001"});
  p.recorder.says(send(3, "7001", "paused"));
  CHECK(p.recorder.hears() == lines{"ACK 3: recorders 0, #2 v1"});
  CHECK(p.desk.hears() == lines{"event 7001 #2: paused by recorder, light paused",
                                "outcome 7001 #1: pause confirmed; recorder confirmed"});
  p.o.pass(100ms);
  CHECK(p.recorder.hears() == lines{"disconnected: DRAINING"});
  CHECK(p.desk.hears() == lines{"disconnected: DRAINING"});
}

TEST_CASE("what is not confirmed when a draining broker must go is told as unknown") {
  limits bounds;
  bounds.drain_timeout = 4s;
  bounds.confirm_timeout = 10s;
  pair_on_7001 p{bounds};
  p.desk.says(send(3, "7001", "pause"));
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3"}));
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #1: pause"}));
  p.o.drain();
  p.o.pass(999ms);
  CHECK(p.desk.hears().empty());
  p.o.pass(101ms);
  CHECK(p.desk.hears() ==
        lines{"outcome 7001 #1: pause unknown; recorder silent", "disconnected: DRAINING"});
  CHECK(p.recorder.hears() == lines{"disconnected: DRAINING"});
}

TEST_CASE("a command that was on its way when the broker began to drain is told as unknown") {
  limits bounds;
  bounds.drain_timeout = 4s;
  bounds.confirm_timeout = 10s;
  pair_on_7001 p{bounds};
  p.o.drain_dns();
  p.o.settle();
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  CHECK(p.recorder.hears() == lines{"event 7001 #1: pause v1 by desk, light unknown"});
  p.o.drain_links();
  p.o.pass(1100ms);
  CHECK(p.desk.hears() ==
        lines{"outcome 7001 #1: pause unknown; recorder silent", "disconnected: DRAINING"});
  CHECK(p.recorder.hears() == lines{"disconnected: DRAINING"});
  CHECK(p.o.context.outcomes_owed == 0);
}

TEST_CASE("a command that is held when the broker drains is told as unknown") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  p.desk.says(send(4, "7001", "start"));
  CHECK(p.desk.hears().back().find("start held") != std::string::npos);
  p.o.drain();
  p.o.pass(100ms);
  CHECK(p.desk.hears() ==
        lines{"outcome 7001 #3: start unknown, HOLD_RELEASED of #3", "disconnected: DRAINING"});
  CHECK(p.recorder.hears() == lines{"disconnected: DRAINING"});
  CHECK(p.o.told() == lines{"dn: held command let go"});
  CHECK(p.o.context.outcomes_owed == 0);
}

TEST_CASE("a draining broker raises no alarm for a DN whose recorder leaves") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "start"));
  p.recorder_says(3, "enabled");
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "event 7001 #2: enabled", "outcome 7001 #1: start confirmed"}));
  p.desk.says(send(4, "7001", "pause"));
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 4"}));
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #3: pause"}));
  p.o.drain(); // the pause's outcome is waited for
  p.o.settle();
  p.recorder.vanishes();
  CHECK(p.desk.hears() ==
        lines{"outcome 7001 #3: pause recorder_lost; recorder lost",
              "event 7001 #4: unknown by the broker, light unknown, RECORDER_LOST"});
  p.o.pass(100ms);
  CHECK(p.desk.hears() == lines{"disconnected: DRAINING"});
  CHECK(p.o.context.captures_live == 1); // of which the broker's log tells, once for all
  CHECK(p.o.told() == lines{"dn: outcome of a command"});
}

TEST_CASE("a DN that is no longer configured owes nobody an outcome") {
  pair_on_7001 p;
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #1 v1");
  p.recorder.hears();
  p.o.configure({"7002"});
  CHECK(p.desk.hears() ==
        lines{"outcome 7001 #1: pause unknown; recorder silent", "unregistered: 7001, 59"});
  CHECK(p.recorder.hears() == lines{"unregistered: 7001, 59"});
  CHECK(p.o.context.outcomes_owed == 0);
}

TEST_CASE("an address keeps to the size of a frame: the oldest outcomes are left out") {
  pair_on_7001 p;
  for (std::uint32_t i = 0; i < 8; ++i)
    p.desk.says(send(3 + i, "7001", "pause"));
  for (std::uint32_t i = 0; i < 8; ++i)
    p.recorder_says(3 + i, "paused");
  p.desk.hears();
  p.recorder.hears();
  p.desk.says(query_address(21, "7001"));
  auto whole = p.desk.frames().back();
  auto& all = whole.event_address_info();
  REQUIRE(all.recent_outcomes_size() == 8);
  p.o.context.bounds.frame_bytes_max = whole.ByteSizeLong() - 1;
  p.desk.says(query_address(22, "7001"));
  auto cut = p.desk.frames().back().event_address_info();
  REQUIRE(cut.recent_outcomes_size() == 7);
  CHECK(cut.recent_outcomes(6).dn_sequence() == all.recent_outcomes(7).dn_sequence());
}

TEST_CASE("the address tells what became of the last commands, and who records") {
  pair_on_7001 p;
  auto& standby = p.o.exact_recorder();
  standby.says(register_as_standby(2, {"7001"}));
  standby.hears();
  for (std::uint32_t i = 0; i < 10; ++i)
    p.desk.says(send(3 + i, "7001", "pause"));
  for (std::uint32_t i = 0; i < 10; ++i)
    p.recorder_says(3 + i, "paused");
  p.desk.hears();
  p.desk.says(send(20, "7001", "stop"), query_address(21, "7001"));
  auto info = p.desk.frames().back().event_address_info();
  REQUIRE(info.recent_outcomes_size() == static_cast<int>(recent_outcomes_max));
  CHECK(info.recent_outcomes(7).dn_sequence() == 10);
  CHECK(info.recent_outcomes(7).outcome() == v1::OUTCOME_CONFIRMED);
  REQUIRE(info.recorders_size() == 2);
  CHECK(info.recorders(0).application_name() == "recorder");
  CHECK_FALSE(info.recorders(0).standby());
  CHECK(info.recorders(1).standby());
  CHECK(info.recorders(1).exact_versions());
  CHECK(info.snapshot().sessions(0).pending() == 1);
  CHECK(info.snapshot().sessions(0).deadline_time_us() == info.time_us() + 2'000'000);
  p.recorder.hears();
  standby.hears();
}
