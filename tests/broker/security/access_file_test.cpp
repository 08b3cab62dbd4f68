// An access file that is right: what it makes.
#include "broker/security/access_file.hpp"

#include "tests/broker/config/loading.hpp"
#include "tests/broker/security/access_support.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <sstream>

using namespace ringdown;
using namespace ringdown::security;
using namespace ringdown::test;

namespace {

const std::string usual = std::string{usual_issuer} + std::string{usual_grants};

/// Without the mark of a comment in front of what is an example of an entry.
std::string with_examples_on(const std::string& text) {
  std::istringstream lines{text};
  std::string result;
  for (std::string line; std::getline(lines, line);)
    result += (line.starts_with("#|") ? line.substr(2) : line) + '\n';
  return result;
}

std::string example() {
  std::ifstream in{RINGDOWN_ACCESS_EXAMPLE};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

TEST_CASE("tokens are found by their digest, with groups and expiry") {
  auto list = list_of(
    usual + token_entry("video-1", "rdt_one", "recorders") +
    token_entry("video-2", "rdt_two", "recorders", "expires = 2027-06-30T02:00:00.5+02:00"));
  auto* one = list->find_token(sha256("rdt_one"));
  REQUIRE(one != nullptr);
  CHECK(one->name == "video-1");
  CHECK(one->groups == std::vector<std::string>{"recorders"});
  CHECK(one->expires_us == 0);
  auto* two = list->find_token(sha256("rdt_two"));
  REQUIRE(two != nullptr);
  CHECK(two->expires_us == 1'814'313'600'500'000);
  CHECK(list->find_token(sha256("rdt_three")) == nullptr);
  CHECK(list->find_token({}) == nullptr);
}

TEST_CASE("a digest may have large letters") {
  auto digest = digest_of("rdt_one");
  for (auto& c : digest)
    c = static_cast<char>(std::toupper(c));
  auto list = list_of(usual + "[[token]]\nname = \"a\"\nsha256 = \"" + digest +
                      "\"\ngroups = [\"agents\"]\n");
  CHECK(list->find_token(sha256("rdt_one")) != nullptr);
}

TEST_CASE("an issuer has its keys, and what it does not say is usual") {
  auto list = list_of(usual);
  auto issuers = list->issuers();
  REQUIRE(issuers.size() == 1);
  CHECK(issuers[0].name == "https://idp.example");
  CHECK(issuers[0].audience == "ringdown");
  CHECK(issuers[0].prefix == "jwt");
  CHECK(issuers[0].name_claim == "sub");
  CHECK(issuers[0].groups_claim == "groups");
  CHECK(issuers[0].dns_claim == "dns");
  CHECK(issuers[0].lifetime_max == std::chrono::hours{24});
  CHECK(issuers[0].keys.size() == 1);
}

TEST_CASE("an issuer's tokens may be of some algorithms only") {
  const std::string text =
    std::string{usual_issuer} + "algorithms = [\"RS256\", \"ES256\"]\n" + std::string{usual_grants};
  CHECK(access_errors(text).find("has no key that checks signatures by an accepted algorithm") !=
        std::string::npos);
  auto both = with_keys();
  both.begin()->second = jwks_of({idp().jwk("k1"), signer_of(algorithm::es256).jwk("k2")});
  auto result = parse(text, both);
  REQUIRE(result.list != nullptr);
  CHECK(result.list->issuers()[0].keys.size() == 1);
  CHECK(result.list->issuers()[0].keys[0].id == "k2");
}

TEST_CASE("groups give what their grants say, and unknown ones nothing") {
  auto list = list_of(usual);
  const std::vector<std::string> groups{"supervisors", "operators", "strangers"};
  auto may = list->grants_of(groups, "alice", {});
  CHECK(may->allows(role::supervisor, action::monitor, "7001"));
  CHECK_FALSE(may->allows(role::supervisor, action::monitor, "8001"));
  CHECK_FALSE(may->allows(role::supervisor, action::monitor, "*"));
  CHECK(may->allows(role::admin, action::admin_write, {}));
  CHECK_FALSE(may->allows(role::recorder, action::sign_on, {}));
  const std::vector<std::string> none{"strangers"};
  CHECK(*list->grants_of(none, "alice", {}) == grants{{}});
}

TEST_CASE("who has the same groups shares what they give, unless it has DNs of its own") {
  auto list = list_of(usual);
  const std::vector<std::string> two{"supervisors", "operators"};
  const std::vector<std::string> turned{"operators", "strangers", "supervisors", "operators"};
  CHECK(list->grants_of(two, "alice", {}) == list->grants_of(turned, "bob", {}));
  const std::vector<std::string> agents{"agents", "operators"};
  const std::vector<dn_pattern> dns{{dn_pattern::kind::prefix, "71", {}}};
  auto alice = list->grants_of(agents, "7001", dns);
  auto bob = list->grants_of(agents, "7002", {});
  CHECK(alice->allows(role::desktop, action::send_command, "7001"));
  CHECK(alice->allows(role::desktop, action::send_command, "7155"));
  CHECK_FALSE(bob->allows(role::desktop, action::send_command, "7001"));
  CHECK(bob->allows(role::admin, action::admin_read, {}));
}

TEST_CASE("more mixtures of groups than are shared are right all the same") {
  std::string text;
  for (int i = 0; i < 10; ++i)
    text += "[[grant]]\ngroup = \"g" + std::to_string(i) +
            "\"\nroles = [\"desktop\"]\nmay = [\"register\"]\ndns = [\"" + std::to_string(i) +
            "\"]\n";
  auto list = list_of(text + token_entry("a", "a", "g1"));
  for (unsigned mixture = 0; mixture < 1'024; ++mixture) {
    std::vector<std::string> groups;
    for (unsigned i = 0; i < 10; ++i)
      if ((mixture >> i & 1u) != 0)
        groups.push_back("g" + std::to_string(i));
    auto may = list->grants_of(groups, "", {});
    for (unsigned i = 0; i < 10; ++i)
      if (may->allows(role::desktop, action::register_, std::to_string(i)) !=
          ((mixture >> i & 1u) != 0))
        FAIL(mixture << " " << i);
  }
}

TEST_CASE("the files that were read are named, for who waits for a change") {
  auto result = parse(usual);
  CHECK(result.files ==
        std::vector<std::filesystem::path>{"/etc/ringdown/access.toml", "/etc/ringdown/keys.json"});
  // Also those that are missing: they may come.
  CHECK(parse(usual, {}).files.size() == 2);
}

TEST_CASE("the digest tells whether anything that was read is another, key files too") {
  const auto digest = [](std::string_view text, const named_files& files = with_keys()) {
    auto result = parse(text, files);
    REQUIRE(result.list != nullptr);
    return result.digest;
  };
  CHECK(digest(usual) == digest(usual));
  CHECK(digest(usual) != digest(usual + "#"));
  auto keys = with_keys();
  keys.begin()->second += ' ';
  CHECK(digest(usual) != digest(usual, keys));
}

TEST_CASE("files are read from a disk, key files beside the access file") {
  const folder f;
  f.write("keys.json", with_keys().begin()->second);
  auto result = read_access_file(f.write("access.toml", usual), true);
  CHECK(result.errors.empty());
  CHECK(result.list != nullptr);
  auto elsewhere = usual;
  elsewhere.replace(elsewhere.find("keys.json"), 9, f.path().string() + "/keys.json");
  const folder other;
  CHECK(read_access_file(other.write("access.toml", elsewhere), true).list != nullptr);
}

TEST_CASE("the example loads, with its commented entries too") {
  auto files = with_keys();
  files["/etc/ringdown/idp.jwks.json"] = files.begin()->second;
  REQUIRE_FALSE(example().empty());
  CHECK(access_errors(example(), {}) == "");
  const auto on = with_examples_on(example());
  CHECK(on != example());
  CHECK(access_errors(on, files) == "");
}
