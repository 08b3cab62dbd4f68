// Conversations about calls: two that become one, and one that ends.
#include "tests/actors/conversation.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("merged calls are one session: the old ConnID reaches it, and the newer command stands") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "start", {.call = 0x71}), send(4, "7001", "pause", {.call = 0x72}));
  CHECK(p.desk.hears().size() == 2);
  calls.hears();
  CHECK(ask(calls, merge_calls(3, "7001", 0x71, 0x72)) == "ACK 3: #2 v2");
  CHECK(p.desk.hears() ==
        lines{"outcome 7001 #1 call 71: start superseded by v2; recorder silent"});
  CHECK(ask(p.desk, query_address(5, "7001")) ==
        "address 5: 7001; light unknown, v2 #2, recorders 1+0, clients 3; "
        "call 72 wants paused sees unknown v2 was 71");
  p.recorder_says(3, "paused", 0x71); // by the old ConnID
  CHECK(p.desk.hears() == lines{"event 7001 #3 call 71: paused by recorder, light paused",
                                "outcome 7001 #2 call 72: pause confirmed; recorder confirmed"});
  CHECK(ask(p.desk, send(6, "7001", "resume", {.call = 0x71})) == "ACK 6: recorders 1, #4 v3");
  p.recorder_says(4, "enabled", 0x72);
  CHECK(p.desk.hears().back() == "outcome 7001 #4 call 71: resume confirmed; recorder confirmed");
  calls.hears();
}

TEST_CASE("what a recorder says while two calls become one confirms what was asked of either") {
  for (std::uint64_t said_of : {0x71, 0x72, 0}) {
    pair_on_7001 p{{}, message_by_message};
    auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
    register_all("7001", {&calls});
    p.desk.says(send(3, "7001", "start", {.call = 0x72}), send(4, "7001", "pause", {.call = 0x71}));
    CHECK(p.desk.hears().size() == 2);
    p.recorder.hears();
    says_at_once(p.o, calls, merge_calls(3, "7001", 0x71, 0x72));
    says_at_once(p.o, p.recorder, send(3, "7001", "paused", {.call = said_of}));
    CHECK(p.desk.hears().back() == "outcome 7001 #2 call 71: pause confirmed; recorder confirmed");
    calls.hears();
    p.recorder.hears();
  }
}

TEST_CASE("a command behind a session's end, in a call that becomes part of another") {
  pair_on_7001 p{{}, message_by_message};
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "stop", {.call = 0x71}), send(4, "7001", "start", {.call = 0x72}));
  CHECK(p.desk.hears().size() == 2);
  p.recorder.hears();
  says_at_once(p.o, p.recorder, send(3, "7001", "disabled", {.call = 0x71})); // ends its session
  says_at_once(p.o, p.desk, send(5, "7001", "pause", {.call = 0x71}));
  says_at_once(p.o, calls, merge_calls(3, "7001", 0x71, 0x72));
  p.desk.hears();
  p.recorder_says(4, "paused", 0x72);
  CHECK(p.desk.hears().back() == "outcome 7001 #4 call 71: pause confirmed; recorder confirmed");
  calls.hears();
}

TEST_CASE("a command behind a session's end, in a call that ends") {
  pair_on_7001 p{{}, message_by_message};
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "stop", {.call = 0x71}));
  p.recorder.hears();
  says_at_once(p.o, p.recorder, send(3, "7001", "disabled", {.call = 0x71})); // ends its session
  says_at_once(p.o, p.desk, send(4, "7001", "start", {.call = 0x71}));
  says_at_once(p.o, calls, end_call(3, "7001", 0x71));
  auto heard = p.desk.hears();
  CHECK(std::count(heard.begin(), heard.end(),
                   "outcome 7001 #3 call 71: start unknown; recorder silent") == 1);
  CHECK(heard.back() == "event 7001 #4 call 71: unknown by the broker, light unknown, CALL_ENDED");
  CHECK(p.o.context.outcomes_owed == 0);
  calls.hears();
  p.recorder.hears();
}

