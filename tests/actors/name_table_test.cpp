// The table of a connection's DNs, against a map.
#include "actors/name_table.hpp"

#include <rapidcheck/catch.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

using ringdown::keyed_hash;
using ringdown::name_table;

namespace {

const keyed_hash hash{17};

} // namespace

TEST_CASE("an empty table has nothing") {
  name_table<int> table{hash};
  CHECK(table.size() == 0);
  CHECK(table.find("7001") == nullptr);
  table.prefetch(17);
  table.for_each([](auto&) { FAIL("an entry of nothing"); });
}

TEST_CASE("entries do not move while the table grows and shrinks around them") {
  name_table<int> table{hash};
  auto& first = table.add("7001");
  first.value = 17;
  for (int i = 0; i < 10'000; ++i)
    table.add("8" + std::to_string(i)).value = i;
  CHECK(table.size() == 10'001);
  CHECK(table.find("7001") == &first);
  for (int i = 0; i < 10'000; ++i)
    table.erase(*table.find("8" + std::to_string(i)));
  CHECK(table.size() == 1);
  CHECK(table.find("7001") == &first);
  CHECK(first.value == 17);
}

TEST_CASE("names that share a slot under a hash that everybody knows do not under ours") {
  constexpr std::size_t mask = 1023;
  std::set<std::size_t> ours;
  int chosen = 0;
  for (int dn = 0; chosen < 64; ++dn) {
    auto name = std::to_string(dn);
    if ((std::hash<std::string_view>{}(name)&mask) != 0)
      continue;
    ++chosen;
    ours.insert(hash(name) & mask);
  }
  CHECK(ours.size() > 50); // at random some 62
}

TEST_CASE("another secret, another order of the names") {
  keyed_hash other{18};
  CHECK(hash("7001") != other("7001"));
  CHECK(hash("7001") == keyed_hash{17}("7001"));
  CHECK(hash.whole("7001") != other.whole("7001"));
  CHECK(hash.whole("7001") != hash.whole("7002"));
}

TEST_CASE("a table of names says what a map would say") {
  rc::prop("table against a map", [] {
    name_table<int> table{hash};
    std::map<std::string, int> expected;
    auto steps = *rc::gen::inRange(0, 400);
    for (int i = 0; i < steps; ++i) {
      auto name = std::to_string(*rc::gen::inRange(0, 40));
      auto* found = table.find(name);
      auto known = expected.find(name);
      RC_ASSERT((found == nullptr) == (known == expected.end()));
      if (found == nullptr) {
        table.add(name).value = i;
        expected[name] = i;
        continue;
      }
      RC_ASSERT(found->name == name);
      RC_ASSERT(found->value == known->second);
      RC_ASSERT(table.find(name, hash(name)) == found);
      if (*rc::gen::inRange(0, 3) != 0) {
        table.erase(*found);
        expected.erase(known);
      }
    }
    RC_ASSERT(table.size() == expected.size());
    std::map<std::string, int> all;
    table.for_each([&](auto& entry) { RC_ASSERT(all.emplace(entry.name, entry.value).second); });
    RC_ASSERT(all == expected);
  });
}
