// Conversations of access: who is let in, what each may do, and what follows when that changes.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr action_set party_actions =
  bit_of(action::register_) | bit_of(action::send_command) | bit_of(action::send_user_event);

std::shared_ptr<const grants> granted(role as, action_set may, const std::string& prefix = {}) {
  dn_pattern all{dn_pattern::kind::all, {}, {}};
  dn_pattern some{dn_pattern::kind::prefix, prefix, {}};
  return std::make_shared<const grants>(
    std::vector<grant>{{bit_of(as), may, {prefix.empty() ? all : some}}});
}

/// Who stands at the broker's door: tokens, whose they are and what they give.
class gatehouse {
public:
  struct person {
    std::string principal;
    std::shared_ptr<const grants> may;
    std::int64_t expires_us = 0;
  };

  explicit gatehouse(office& of) {
    of.context.authenticate = [this](sign_on_facts asked,
                                     std::function<void(authenticated)> answer) {
      auto call = [this, asked = std::move(asked), answer = std::move(answer)] {
        answer(look(asked));
      };
      if (is_slow)
        waiting.push_back(std::move(call));
      else
        call();
    };
  }

  std::map<std::string, person> known;
  bool is_slow = false;
  bool is_overrun = false;
  std::int64_t hold_ms = 0;
  std::vector<std::function<void()>> waiting;

private:
  class place final : public standing {
  public:
    place(const gatehouse& of, std::string token) : of_(of), token_(std::move(token)) {}
    std::shared_ptr<const grants> rights() const override {
      auto found = of_.known.find(token_);
      return found == of_.known.end() ? nullptr : found->second.may;
    }

  private:
    const gatehouse& of_;
    const std::string token_;
  };

  authenticated look(const sign_on_facts& asked) const {
    auto found = known.find(asked.credentials);
    if (is_overrun)
      return {.refused = "too_many_waiting", .retry_after_ms = 1000, .overloaded = true};
    if (found == known.end())
      return {.refused = "unknown_token", .retry_after_ms = hold_ms};
    auto& who = found->second;
    return {.principal = who.principal,
            .may = who.may,
            .rests_on = std::make_shared<place>(*this, asked.credentials),
            .credentials_expire_us = who.expires_us};
  }
};

v1::Frame sign_on_with(const std::string& token, v1::Role role, std::string_view application,
                       std::string instance = {}) {
  auto frame = sign_on(1, role, application, {}, std::move(instance));
  frame.mutable_request_sign_on()->set_credentials(token);
  return frame;
}

v1::Frame renew_with(std::uint32_t reference, const std::string& token) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  frame.mutable_request_renew_credentials()->set_credentials(token);
  return frame;
}

constexpr std::int64_t second_us = 1'000'000;

} // namespace

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

// ---- how access ends -----------------------------------------------------------------------

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
  o.pass(1s);
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
  }
  o.pass(o.context.bounds.control_timeout);
  CHECK(o.timers() <= before);
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
