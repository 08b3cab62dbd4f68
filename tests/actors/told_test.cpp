// What others are told of screens: the operator's log, and clients that watch every DN.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"
#include "tests/actors/logbook.hpp"
#include "tests/actors/small_outboxes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// As the logbook has a client's id.
std::string client_text(const party& one) {
  return without_zeros(to_string(client_id{one.id()}));
}

/// A supervisor's wall of screens.
party& wall_of_screens(office& o, const std::string& name = "wall", bool hear_outcomes = false) {
  auto& wall = o.supervisor(name);
  CHECK(ask(wall, watch_every_dn(2, hear_outcomes)) == "registered 2: every DN monitor");
  return wall;
}

} // namespace

// ---- the log -------------------------------------------------------------------------------

TEST_CASE(
  "the log has each pause, resume and stop: who, why, what became of it, how long it took") {
  pair_on_7001 p;
  logbook log{p.o};
  p.desk.says(send(3, "7001", "start", {.call = 0x71}));
  p.recorder_says(3, "enabled", 0x71);
  p.desk.says(
    send(4, "7001", "pause", {.call = 0x71, .reason = "card number", .agent_id = "anna"}));
  p.o.pass(20ms);
  p.recorder_says(4, "paused", 0x71);
  p.desk.says(send(5, "7001", "resume", {.call = 0x71}));
  p.recorder_says(5, "enabled", 0x71);
  p.desk.says(send(6, "7001", "query"));
  p.recorder_says(6, "enabled", 0x71);
  p.desk.says(send(7, "7001", "stop", {.call = 0x71, .confirm_timeout_ms = 500}));
  p.desk.hears();
  p.recorder.hears();
  p.o.pass(500ms);
  p.desk.hears();
  p.recorder.hears();
  lines expected{
    "info: outcome of a command dn=7001 conn=71 command=start outcome=confirmed by=desk ms=0",
    "info: outcome of a command dn=7001 conn=71 command=pause outcome=confirmed by=desk "
    "agent=anna cause=card number ms=20",
    "info: outcome of a command dn=7001 conn=71 command=resume outcome=confirmed by=desk ms=0",
    "warning: outcome of a command dn=7001 conn=71 command=stop outcome=timed_out "
    "recorders=recorder " +
      to_string(client_id{p.recorder.id()}) + " silent by=desk ms=500"};
  CHECK(log.told() == expected);
  p.recorder.vanishes(); // it owes the broker an answer, which is no line of the log
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #11: unknown"}));
  CHECK(log.told().empty());
}

TEST_CASE("the log has what was held and let go, the broker's orders, and alarms") {
  pair_on_7001 p;
  logbook log{p.o};
  p.desk.says(send(3, "7001", "pause"), send(4, "7001", "start", {.call = 0x72}));
  p.recorder_says(3, "paused");
  p.desk.says(send(5, "7001", "resume"));
  p.recorder_says(4, "enabled");
  p.recorder_says(5, "enabled");
  p.desk.hears();
  lines expected{
    "info: outcome of a command dn=7001 conn=72 command=start outcome=held by=desk ms=0",
    "info: outcome of a command dn=7001 conn=0 command=pause outcome=confirmed by=desk ms=0",
    "info: outcome of a command dn=7001 conn=0 command=resume outcome=confirmed by=desk ms=0",
    "info: held command let go dn=7001 conn=72 command=start outcome=confirmed by=desk "
    "cause=hold_released ms=0"};
  CHECK(log.told() == expected);
  p.recorder.vanishes();
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #8: unknown"}));
  CHECK(log.told() == lines{"error: alarm: a person must look dn=7001 reason=recorder_lost"});
  auto& again = p.o.recorder();
  again.says(register_on(2, {"7001"}), send(3, "7001", "enabled"));
  again.hears();
  p.desk.hears();
  CHECK(log.told() == lines{"info: outcome of the broker's order dn=7001 conn=72 command=start "
                            "outcome=confirmed cause=recorder_came ms=0"});
}

TEST_CASE("an alarm about a recorder names it in the log, and what it said") {
  pair_on_7001 p;
  logbook log{p.o};
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  p.recorder_says(4, "enabled");
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2: paused",
                                       "outcome 7001 #1: pause confirmed", "event 7001 #3: enabled",
                                       "event 7001 #4: user event", "event 7001 #5: pause"}));
  CHECK(log.told().back() == "error: alarm: a person must look dn=7001 reason=drift "
                             "recorder=recorder client=" +
                               client_text(p.recorder) + " said=enabled");
  p.recorder_says(5, "paused");
  p.desk.hears();
}

