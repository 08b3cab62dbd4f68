// Conversations of registration: several DNs, snapshots, private ones, and the DN list.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"
#include "tests/actors/office.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr auto share = v1::REGISTRATION_MODE_SHARE;
constexpr auto private_mode = v1::REGISTRATION_MODE_PRIVATE;
constexpr auto monitor = v1::REGISTRATION_MODE_MONITOR;

const std::string empty_dn = "light unknown, v0 #0, recorders 0+0, clients 1";

/// One node of a cluster, whose DNs begin with 7.
class sevens_here final : public placement {
public:
  std::optional<dn_epoch> claim(std::string_view dn) override {
    return dn.starts_with('7') ? here_.claim(dn) : std::nullopt;
  }

private:
  all_here here_{dn_epoch{17}};
};

} // namespace

TEST_CASE("one request registers on several DNs, and each has its own answer") {
  office o;
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001", "agent1@example.com", "switch::7001", "7001"}));
  auto heard = desk.hears();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == lines{"registered 2: 7001 share; " + empty_dn,
                       "registered 2: 7001 share; " + empty_dn,
                       "registered 2: agent1@example.com share; " + empty_dn,
                       "registered 2: switch::7001 share; " + empty_dn});
  CHECK(desk.client().window.outstanding() == 0);
}

TEST_CASE("a pipelined register, send, unregister and send is answered in order") {
  office o;
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  other.says(register_on(2, {"7001"}));
  CHECK_THAT(other.hears(), in_brief({"registered 2: 7001"}));
  desk.says(send(2, "7001", "pause"), register_on(3, {"7001"}), send(4, "7001", "pause"),
            query_address(5, "7001"), unregister(6, {"7001"}), send(7, "7001", "resume"),
            register_on(8, {"7001"}, monitor), send(9, "7001", "resume"));
  CHECK(desk.hears() ==
        lines{"Error 2: 41 on 7001",
              "registered 3: 7001 share; light unknown, v0 #0, recorders 0+0, clients 2",
              "ACK 4: recorders 0, #1 v1",
              "address 5: 7001; light unknown, v1 #1, recorders 0+0, clients 2; "
              "wants paused v1; desk's pause of all v1; pause v1 open",
              "unregistered 6: 7001", "Error 7: 41 on 7001",
              "registered 8: 7001 monitor; light unknown, v1 #1, recorders 0+0, clients 2; "
              "wants paused v1; desk's pause of all v1, holder gone; pause v1 open",
              "Error 9: 41 on 7001"});
  CHECK(other.hears() == lines{"event 7001 #1: pause v1 by desk, light unknown"});
}

TEST_CASE("a DN that another node owns cannot be reached here, and is not made here") {
  auto where = GENERATE(stage{}, message_by_message);
  office o{{}, where, {}, std::make_unique<sevens_here>()};
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001", "8001"}), send(3, "8001", "pause"));
  auto heard = desk.hears();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == lines{"Error 2: 109 on 8001", "Error 3: 109 on 8001",
                       "registered 2: 7001 share; " + empty_dn});
  CHECK(desk.client().window.outstanding() == 0);
  auto& boss = o.supervisor();
  CHECK(ask(boss, list_dns(2)) == "list 2: 7001 unknown, recorders 0, clients 1; the end");
  desk.says(send(4, "8001", "pause"));
  CHECK(desk.hears() == lines{"Error 4: 41 on 8001"});
}

TEST_CASE("the same in one read on a DN that the client already knows") {
  office o;
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}));
  CHECK(desk.hears() == lines{"registered 2: 7001 share; " + empty_dn});
  desk.says(unregister(3, {"7001"}), send(4, "7001", "start"), register_on(5, {"7001"}),
            send(6, "7001", "start"), unregister(7, {"7001"}), unregister(8, {"7001"}));
  CHECK(desk.hears() == lines{"unregistered 3: 7001", "Error 4: 41 on 7001",
                              "registered 5: 7001 share; " + empty_dn, "ACK 6: recorders 0, #1 v1",
                              "unregistered 7: 7001", "Error 8: 41 on 7001"});
}

