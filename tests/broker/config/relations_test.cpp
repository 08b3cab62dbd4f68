// What must hold between keys.
#include "broker/config/table.hpp"
#include "tests/broker/config/loading.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::configuration;
using namespace ringdown::test;

TEST_CASE("every relation names two keys that exist, and holds for the defaults") {
  for (const auto& r : relation_table()) {
    INFO(r.sentence);
    CHECK(find_key(r.first).has_value());
    CHECK(find_key(r.second).has_value());
    CHECK(r.sentence.find(r.first) != std::string_view::npos);
    CHECK(r.sentence.find(r.second) != std::string_view::npos);
    CHECK(r.holds(config{}));
  }
}

TEST_CASE("every relation can be broken, and the error names both keys") {
  struct {
    const char* text;
    const char* sentence;
  } const cases[] = {
    {"listen.address = \"0.0.0.0\"", "listen.address may reach beyond this machine"},
    {"listen.address = \"::\"", "listen.allow_unauthenticated is true"},
    {"limits.frame_bytes_max = 17533", "limits.user_data_bytes_max and 1534 bytes"},
    {"limits.frame_bytes_max = \"512 KiB\"",
     "limits.frame_bytes_max must be below limits.outbox_low_water_bytes"},
    {"limits.outbox_low_water_bytes = \"2 MiB\"",
     "limits.outbox_low_water_bytes must be below limits.outbox_high_water_bytes"},
    {"limits.outbox_high_water_bytes = \"4 MiB\"",
     "limits.outbox_high_water_bytes must be below limits.outbox_bytes_max"},
    {"limits.connections_max = 1023",
     "limits.connections_unsigned_max must not exceed limits.connections_max"},
    {"limits.request_bytes_outstanding_max = 131071",
     "limits.frame_bytes_max must not exceed limits.request_bytes_outstanding_max"},
    {"limits.memory_budget_bytes = 4194303",
     "limits.outbox_bytes_max must not exceed limits.memory_budget_bytes"},
    {"limits.heartbeat_interval = 199",
     "limits.heartbeat_interval_min must not exceed limits.heartbeat_interval"},
    {"limits.heartbeat_interval = 60001",
     "limits.heartbeat_interval must not exceed limits.heartbeat_interval_max"},
    {"limits.confirm_timeout_max = 1999",
     "limits.confirm_timeout must not exceed limits.confirm_timeout_max"},
    {"limits.command_id_window = 60000",
     "limits.confirm_timeout_max must be below limits.command_id_window"},
    {"limits.command_ids_per_dn_max = 5120",
     "limits.commands_pending_max and limits.commands_pending_reserve must be below"},
    {"limits.drain_timeout = 1999", "limits.linger_timeout must not exceed limits.drain_timeout"},
  };
  std::size_t broken = 0;
  for (const auto& c : cases) {
    INFO(c.text);
    const auto result = load_text(c.text);
    REQUIRE(result.errors.size() == 1);
    CHECK(to_string(result.errors[0]).find(c.sentence) != std::string::npos);
    CHECK(result.errors[0].line == 1);
    ++broken;
  }
  CHECK(broken == relation_table().size() + 1); // one of them by two addresses
}

TEST_CASE("the edge of a relation is accepted") {
  CHECK(errors_of("limits.frame_bytes_max = 17534").empty());
  CHECK(
    errors_of("limits.frame_bytes_max = 131072\nlimits.outbox_low_water_bytes = 131073\n").empty());
  CHECK(errors_of("limits.connections_max = 1024").empty());
  CHECK(errors_of("limits.heartbeat_interval = 200").empty());
  CHECK(errors_of("limits.drain_timeout = 2000").empty());
}

TEST_CASE("listening beyond this machine is possible for who says so") {
  const auto* open = "listen.address = \"0.0.0.0\"\nlisten.allow_unauthenticated = true\n";
  CHECK(errors_of(open).empty());
  CHECK(errors_of("listen.address = \"::ffff:10.0.0.1\"").find("allow_unauthenticated") !=
        std::string::npos);
}

TEST_CASE("a broken relation blames the value that was set last") {
  const auto result = load_text("[limits]\noutbox_bytes_max = \"2 MiB\"\n",
                                {{"RINGDOWN_LIMITS_OUTBOX_HIGH_WATER_BYTES", "3 MiB"}});
  CHECK(lines(result.errors) ==
        "environment: RINGDOWN_LIMITS_OUTBOX_HIGH_WATER_BYTES: limits.outbox_high_water_bytes "
        "must be below limits.outbox_bytes_max; now 3 MiB "
        "(RINGDOWN_LIMITS_OUTBOX_HIGH_WATER_BYTES) and 2 MiB (ringdownd.toml:2)\n");
}

TEST_CASE("a value that was refused breaks no relation on top") {
  CHECK(load_text("limits.connections_max = 0\nlimits.connections_unsigned_max = 20000\n")
          .errors.size() == 1);
}
