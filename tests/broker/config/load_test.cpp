// Which source wins, and what is known about it afterwards.
#include "broker/config/table.hpp"
#include "tests/broker/config/loading.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::configuration;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

std::string origin_of(const config& c, std::string_view name) {
  return to_string(c.origins.at(find_key(name).value()));
}

} // namespace

TEST_CASE("without any source all values are the defaults") {
  const auto result = load({});
  REQUIRE(result.ok());
  CHECK(result.warnings.empty());
  CHECK(differences(config{}, result.value).empty());
  CHECK(result.value.limits.outbox_bytes_max == limits{}.outbox_bytes_max);
  CHECK(origin_of(result.value, "listen.port") == "default");
}

TEST_CASE("a flag is stronger than the environment, that than the file, that than the default") {
  const auto* file = "[listen]\nport = 1001\n[log]\nlevel = \"debug\"\n[runtime]\nloops = 2\n";
  const std::vector<name_value> environment{{"RINGDOWN_LISTEN_PORT", "1002"},
                                            {"RINGDOWN_RUNTIME_LOOPS", "3"}};
  const std::vector<name_value> flags{{"listen.port", "1003"}};
  const auto result = load_text(file, environment, flags);
  INFO(lines(result.errors));
  REQUIRE(result.ok());
  CHECK(result.value.listen.port == 1003);
  CHECK(origin_of(result.value, "listen.port") == "--listen.port");
  CHECK(result.value.runtime.loops == 3);
  CHECK(origin_of(result.value, "runtime.loops") == "RINGDOWN_RUNTIME_LOOPS");
  CHECK(result.value.log.level == logging::level::debug);
  CHECK(origin_of(result.value, "log.level") == "ringdownd.toml:4");
  CHECK(result.value.server.name == "ringdown");
  CHECK(origin_of(result.value, "server.name") == "default");
}

TEST_CASE("the last of two equal flags wins, by whichever name") {
  const auto result = load_text("", {}, {{"listen.port", "1"}, {"port", "2"}});
  REQUIRE(result.ok());
  CHECK(result.value.listen.port == 2);
  CHECK(origin_of(result.value, "listen.port") == "--port");
}

TEST_CASE("a bad value is told even if a stronger source has a good one") {
  const auto result = load_text("[listen]\nport = 70000\n", {}, {{"port", "7481"}});
  CHECK(lines(result.errors) ==
        "ringdownd.toml:2:8: listen.port: 70000 is out of range; accepted is a whole number "
        "from 0 to 65535\n");
  CHECK(result.value.listen.port == 7481);
}

