#include "broker/admin/target.hpp"

#include <catch2/catch.hpp>

using namespace ringdown::admin;
using pairs = std::vector<std::pair<std::string, std::string>>;
using words = std::vector<std::string>;

namespace {

target parsed(std::string_view written) {
  auto result = parse_target(written);
  REQUIRE(std::holds_alternative<target>(result));
  return std::get<target>(result);
}

std::string field_at_fault(std::string_view written) {
  auto result = parse_target(written);
  REQUIRE(std::holds_alternative<bad_target>(result));
  return std::get<bad_target>(result).field;
}

} // namespace

TEST_CASE("a target is taken apart into its path and its parameters") {
  auto t = parsed("/api/v1/dns?prefix=70&limit=5");
  CHECK(t.segments == words{"api", "v1", "dns"});
  CHECK(t.parameters == pairs{{"prefix", "70"}, {"limit", "5"}});
  CHECK(parsed("/").segments.empty());
  CHECK(parsed("/livez?").parameters.empty());
}

TEST_CASE("a DN with a slash, a plus or letters of any language is one part of the path") {
  CHECK(parsed("/dns/a%2fb").segments == words{"dns", "a/b"});
  CHECK(parsed("/dns/+4930%2012").segments == words{"dns", "+4930 12"});
  CHECK(parsed("/dns/%C3%BCber").segments == words{"dns", "\xc3\xbc"
                                                          "ber"});
  CHECK(parsed("/dns?prefix=%2B49").parameters == pairs{{"prefix", "+49"}});
}

TEST_CASE("what is no path is refused") {
  for (auto* written : {"", "livez", "http://x/livez", "/a//b", "/a%", "/a%2", "/a%zz", "/a%00",
                        "/a%0a", "/a#b", "*"})
    CHECK(std::holds_alternative<bad_target>(parse_target(written)));
}

TEST_CASE("a parameter at fault is named") {
  CHECK(field_at_fault("/x?limit=%f") == "limit");
  CHECK(field_at_fault("/x?limit=1&limit=2") == "limit");
  CHECK(field_at_fault("/x?=1").empty());
  CHECK(parsed("/x?limit").parameters == pairs{{"limit", ""}});
}

TEST_CASE("a request for this machine is ours, by name or by address and with any port") {
  for (auto* host : {"localhost", "LocalHost:7481", "127.0.0.1", "127.0.0.1:9", "127.1.2.3:7481",
                     "[::1]", "[::1]:7481", "[::ffff:127.0.0.1]", "10.1.2.3:7481", "10.9.9.9"})
    CHECK(is_own_host(host, "10.1.2.3", "10.9.9.9"));
}

TEST_CASE("a request for any other name is not ours, wherever that name leads") {
  for (auto* host : {"", "evil.example", "evil.example:7481", "localhost.evil.example",
                     "127.0.0.1.evil.example", "10.1.2.4", "127.0.0.1:port", "127.0.0.1:", "[::1",
                     "[::1]x", "[fe80::1]", "::1", "0.0.0.0", "local host", "127.0.0.1:123456"})
    CHECK_FALSE(is_own_host(host, "10.1.2.3", "10.9.9.9"));
}

TEST_CASE("a port that listens everywhere is reached by the address it was reached at") {
  CHECK(is_own_host("192.0.2.7:7481", "0.0.0.0", "192.0.2.7"));
  CHECK(is_own_host("[2001:db8::7]:7481", "::", "2001:db8::7"));
  CHECK(is_own_host("192.0.2.7", "::", "::ffff:192.0.2.7")); // dual stack
  CHECK_FALSE(is_own_host("192.0.2.8", "0.0.0.0", "192.0.2.7"));
}
