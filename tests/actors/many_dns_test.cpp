// What is asked of many DNs at once: lists, and a command for each of them.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

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
  CHECK_THAT(p.desk.hears(),
             in_brief({"ACK 3", "ACK 4", "outcome 7001 #2 call 72: start held",
                       "event 7001 #3: paused", "outcome 7001 #1: pause confirmed", "ACK 5"}));
  p.o.pass(2s); // nobody confirms the start of 7002
  CHECK_THAT(p.desk.hears(), in_brief({"outcome 7002 #1: start timed_out"}));
  CHECK(ask(boss, list_dns(3)) ==
        "list 3: 7001 paused wants paused, recorders 1, clients 2, pauses 1, waiting 1; "
        "7002 unknown wants enabled, recorders 0, clients 1; the end");
  p.recorder.vanishes();
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #4: unknown"}));
  CHECK(ask(boss, list_dns(4, {.alarmed = true})) ==
        "list 4: 7001 unknown wants paused, recorders 0, clients 1, pauses 1, waiting 1, "
        "alarms 1; the end");
  CHECK(ask(boss, list_dns(5, {.light = v1::CAPTURE_STATE_PAUSED})) == "list 5: the end");
}

TEST_CASE("a list comes in pages, and may be of those without a recorder only") {
  pair_on_7001 p;
  auto& boss = p.o.supervisor();
  p.desk.says(register_on(3, {"7002", "7003", "7004"}));
  CHECK_THAT(p.desk.hears(),
             in_brief({"registered 3: 7002", "registered 3: 7003", "registered 3: 7004"}));
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

TEST_CASE("who asks the directory is answered while all DNs are told something") {
  limits bounds;
  bounds.dns_per_request_max = 2500; // of which a turn tells a thousand
  office o{bounds, message_by_message};
  auto& agents = o.desktop("agents");
  auto& boss = o.supervisor();
  auto alone = o.actors();
  std::vector<std::string> dns;
  lines registered;
  lines removed;
  for (int dn = 0; dn < 2500; ++dn) {
    dns.push_back(std::to_string(80'000 + dn));
    registered.push_back("registered 2: " + dns.back());
    removed.push_back("unregistered: " + dns.back() + ", 59");
  }
  agents.says(register_on(2, dns));
  CHECK_THAT(agents.hears(), in_brief(registered));
  o.configure({"7001"});
  boss.says(list_dns(2, {.limit = 1}));
  o.next_is(boss);
  REQUIRE(o.step()); // it asks behind what the directory has begun
  CHECK(boss.hears() == lines{"list 2: 81000 unknown, recorders 0, clients 1; more after 81000"});
  auto heard = agents.hears();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == removed); // each once
  o.pass(3 * bounds.control_timeout);
  CHECK(o.actors() == alone); // and each has ended
}

// ---- a command for many DNs ----------------------------------------------------------------

TEST_CASE("a pause for many DNs is answered, and decided, by each for itself") {
  office o;
  auto& boss = o.join("boss", v1::ROLE_SUPERVISOR, {v1::CAPABILITY_OUTCOMES});
  auto& recorder = o.recorder();
  boss.says(register_on(2, {"7001", "7002"}));
  recorder.says(register_on(2, {"7001"}));
  CHECK_THAT(boss.hears(), in_brief({"registered 2: 7001", "registered 2: 7002"}));
  CHECK_THAT(recorder.hears(), in_brief({"registered 2: 7001"}));
  boss.says(command_dns(3, {"7001", "7002", "7003"}, v1::COMMAND_PAUSE, "evacuation"));
  auto heard = boss.hears();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == lines{"ACK 3: recorders 0, #1 v1 on 7002", "ACK 3: recorders 1, #1 v1 on 7001",
                       "Error 3: 41 on 7003"});
  CHECK(recorder.hears() ==
        lines{"event 7001 #1: pause v1 by boss, light unknown, because evacuation"});
  recorder.says(send(3, "7001", "paused"));
  CHECK_THAT(recorder.hears(), in_brief({"ACK 3"}));
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
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001", "registered 2: 7002"}));
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
