// Words that stand in several places: in each they are the same.
#include "actors/grants.hpp"
#include "actors/meter_labels.hpp"
#include "actors/rights.hpp"
#include "broker/security/cause.hpp"
#include "tests/broker/security/access_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

using namespace ringdown;
using namespace ringdown::security;
using namespace ringdown::test;

namespace {

using failures = label<sign_on_failure>;

/// Of the broker itself, with none of those who authenticate.
constexpr std::array of_broker{wrong_request, no_common_version,  not_authorized,
                               not_answered,  authenticate_threw, never_signed_on};

std::string page(const std::string& name) {
  std::ifstream in{RINGDOWN_SOURCE_DIR "/docs/" + name};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

TEST_CASE("each cause of a refusal is counted under its own word, and no word is nobody's") {
  std::set<std::string_view> said;
  for (auto& one : of_broker)
    said.insert(one.cause);
  for (auto& word : cause_names)
    if (!word.empty())
      CHECK(said.insert(word).second);
  for (auto& word : said) {
    INFO(word);
    CHECK(failures::value(failures::index({word})) == word);
  }
  for (std::size_t i = 0; i + 1 < failures::size; ++i) {
    INFO(failures::value(i));
    CHECK(said.count(failures::value(i)) == 1);
  }
  CHECK(failures::value(failures::index({"a host's own word"})) == "other");
}

TEST_CASE("docs/security.md says of each cause what it is") {
  const auto text = page("security.md");
  REQUIRE_FALSE(text.empty());
  for (auto& word : cause_names) {
    INFO(word);
    CHECK((word.empty() || text.find('`' + std::string{word} + '`') != std::string::npos));
  }
}

TEST_CASE("an access file calls roles and actions as the log and the metrics do") {
  using roles = label<role>;
  for (std::size_t as = 1; as < roles::size; ++as) {
    for (std::size_t of = 1; of <= static_cast<std::size_t>(action::admin_write); ++of) {
      const auto who = static_cast<role>(as);
      const auto what = static_cast<action>(of);
      const bool is_for_admins = what == action::admin_read || what == action::admin_write;
      if (is_for_admins != (who == role::admin))
        continue; // each is asked for once, where it may be given
      const auto list =
        list_of("[[grant]]\ngroup = \"g\"\nroles = [\"" + std::string{roles::value(as)} +
                "\"]\ndns = [\"*\"]\nmay = [\"" + std::string{to_string(what)} + "\"]\n" +
                token_entry("one", "rdt_one", "g"));
      const std::array<std::string, 1> groups{"g"};
      const auto may = list->grants_of(groups, "one", {});
      CHECK(may->allows(who, what, "7001"));
      for (std::size_t other = 1; other <= static_cast<std::size_t>(action::admin_write); ++other)
        CHECK(may->allows(who, static_cast<action>(other), "7001") == (other == of));
    }
  }
}
