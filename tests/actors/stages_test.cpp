// One long conversation, word for word the same on cranked loops, on the testing scheduler, on
// loops with threads and on the stock scheduler: where an actor runs changes how fast, never what
// is said.
#include "tests/actors/office.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ringdown;
using namespace ringdown::test;

namespace {

stage every_stage() {
  return GENERATE(values<stage>({{runs_on::virtual_time, 1},
                                 {runs_on::virtual_time, 2},
                                 {runs_on::virtual_time, 4},
                                 message_by_message,
                                 {runs_on::loops, 1},
                                 {runs_on::loops, 2},
                                 {runs_on::loops, 4},
                                 {runs_on::stock, 2},
                                 {runs_on::stock, 4}}));
}

/// In real time: nothing is due while a busy machine works.
limits unhurried() {
  limits bounds;
  bounds.confirm_timeout = bounds.confirm_timeout_max;
  return bounds;
}

void expect(party& who, const lines& expected) {
  INFO("heard by " << who.name());
  CHECK(who.hears(expected.size()) == expected);
}

void all_register(std::initializer_list<party*> clients) {
  std::size_t count = 0, recorders = 0;
  for (auto* one : clients) {
    recorders += one->client().who.role == role::recorder ? 1 : 0;
    one->says(register_on(2, {"7001"}));
    expect(*one, {"registered 2: 7001 share; light unknown, v0 #0, recorders " +
                  std::to_string(recorders) + "+0, clients " + std::to_string(++count)});
  }
}

} // namespace

