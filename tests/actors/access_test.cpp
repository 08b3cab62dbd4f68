// Conversations of access: who is let in, and what each may do.
#include "tests/actors/conversation.hpp"
#include "tests/actors/gatehouse.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>

using namespace ringdown;
using namespace ringdown::test;

// ---- who is let in -------------------------------------------------------------------------

TEST_CASE("who proves nothing is not let in, and is not told why") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  auto& stranger = o.connect("stranger");
  stranger.says(sign_on_with("guess", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  auto heard = stranger.frames();
  REQUIRE(heard.size() == 2); // what it asked behind it is nobody's
  CHECK(heard[0].event_error().error_code() == 119);
  CHECK(heard[0].event_error().text() == "Sign-on was refused.");
  CHECK(heard[1].event_link_disconnected().reason() == v1::DISCONNECT_REASON_SIGN_ON_REFUSED);
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  CHECK_THAT(agent.hears(), in_brief({"connected 1", "registered 2: 7001"}));
  CHECK(o.told() == lines{"connection: sign-on refused"});
}

TEST_CASE("a role that no grant names is refused at the door") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  auto& spy = o.connect("spy");
  spy.says(sign_on_with("key", v1::ROLE_RECORDER, "tape"));
  CHECK(spy.hears() == lines{"Error 1: 119", "disconnected: SIGN_ON_REFUSED"});
  CHECK(o.told() == lines{"connection: sign-on refused"});
}

TEST_CASE("an answer about a client that comes too late is nobody's") {
  limits bounds;
  bounds.control_timeout = 2s; // below sign_on_timeout
  office o{bounds};
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  gate.is_slow = true;
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"));
  o.settle();
  CHECK(agent.hears().empty());
  o.pass(o.context.bounds.control_timeout);
  CHECK_THAT(agent.hears(), in_brief({"Error 1: 52", "disconnected: INTERNAL_ERROR"}));
  gate.waiting.at(0)();
  o.settle();
  CHECK(agent.hears().empty());
  CHECK(o.told() == lines{"connection: sign-on refused", "connection: connection closed"});
}

TEST_CASE("who fails too often hears of it late, and when to come again") {
  office o;
  gatehouse gate{o};
  gate.hold_ms = 1000;
  auto& guesser = o.connect("guesser");
  guesser.says(sign_on_with("guess", v1::ROLE_DESKTOP, "desk"));
  o.pass(900ms);
  CHECK(guesser.hears().empty());
  o.pass(100ms);
  auto heard = guesser.frames();
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].event_error().error_code() == 119);
  CHECK(heard[0].event_error().retry_after_ms() == 1000);
  CHECK(heard[1].event_link_disconnected().reason() == v1::DISCONNECT_REASON_SIGN_ON_REFUSED);
  CHECK(o.told() == lines{"connection: sign-on refused"});
}

TEST_CASE("whoever nobody had time to look at may come again, and is told so at once") {
  office o;
  gatehouse gate{o};
  gate.is_overrun = true;
  auto& early = o.connect("early");
  early.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"));
  CHECK(early.hears() == lines{"Error 1: 1186", "disconnected: OVERLOADED"});
  CHECK(o.told() == lines{"connection: sign-on refused", "connection: connection closed"});
}

TEST_CASE("a client that leaves while it is looked at leaves nothing behind") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  gate.is_slow = true;
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"));
  o.settle();
  agent.vanishes();
  o.settle();
  gate.waiting.at(0)();
  o.pass(10s);
  CHECK(o.remembered("agent") == 0);
}

// ---- what one may do -----------------------------------------------------------------------

TEST_CASE("a denial is a 165 that names the action and the DN") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, bit_of(action::register_), "70")};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}),
             register_on(3, {"8001"}), register_on(4, {"7002"}, v1::REGISTRATION_MODE_MONITOR),
             send(5, "7001", "pause"), send(6, "7001", ""));
  auto heard = agent.frames();
  REQUIRE(heard.size() == 6);
  std::map<std::uint32_t, std::string> denied;
  for (auto& frame : heard)
    if (frame.has_event_error()) {
      CHECK(frame.event_error().error_code() == 165);
      denied[frame.reference_id()] =
        frame.event_error().text() + " on " + frame.event_error().this_dn();
    }
  CHECK(denied == std::map<std::uint32_t, std::string>{
                    {3, "the access list does not grant register on 8001"},
                    {4, "the access list does not grant monitor on 7002"},
                    {5, "the access list does not grant send_command on 7001"},
                    {6, "the access list does not grant send_user_event on 7001"}});
}

TEST_CASE("a DN is not brought up for one that may not be on it") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions, "70")};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"));
  CHECK(agent.hears() == lines{"connected 1"});
  auto before = o.actors();
  agent.says(register_on(2, {"8001", "8002", "8003"}));
  CHECK_THAT(agent.hears(), in_brief({"Error 2: 165", "Error 2: 165", "Error 2: 165"}));
  CHECK(o.actors() == before);
}