TEST_CASE("a recorder that says failed, and was ordered nothing, has its line in the log") {
  pair_on_7001 p;
  logbook log{p.o};
  auto disk_full = send_options{.failure_code = 28, .failure_text = "disk full"};
  p.recorder.says(send(3, "7001", "failed", disk_full));
  CHECK_THAT(p.recorder.hears(), in_brief({"ACK 3"}));
  auto line = "warning: a recorder says failed, and was ordered nothing dn=7001 recorder=recorder "
              "client=" +
              client_text(p.recorder) + " code=28 text=disk full";
  CHECK(log.told() == lines{line});
  p.desk.says(send(3, "7001", "pause"));
  p.recorder.says(send(4, "7001", "failed", disk_full)); // of an order: its outcome tells
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #2: pause", "ACK 4"}));
  p.desk.hears();
  CHECK(log.told() ==
        lines{"warning: outcome of a command dn=7001 conn=0 command=pause outcome=failed "
              "recorders=recorder " +
              to_string(client_id{p.recorder.id()}) + " failed with code 28 by=desk ms=0"});
}

TEST_CASE("how long a command took is true though the clock of the machine is set back") {
  pair_on_7001 p;
  logbook log{p.o};
  p.desk.says(send(3, "7001", "pause"));
  p.desk.hears();
  p.o.pass(20ms);
  auto clock = p.o.context.utc_now;
  p.o.context.utc_now = [clock] { return clock() - 3'600'000'000; };
  p.recorder_says(3, "paused");
  p.desk.hears();
  CHECK(log.told() ==
        lines{"info: outcome of a command dn=7001 conn=0 command=pause outcome=confirmed by=desk "
              "ms=20"});
}

// ---- those who watch every DN --------------------------------------------------------------

TEST_CASE("who watches every DN hears the commands, indications and alarms of each") {
  pair_on_7001 p;
  auto& wall = wall_of_screens(p.o);
  auto& other = p.o.desktop("other");
  CHECK(ask(other, register_on(2, {"7002"})).starts_with("registered"));
  other.says(send(3, "7002", "start"), send(4, "7002", ""));
  CHECK_THAT(other.hears(), in_brief({"ACK 3", "ACK 4"}));
  CHECK(wall.hears() == lines{"event 7002 #1: start v1 by other, light unknown"});
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "event 7001 #2: paused", "outcome 7001 #1: pause confirmed"}));
  p.recorder.vanishes();
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #3: unknown"}));
  CHECK(wall.hears() ==
        lines{"event 7001 #1: pause v1 by desk, light unknown",
              "event 7001 #2: paused by recorder, light paused",
              "event 7001 #3: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
  p.o.context.confirm.pause_remind_after = 10s;
  p.desk.says(send(4, "7001", "resume"), send(5, "7001", "pause"));
  p.o.pass(10s);
  CHECK(wall.hears().back() ==
        "event 7001 #6: user event by the broker, light unknown, PAUSE_LONG, alarm");
  p.desk.hears();
}

TEST_CASE("who watches every DN hears outcomes if it asked for them, and nothing twice") {
  pair_on_7001 p;
  auto& plain = wall_of_screens(p.o, "plain");
  auto& wall = wall_of_screens(p.o, "wall", true);
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "event 7001 #2: paused", "outcome 7001 #1: pause confirmed"}));
  auto events = lines{"event 7001 #1: pause v1 by desk, light unknown",
                      "event 7001 #2: paused by recorder, light paused"};
  CHECK(plain.hears() == events);
  events.push_back("outcome 7001 #1: pause confirmed; recorder confirmed");
  CHECK(wall.hears() == events);
  // Registered on the DN too it hears each thing once.
  CHECK(ask(wall, register_for_outcomes(3, {"7001"})).starts_with("registered"));
  p.desk.says(send(4, "7001", "pause"));
  p.recorder_says(4, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 4", "event 7001 #4: paused", "outcome 7001 #3: pause confirmed"}));
  CHECK(wall.hears() == lines{"event 7001 #3: pause v2 by desk, light paused",
                              "event 7001 #4: paused by recorder, light paused",
                              "outcome 7001 #3: pause confirmed; recorder confirmed"});
  CHECK_THAT(plain.hears(), in_brief({"event 7001 #3: pause", "event 7001 #4: paused"}));
}