TEST_CASE("a call with pauses is the same conversation wherever the actors run") {
  auto where = every_stage();
  INFO(where);
  office o{unhurried(), where};
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  auto& recorder = o.recorder();
  all_register({&desk, &other, &recorder});

  desk.says(send(3, "7001", "start", {.call = 0x71}));
  expect(desk, {"ACK 3: recorders 1, #1 v1"});
  expect(other, {"event 7001 #1 call 71: start v1 by desk, light unknown"});
  expect(recorder, {"event 7001 #1 call 71: start v1 by desk, light unknown"});
  recorder.says(send(3, "7001", "enabled", {.call = 0x71}));
  expect(recorder, {"ACK 3: recorders 0, #2 v1"});
  for (auto* one : {&desk, &other})
    expect(*one, {"event 7001 #2 call 71: enabled by recorder, light enabled"});

  other.says(send(4, "7001", "pause", {.call = 0x71}), send(5, "7001", "resume", {.if_version = 1}),
             query_address(6, "7001"), send(7, "7002", "pause"), send(8, "7001", "paws"));
  auto heard = other.hears(5);
  std::sort(heard.begin(), heard.end()); // another DN's answer may come at any place
  CHECK(heard == lines{"ACK 4: recorders 1, #3 v2", "Error 5: 185 on 7001, v2",
                       "Error 7: 41 on 7002", "Error 8: 53 on 7001",
                       "address 6: 7001; light enabled, v2 #3, recorders 1+0, clients 3; "
                       "wants paused v2; call 71 wants recording; other's pause of call 71 v2; "
                       "recorder says enabled of 71, owes 1; pause v2 call 71 open"});
  for (auto* one : {&desk, &recorder})
    expect(*one, {"event 7001 #3 call 71: pause v2 by other, light enabled"});

  recorder.vanishes();
  for (auto* one : {&desk, &other})
    expect(*one, {"event 7001 #4: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
  auto& again = o.recorder();
  again.says(register_on(2, {"7001"}), send(3, "7001", "paused", {.call = 0x71}),
             unregister(4, {"7001"}), send(5, "7001", "enabled"));
  auto order =
    "event 7001 #5 call 71: pause v3 by the broker, light unknown, RECORDER_CAME, for recorder";
  expect(again,
         {"registered 2: 7001 share; light unknown, v2 #4, recorders 1+0, clients 3; "
          "wants paused v2; call 71 wants recording; other's pause of call 71 v2; "
          "alarm RECORDER_LOST",
          order, "ACK 3: recorders 0, #6 v3", "unregistered 4: 7001", "Error 5: 41 on 7001"});
  auto end = lines{order, "event 7001 #6 call 71: paused by recorder, light paused",
                   "event 7001 #7: unknown by the broker, light unknown, RECORDER_LOST, alarm"};
  for (auto* one : {&desk, &other})
    expect(*one, end);
}

TEST_CASE("a program that signs on again takes over wherever the actors run") {
  auto where = every_stage();
  INFO(where);
  office o{unhurried(), where};
  auto& ghost = o.recorder();
  auto& desk = o.desktop();
  all_register({&ghost, &desk});
  ghost.says(send(3, "7001", "enabled"));
  expect(ghost, {"ACK 3: recorders 0, #1"});
  expect(desk, {"event 7001 #1: enabled by recorder, light enabled"});
  auto& recorder = o.recorder();
  expect(ghost, {"disconnected: TAKEN_OVER"});
  expect(desk, {"event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST"});
  recorder.says(register_on(2, {"7001"}));
  expect(recorder, {"registered 2: 7001 share; light unknown, v0 #2, recorders 1+0, clients 2; "
                    "wants nothing"});
}

TEST_CASE("a start that a pause holds is let go wherever the actors run") {
  auto where = every_stage();
  INFO(where);
  office o{unhurried(), where};
  auto& desk = o.confirming_desktop();
  auto& recorder = o.recorder();
  all_register({&desk, &recorder});
  desk.says(send(3, "7001", "pause"));
  expect(desk, {"ACK 3: recorders 1, #1 v1"});
  expect(recorder, {"event 7001 #1: pause v1 by desk, light unknown"});
  recorder.says(send(3, "7001", "paused"));
  expect(recorder, {"ACK 3: recorders 0, #2 v1"});
  desk.says(send(4, "7001", "start", {.call = 0x72}), send(5, "7001", "resume"));
  auto start = "event 7001 #5 call 72: start v4 by the broker, light paused, HOLD_RELEASED";
  expect(desk, {"event 7001 #2: paused by recorder, light paused",
                "outcome 7001 #1: pause confirmed; recorder confirmed", "ACK 4: recorders 0, #3 v2",
                "outcome 7001 #3 call 72: start held by desk's pause of all v1, 1 wait",
                "ACK 5: recorders 1, #4 v3", start});
  expect(recorder, {"event 7001 #4: resume v3 by desk, light paused", start});
  recorder.says(send(4, "7001", "enabled"), send(5, "7001", "enabled"));
  expect(recorder, {"ACK 4: recorders 0, #6 v4", "ACK 5: recorders 0, #7 v4"});
  expect(desk, {"event 7001 #6: enabled by recorder, light enabled",
                "outcome 7001 #4: resume confirmed; recorder confirmed",
                "event 7001 #7: enabled by recorder, light enabled",
                "outcome 7001 #5 call 72: start confirmed, HOLD_RELEASED of #3; "
                "recorder confirmed"});
}

TEST_CASE("what was asked before a sign-off is answered wherever the actors run") {
  auto where = every_stage();
  INFO(where);
  office o{unhurried(), where};
  auto& desk = o.desktop();
  auto& watcher = o.desktop("watcher");
  all_register({&watcher, &desk});
  desk.says(send(3, "7001", "pause"), sign_off(4));
  if (where.is_virtual())
    o.pass(10ms); // the connection looks again
  expect(desk, {"ACK 3: recorders 0, #1 v1", "disconnected 4: SIGNED_OFF"});
  expect(watcher, {"event 7001 #1: pause v1 by desk, light unknown"});
}

TEST_CASE("a removed DN is told wherever the actors run") {
  auto where = every_stage();
  INFO(where);
  office o{unhurried(), where};
  o.configure({"7001"});
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  all_register({&desk, &recorder});
  o.configure({});
  for (auto* one : {&desk, &recorder})
    expect(*one, {"unregistered: 7001, 59"});
}

TEST_CASE("a lost recorder's word is lost with it wherever the actors run") {
  auto where = every_stage();
  INFO(where);
  office o{unhurried(), where};
  auto& desk = o.desktop();
  auto& lost = o.recorder("lost");
  auto& stays = o.recorder("stays");
  all_register({&desk, &lost, &stays});
  desk.says(send(3, "7001", "start", {.call = 0x71}));
  expect(desk, {"ACK 3: recorders 2, #1 v1"});
  for (auto* one : {&lost, &stays})
    expect(*one, {"event 7001 #1 call 71: start v1 by desk, light unknown"});
  lost.says(send(3, "7001", "enabled", {.call = 0x71}));
  expect(lost, {"ACK 3: recorders 1, #2 v1"});
  for (auto* one : {&desk, &stays})
    expect(*one, {"event 7001 #2 call 71: enabled by lost, light enabled"});
  stays.says(send(3, "7001", "paused", {.call = 0x71}));
  expect(stays, {"ACK 3: recorders 1, #3 v1"});
  for (auto* one : {&desk, &lost})
    expect(*one, {"event 7001 #3 call 71: paused by stays, light enabled"});
  lost.vanishes();
  for (auto* one : {&desk, &stays})
    expect(*one, {"event 7001 #4: unknown by the broker, light unknown, RECORDER_LOST"});
}
