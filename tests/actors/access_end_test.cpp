// Conversations of access: how it ends, and what follows when it changes.
#include "tests/actors/conversation.hpp"
#include "tests/actors/gatehouse.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("with credentials that have expired an agent can still hide a card number") {
  office o;
  gatehouse gate{o};
  auto expires_us = o.context.utc_now() + 60 * second_us;
  gate.known["key"] = {"agent", granted(role::desktop, party_actions), expires_us};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  auto heard = agent.frames();
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].event_link_connected().credentials_expire_time_us() == expires_us);
  o.pass(59s);
  agent.says(send(3, "7001", "start"));
  CHECK_THAT(agent.hears(), in_brief({"ACK 3"}));
  o.pass(1s);
  agent.says(send(4, "7001", "start"), send(5, "7001", "pause"), send(6, "7001", "resume"),
             send(7, "7001", ""), register_on(8, {"7002"}), query_address(9, "7001"),
             command_dns(11, {"7001"}, v1::COMMAND_RESUME), send(10, "7001", "stop"),
             command_dns(12, {"7001"}, v1::COMMAND_PAUSE));
  CHECK_THAT(agent.hears(),
             in_brief({"Error 4: 119", "Error 6: 119", "Error 7: 119", "Error 8: 119",
                       "Error 9: 119", "Error 11: 119", "ACK 5", "ACK 10", "ACK 12"}));
  o.pass(o.context.access.expired_grace - 1s);
  CHECK(agent.hears().empty());
  o.pass(1100ms); // the links are looked at ten times a second
  CHECK(agent.hears() == lines{"disconnected: CREDENTIALS_EXPIRED"});
  auto told = o.told();
  std::erase(told, "dn: outcome of a command"); // nobody records here
  CHECK(told == lines{"connection: credentials expired: only pause, stop and indications pass",
                      "connection: connection closed"});
}

TEST_CASE("what has expired ends at once, or stays, where the configuration says so") {
  office o;
  bool stays = GENERATE(false, true);
  o.context.access.expired = stays ? expired_policy::keep : expired_policy::disconnect;
  gatehouse gate{o};
  auto expires_us = o.context.utc_now() + 60 * second_us;
  gate.known["key"] = {"agent", granted(role::desktop, party_actions), expires_us};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  CHECK(agent.hears().size() == 2);
  o.pass(60s);
  if (stays) {
    agent.says(send(3, "7001", "start"));
    CHECK_THAT(agent.hears(), in_brief({"ACK 3"}));
  } else {
    CHECK(agent.hears() == lines{"disconnected: CREDENTIALS_EXPIRED"});
    CHECK(o.told() == lines{"connection: connection closed"});
  }
}

TEST_CASE("renewed credentials go on where the old ones ended, for the same principal only") {
  office o;
  gatehouse gate{o};
  auto now_us = o.context.utc_now();
  auto may = granted(role::desktop, party_actions);
  gate.known["old"] = {"agent", may, now_us + 60 * second_us};
  gate.known["new"] = {"agent", may, now_us + 600 * second_us};
  gate.known["other"] = {"rival", may};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("old", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  CHECK(agent.hears().size() == 2);
  agent.says(renew_with(3, "guess"), renew_with(4, "new"));
  auto heard = agent.frames();
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].event_error().error_code() == 53); // one at a time
  CHECK(heard[1].event_error().error_code() == 119);
  agent.says(renew_with(5, "other"));
  CHECK(agent.hears() == lines{"Error 5: 119"});
  o.pass(61s); // in the grace it may still be done
  agent.says(renew_with(6, "new"));
  heard = agent.frames();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].event_ack().credentials_expire_time_us() == now_us + 600 * second_us);
  agent.says(send(7, "7001", "start"));
  CHECK_THAT(agent.hears(), in_brief({"ACK 7"}));
  o.pass(600s);
  agent.says(send(8, "7001", "start"));
  CHECK_THAT(agent.hears(), in_brief({"Error 8: 119"}));
  auto told = o.told();
  std::erase(told, "dn: outcome of a command"); // nobody records here
  CHECK(std::count(told.begin(), told.end(), "connection: renewal refused") == 2);
  CHECK(told.size() == 4); // and expired twice
}

TEST_CASE("a client that renews again and again arms no timers with that") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions),
                       o.context.utc_now() + 600 * second_us};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"));
  CHECK(agent.hears() == lines{"connected 1"});
  o.pass(o.context.bounds.control_timeout);
  auto before = o.timers();
  for (std::uint32_t i = 2; i < 50; ++i) {
    agent.says(renew_with(i, "key"));
    CHECK_THAT(agent.hears(), in_brief({"ACK " + std::to_string(i)}));
    CHECK(o.timers() <= before);
  }
}