TEST_CASE("registering again changes how, and counts once") {
  office o;
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}), register_on(3, {"7001"}, monitor), send(4, "7001", "start"),
            register_with_echo(5, {"7001"}), send(6, "7001", "start"));
  CHECK(desk.hears() == lines{"registered 2: 7001 share; " + empty_dn,
                              "registered 3: 7001 monitor; " + empty_dn, "Error 4: 41 on 7001",
                              "registered 5: 7001 share; " + empty_dn, "ACK 6: recorders 0, #1 v1",
                              "event 7001 #1: start v1 by desk, light unknown"});
}

TEST_CASE("a client that unregisters hears no more, and may not send") {
  office o;
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  desk.says(register_on(2, {"7001"}));
  other.says(register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  CHECK_THAT(other.hears(), in_brief({"registered 2: 7001"}));
  desk.says(unregister(3, {"7001", "7002"}));
  CHECK(desk.hears() == lines{"Error 3: 41 on 7002", "unregistered 3: 7001"});
  other.says(send(3, "7001", "start"));
  CHECK(other.hears() == lines{"ACK 3: recorders 0, #1 v1"});
  CHECK(desk.hears().empty());
  desk.says(send(4, "7001", "pause"), query_address(5, "7001"), query_address(6, "7002"));
  CHECK(desk.hears() == lines{"Error 4: 41 on 7001", "Error 5: 41 on 7001", "Error 6: 41 on 7002"});
}

TEST_CASE("a registration that is wrong is answered 53 with its field") {
  office o;
  auto& desk = o.desktop();
  auto error = [&](const v1::Frame& request) {
    desk.says(request);
    auto frame = desk.frame();
    return std::to_string(frame.event_error().error_code()) + " " + frame.event_error().attribute();
  };
  CHECK(error(register_on(2, {})) == "53 this_dn");
  CHECK(error(register_on(2, dn_names(513, "7001"))) == "53 this_dn");
  CHECK(error(register_on(2, {""})) == "53 this_dn");
  CHECK(error(register_on(2, {std::string(256, '7')})) == "53 this_dn");
  CHECK(error(register_on(2, {"70\n01"})) == "53 this_dn");
  CHECK(error(register_on(2, {"7001"}, static_cast<v1::RegistrationMode>(3))) == "53 mode");
  CHECK(error(register_on(0, {"7001"})) == "53 reference_id");
  CHECK(error(unregister(2, {})) == "53 this_dn");
  CHECK(error(query_address(2, "")) == "53 this_dn");
  auto wordy = register_on(2, {"7001"});
  for (int i = 0; i < 17; ++i)
    wordy.mutable_request_register_address()->add_reasons("because");
  CHECK(error(wordy) == "53 reasons, extensions");
  CHECK(desk.client().window.outstanding() == 0);
}

TEST_CASE("one bad DN of a request does not keep out the others") {
  office o;
  o.configure({"7001", "7002"});
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001", "", "7002"}));
  CHECK(desk.hears() == lines{"Error 2: 53 on an empty DN", "registered 2: 7001 share; " + empty_dn,
                              "registered 2: 7002 share; " + empty_dn});
  desk.says(unregister(2, {"", "7002", "7001"}));
  CHECK(desk.hears() ==
        lines{"Error 2: 53 on an empty DN", "unregistered 2: 7002", "unregistered 2: 7001"});
  desk.says(register_on(2, {"70\x01", "7001", "7009"}));
  CHECK(desk.hears() == lines{"Error 2: 53 on 70\x01", "Error 2: 59 on 7009",
                              "registered 2: 7001 share; " + empty_dn});
}

TEST_CASE("the answer about an empty DN among others names it, and is nobody else's") {
  office o;
  auto& desk = o.desktop();
  for (auto& request : {register_on(2, {"7001", ""}), unregister(2, {"7001", ""})}) {
    desk.says(request);
    auto frames = desk.frames();
    REQUIRE(frames.size() == 2);
    auto& error = frames.front().event_error();
    CHECK(error.error_code() == 53);
    CHECK(error.has_this_dn()); // and so it is not the one answer for all
    CHECK(error.this_dn().empty());
    CHECK(error.attribute() == "this_dn[1]");
  }
  desk.says(register_on(2, {""}));
  CHECK(desk.frame().event_error().attribute() == "this_dn");
}

TEST_CASE("one connection may register on so many DNs and no more") {
  limits bounds;
  bounds.registrations_per_connection_max = 2;
  office o{bounds};
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001", "7002", "7003"}));
  CHECK(desk.hears() == lines{"Error 2: 111 on 7003", "registered 2: 7001 share; " + empty_dn,
                              "registered 2: 7002 share; " + empty_dn});
  desk.says(unregister(3, {"7001"}));
  CHECK(desk.hears() == lines{"unregistered 3: 7001"});
  desk.says(register_on(4, {"7003"}));
  CHECK(desk.hears() == lines{"registered 4: 7003 share; " + empty_dn});
}

TEST_CASE("a broker has room for so many DNs and no more") {
  limits bounds;
  bounds.dns_max = 2;
  office o{bounds};
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001", "7002", "7003"}), send(3, "7003", "pause"));
  auto heard = desk.hears();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == lines{"Error 2: 1186 on 7003", "Error 3: 1186 on 7003",
                       "registered 2: 7001 share; " + empty_dn,
                       "registered 2: 7002 share; " + empty_dn});
  CHECK(desk.client().window.outstanding() == 0);
  desk.says(send(4, "7003", "pause"));
  CHECK(desk.hears() == lines{"Error 4: 41 on 7003"});
}

