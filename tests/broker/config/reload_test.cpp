// What SIGHUP would change.
#include "tests/broker/config/loading.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::configuration;
using namespace ringdown::test;

TEST_CASE("equal configurations have no differences, wherever their values come from") {
  CHECK(differences(config{}, config{}).empty());
  CHECK(differences(load_text("listen.port = 7480\n").value,
                    load_text("", {}, {{"port", "7480"}}).value)
          .empty());
}

TEST_CASE("a difference says what was, what is, and whether a restart is needed") {
  const auto before = load_text("listen.port = 1\n").value;
  const auto after = load_text("listen.port = 2\nlog.level = \"debug\"\nlog.levels.dn = \"off\"\n"
                               "limits.drain_timeout = \"20 s\"\n")
                       .value;
  const auto changes = differences(before, after);
  REQUIRE(changes.size() == 4);
  CHECK(changes[0].key == "listen.port");
  CHECK(changes[0].before == "1");
  CHECK(changes[0].after == "2");
  CHECK_FALSE(changes[0].reloadable);
  CHECK(changes[1].key == "log.level");
  CHECK(changes[1].after == "\"debug\"");
  CHECK(changes[1].reloadable);
  CHECK(changes[2].key == "log.levels.dn");
  CHECK(changes[2].before == "\"inherit\"");
  CHECK(changes[3].key == "limits.drain_timeout");
  CHECK(changes[3].before == "\"10 s\"");
  CHECK(changes[3].after == "\"20 s\"");
}

TEST_CASE("a DN file with other content is a change of dns.file") {
  const folder f;
  sources from;
  from.flags.emplace_back("dns.file", f.write("dns", "7001\n"));
  const auto before = load(from).value;
  f.write("dns", "7001\n7002\n");
  const auto changes = differences(before, load(from).value);
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].key == "dns.file");
  CHECK(changes[0].before == "1 DNs");
  CHECK(changes[0].after == "2 DNs");
  CHECK(changes[0].reloadable);
}

TEST_CASE("a file turned bad leaves errors, so that the old configuration stays") {
  CHECK_FALSE(load_text("log.level = \"loud\"\n").ok());
}

TEST_CASE("what decides about sockets, threads and sizes needs a restart") {
  for (const auto& k : keys()) {
    INFO(k.name);
    CHECK(k.reloadable == (k.name.starts_with("log.") || k.name.starts_with("dns.")));
  }
}
