// From frames to plain values: every kind of event, and bytes that are none.
#include "client/internal/codec.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

namespace {

template <class Event>
Event decoded_as(const v1::Frame& frame) {
  auto what = codec::decode(frame.SerializeAsString());
  REQUIRE(std::holds_alternative<event>(what));
  REQUIRE(std::holds_alternative<Event>(std::get<event>(what)));
  return std::get<Event>(std::get<event>(what));
}

} // namespace

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
  in.set_mark(v1::EVENT_MARK_HELD);
  in.set_desired(v1::CAPTURE_STATE_UNKNOWN);
  in.set_kept_from_recorders(true);
  in.set_for_recorder_client_id(11);
  in.set_reason("card number");
  in.set_agent_id("A-1017");
  in.mutable_failure()->set_code(12);
  in.mutable_failure()->set_text("disk full");
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
  CHECK(e.cause == broker_reason::recorder_lost);
  CHECK(e.origin_instance.bytes[0] == 'i');
  CHECK(e.coalesced);
  CHECK(e.held);
  CHECK_FALSE(e.alarm);
  CHECK(e.desired == capture_state::unknown);
  CHECK(e.kept_from_recorders);
  CHECK(e.for_recorder == client_id{11});
  CHECK(e.reason == "card number");
  CHECK(e.agent_id == "A-1017");
  CHECK(e.failure == recorder_failure{12, "disk full"});
  in.clear_desired();
  in.clear_failure();
  in.set_mark(v1::EVENT_MARK_ALARM);
  e = decoded_as<event_user_event>(frame);
  CHECK_FALSE(e.desired);
  CHECK_FALSE(e.failure);
  CHECK(e.alarm);
}

namespace {

/// A snapshot in which each field says something else.
void fill(v1::CaptureSession& s) {
  s.set_connection_id(1);
  s.set_desired(v1::CAPTURE_STATE_PAUSED);
  s.set_observed(v1::CAPTURE_STATE_ENABLED);
  s.set_version(2);
  s.set_changed_time_us(3);
  s.set_desired_time_us(4);
  s.set_desired_by_client_id(5);
  s.set_desired_by_application("desk");
  s.set_held(true);
  s.set_pending(6);
  s.set_deadline_time_us(7);
  auto& call = *s.add_calls();
  call.set_connection_id(11);
  call.set_wants_recording(true);
  call.set_stopped(true);
  call.set_version(12);
  call.add_former_connection_ids(13);
  auto& word = *s.add_recorders();
  word.set_client_id(31);
  word.set_application_name("rec");
  word.set_said(v1::CAPTURE_STATE_DISABLED);
  word.set_connection_id(32);
  word.set_time_us(33);
  word.set_owes(34);
  word.set_per_call(true);
  s.add_recorders()->set_client_id(35);
  auto& order = *s.add_orders();
  order.set_dn_sequence(41);
  order.set_command(v1::COMMAND_RESUME);
  order.set_connection_id(42);
  order.set_version(43);
  order.set_held(true);
  order.set_deadline_time_us(44);
  order.set_broker_reason(v1::BROKER_REASON_CALL_GOES_ON);
  auto& alarm = *s.add_alarms();
  alarm.set_broker_reason(v1::BROKER_REASON_DRIFT);
  alarm.set_since_time_us(51);
  alarm.set_recorder_client_id(52);
}

void fill(v1::Pause& pause) {
  pause.set_connection_id(21);
  pause.set_application_name("desk");
  pause.set_agent_id("A-1017");
  pause.set_client_id(22);
  pause.set_reason("card");
  pause.set_since_time_us(23);
  pause.set_version(24);
  pause.set_holder_gone(true);
  pause.set_waiting(25);
}

const standing_pause filled_pause{{21}, "desk", "A-1017", {22}, "card", 23, {24}, true, 25};

} // namespace