TEST_CASE("one DN has room for so many clients and no more") {
  limits bounds;
  bounds.registrations_per_dn_max = 2;
  office o{bounds};
  auto& one = o.desktop("one");
  auto& two = o.desktop("two");
  auto& three = o.desktop("three");
  one.says(register_on(2, {"7001"}));
  CHECK_THAT(one.hears(), in_brief({"registered 2: 7001"}));
  two.says(register_on(2, {"7001"}), register_on(3, {"7001"}, monitor));
  CHECK_THAT(two.hears(), in_brief({"registered 2: 7001", "registered 3: 7001"}));
  three.says(register_on(2, {"7001"}));
  CHECK(three.hears() == lines{"Error 2: 1186 on 7001"});
  one.vanishes();
  o.settle();
  three.says(register_on(3, {"7001"}));
  CHECK(three.hears() ==
        lines{"registered 3: 7001 share; light unknown, v0 #0, recorders 0+0, clients 2"});
}

// ---- the DN list ---------------------------------------------------------------------------

TEST_CASE("a DN that is not configured is answered 59, whatever is asked of it") {
  office o;
  o.configure({"7001"});
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7009"}), unregister(3, {"7009"}), query_address(4, "7009"),
            send(5, "7009", "pause"), send(6, "7009", "strat"));
  CHECK(desk.hears() == lines{"Error 2: 59 on 7009", "Error 3: 59 on 7009", "Error 4: 59 on 7009",
                              "Error 5: 59 on 7009", "Error 6: 59 on 7009"});
}