TEST_CASE("durations and sizes come with units or without") {
  const auto result = load_text(R"([limits]
sign_on_timeout = "7 s"
drain_timeout = 12000
session_idle_max = "2h"
linger_timeout = "250 ms"
dn_idle_timeout = "3 min"
outbox_bytes_max = "8 MiB"
user_data_bytes_max = 20000
memory_budget_bytes = "1 GiB"
frame_bytes_max = "64KiB"
)");
  INFO(lines(result.errors));
  REQUIRE(result.ok());
  const auto& l = result.value.limits;
  CHECK(l.sign_on_timeout == 7s);
  CHECK(l.drain_timeout == 12s);
  CHECK(l.session_idle_max == 2h);
  CHECK(l.linger_timeout == 250ms);
  CHECK(l.dn_idle_timeout == 3min);
  CHECK(l.outbox_bytes_max == 8 * 1024 * 1024);
  CHECK(l.user_data_bytes_max == 20'000);
  CHECK(l.memory_budget_bytes == 1024 * 1024 * 1024);
  CHECK(l.frame_bytes_max == 64 * 1024);
}

TEST_CASE("a component's level is its own, and that of the log where it says nothing") {
  const auto result = load_text("[log]\nlevel = \"warn\"\n[log.levels]\nedge = \"trace\"\n",
                                {{"RINGDOWN_LOG_LEVELS_DN", "off"}});
  REQUIRE(result.ok());
  const auto levels = result.value.log.thresholds();
  CHECK(levels[static_cast<std::size_t>(logging::component::edge)] == logging::level::trace);
  CHECK(levels[static_cast<std::size_t>(logging::component::dn)] == logging::level::off);
  CHECK(levels[static_cast<std::size_t>(logging::component::config)] == logging::level::warn);
}

TEST_CASE("inherit takes a component's level back") {
  const auto result =
    load_text("[log.levels]\nedge = \"trace\"\n", {{"RINGDOWN_LOG_LEVELS_EDGE", "inherit"}});
  REQUIRE(result.ok());
  CHECK_FALSE(result.value.log.levels[static_cast<std::size_t>(logging::component::edge)]);
}

TEST_CASE("dotted keys and inline tables are TOML like any other") {
  const auto result =
    load_text("listen.port = 7481\nlog = {level = \"error\", levels.dn = \"info\"}\n");
  INFO(lines(result.errors));
  REQUIRE(result.ok());
  CHECK(result.value.listen.port == 7481);
  CHECK(result.value.log.level == logging::level::error);
  CHECK(result.value.log.levels[static_cast<std::size_t>(logging::component::dn)] ==
        logging::level::info);
}

TEST_CASE("a file that is not there is passed over only where nobody asked for it") {
  sources from;
  from.file = "/nonexistent/ringdownd.toml";
  from.file_required = false;
  CHECK(load(from).ok());
  from.file_required = true;
  CHECK(lines(load(from).errors) ==
        "/nonexistent/ringdownd.toml: cannot be read: No such file or directory\n");
}

TEST_CASE("a file that cannot be read is one clear line") {
  const folder f;
  sources from;
  from.file = f.path();
  from.file_required = false; // it exists, so this does not excuse it
  CHECK(lines(load(from).errors) == f.path().string() + ": cannot be read: Is a directory\n");
}

TEST_CASE("a variable with our prefix that names no key is a warning") {
  const auto result =
    load_text("", {{"RINGDOWN_LISTEN_PRT", "1"}, {"PATH", "/bin"}, {"LISTEN_PORT", "2"}});
  CHECK(result.ok());
  CHECK(lines(result.warnings) == "environment: RINGDOWN_LISTEN_PRT: names no key; did you mean "
                                  "\"RINGDOWN_LISTEN_PORT\"?\n");
  CHECK(result.value.listen.port == 7480);
}

TEST_CASE("the process's own environment is read by its prefix") {
  REQUIRE(setenv("RINGDOWN_LISTEN_PORT", "7499", 1) == 0);
  sources from;
  from.environment = process_environment();
  unsetenv("RINGDOWN_LISTEN_PORT");
  for (const auto& [name, text] : from.environment)
    CHECK(name.starts_with("RINGDOWN_"));
  CHECK(load(from).value.listen.port == 7499);
}

TEST_CASE("a variable of the command line tool is no business of the daemon's") {
  const auto result = load_text("", {{"RINGDOWN_CONNECT", "127.0.0.1:7480"}});
  CHECK(result.ok());
  CHECK(result.warnings.empty());
}

TEST_CASE("a key of an earlier version is refused with what to write instead") {
  const std::string why = "is no key any more: capture sessions log under log.levels.dn\n";
  CHECK(errors_of("[log.levels]\nsession = \"debug\"\n") ==
        "ringdownd.toml:2:1: log.levels.session: " + why);
  CHECK(lines(load_text("", {}, {{"log.levels.session", "debug"}}).errors) ==
        "command line: --log.levels.session: " + why);
  CHECK(lines(read_flags(std::vector<std::string>{"--log.levels.session=debug"}).errors) ==
        "command line: --log.levels.session: " + why);
  CHECK(lines(load_text("", {{"RINGDOWN_LOG_LEVELS_SESSION", "debug"}}).warnings) ==
        "environment: RINGDOWN_LOG_LEVELS_SESSION: " + why);
}