TEST_CASE("of clients that come and go nothing waits for the end of their credentials") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions),
                       o.context.utc_now() + 3600 * second_us};
  auto before = o.actors();
  for (int i = 0; i < 20; ++i) {
    auto& agent = o.connect("agent");
    agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk", std::to_string(i)));
    CHECK(agent.hears() == lines{"connected 1"});
    agent.vanishes();
    o.settle();
    auto& guesser = o.connect("agent");
    gate.is_slow = true; // it leaves while it is looked at
    guesser.says(sign_on_with("guess", v1::ROLE_DESKTOP, "desk"));
    o.settle();
    guesser.is_cut_off();
    o.settle();
    gate.is_slow = false;
  }
  o.pass(1s);
  CHECK(o.remembered("agent") == 0);
  CHECK(o.actors() == before);
}

TEST_CASE("where nobody asks who one is there is nothing to renew") {
  office o;
  auto& desk = o.desktop();
  desk.says(renew_with(2, "anything"));
  CHECK(desk.hears() == lines{"Error 2: 51"});
}

TEST_CASE("a changed access list touches only those whose rights have changed") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  gate.known["less"] = {"less", granted(role::desktop, party_actions)};
  gate.known["gone"] = {"gone", granted(role::desktop, party_actions)};
  gate.known["house"] = {"chief", granted(role::supervisor, bit_of(action::monitor))};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  auto& less = o.connect("less");
  less.says(sign_on_with("less", v1::ROLE_DESKTOP, "less"), register_on(2, {"7002", "8002"}));
  auto& gone = o.connect("gone");
  gone.says(sign_on_with("gone", v1::ROLE_DESKTOP, "gone"), register_on(2, {"7003"}));
  auto& chief = o.connect("chief");
  chief.says(sign_on_with("house", v1::ROLE_SUPERVISOR, "wall"), watch_every_dn(2));
  for (auto* one : {&agent, &less, &gone, &chief})
    static_cast<void>(one->hears());

  gate.known["key"].may = granted(role::desktop, party_actions); // the same, made anew
  gate.known["less"].may =
    granted(role::desktop, bit_of(action::register_) | bit_of(action::send_user_event), "70");
  gate.known["house"].may = granted(role::supervisor, bit_of(action::monitor), "70");
  gate.known.erase("gone");
  o.change_access();
  o.settle();
  CHECK(agent.hears().empty());
  CHECK(less.hears() == lines{"unregistered: 8002, 165"});
  CHECK(gone.hears() == lines{"disconnected: ACCESS_CHANGED"});
  CHECK(chief.hears() == lines{"unregistered: every DN"});
  less.says(send(3, "7002", "start"), send(4, "7002", ""), send(5, "8002", ""));
  CHECK_THAT(less.hears(), in_brief({"Error 5: 41", "Error 3: 165", "ACK 4"}));
  agent.says(send(3, "7001", "start"));
  CHECK_THAT(agent.hears(), in_brief({"ACK 3"}));
  CHECK(o.told() == lines{"connection: connection closed"});
}

TEST_CASE("a DN that a changed list has emptied ends as any other") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  auto& agent = o.connect("agent");
  auto before = o.actors();
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"), register_on(2, {"8001"}));
  CHECK(agent.hears().size() == 2);
  gate.known["key"].may = granted(role::desktop, party_actions, "70");
  o.change_access();
  o.settle();
  CHECK(agent.hears() == lines{"unregistered: 8001, 165"});
  CHECK(o.actors() == before + 1);
  o.pass(3 * o.context.bounds.dn_idle_timeout);
  CHECK(o.actors() == before);
}

TEST_CASE("a token whose time the list shortens ends for those who are in, too") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  CHECK(agent.hears().size() == 2);
  gate.known["key"].expires_us = o.context.utc_now() + 30 * second_us;
  o.change_access();
  o.pass(31s);
  agent.says(send(3, "7001", "start"));
  CHECK_THAT(agent.hears(), in_brief({"Error 3: 119"}));
  CHECK(o.told().size() == 1);
}

TEST_CASE("an access list that changes while a client signs on holds for it too") {
  office o;
  gatehouse gate{o};
  gate.known["key"] = {"agent", granted(role::desktop, party_actions)};
  gate.is_slow = true;
  auto& agent = o.connect("agent");
  agent.says(sign_on_with("key", v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  o.settle();
  gate.waiting.at(0)(); // by the old list
  gate.known["key"].may = granted(role::desktop, bit_of(action::monitor));
  o.change_access();
  o.settle();
  CHECK_THAT(agent.hears(), in_brief({"connected 1", "Error 2: 165"}));
}