TEST_CASE("a page of a list has as many DNs as it may, whatever stands between them") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  gate.known["floor"] = {"boss", granted(role::supervisor, bit_of(action::monitor), "70")};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"),
             register_on(2, {"6001", "6002", "7001", "7002", "7003", "8001"}));
  CHECK(agent.hears().size() == 7);
  auto& boss = o.connect("boss");
  boss.says(sign_on_with("floor", v1::ROLE_SUPERVISOR, "wall"), list_dns(2, {.limit = 2}));
  auto heard = boss.frames();
  REQUIRE(heard.size() == 2);
  auto& first = heard[1].event_address_list();
  REQUIRE(first.addresses_size() == 2);
  CHECK(first.addresses(0).this_dn() == "7001");
  CHECK(first.next() == "7002");
  boss.says(list_dns(3, {.after = first.next(), .limit = 2}));
  auto second = boss.frame();
  REQUIRE(second.event_address_list().addresses_size() == 1);
  CHECK(second.event_address_list().addresses(0).this_dn() == "7003");
  CHECK(second.event_address_list().next().empty());
}

TEST_CASE("no place in a list names a DN that its asker may not see, however many stand before") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  gate.known["floor"] = {"boss", granted(role::supervisor, bit_of(action::monitor), "70")};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"));
  constexpr int foreign = 10'240; // more than one turn looks at
  constexpr int at_once = 512;
  for (int first = 0; first < foreign; first += at_once) {
    dn_names some;
    for (int i = first; i < first + at_once; ++i)
      some.push_back(std::to_string(600'000 + i));
    agent.says(register_on(2, some));
  }
  agent.says(register_on(3, {"7001"}));
  CHECK(agent.hears().size() == foreign + 2);
  auto& boss = o.connect("boss");
  boss.says(sign_on_with("floor", v1::ROLE_SUPERVISOR, "wall"), list_dns(2));
  auto heard = boss.frames();
  REQUIRE(heard.size() == 2);
  auto& list = heard[1].event_address_list();
  REQUIRE(list.addresses_size() == 1);
  CHECK(list.addresses(0).this_dn() == "7001");
  CHECK(list.next().empty());
}

TEST_CASE("a supervisor lists the DNs that it may monitor, and watches all or none") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  gate.known["floor"] = {"boss", granted(role::supervisor, bit_of(action::monitor), "70")};
  gate.known["house"] = {"chief", granted(role::supervisor, bit_of(action::monitor))};
  gate.known["blind"] = {"blind", granted(role::supervisor, bit_of(action::send_command))};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001", "8001"}));
  CHECK(agent.hears().size() == 3);
  auto& boss = o.connect("boss");
  boss.says(sign_on_with("floor", v1::ROLE_SUPERVISOR, "wall"), list_dns(2), watch_every_dn(3));
  auto heard = boss.frames();
  REQUIRE(heard.size() == 3);
  CHECK(heard[1].event_error().error_code() == 165);
  auto& list = heard[2].event_address_list();
  REQUIRE(list.addresses_size() == 1);
  CHECK(list.addresses(0).this_dn() == "7001");
  auto& chief = o.connect("chief");
  chief.says(sign_on_with("house", v1::ROLE_SUPERVISOR, "wall"), watch_every_dn(2));
  CHECK_THAT(chief.hears(), in_brief({"connected 1", "registered 2: every DN"}));
  auto& blind = o.connect("blind");
  blind.says(sign_on_with("blind", v1::ROLE_SUPERVISOR, "wall"), list_dns(2));
  CHECK_THAT(blind.hears(), in_brief({"connected 1", "Error 2: 165"}));
}

TEST_CASE("nobody takes over a connection by knowing its name and its instance id") {
  office o;
  gatehouse gate{o};
  gate.known["ours"] = {"vendor", granted(role::recorder, party_actions)};
  gate.known["theirs"] = {"rival", granted(role::recorder, party_actions)};
  auto& tape = o.connect("tape");
  tape.says(sign_on_with("ours", v1::ROLE_RECORDER, "tape", "the same id"));
  CHECK(tape.hears() == lines{"connected 1"});
  auto& rival = o.connect("rival");
  rival.says(sign_on_with("theirs", v1::ROLE_RECORDER, "tape", "the same id"));
  CHECK(rival.hears() == lines{"connected 1"});
  CHECK(tape.hears().empty());
  auto& again = o.connect("again");
  again.says(sign_on_with("ours", v1::ROLE_RECORDER, "tape", "the same id"));
  CHECK(again.hears() == lines{"connected 1"});
  CHECK(tape.hears() == lines{"disconnected: TAKEN_OVER"});
  CHECK(rival.hears().empty());
}

TEST_CASE("a command id is its principal's: another of the same name gives another command") {
  office o;
  gatehouse gate{o};
  gate.known["ours"] = {"agent", granted(role::desktop, party_actions)};
  gate.known["theirs"] = {"rival", granted(role::desktop, party_actions)};
  gate.known["tape"] = {"vendor", granted(role::recorder, party_actions)};
  auto& tape = o.connect("tape");
  tape.says(sign_on_with("tape", v1::ROLE_RECORDER, "tape"), register_on(2, {"7001"}));
  CHECK(tape.hears().size() == 2);
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("ours", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  auto& rival = o.connect("rival");
  rival.says(sign_on_with("theirs", v1::ROLE_DESKTOP, "desk", "of its own"),
             register_on(2, {"7001"}));
  CHECK(agent.hears().size() == 2);
  CHECK(rival.hears().size() == 2);
  agent.says(send(3, "7001", "pause", {.command = "one command id.."}));
  rival.says(send(3, "7001", "pause", {.command = "one command id.."}));
  CHECK_THAT(tape.hears(), in_brief({"event 7001 #1: pause", "event 7001 #2: pause"}));
  CHECK_THAT(agent.hears(), in_brief({"ACK 3", "event 7001 #2"}));
  CHECK_THAT(rival.hears(), in_brief({"event 7001 #1", "ACK 3"}));
}
