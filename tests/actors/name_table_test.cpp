// The table of a connection's DNs, against a map.
#include "actors/name_table.hpp"

#include <rapidcheck/catch.h>

#include <map>
#include <string>
#include <vector>

using ringdown::name_table;

TEST_CASE("an empty table has nothing") {
  name_table<int> table;
  CHECK(table.size() == 0);
  CHECK(table.find("7001") == nullptr);
  table.prefetch(17);
  table.for_each([](auto&) { FAIL("an entry of nothing"); });
}

TEST_CASE("entries do not move while the table grows and shrinks around them") {
  name_table<int> table;
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

TEST_CASE("a table of names says what a map would say") {
  rc::prop("table against a map", [] {
    name_table<int> table;
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
      RC_ASSERT(table.find(name, name_table<int>::hash(name)) == found);
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