TEST_CASE("a snapshot keeps what stands at the DN") {
  v1::Frame frame;
  auto& in = *frame.mutable_event_registered()->mutable_snapshot();
  CHECK_FALSE(decoded_as<event_registered>(frame).snapshot.session);
  fill(*in.add_sessions());
  fill(*in.mutable_sessions(0)->add_pauses());
  auto s = decoded_as<event_registered>(frame).snapshot.session;
  REQUIRE(s);
  CHECK(s->connection == conn_id{1});
  CHECK(s->desired == capture_state::paused);
  CHECK(s->observed == capture_state::enabled);
  CHECK(s->version == command_version{2});
  CHECK(s->changed_time_us == 3);
  CHECK(s->desired_time_us == 4);
  CHECK(s->desired_by == client_id{5});
  CHECK(s->desired_by_application == "desk");
  CHECK(s->held);
  CHECK(s->pending == 6);
  CHECK(s->deadline_time_us == 7);
  CHECK(s->calls == std::vector<known_call>{{{11}, true, true, {12}, {{13}}}});
  CHECK(s->pauses == std::vector{filled_pause});
  CHECK(s->recorders == std::vector<recorder_word>{
                          {{31}, "rec", capture_state::disabled, {32}, 33, 34, true}, {{35}}});
  CHECK(s->orders ==
        std::vector<open_order>{
          {{41}, capture_verb::resume, {42}, {43}, true, 44, broker_reason::call_goes_on}});
  CHECK(s->alarms == std::vector<standing_alarm>{{broker_reason::drift, 51, {52}}});
}

TEST_CASE("an outcome keeps every field") {
  v1::Frame frame;
  auto& in = *frame.mutable_event_outcome();
  in.set_this_dn("7001");
  in.set_dn_epoch(1);
  in.set_dn_sequence(2);
  in.set_command_id(std::string(16, 'c'));
  in.set_connection_id(3);
  in.set_command(v1::COMMAND_RESUME);
  in.set_version(4);
  in.set_outcome(v1::OUTCOME_FAILED);
  in.set_error_code(5);
  for (auto verdict : {v1::RECORDER_VERDICT_FAILED, v1::RECORDER_VERDICT_CONFIRMED,
                       v1::RECORDER_VERDICT_OTHERWISE}) {
    auto& r = *in.add_recorders();
    r.set_client_id(6);
    r.set_application_name("rec");
    r.set_verdict(verdict);
    r.set_said(v1::CAPTURE_STATE_ENABLED);
  }
  in.mutable_recorders(2)->set_failure_code(7);
  in.mutable_recorders(2)->set_failure_text("disk full");
  in.set_superseded_by_version(8);
  in.set_held_by_connection_id(21);
  in.set_aggregate(v1::CAPTURE_AGGREGATE_MIXED);
  in.set_effective_state(v1::CAPTURE_STATE_PAUSED);
  in.set_origin_client_id(9);
  in.set_accepted_time_us(10);
  in.set_time_us(11);
  in.set_origin_application("desk");
  in.set_reason("card");
  in.set_agent_id("A-1017");
  fill(*in.mutable_held_by());
  in.set_broker_reason(v1::BROKER_REASON_HOLD_RELEASED);
  in.set_released_sequence(12);
  in.set_released_command_id(std::string(16, 'r'));
  auto o = decoded_as<event_outcome>(frame);
  CHECK(o.this_dn == "7001");
  CHECK(o.epoch == dn_epoch{1});
  CHECK(o.sequence == dn_sequence{2});
  CHECK(o.command.bytes[0] == 'c');
  CHECK(o.connection == conn_id{3});
  CHECK(o.verb == capture_verb::resume);
  CHECK(o.version == command_version{4});
  CHECK(o.result == outcome::failed);
  CHECK(o.code == 5);
  REQUIRE(o.recorders.size() == 3);
  CHECK(o.recorders[0] ==
        recorder_result{
          {6}, "rec", recorder_verdict::failed, capture_state::enabled, recorder_failure{}});
  CHECK_FALSE(o.recorders[1].failure);
  CHECK(o.recorders[2].failure == recorder_failure{7, "disk full"});
  CHECK(o.superseded_by == command_version{8});
  CHECK(o.held_by == filled_pause);
  CHECK(o.aggregate == capture_aggregate::mixed);
  CHECK(o.effective_state == capture_state::paused);
  CHECK(o.origin == client_id{9});
  CHECK(o.accepted_time_us == 10);
  CHECK(o.time_us == 11);
  CHECK(o.origin_application == "desk");
  CHECK(o.reason == "card");
  CHECK(o.agent_id == "A-1017");
  CHECK(o.cause == broker_reason::hold_released);
  CHECK(o.released == dn_sequence{12});
  CHECK(o.released_command.bytes[0] == 'r');
  in.clear_held_by();
  CHECK_FALSE(decoded_as<event_outcome>(frame).held_by);
}

