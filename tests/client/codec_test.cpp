// Between plain values and frames: every kind of request and event, and bytes that are neither.
#include "client/codec.hpp"

#include "messages/frame.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

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

template <class Event>
Event decoded_as(const v1::Frame& frame) {
  auto what = codec::decode(frame.SerializeAsString());
  REQUIRE(std::holds_alternative<event>(what));
  REQUIRE(std::holds_alternative<Event>(std::get<event>(what)));
  return std::get<Event>(std::get<event>(what));
}

} // namespace

TEST_CASE("a sign-on says all about its client") {
  identity who;
  who.application_name = "desk";
  who.instance = random_instance_id();
  who.role = role::recorder;
  who.capabilities = {capability::directed, capability::exact_versions};
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
  CHECK(body.capabilities_size() == 2);
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
  auto full = parsed(codec::send_event({2}, what)).request_send_event();
  CHECK(full.this_dn() == "7001");
  CHECK(full.command_id() == what.command.view());
  CHECK(full.retry());
  CHECK(full.has_if_version());
  CHECK(full.if_version() == 0);
  CHECK(full.confirm_timeout_ms() == 1500);
  CHECK(full.directed_client_id() == 99);
  CHECK(full.version() == 12);
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
  std::vector<event_kind> kinds{event_kind::command, event_kind::user_event};
  CHECK(parsed(codec::set_mask({5}, kinds)).request_set_input_mask().event_kinds(1) ==
        v1::EVENT_KIND_USER_EVENT);
  CHECK(parsed(codec::query_address({5}, "7001")).request_query_address().this_dn() == "7001");
  CHECK(parsed(codec::sign_off({5})).has_request_sign_off());
  CHECK(parsed(codec::heartbeat()).has_heartbeat());
}

TEST_CASE("an event from the broker keeps every field") {
  v1::Frame frame;
  auto& in = *frame.mutable_event_user_event();
  in.set_directed_reference_id(3);
  in.set_dn_sequence(4);
  in.set_dn_epoch(5);
  in.set_time_us(6);
  in.set_origin_client_id(7);
  in.set_origin_role(v1::ROLE_BROKER);
  in.set_version(8);
  in.set_command_id(std::string(16, 'c'));
  in.set_confirm_timeout_ms(9);
  in.set_effective_state(v1::CAPTURE_STATE_PAUSED);
  in.set_broker_reason(v1::BROKER_REASON_RECORDER_LOST);
  in.set_origin_instance_id(std::string(16, 'i'));
  in.set_coalesced(true);
  in.mutable_event()->set_this_dn("7001");
  in.mutable_event()->set_connection_id(0x1f);
  in.mutable_event()->set_user_event(10);
  auto& pair = *in.mutable_event()->mutable_user_data()->add_pairs();
  pair.set_key("screen-capture-indication");
  pair.set_string_value("paused");
  auto e = decoded_as<event_user_event>(frame);
  CHECK(e.this_dn == "7001");
  CHECK(e.connection == conn_id{0x1f});
  CHECK(e.verb == capture_verb::paused);
  CHECK(e.data.pairs.size() == 1);
  CHECK(e.user_event == 10);
  CHECK(e.directed_reference == reference_id{3});
  CHECK(e.sequence == dn_sequence{4});
  CHECK(e.epoch == dn_epoch{5});
  CHECK(e.time_us == 6);
  CHECK(e.origin == client_id{7});
  CHECK(e.origin_role == role::broker);
  CHECK(e.version == command_version{8});
  CHECK(e.command.bytes[15] == 'c');
  CHECK(e.confirm_timeout == 9ms);
  CHECK(e.effective_state == capture_state::paused);
  CHECK(e.reason == broker_reason::recorder_lost);
  CHECK(e.origin_instance.bytes[0] == 'i');
  CHECK(e.coalesced);
}

