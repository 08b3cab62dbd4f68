// The list of DNs that exist.
#include "tests/broker/config/loading.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::configuration;
using namespace ringdown::test;

namespace {

/// Loads a list of DNs from a file of its own; `dns.list` comes by flag.
load_result load_dns(const folder& f, std::string_view text, std::string list = {}) {
  sources from;
  from.flags.emplace_back("dns.file", f.write("dns", text));
  if (!list.empty())
    from.flags.emplace_back("dns.list", std::move(list));
  return load(from);
}

} // namespace

TEST_CASE("without a list any DN is valid, with one only its DNs are") {
  CHECK(load({}).value.dns.any());
  CHECK(load_text("dns.list = []\n").value.dns.any());
  const auto listed = load_text("dns.list = [\"7002\", \"agent1@example.com\", \"7001\"]\n");
  REQUIRE(listed.ok());
  CHECK_FALSE(listed.value.dns.any());
  CHECK(listed.value.dns.all() == std::vector<std::string>{"7001", "7002", "agent1@example.com"});
}

TEST_CASE("the list and the file are taken together") {
  const folder f;
  const auto result =
    load_dns(f, "\xef\xbb\xbf# sales\n7003\n\n  switch::7001 \t\r\n#7004\n", "7001,7002");
  INFO(lines(result.errors));
  REQUIRE(result.ok());
  CHECK(result.value.dns.from_file == std::vector<std::string>{"7003", "switch::7001"});
  CHECK(result.value.dns.all() == std::vector<std::string>{"7001", "7002", "7003", "switch::7001"});
}

TEST_CASE("a DN file without an end of line at its end loses nothing") {
  const folder f;
  CHECK(load_dns(f, "1\n2").value.dns.from_file == std::vector<std::string>{"1", "2"});
}

TEST_CASE("a doubled DN names both places") {
  CHECK(errors_of("dns.list = [\n  \"7001\",\n  \"7002\",\n  \"7001\",\n]\n") ==
        "ringdownd.toml:4:3: dns.list: DN \"7001\" stands here twice, first at "
        "ringdownd.toml:2:3\n");
  const folder f;
  const auto path = (f.path() / "dns").string();
  CHECK(lines(load_dns(f, "7001\n7002\n 7001\n").errors) ==
        path + ":3:2: DN \"7001\" stands here twice, first at " + path + ":1:1\n");
  CHECK(lines(load_dns(f, "7001\n", "7001").errors) ==
        path + ":1:1: DN \"7001\" stands here twice, first at dns.list (--dns.list)\n");
  CHECK(lines(load_text("", {}, {{"dns.list", "1,2,1"}}).errors) ==
        "command line: --dns.list: DN \"1\" stands here twice\n");
}

TEST_CASE("a string that cannot be a DN is refused wherever it stands") {
  const std::string too_long(256, '7');
  struct {
    std::string dn;
    std::string fault;
  } const cases[] = {
    {"", "an empty DN"},
    {too_long, "has 256 bytes"},
    {"70\x01"
     "01",
     "\"70\\u000101\" has a control character"},
    {"70\x7f"
     "01",
     "has a control character"},
    {"70\xc2\x9b"
     "01",
     "has a control character"},
    {"70\xff"
     "01",
     "\"70\\xff01\" is not UTF-8"},
    {"70\xc0\xaf", "is not UTF-8"},
    {"\xed\xa0\x80", "is not UTF-8"},
  };
  const folder f;
  for (const auto& c : cases) {
    INFO(c.fault);
    const auto by_flag = lines(load_text("", {}, {{"dns.list", "a," + c.dn + ",b"}}).errors);
    CHECK(by_flag.find(c.fault) != std::string::npos);
    if (c.dn.empty())
      continue; // an empty line is not a DN
    const auto by_file = lines(load_dns(f, "a\n" + c.dn + "\n").errors);
    CHECK(by_file.find(":2:1: ") != std::string::npos);
    CHECK(by_file.find(c.fault) != std::string::npos);
  }
  CHECK(errors_of("dns.list = [\"ok\", \"a\\u0007\"]\n")
          .find("ringdownd.toml:1:19: dns.list: DN "
                "\"a\\u0007\" has a control "
                "character") != std::string::npos);
}

TEST_CASE("255 bytes of UTF-8 are a DN") {
  const auto result =
    load_text("dns.list = [\"" + std::string(255, '7') + "\", \"\xc3\xa4gent::7001 #2\"]\n");
  CHECK(result.ok());
}

TEST_CASE("a DN file that cannot be read, or names nobody, does not open the broker") {
  const auto missing = load_text("dns.file = \"/nonexistent/dns\"\n");
  CHECK(lines(missing.errors) ==
        "/nonexistent/dns: dns.file: cannot be read: No such file or directory\n");
  CHECK_FALSE(missing.value.dns.any());
  const folder f;
  const auto empty = load_dns(f, "# all gone\n\n");
  CHECK(lines(empty.errors).find("dns.file: names no DN") != std::string::npos);
  CHECK_FALSE(empty.value.dns.any());
}