TEST_CASE("a call whose ConnID changes goes on under the new one") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}));
  CHECK(p.desk.hears().size() == 1);
  calls.hears();
  CHECK(ask(calls, merge_calls(3, "7001", 0x71, 0x80)) == "ACK 3: #1 v1");
  CHECK(ask(p.desk, query_address(4, "7001")) ==
        "address 4: 7001; light unknown, v1 #1, recorders 1+0, clients 3; "
        "call 80 wants paused sees unknown v1 was 71");
  p.recorder_says(3, "paused", 0x80);
  CHECK(p.desk.hears().back() == "outcome 7001 #1 call 71: pause confirmed; recorder confirmed");
  calls.hears();
}

TEST_CASE("a paused call's end leaves the next call unpaused") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}));
  p.recorder_says(3, "paused", 0x71);
  CHECK(p.desk.hears().size() == 3);
  calls.hears();
  calls.says(end_call(3, "7001", 0x71));
  auto end = lines{"event 7001 #3 call 71: unknown by the broker, light unknown, CALL_ENDED"};
  CHECK(p.desk.hears() == end);
  CHECK(p.recorder.hears() == end);
  CHECK(calls.hears() == lines{"ACK 3: #2 v1", end.front()});
  p.desk.says(send(4, "7001", "start", {.call = 0x72}));
  p.recorder_says(4, "enabled", 0x72);
  CHECK(p.desk.hears().back() == "outcome 7001 #4 call 72: start confirmed; recorder confirmed");
  CHECK(ask(p.desk, query_address(5, "7001")) ==
        "address 5: 7001; light enabled, v2 #5, recorders 1+0, clients 3; "
        "call 72 wants enabled sees enabled v2");
  calls.hears();
}

TEST_CASE("a call's end is told, whatever a recorder says meanwhile") {
  pair_on_7001 p{{}, message_by_message};
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "start", {.call = 0x71}));
  p.recorder_says(3, "enabled", 0x71);
  p.desk.hears();
  calls.hears();
  says_at_once(p.o, calls, end_call(3, "7001", 0x71));
  says_at_once(p.o, p.recorder, send(4, "7001", "disabled"));
  CHECK(p.desk.hears().back() ==
        "event 7001 #4 call 71: unknown by the broker, light unknown, CALL_ENDED");
  calls.hears();
  p.recorder.hears();
}

TEST_CASE("what a call source or another may not ask is refused, and nothing changes") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  calls.says(merge_calls(2, "7001", 1, 2));
  CHECK(calls.hears() == lines{"Error 2: 41 on 7001"});
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}));
  p.recorder_says(3, "paused", 0x71);
  CHECK(p.desk.hears().size() == 3);
  calls.hears();
  auto before = ask(p.desk, query_address(4, "7001"));
  calls.says(merge_calls(3, "7001", 0x99, 0x71), merge_calls(4, "7001", 0x71, 0x71),
             merge_calls(5, "7001", 0x71, 0), merge_calls(6, "7001", 0, 0x71),
             end_call(7, "7001", 0x99), end_call(8, "7001", 0), send(9, "7001", "pause"),
             send(10, "7001", ""), send(11, "7001", "paused"));
  CHECK(calls.hears() == lines{"Error 3: 53 on 7001", "Error 4: 53 on 7001", "Error 5: 53 on 7001",
                               "Error 6: 53 on 7001", "Error 7: 53 on 7001", "Error 8: 53 on 7001",
                               "Error 9: 165 on 7001", "Error 10: 165 on 7001",
                               "Error 11: 165 on 7001"});
  p.desk.says(merge_calls(5, "7001", 0x71, 0x72), end_call(6, "7001", 0x71));
  CHECK(p.desk.hears() == lines{"Error 5: 165 on 7001", "Error 6: 165 on 7001"});
  auto after = ask(p.desk, query_address(4, "7001"));
  CHECK(after == before);
}

TEST_CASE("calls are merged into one up to a bound") {
  pair_on_7001 p;
  auto& calls = p.o.join("calls", v1::ROLE_CALL_SOURCE);
  register_all("7001", {&calls});
  p.desk.says(send(3, "7001", "pause", {.call = 0x100}));
  p.desk.hears();
  calls.hears();
  for (std::uint32_t i = 0; i < former_connections_max; ++i)
    CHECK(ask(calls, merge_calls(3 + i, "7001", 0x100 + i, 0x101 + i)).starts_with("ACK"));
  CHECK(ask(calls, merge_calls(20, "7001", 0x100, 0x200)) == "Error 20: 1186 on 7001");
  p.recorder.hears();
}