TEST_CASE("who watches every DN hears the outcome of its own command once") {
  office o;
  auto& boss = o.join("boss", v1::ROLE_SUPERVISOR, {v1::CAPABILITY_OUTCOMES});
  auto& recorder = o.recorder();
  register_all("7001", {&boss, &recorder});
  CHECK(ask(boss, watch_every_dn(3, true)) == "registered 3: every DN monitor");
  boss.says(send(4, "7001", "pause"));
  recorder.says(send(3, "7001", "paused"));
  CHECK(boss.hears() == lines{"ACK 4: recorders 1, #1 v1",
                              "event 7001 #2: paused by recorder, light paused",
                              "outcome 7001 #1: pause confirmed; recorder confirmed"});
  recorder.hears();
}

TEST_CASE("who watches every DN and does not read is told what it missed, and holds nobody up") {
  pair_on_7001 p{small_outboxes()};
  auto& wall = wall_of_screens(p.o);
  wall.stops_reading();
  std::uint32_t reference = 3;
  while (!wall.box().has_gap()) {
    auto sequence = std::to_string(reference - 2);
    p.recorder_says(reference++, "disabled");
    REQUIRE_THAT(p.desk.hears(), in_brief({"event 7001 #" + sequence + ": disabled"}));
  }
  p.recorder_says(reference++, "disabled");
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #86: disabled"}));
  auto last = std::to_string(reference - 3);
  auto first = std::to_string(reference - 4);
  CHECK(wall.hears().back() == "missed 7001 " + first + "-" + last);
}

TEST_CASE("an input mask narrows what is heard of every DN") {
  pair_on_7001 p;
  auto& wall = wall_of_screens(p.o);
  CHECK(ask(wall, hear_only(3, {v1::EVENT_KIND_INDICATION})) == "ACK 3");
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "event 7001 #2: paused", "outcome 7001 #1: pause confirmed"}));
  CHECK(wall.hears() == lines{"event 7001 #2: paused by recorder, light paused"});
}

TEST_CASE(
  "an active recorder hears orders whatever its mask, else a pause looks done that is not") {
  pair_on_7001 p;
  auto& masked = p.o.exact_recorder("masked");
  masked.says(register_on(2, {"7001"}));
  CHECK_THAT(masked.hears(), in_brief({"registered 2: 7001"}));
  CHECK(ask(masked, hear_only(3, {v1::EVENT_KIND_INDICATION})) == "ACK 3");
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 2, #1 v1");
  CHECK(masked.hears() == lines{"event 7001 #1: pause v1 by desk, light unknown"});
  CHECK(ask(p.desk, send(4, "7001", "", {.user_event = 7})) == "ACK 4: recorders 1, #2 v1 tag 7");
  CHECK(masked.hears().empty());
  CHECK_THAT(p.recorder.hears(), in_brief({"event 7001 #1: pause", "event 7001 #2: user event"}));
}

TEST_CASE("so many may watch every DN, and one that goes makes room for another") {
  office o;
  party* first = nullptr;
  for (std::size_t i = 0; i < watchers_max; ++i) {
    auto& wall = wall_of_screens(o, "wall" + std::to_string(i));
    first = i == 0 ? &wall : first;
  }
  auto& more = o.supervisor("more");
  CHECK(ask(more, watch_every_dn(2)) == "Error 2: 1186");
  CHECK(ask(*first, watch_every_dn(3, true)) == "registered 3: every DN monitor"); // once only
  first->vanishes();
  o.settle();
  CHECK(ask(more, watch_every_dn(3)) == "registered 3: every DN monitor");
  CHECK(ask(more, watch_no_more(4)) == "unregistered 4: every DN");
  CHECK(ask(more, watch_no_more(5)) == "Error 5: 41");
}

TEST_CASE("only a supervisor or an admin watches every DN, by itself and as a monitor") {
  office o;
  auto& desk = o.desktop();
  CHECK(ask(desk, watch_every_dn(2)) == "Error 2: 165");
  auto& admin = o.join("admin", v1::ROLE_ADMIN);
  auto wrong_with = [&](auto change) {
    auto request = watch_every_dn(2);
    change(*request.mutable_request_register_address());
    admin.says(request);
    auto error = admin.frame().event_error();
    return std::to_string(error.error_code()) + " " + error.attribute();
  };
  CHECK(wrong_with([](auto& r) { r.set_mode(v1::REGISTRATION_MODE_SHARE); }) == "53 mode");
  CHECK(wrong_with([](auto& r) { r.add_this_dn("7001"); }) == "53 this_dn, every_dn");
  CHECK(ask(admin, watch_every_dn(2)) == "registered 2: every DN monitor");
}
