// What is asked of many DNs at once: lists, and a command for each of them.
#include "tests/actors/conversation.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ringdown;
using namespace ringdown::test;

// ---- lists ---------------------------------------------------------------------------------

TEST_CASE("a supervisor lists the DNs in use: their lights, pauses, what waits, and alarms") {
  pair_on_7001 p;
  auto& boss = p.o.supervisor();
  CHECK(ask(p.desk, register_on(3, {"7002"})).starts_with("registered"));
  CHECK(ask(boss, list_dns(2)) == "list 2: 7001 unknown, recorders 1, clients 2; "
                                  "7002 unknown, recorders 0, clients 1; the end");
  p.desk.says(send(3, "7001", "pause"), send(4, "7001", "start", {.call = 0x72}));
  p.recorder_says(3, "paused");
  p.desk.says(send(5, "7002", "start"));
  CHECK(p.desk.hears().size() == 6);
  p.o.pass(2s); // nobody confirms the start of 7002
  CHECK(p.desk.hears().size() == 1);
  CHECK(ask(boss, list_dns(3)) ==
        "list 3: 7001 paused wants paused, recorders 1, clients 2, pauses 1, waiting 1; "
        "7002 unknown wants enabled, recorders 0, clients 1; the end");
  p.recorder.vanishes();
  CHECK(p.desk.hears().size() == 1);
  CHECK(ask(boss, list_dns(4, {.alarmed = true})) ==
        "list 4: 7001 unknown wants paused, recorders 0, clients 1, pauses 1, waiting 1, "
        "alarms 1; the end");
  CHECK(ask(boss, list_dns(5, {.light = v1::CAPTURE_STATE_PAUSED})) == "list 5: the end");
}

TEST_CASE("a list comes in pages, and may be of those without a recorder only") {
  pair_on_7001 p;
  auto& boss = p.o.supervisor();
  p.desk.says(register_on(3, {"7002", "7003", "7004"}));
  CHECK(p.desk.hears().size() == 3);
  CHECK(ask(boss, list_dns(2, {.limit = 2})) ==
        "list 2: 7001 unknown, recorders 1, clients 2; 7002 unknown, recorders 0, clients 1; "
        "more after 7002");
  CHECK(ask(boss, list_dns(3, {.after = "7002", .limit = 2})) ==
        "list 3: 7003 unknown, recorders 0, clients 1; 7004 unknown, recorders 0, clients 1; "
        "the end");
  CHECK(ask(boss, list_dns(4, {.limit = 1, .recorder_missing = true})) ==
        "list 4: 7002 unknown, recorders 0, clients 1; more after 7002");
  boss.says(list_dns(5, {.limit = 301}));
  CHECK(boss.frame().event_error().attribute() == "limit");
  CHECK(ask(p.desk, list_dns(5)) == "Error 5: 165");
}

// ---- a command for many DNs ----------------------------------------------------------------

TEST_CASE("a pause for many DNs is answered, and decided, by each for itself") {
  office o;
  auto& boss = o.join("boss", v1::ROLE_SUPERVISOR, {v1::CAPABILITY_OUTCOMES});
  auto& recorder = o.recorder();
  boss.says(register_on(2, {"7001", "7002"}));
  recorder.says(register_on(2, {"7001"}));
  CHECK(boss.hears().size() + recorder.hears().size() == 3);
  boss.says(command_dns(3, {"7001", "7002", "7003"}, v1::COMMAND_PAUSE, "evacuation"));
  auto heard = boss.hears();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == lines{"ACK 3: recorders 0, #1 v1 on 7002", "ACK 3: recorders 1, #1 v1 on 7001",
                       "Error 3: 41 on 7003"});
  CHECK(recorder.hears() ==
        lines{"event 7001 #1: pause v1 by boss, light unknown, because evacuation"});
  recorder.says(send(3, "7001", "paused"));
  CHECK(recorder.hears().size() == 1);
  o.pass(2s);
  CHECK(boss.hears() ==
        lines{"event 7001 #2: paused by recorder, light paused",
              "outcome 7001 #1: pause confirmed, because evacuation; recorder confirmed",
              "outcome 7002 #1: pause timed_out 57, because evacuation"});
  CHECK(boss.client().window.outstanding() == 0);
}

TEST_CASE("what is wrong with a command for many DNs is one answer, and nothing is done") {
  office o;
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001", "7002"}));
  CHECK(desk.hears().size() == 2);
  auto wrong_with = [&](const v1::Frame& request) {
    desk.says(request);
    auto error = desk.frame().event_error();
    return std::to_string(error.error_code()) + " " + error.attribute();
  };
  CHECK(wrong_with(command_dns(3, {"7001"}, v1::COMMAND_START)) == "53 command");
  CHECK(wrong_with(command_dns(3, {}, v1::COMMAND_PAUSE)) == "53 this_dn");
  CHECK(wrong_with(command_dns(3, {"7001", "7002", "7001"}, v1::COMMAND_PAUSE)) == "53 this_dn");
  CHECK(wrong_with(command_dns(3, {"7001"}, v1::COMMAND_PAUSE, std::string(65, 'x'))) ==
        "53 reason");
  CHECK(wrong_with(command_dns(3, {""}, v1::COMMAND_PAUSE)) == "53 this_dn");
  for (auto& no_dn : dn_names{"", std::string(256, '7'), "70\n01"}) {
    desk.says(command_dns(3, {"7001", no_dn, "7002"}, v1::COMMAND_PAUSE));
    auto error = desk.frame().event_error();
    CHECK(error.error_code() == 53);
    CHECK(error.attribute() == "this_dn[1]");
    CHECK_FALSE(error.has_this_dn());
  }
  CHECK(wrong_with(command_dns(3, {"", "7001"}, v1::COMMAND_PAUSE)) == "53 this_dn[0]");
  CHECK(ask(desk, query_address(4, "7001")) ==
        "address 4: 7001; light unknown, v0 #0, recorders 0+0, clients 1");
  CHECK(desk.client().window.outstanding() == 0);
}