TEST_CASE("a list of DNs keeps every field") {
  v1::Frame frame;
  frame.set_reference_id(9);
  auto& in = *frame.mutable_event_address_list();
  auto& dn = *in.add_addresses();
  dn.set_this_dn("7001");
  dn.set_effective_state(v1::CAPTURE_STATE_PAUSED);
  dn.set_desired(v1::CAPTURE_STATE_ENABLED);
  dn.set_pauses(1);
  dn.set_paused_since_time_us(2);
  dn.set_waiting(3);
  dn.set_alarms(4);
  dn.set_recorders_active(5);
  dn.set_clients_registered(6);
  dn.set_changed_time_us(7);
  in.add_addresses()->set_this_dn("7002");
  in.set_next("7002");
  in.set_time_us(8);
  auto list = decoded_as<event_address_list>(frame);
  CHECK(list.reference == reference_id{9});
  CHECK(list.addresses ==
        std::vector<address_summary>{
          {"7001", capture_state::paused, capture_state::enabled, 1, 2, 3, 4, 5, 6, 7}, {"7002"}});
  CHECK(list.next == "7002");
  CHECK(list.time_us == 8);
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
  frame.mutable_event_ack()->set_this_dn("7001");
  CHECK(decoded_as<event_ack>(frame).recorders_queued == 0u);
  CHECK(decoded_as<event_ack>(frame).this_dn == "7001");

  frame.mutable_event_registered()->set_every_dn(true);
  CHECK(decoded_as<event_registered>(frame).every_dn);
  frame.mutable_event_address_info()->add_recorders()->set_per_call(true);
  CHECK(decoded_as<event_address_info>(frame).recorders.at(0).per_call);
  frame.mutable_event_link_disconnected()->set_reason(v1::DISCONNECT_REASON_TAKEN_OVER);
  CHECK(decoded_as<event_link_disconnected>(frame).reason == disconnect_reason::taken_over);
  frame.mutable_event_unregistered()->set_error_code(59);
  frame.mutable_event_unregistered()->set_every_dn(true);
  CHECK(decoded_as<event_unregistered>(frame).code == 59);
  CHECK(decoded_as<event_unregistered>(frame).every_dn);
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
  CHECK(e.cause == broker_reason::unspecified);
  frame.mutable_event_outcome()->set_outcome(static_cast<v1::Outcome>(77));
  frame.mutable_event_outcome()->add_recorders()->set_verdict(static_cast<v1::RecorderVerdict>(77));
  frame.mutable_event_outcome()->set_broker_reason(static_cast<v1::BrokerReason>(77));
  auto o = decoded_as<event_outcome>(frame);
  CHECK(o.result == outcome::unknown);
  CHECK(o.recorders.at(0).verdict == recorder_verdict::silent);
  CHECK(o.cause == broker_reason::unspecified);
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
  frame.mutable_request_list_addresses();
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