TEST_CASE("a DN that is removed from configuration unregisters its clients unasked with 59") {
  office o;
  o.configure({"7001", "7002"});
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  desk.says(register_on(2, {"7001", "7002"}));
  recorder.says(register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001", "registered 2: 7002"}));
  CHECK_THAT(recorder.hears(), in_brief({"registered 2: 7001"}));
  o.configure({"7002"});
  CHECK(desk.hears() == lines{"unregistered: 7001, 59"});
  CHECK(recorder.hears() == lines{"unregistered: 7001, 59"});
  desk.says(send(3, "7001", "start"), send(4, "7002", "start"), register_on(5, {"7001"}));
  CHECK(desk.hears() ==
        lines{"Error 3: 59 on 7001", "Error 5: 59 on 7001", "ACK 4: recorders 0, #1 v1"});
  o.configure({"7001", "7002"});
  o.settle();
  desk.says(register_on(6, {"7001"}), send(7, "7001", "start"));
  CHECK(desk.hears() ==
        lines{"registered 6: 7001 share; " + empty_dn, "ACK 7: recorders 0, #1 v1"});
}

TEST_CASE("a registration that meets the removal of its DN is answered, and can be said again") {
  office o{{}, message_by_message};
  o.configure({"7001"});
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  desk.says(register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  other.says(register_on(2, {"7001"}));
  CHECK_THAT(other.hears(), in_brief({"registered 2: 7001"}));
  o.configure({});
  REQUIRE(o.step()); // the directory has told the DN to end
  desk.says(register_on(3, {"7001"}, monitor), send(4, "7001", "pause"));
  other.says(unregister(3, {"7001"}));
  o.next_is(desk);
  REQUIRE(o.step()); // behind it comes what the clients ask
  o.next_is(other);
  REQUIRE(o.step());
  CHECK(desk.hears() ==
        lines{"unregistered: 7001, 59", "Error 3: 59 on 7001", "Error 4: 59 on 7001"});
  CHECK(other.hears() == lines{"unregistered: 7001, 59", "Error 3: 59 on 7001"});
  o.configure({"7001"});
  o.settle();
  for (auto* one : {&desk, &other}) {
    one->says(register_on(5, {"7001"}), unregister(6, {"7001"}));
    CHECK(one->hears() == lines{"registered 5: 7001 share; " + empty_dn, "unregistered 6: 7001"});
  }
}

TEST_CASE("a DN that was removed ends when nobody can have its handle any more") {
  office o;
  o.configure({"7001"});
  auto& desk = o.desktop();
  auto before = o.actors();
  desk.says(register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  CHECK(o.actors() == before + 1);
  o.configure({});
  CHECK(desk.hears() == lines{"unregistered: 7001, 59"});
  CHECK(o.actors() == before + 1);
  o.pass(2 * o.context.bounds.control_timeout);
  CHECK(o.actors() == before);
}

TEST_CASE("who has gone holds no DN, before anybody has told the DN") {
  office o;
  auto& owner = o.desktop("owner");
  auto& other = o.desktop("other");
  owner.says(register_on(2, {"7001"}, private_mode));
  CHECK_THAT(owner.hears(), in_brief({"registered 2: 7001"}));
  owner.box().close(); // the edge has seen the end of the socket
  other.says(register_on(2, {"7001"}, private_mode));
  CHECK(other.hears() ==
        lines{"registered 2: 7001 private; light unknown, v0 #0, recorders 0+0, clients 2"});
}

// ---- private registrations -----------------------------------------------------------------

TEST_CASE("a private registration keeps out other desktops, and is refused where others are") {
  office o;
  auto& owner = o.desktop("owner");
  auto& other = o.desktop("other");
  auto& recorder = o.recorder();
  auto& boss = o.supervisor();
  owner.says(register_on(2, {"7001"}, private_mode));
  CHECK(owner.hears() == lines{"registered 2: 7001 private; " + empty_dn});
  other.says(register_on(2, {"7001"}), register_on(3, {"7001"}, monitor),
             register_on(4, {"7001"}, private_mode));
  CHECK(other.hears() ==
        lines{"Error 2: 42 on 7001", "Error 3: 42 on 7001", "Error 4: 42 on 7001"});
  recorder.says(register_on(2, {"7001"}));
  CHECK(recorder.hears() ==
        lines{"registered 2: 7001 share; light unknown, v0 #0, recorders 1+0, clients 2"});
  boss.says(register_on(2, {"7001"}), register_on(3, {"7001"}, monitor));
  CHECK(boss.hears() ==
        lines{"Error 2: 42 on 7001",
              "registered 3: 7001 monitor; light unknown, v0 #0, recorders 1+0, clients 3"});
  owner.says(unregister(3, {"7001"}));
  CHECK(owner.hears() == lines{"unregistered 3: 7001"});
  other.says(register_on(5, {"7001"}, private_mode));
  CHECK(other.hears() ==
        lines{"registered 5: 7001 private; light unknown, v0 #0, recorders 1+0, clients 3"});
}

TEST_CASE("a refused change of mode leaves the registration as it was") {
  office o;
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  desk.says(register_on(2, {"7001"}));
  other.says(register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  CHECK_THAT(other.hears(), in_brief({"registered 2: 7001"}));
  desk.says(register_on(3, {"7001"}, private_mode));
  CHECK(desk.hears() == lines{"Error 3: 42 on 7001"});
  desk.says(send(4, "7001", "start"));
  CHECK(desk.hears() == lines{"ACK 4: recorders 0, #1 v1"});
  CHECK(other.hears() == lines{"event 7001 #1: start v1 by desk, light unknown"});
}

namespace {

struct member {
  v1::Role role;
  v1::RegistrationMode mode;
};

constexpr v1::Role roles[] = {v1::ROLE_DESKTOP, v1::ROLE_RECORDER, v1::ROLE_SUPERVISOR,
                              v1::ROLE_ADMIN};

std::vector<member> every_member() {
  std::vector<member> all;
  for (auto role : roles)
    for (auto mode : {share, private_mode, monitor})
      all.push_back({role, mode});
  return all;
}

bool only_watches(const member& m) {
  return (m.role == v1::ROLE_SUPERVISOR || m.role == v1::ROLE_ADMIN) && m.mode == monitor;
}

/// 42 or 165, or 0: `applicant` may come where `present` are.
std::uint32_t expected_code(const member& applicant, const std::vector<member>& present) {
  if (applicant.role == v1::ROLE_RECORDER)
    return applicant.mode == private_mode ? 165 : 0;
  for (auto& other : present) {
    if (other.role == v1::ROLE_RECORDER)
      continue; // neither keeps out nor is kept out
    if (other.mode == private_mode && !only_watches(applicant))
      return 42;
    if (applicant.mode == private_mode && !only_watches(other))
      return 42;
  }
  return 0;
}

/// Three clients of each role, each on its own DN for every combination.
class crowd {
public:
  crowd() {
    for (auto role : roles)
      for (int i = 0; i < 3; ++i)
        members_[{role, i}] = &o_.join(v1::Role_Name(role) + std::to_string(i), role);
  }

  /// The answer to the registration of the `place`-th to come.
  std::uint32_t registers(const member& m, int place, const std::string& dn) {
    auto& who = *members_.at({m.role, place});
    who.says(register_on(++reference_, {dn}, m.mode));
    return who.frame().event_error().error_code();
  }

private:
  office o_;
  std::map<std::pair<v1::Role, int>, party*> members_;
  std::uint32_t reference_ = 1;
};

} // namespace

TEST_CASE("who may come to a DN where two others are, in every combination") {
  crowd all;
  int cases = 0;
  for (auto& first : every_member())
    for (auto& second : every_member())
      for (auto& third : every_member()) {
        auto dn = "7" + std::to_string(++cases);
        std::vector<member> present;
        int place = 0;
        for (auto& next : {first, second, third}) {
          auto expected = expected_code(next, present);
          auto code = all.registers(next, place++, dn);
          if (code != expected)
            FAIL_CHECK(v1::Role_Name(next.role) << " mode " << next.mode << " as number " << place
                                                << ": " << code << " and not " << expected);
          if (code == 0)
            present.push_back(next);
        }
      }
  CHECK(cases == 12 * 12 * 12);
}

TEST_CASE("nothing of a sign-on and a registration waits for its time once they are answered") {
  office o;
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001", "7002"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001", "registered 2: 7002"}));
  CHECK_FALSE(o.has_timers()); // each held the connection in memory until control_timeout
}
