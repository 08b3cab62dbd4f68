// The table itself: complete, and each row at its own member.
#include "broker/config/access.hpp"
#include "broker/config/table.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace ringdown;
using namespace ringdown::configuration;

namespace {

/// A value of the rule other than `v`.
value other_value(const key& k, const value& v) {
  if (const auto* truth = std::get_if<bool>(&v))
    return !*truth;
  if (const auto* number = std::get_if<std::uint64_t>(&v))
    return *number == k.rule.max ? k.rule.min : *number + 1;
  if (std::holds_alternative<std::vector<std::string>>(v))
    return std::vector<std::string>{"7001"};
  if (k.rule.kind == value_kind::choice) {
    const auto word = std::get<std::string>(v);
    return std::string{k.rule.choices[word == k.rule.choices[0] ? 1 : 0]};
  }
  return std::string{"other"};
}

} // namespace

TEST_CASE("every limit has a key of its own") {
  const auto rows = std::count_if(table().begin(), table().end(),
                                  [](const key& k) { return k.section() == "limits"; });
  CHECK(static_cast<std::size_t>(rows) == members_of<limits>());
}

TEST_CASE("setting one key changes its value and no other") {
  for (const auto& k : table()) {
    INFO(k.name);
    config c;
    const auto wanted = other_value(k, k.get(c));
    k.set(c, wanted);
    CHECK(k.get(c) == wanted);
    const auto changes = differences(config{}, c);
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].key == k.name);
  }
}

TEST_CASE("every default is a value that its own rule accepts") {
  const config defaults;
  for (const auto& k : table()) {
    INFO(k.name);
    const auto v = k.get(defaults);
    if (k.rule.kind == value_kind::dn_list)
      continue;
    const auto parsed = parse_text(k.rule, to_text(k.rule.kind, v));
    REQUIRE(std::holds_alternative<value>(parsed));
    CHECK(std::get<value>(parsed) == v);
  }
}

TEST_CASE("every key is documented, and its names are its own") {
  std::set<std::string> names;
  std::set<std::string> variables;
  for (const auto& k : table()) {
    INFO(k.name);
    CHECK(k.doc.ends_with('.'));
    CHECK(names.insert(k.name).second);
    CHECK(variables.insert(k.environment()).second);
    CHECK(find_environment(k.environment()) == find_key(k.name));
  }
  CHECK(table()[find_key("limits.outbox_bytes_max").value()].environment() ==
        "RINGDOWN_LIMITS_OUTBOX_BYTES_MAX");
}

TEST_CASE("the keys of a section stand together, so that a printed file opens it once") {
  std::set<std::string_view> seen;
  std::string_view section;
  for (const auto& k : table()) {
    if (k.section() == section)
      continue;
    section = k.section();
    INFO(section);
    CHECK(seen.insert(section).second);
  }
  CHECK(seen.contains("log.levels"));
  CHECK_FALSE(is_section("limit"));
  CHECK(is_section("log.levels"));
}
