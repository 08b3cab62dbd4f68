// What must hold between keys.
#include "broker/config/table.hpp"
#include "tests/broker/config/loading.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace ringdown;
using namespace ringdown::configuration;
using namespace ringdown::test;

namespace {

/// So many bytes of a frame such a message has among others of its kind, at most.
template <class Message>
std::size_t largest_bytes_of_one() {
  using kind = google::protobuf::FieldDescriptor;
  Message one;
  auto* fields = one.GetDescriptor();
  auto* set = one.GetReflection();
  for (int i = 0; i < fields->field_count(); ++i) {
    auto* field = fields->field(i);
    auto text_bytes =
      field->name() == "application_name" ? application_name_bytes_max : failure_text_bytes_max;
    switch (field->type()) {
    case kind::TYPE_FIXED64: set->SetUInt64(&one, field, ~std::uint64_t{0}); break;
    case kind::TYPE_INT64: set->SetInt64(&one, field, std::int64_t{1} << 60); break;
    case kind::TYPE_UINT32: set->SetUInt32(&one, field, ~std::uint32_t{0}); break;
    case kind::TYPE_BOOL: set->SetBool(&one, field, true); break;
    case kind::TYPE_ENUM: set->SetEnumValue(&one, field, 127); break;
    case kind::TYPE_STRING: set->SetString(&one, field, std::string(text_bytes, 'x')); break;
    default: FAIL("a field of another kind: " + field->full_name());
    }
  }
  constexpr std::size_t tag_and_size = 3;
  return one.ByteSizeLong() + tag_and_size;
}

bool all_relations_hold(const config& c) {
  auto all = relation_table();
  return std::all_of(all.begin(), all.end(), [&](const relation& r) { return r.holds(c); });
}

} // namespace

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
    {"listen_tls.address = \"0.0.0.0\"\nlisten_tls.enabled = true\n"
     "tls.certificate_file = \"c\"\ntls.key_file = \"k\"",
     "listen_tls.address may reach beyond this machine"},
    {"listen_tls.enabled = true", "listen_tls.enabled needs tls.certificate_file"},
    {"tls.client_certificates = \"required\"", "other than none needs tls.client_ca_file"},
    {"tls.crl_file = \"revoked.pem\"", "tls.crl_file needs tls.client_ca_file"},
    {"admin.address = \"0.0.0.0\"\nadmin.enabled = true\nadmin.allow_plain = true",
     "(127.0.0.0/8, ::1) only with auth.file"},
    {"admin.address = \"0.0.0.0\"\nadmin.enabled = true\nauth.file = \"a\"",
     "(127.0.0.0/8, ::1) only with admin.tls"},
    {"admin.tls = true\nadmin.enabled = true", "admin.tls needs tls.certificate_file"},
    {"limits.frame_bytes_max = 17533", "limits.user_data_bytes_max and 1534 bytes"},
    {"limits.recorders_per_dn_max = 513", "limits.recorders_per_dn_max times 256 bytes must fit"},
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
  CHECK(errors_of("listen.address = \"0.0.0.0\"\nlisten.enabled = false").empty());
  CHECK(errors_of("admin.address = \"0.0.0.0\"").empty());
  CHECK(errors_of("admin.tls = true").empty());
  CHECK(errors_of("admin.address = \"0.0.0.0\"\nadmin.enabled = true\nauth.file = \"a\"\n"
                  "admin.allow_plain = true")
          .empty());
  CHECK(errors_of("admin.address = \"0.0.0.0\"\nadmin.enabled = true\nauth.file = \"a\"\n"
                  "admin.tls = true\ntls.certificate_file = \"c\"\ntls.key_file = \"k\"")
          .empty());
  CHECK(errors_of("limits.frame_bytes_max = 17534").empty());
  CHECK(
    errors_of("limits.frame_bytes_max = 131072\nlimits.outbox_low_water_bytes = 131073\n").empty());
  CHECK(errors_of("limits.recorders_per_dn_max = 512").empty());
  CHECK(errors_of("limits.connections_max = 1024").empty());
  CHECK(errors_of("limits.heartbeat_interval = 200").empty());
  CHECK(errors_of("limits.drain_timeout = 2000").empty());
}

TEST_CASE("a frame tells of as many recorders as a DN may have") {
  config most;
  most.limits.recorders_per_dn_max = 0;
  while (all_relations_hold(most) && most.limits.recorders_per_dn_max < 100'000)
    ++most.limits.recorders_per_dn_max;
  auto recorders = --most.limits.recorders_per_dn_max;
  auto in_an_outcome = largest_bytes_of_one<v1::RecorderResult>();
  auto in_an_answer = largest_bytes_of_one<v1::RecorderInfo>() + // to who asks about a DN
                      largest_bytes_of_one<v1::RecorderWord>();
  CHECK(recorders * in_an_outcome < most.limits.frame_bytes_max);
  CHECK(recorders * in_an_answer < most.limits.frame_bytes_max);
}

TEST_CASE("listening beyond this machine is possible for who says so") {
  const auto* open = "listen.address = \"0.0.0.0\"\nlisten.allow_unauthenticated = true\n";
  CHECK(errors_of(open).empty());
  CHECK(errors_of("listen.address = \"::ffff:127.0.0.1\"").empty());
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