TEST_CASE("replies keep every field") {
  v1::Frame frame;
  frame.set_reference_id(9);
  auto& error = *frame.mutable_event_error();
  error.set_error_code(185);
  error.set_attribute("if_version");
  error.set_retry_class(v1::RETRY_CLASS_OVERLOADED);
  error.set_retry_after_ms(0);
  error.set_last_known_state(v1::CAPTURE_STATE_UNKNOWN);
  error.set_version(0);
  auto e = decoded_as<event_error>(frame);
  CHECK(e.reference == reference_id{9});
  CHECK(e.code == 185);
  CHECK(e.retry == retry_class::overloaded);
  CHECK(e.retry_after == 0ms);
  CHECK(e.last_known_state == capture_state::unknown);
  CHECK(e.version == command_version{0});

  frame.mutable_event_ack();
  CHECK_FALSE(decoded_as<event_ack>(frame).recorders_queued);
  frame.mutable_event_ack()->set_recorders_queued(0);
  CHECK(decoded_as<event_ack>(frame).recorders_queued == 0u);

  auto& session = *frame.mutable_event_registered()->mutable_snapshot()->add_sessions();
  session.set_connection_id(1);
  session.set_desired(v1::CAPTURE_STATE_PAUSED);
  session.set_observed(v1::CAPTURE_STATE_ENABLED);
  session.set_version(2);
  auto registered = decoded_as<event_registered>(frame);
  REQUIRE(registered.snapshot.sessions.size() == 1);
  CHECK(registered.snapshot.sessions[0] ==
        session_snapshot{{1}, capture_state::paused, capture_state::enabled, {2}, 0});

  frame.mutable_event_link_disconnected()->set_reason(v1::DISCONNECT_REASON_TAKEN_OVER);
  CHECK(decoded_as<event_link_disconnected>(frame).reason == disconnect_reason::taken_over);
  frame.mutable_event_unregistered()->set_error_code(59);
  CHECK(decoded_as<event_unregistered>(frame).code == 59);
  frame.mutable_event_missed()->set_to_sequence(3);
  CHECK(decoded_as<event_missed>(frame).to == dn_sequence{3});
}

TEST_CASE("numbers of a later version become the zero value") {
  v1::Frame frame;
  auto& in = *frame.mutable_event_user_event();
  in.set_origin_role(static_cast<v1::Role>(77));
  in.set_effective_state(static_cast<v1::CaptureState>(77));
  in.set_broker_reason(static_cast<v1::BrokerReason>(-1));
  auto e = decoded_as<event_user_event>(frame);
  CHECK(e.origin_role == role::unspecified);
  CHECK(e.effective_state == capture_state::unknown);
  CHECK(e.reason == broker_reason::unspecified);
  frame.mutable_event_error()->set_retry_class(static_cast<v1::RetryClass>(77));
  CHECK(decoded_as<event_error>(frame).retry == retry_class::failed);
}

TEST_CASE("heartbeats and later bodies say nothing, requests and broken bytes are garbage") {
  CHECK(std::holds_alternative<codec::nothing>(codec::decode("")));
  CHECK(std::holds_alternative<codec::nothing>(codec::decode({"\xca\x3e\x00", 3}))); // field 1001
  v1::Frame frame;
  frame.mutable_heartbeat();
  CHECK(std::holds_alternative<codec::nothing>(codec::decode(frame.SerializeAsString())));
  frame.mutable_request_sign_off();
  CHECK(std::holds_alternative<codec::garbage>(codec::decode(frame.SerializeAsString())));
  CHECK(std::holds_alternative<codec::garbage>(codec::decode("\xff")));
  auto* list = frame.mutable_event_user_event()->mutable_event()->mutable_user_data();
  for (int depth = 0; depth < 20; ++depth)
    list = list->add_pairs()->mutable_list_value();
  list->add_pairs();
  CHECK(std::holds_alternative<codec::garbage>(codec::decode(frame.SerializeAsString())));
}

TEST_CASE("no bytes make the decoder crash") {
  CHECK(rc::check([](const std::string& bytes) { (void)codec::decode(bytes); }));
  v1::Frame frame;
  auto& in = *frame.mutable_event_user_event();
  in.set_command_id("short");
  in.mutable_event()->set_this_dn("7001");
  in.mutable_event()->mutable_user_data()->add_pairs()->set_key("k");
  auto good = frame.SerializeAsString();
  CHECK(rc::check([&] {
    auto damaged = good;
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i)
      damaged[*rc::gen::inRange<std::size_t>(0, damaged.size())] = *rc::gen::arbitrary<char>();
    (void)codec::decode(damaged);
  }));
}
