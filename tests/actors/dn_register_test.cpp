// The register of all DNs: how many of them one turn of the directory looks at. Its rows have no
// actors here.
#include "actors/directory/dn_register.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace ringdown;

namespace {

const keyed_hash hash{17};

/// Names whose order is that of their numbers.
std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(std::to_string(100'000 + i));
  return all;
}

void fill(dn_register& dns, const std::vector<std::string>& with) {
  for (auto& name : with)
    dns.add({}, std::make_shared<dn_board>(name, dn_epoch{1}), {});
}

} // namespace

TEST_CASE("a turn visits a thousand DNs, and the next one goes on behind them") {
  constexpr auto turn = dn_register::visited_in_a_turn_max;
  dn_register dns{hash};
  auto all = names(2 * turn + 500);
  fill(dns, all);
  std::vector<std::string> visited;
  auto visit = [&](dn_register::row& row) { visited.push_back(row.board->identity.name); };
  auto last = dns.visit_some("", visit);
  CHECK(visited.size() == turn);
  REQUIRE(last == all[turn - 1]);
  last = dns.visit_some(*last, visit);
  CHECK(visited.size() == 2 * turn);
  REQUIRE(last == all[2 * turn - 1]);
  CHECK(dns.visit_some(*last, visit) == std::nullopt);
  CHECK(visited == all);
}

TEST_CASE("a walk whose turn ends with the last DN has no other") {
  dn_register dns{hash};
  fill(dns, names(dn_register::visited_in_a_turn_max));
  std::size_t visited = 0;
  CHECK(dns.visit_some("", [&](dn_register::row&) { ++visited; }) == std::nullopt);
  CHECK(visited == dn_register::visited_in_a_turn_max);
}

TEST_CASE("a list looks at ten thousand DNs, whatever it finds, and says where to go on") {
  constexpr auto turn = dn_register::listed_in_a_turn_max;
  dn_register dns{hash};
  auto all = names(turn + 500);
  fill(dns, all);
  dns.find(all.back())->board->alarms = 1;
  list_request wanted;
  wanted.alarmed = true; // which is none of those that come first
  auto page = dns.list(wanted);
  CHECK(page.boards.empty());
  REQUIRE(page.next == all[turn - 1]);
  wanted.after = page.next;
  page = dns.list(wanted);
  REQUIRE(page.boards.size() == 1);
  CHECK(page.boards.front()->identity.name == all.back());
  CHECK(page.next.empty());
}

TEST_CASE("a list goes on behind a DN that its asker may see, or keeps the place secret") {
  constexpr auto turn = dn_register::listed_in_a_turn_max;
  dn_register dns{hash};
  auto all = names(turn + 500);
  fill(dns, all);
  list_request wanted;
  wanted.as = role::supervisor;
  wanted.alarmed = true; // which is none of those that come first
  auto exactly = [](const std::string& name) {
    return dn_pattern{dn_pattern::kind::exact, name, {}};
  };
  auto of = bit_of(role::supervisor);
  auto what = bit_of(action::monitor);
  wanted.may = std::make_shared<const grants>(
    std::vector<grant>{{of, what, {exactly(all[5]), exactly(all.back())}}});
  dns.find(all.back())->board->alarms = 1;
  auto page = dns.list(wanted);
  CHECK(page.boards.empty());
  CHECK(page.next == all[5]);
  CHECK_FALSE(page.is_next_secret);
  wanted.after = page.next;
  page = dns.list(wanted);
  CHECK(page.boards.empty());
  CHECK(page.is_next_secret);
  wanted.after = page.next;
  page = dns.list(wanted);
  REQUIRE(page.boards.size() == 1);
  CHECK(page.boards.front()->identity.name == all.back());
  CHECK(page.next.empty());
  CHECK_FALSE(page.is_next_secret);
}
