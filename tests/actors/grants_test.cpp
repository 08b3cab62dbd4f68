// What one principal may do: the rules of docs/security.md, "What one may do".
#include "actors/grants.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;

namespace {

using kind = dn_pattern::kind;

const dn_pattern all{kind::all, {}, {}};
dn_pattern exactly(std::string dn) {
  return {kind::exact, std::move(dn), {}};
}
dn_pattern beginning(std::string prefix) {
  return {kind::prefix, std::move(prefix), {}};
}
dn_pattern between(std::string first, std::string last) {
  return {kind::range, std::move(first), std::move(last)};
}

/// What a desktop may command.
grants commanding(std::vector<dn_pattern> dns) {
  return grants{{{bit_of(role::desktop), bit_of(action::send_command), std::move(dns)}}};
}
bool commands(const grants& may, std::string_view dn) {
  return may.allows(role::desktop, action::send_command, dn);
}

} // namespace

TEST_CASE("what no grant names is not allowed") {
  const grants nothing{{}};
  const auto one = commanding({exactly("7001")});
  CHECK_FALSE(commands(nothing, "7001"));
  CHECK_FALSE(nothing.allows(role::desktop, action::sign_on, {}));
  CHECK(commands(one, "7001"));
  CHECK_FALSE(commands(one, "7002"));
  CHECK_FALSE(one.allows(role::supervisor, action::send_command, "7001"));
  CHECK_FALSE(one.allows(role::desktop, action::register_, "7001"));
  CHECK_FALSE(one.allows(static_cast<role>(200), action::send_command, "7001"));
  CHECK_FALSE(one.allows(role::desktop, static_cast<action>(200), "7001"));
  CHECK(one.on(static_cast<role>(200), "7001") == 0);
}

TEST_CASE("a pattern is a DN, its beginning, a range of one length, or all") {
  const auto may =
    commanding({exactly("desk-1"), exactly("07"), beginning("9"), between("7000", "7099")});
  for (auto* dn : {"desk-1", "07", "9", "91", "9x", "7000", "7042", "7099"})
    CHECK(commands(may, dn));
  for (auto* dn : {"desk-", "desk-11", "7", "007", "8", "6999", "7100", "70001", "700", "70a0", ""})
    CHECK_FALSE(commands(may, dn));
  CHECK(commands(commanding({all}), "anything"));
  CHECK_FALSE(commands(commanding({all}), {}));
}

TEST_CASE("only the pattern of all DNs gives every DN") {
  CHECK(commands(commanding({all}), "*"));
  CHECK(commands(commanding({beginning("")}), "*")); // which is the same
  for (auto& pattern :
       {exactly("*"), beginning("*"), beginning("7"), between("0", "9"), exactly("")})
    CHECK_FALSE(commands(commanding({pattern}), "*"));
  CHECK_FALSE(commands(commanding({exactly("*")}), "7001"));
}

TEST_CASE("one may sign on in each role that a grant names, and do there what needs no DN") {
  const grants may{{{bit_of(role::desktop), bit_of(action::send_command), {}},
                    {bit_of(role::admin), bit_of(action::admin_read), {}}}};
  CHECK(may.allows(role::desktop, action::sign_on, {}));
  CHECK(may.allows(role::admin, action::sign_on, {}));
  CHECK_FALSE(may.allows(role::recorder, action::sign_on, {}));
  CHECK(may.allows(role::admin, action::admin_read, {}));
  CHECK_FALSE(may.allows(role::admin, action::admin_write, {}));
  CHECK_FALSE(may.allows(role::desktop, action::admin_read, {}));
  CHECK(may.on(role::admin, "7001") == 0);
}

TEST_CASE("a registration is told all that it may do on its DN at once") {
  const grants may{
    {{bit_of(role::desktop), bit_of(action::register_) | bit_of(action::send_user_event), {all}},
     {bit_of(role::desktop), bit_of(action::send_command), {beginning("70")}},
     {bit_of(role::supervisor), bit_of(action::monitor), {all}}}};
  CHECK(
    may.on(role::desktop, "7001") ==
    (bit_of(action::register_) | bit_of(action::send_user_event) | bit_of(action::send_command)));
  CHECK(may.on(role::desktop, "8001") ==
        (bit_of(action::register_) | bit_of(action::send_user_event)));
  CHECK(may.on(role::supervisor, "8001") == bit_of(action::monitor));
  CHECK(may.on(role::desktop, {}) == 0);
}

TEST_CASE("the same rights are equal, in whatever order and pieces they are written") {
  CHECK(commanding({exactly("1"), exactly("a")}) == commanding({exactly("a"), exactly("1")}));
  CHECK(commanding({exactly("1"), exactly("1")}) == commanding({exactly("1")}));
  CHECK(commanding({between("7000", "7999")}) ==
        commanding({between("7500", "7999"), exactly("7499"), between("7000", "7498")}));
  CHECK(commanding({beginning("70"), exactly("701"), between("7000", "7099")}) ==
        commanding({beginning("70")}));
  CHECK(commanding({beginning("70"), between("6990", "7109")}) ==
        commanding({between("7100", "7109"), beginning("70"), between("6990", "6999")}));
  CHECK(commanding({all, exactly("1")}) == commanding({all}));
  CHECK(commanding({between("00", "99")}) ==
        commanding({between("00", "49"), between("50", "99")}));
  CHECK(grants{{{0b110, 0b110, {all}}}} ==
        grants{{{0b010, 0b110, {all}}, {0b100, 0b010, {all}}, {0b100, 0b100, {all}}}});
  CHECK(grants{{{2, 3, {}}}} == grants{{{2, 0, {}}}}); // to sign on goes by the role
}

TEST_CASE("rights that differ are not equal") {
  CHECK_FALSE(commanding({exactly("1")}) == commanding({exactly("01")}));
  CHECK_FALSE(commanding({exactly("1")}) == commanding({}));
  CHECK_FALSE(commanding({beginning("7")}) == commanding({exactly("7")}));
  CHECK_FALSE(commanding({all}) == commanding({between("0", "9")}));
  CHECK_FALSE(grants{{{2, 0, {}}}} == grants{{{4, 0, {}}}});
  CHECK_FALSE(grants{{{2, bit_of(action::admin_read), {}}}} == grants{{{2, 0, {}}}});
}

TEST_CASE("a range that is none gives nothing") {
  for (auto& range : {between("10", "9"), between("20", "10"), between("", ""), between("a", "b")})
    CHECK(commanding({range}) == commanding({}));
}

TEST_CASE("a member of a group has the DN of its name and those of its credentials") {
  const group_grant group{
    {bit_of(role::desktop), bit_of(action::send_command), {exactly("1")}}, true, true};
  const std::vector<dn_pattern> dns{between("20", "29")};
  const grants may{{grant_of(group, "7001", dns)}};
  for (auto* dn : {"1", "7001", "25"})
    CHECK(commands(may, dn));
  CHECK_FALSE(commands(may, "7002"));
  const grants without{{grant_of({group.common, false, false}, "7001", dns)}};
  CHECK(commands(without, "1"));
  CHECK_FALSE(commands(without, "7001"));
  CHECK_FALSE(commands(without, "25"));
}

TEST_CASE("a member that is called like a pattern has no more DNs for it") {
  const group_grant group{{bit_of(role::desktop), bit_of(action::send_command), {}}, true, false};
  for (auto* name : {"*", "70*", "7000-7999", ""}) {
    const grants may{{grant_of(group, name, {})}};
    for (auto* dn : {"*", "7001", "70", ""})
      CHECK_FALSE(commands(may, dn));
  }
}
