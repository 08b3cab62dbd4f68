// From plain values to frames: every kind of request.
#include "client/internal/codec.hpp"

#include "client/connection.hpp"
#include "messages/frame.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

namespace {

v1::Frame parsed(const std::string& bytes) {
  auto piece = next_frame(bytes, 128 * 1024);
  REQUIRE(piece.status == cut_status::complete);
  REQUIRE(piece.consumed == bytes.size());
  v1::Frame frame;
  REQUIRE(frame.ParseFromArray(piece.frame.data(), static_cast<int>(piece.frame.size())));
  return frame;
}

} // namespace

TEST_CASE("a sign-on says all about its client") {
  identity who;
  who.application_name = "desk";
  who.instance = random_instance_id();
  who.role = role::recorder;
  who.capabilities = {capability::directed, capability::per_call};
  who.credentials = "secret";
  who.heartbeat_interval = 700ms;
  auto frame = parsed(codec::sign_on({1}, who));
  auto& body = frame.request_sign_on();
  CHECK(frame.reference_id() == 1);
  CHECK(body.version_min() == 1);
  CHECK(body.version_max() == 1);
  CHECK(body.application_name() == "desk");
  CHECK(body.instance_id() == who.instance.view());
  CHECK(body.role() == v1::ROLE_RECORDER);
  REQUIRE(body.capabilities_size() == 2);
  CHECK(body.capabilities(1) == v1::CAPABILITY_PER_CALL);
  CHECK(body.credentials() == "secret");
  CHECK(body.heartbeat_interval_ms() == 700);
}

TEST_CASE("an event to send keeps every field, and absent ones stay absent") {
  outgoing_event what;
  what.this_dn = "7001";
  auto bare = parsed(codec::send_event({2}, what)).request_send_event();
  CHECK_FALSE(bare.has_if_version());
  CHECK_FALSE(bare.has_confirm_timeout_ms());
  CHECK(bare.command_id().empty());
  CHECK_FALSE(bare.event().has_user_data());
  CHECK(bare.reason().empty());
  CHECK(bare.agent_id().empty());
  CHECK_FALSE(bare.has_failure());
  CHECK(bare.event().message_type() == v1::MESSAGE_TYPE_EVENT_USER_EVENT);

  what.connection = {0x1f};
  what.data.add("screen-capture", std::string{"pause"}).add("n", std::int64_t{0});
  what.user_event = -7;
  what.command = random_command_id();
  what.retry = true;
  what.if_version = command_version{0};
  what.confirm_timeout = 1500ms;
  what.directed = {99};
  what.version = {12};
  what.reason = "card number";
  what.agent_id = "A-1017";
  what.failure = recorder_failure{7, "disk full"};
  auto full = parsed(codec::send_event({2}, what)).request_send_event();
  CHECK(full.this_dn() == "7001");
  CHECK(full.command_id() == what.command.view());
  CHECK(full.retry());
  CHECK(full.has_if_version());
  CHECK(full.if_version() == 0);
  CHECK(full.confirm_timeout_ms() == 1500);
  CHECK(full.directed_client_id() == 99);
  CHECK(full.version() == 12);
  CHECK(full.reason() == "card number");
  CHECK(full.agent_id() == "A-1017");
  CHECK(full.failure().code() == 7);
  CHECK(full.failure().text() == "disk full");
  CHECK(full.event().this_dn() == "7001");
  CHECK(full.event().connection_id() == 0x1f);
  CHECK(full.event().user_event() == -7);
  CHECK(full.event().user_data().SerializeAsString() == what.data.encode());
  auto old = parsed(codec::distribute({2}, what)).request_distribute_user_event();
  CHECK(old.event().SerializeAsString() == full.event().SerializeAsString());
}

TEST_CASE("the other requests carry their lists and flags") {
  std::vector<std::string> dns{"7001", "7002"};
  auto registration_request =
    parsed(codec::register_address({5}, dns, {registration_mode::monitor, true, true, true}))
      .request_register_address();
  CHECK(registration_request.this_dn_size() == 2);
  CHECK(registration_request.mode() == v1::REGISTRATION_MODE_MONITOR);
  CHECK(registration_request.echo());
  CHECK(registration_request.standby());
  CHECK(registration_request.hear_outcomes());
  CHECK(parsed(codec::unregister_address({5}, dns)).request_unregister_address().this_dn(1) ==
        "7002");
  auto every =
    parsed(codec::register_every_dn({5}, {registration_mode::monitor, false, false, true}))
      .request_register_address();
  CHECK(every.every_dn());
  CHECK(every.this_dn_size() == 0);
  CHECK(every.mode() == v1::REGISTRATION_MODE_MONITOR);
  CHECK(every.hear_outcomes());
  CHECK(parsed(codec::unregister_every_dn({5})).request_unregister_address().every_dn());
  std::vector<event_kind> kinds{event_kind::command, event_kind::user_event};
  CHECK(parsed(codec::set_mask({5}, kinds)).request_set_input_mask().event_kinds(1) ==
        v1::EVENT_KIND_USER_EVENT);
  CHECK(parsed(codec::query_address({5}, "7001")).request_query_address().this_dn() == "7001");
  CHECK(parsed(codec::sign_off({5})).has_request_sign_off());
  CHECK(parsed(codec::heartbeat()).has_heartbeat());
}

TEST_CASE("a command for many DNs and a question for a list keep every field") {
  bulk_command bulk;
  bulk.dns = {"7001", "7002"};
  bulk.verb = capture_verb::stop;
  auto bare = parsed(codec::command_addresses({5}, bulk)).request_command_addresses();
  CHECK(bare.this_dn_size() == 2);
  CHECK(bare.command() == v1::COMMAND_STOP);
  CHECK(bare.command_id().empty());
  CHECK_FALSE(bare.retry());
  CHECK_FALSE(bare.has_confirm_timeout_ms());
  bulk.command = random_command_id();
  bulk.retry = true;
  bulk.confirm_timeout = 700ms;
  bulk.reason = "audit";
  bulk.agent_id = "S-1";
  auto full = parsed(codec::command_addresses({5}, bulk)).request_command_addresses();
  CHECK(full.this_dn(1) == "7002");
  CHECK(full.command_id() == bulk.command.view());
  CHECK(full.retry());
  CHECK(full.confirm_timeout_ms() == 700);
  CHECK(full.reason() == "audit");
  CHECK(full.agent_id() == "S-1");

  auto all = parsed(codec::list_addresses({5}, {})).request_list_addresses();
  CHECK(all.after().empty());
  CHECK(all.limit() == 0);
  CHECK_FALSE(all.has_light());
  CHECK_FALSE(all.alarmed());
  CHECK_FALSE(all.recorder_missing());
  address_list_request some{"7001", 300, {capture_state::unknown, true, true}};
  auto filtered = parsed(codec::list_addresses({5}, some)).request_list_addresses();
  CHECK(filtered.after() == "7001");
  CHECK(filtered.limit() == 300);
  CHECK(filtered.has_light()); // unknown is one of the lights
  CHECK(filtered.light() == v1::CAPTURE_STATE_UNKNOWN);
  CHECK(filtered.alarmed());
  CHECK(filtered.recorder_missing());
}
