#include "client/codec.hpp"

#include "messages/frame.hpp"

#include <google/protobuf/stubs/logging.h>
#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>
#include <limits>

namespace ringdown::client::codec {

// ---- requests ------------------------------------------------------------------------------

namespace {

v1::Frame request(reference_id reference) {
  v1::Frame frame;
  frame.set_reference_id(reference.value);
  return frame;
}

/// An enum of the wire from ours; the numbers are the same.
template <class Wire, class Ours>
Wire to_wire(Ours value) {
  return static_cast<Wire>(static_cast<int>(value));
}

std::uint32_t to_wire(std::chrono::milliseconds time) {
  return static_cast<std::uint32_t>(
    std::clamp<std::int64_t>(time.count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

void fill(v1::Event& event, const outgoing_event& what) {
  event.set_this_dn(what.this_dn);
  event.set_message_type(v1::MESSAGE_TYPE_EVENT_USER_EVENT);
  event.set_connection_id(what.connection.value);
  if (!what.data.pairs.empty())
    event.mutable_user_data()->ParseFromString(what.data.encode());
  event.set_user_event(what.user_event);
}

} // namespace

std::string sign_on(reference_id reference, const identity& who) {
  auto frame = request(reference);
  auto& body = *frame.mutable_request_sign_on();
  body.set_version_min(who.version_min);
  body.set_version_max(who.version_max);
  for (auto c : who.capabilities)
    body.add_capabilities(to_wire<v1::Capability>(c));
  body.set_application_name(who.application_name);
  body.set_instance_id(std::string{who.instance.view()});
  body.set_role(to_wire<v1::Role>(who.role));
  body.set_credentials(who.credentials);
  if (who.heartbeat_interval)
    body.set_heartbeat_interval_ms(to_wire(*who.heartbeat_interval));
  return delimited(frame);
}

std::string sign_off(reference_id reference) {
  auto frame = request(reference);
  frame.mutable_request_sign_off();
  return delimited(frame);
}

std::string register_address(reference_id reference, std::span<const std::string> dns,
                             const registration& how) {
  auto frame = request(reference);
  auto& body = *frame.mutable_request_register_address();
  for (auto& dn : dns)
    body.add_this_dn(dn);
  body.set_mode(to_wire<v1::RegistrationMode>(how.mode));
  body.set_echo(how.echo);
  body.set_standby(how.standby);
  body.set_hear_outcomes(how.hear_outcomes);
  return delimited(frame);
}

std::string unregister_address(reference_id reference, std::span<const std::string> dns) {
  auto frame = request(reference);
  auto& body = *frame.mutable_request_unregister_address();
  for (auto& dn : dns)
    body.add_this_dn(dn);
  return delimited(frame);
}

std::string set_mask(reference_id reference, std::span<const event_kind> kinds) {
  auto frame = request(reference);
  auto& body = *frame.mutable_request_set_input_mask();
  for (auto kind : kinds)
    body.add_event_kinds(to_wire<v1::EventKind>(kind));
  return delimited(frame);
}

std::string send_event(reference_id reference, const outgoing_event& what) {
  auto frame = request(reference);
  auto& body = *frame.mutable_request_send_event();
  body.set_this_dn(what.this_dn);
  if (what.command)
    body.set_command_id(std::string{what.command.view()});
  body.set_retry(what.retry);
  if (what.if_version)
    body.set_if_version(what.if_version->value);
  if (what.confirm_timeout)
    body.set_confirm_timeout_ms(to_wire(*what.confirm_timeout));
  body.set_directed_client_id(what.directed.value);
  body.set_version(what.version.value);
  fill(*body.mutable_event(), what);
  return delimited(frame);
}

std::string distribute(reference_id reference, const outgoing_event& what) {
  auto frame = request(reference);
  auto& body = *frame.mutable_request_distribute_user_event();
  body.set_this_dn(what.this_dn);
  fill(*body.mutable_event(), what);
  return delimited(frame);
}

std::string query_address(reference_id reference, const std::string& dn) {
  auto frame = request(reference);
  frame.mutable_request_query_address()->set_this_dn(dn);
  return delimited(frame);
}

std::string merge_calls(reference_id reference, const std::string& dn, conn_id old, conn_id into) {
  auto frame = request(reference);
  auto& merge = *frame.mutable_request_merge_calls();
  merge.set_this_dn(dn);
  merge.set_old_connection_id(old.value);
  merge.set_connection_id(into.value);
  return delimited(frame);
}

std::string end_call(reference_id reference, const std::string& dn, conn_id connection) {
  auto frame = request(reference);
  frame.mutable_request_end_call()->set_this_dn(dn);
  frame.mutable_request_end_call()->set_connection_id(connection.value);
  return delimited(frame);
}

std::string heartbeat() {
  v1::Frame frame;
  frame.mutable_heartbeat();
  return delimited(frame);
}

// ---- what comes back -----------------------------------------------------------------------

namespace {

using std::chrono::milliseconds;

/// An enum of ours from the wire's, which stays open: a number that we do not know becomes the
/// zero value.
template <class Ours>
Ours from_wire(int value, int known_max) {
  return static_cast<Ours>(value >= 0 && value <= known_max ? value : 0);
}

capture_state state_from(int value) {
  return from_wire<capture_state>(value, 3);
}

role role_from(int value) {
  return value == static_cast<int>(role::broker) ? role::broker : from_wire<role>(value, 6);
}

retry_class retry_from(int value) {
  return value >= 1 && value <= 4 ? static_cast<retry_class>(value) : retry_class::failed;
}

event_link_connected from(const v1::EventLinkConnected& in) {
  event_link_connected out;
  out.version = in.version();
  out.server_name = in.server_name();
  out.server_version = in.server_version();
  out.server_instance = in.server_instance();
  out.server_start_time_us = in.server_start_time_us();
  out.client = {in.client_id()};
  for (int c : in.capabilities())
    if (c >= 1 && c <= 4)
      out.capabilities.push_back(static_cast<capability>(c));
  out.window_requests = in.window_requests();
  out.window_bytes = in.window_bytes();
  out.frame_bytes_max = in.frame_bytes_max();
  out.user_data_bytes_max = in.user_data_bytes_max();
  out.heartbeat_interval = milliseconds{in.heartbeat_interval_ms()};
  out.heartbeat_timeout = milliseconds{in.heartbeat_timeout_ms()};
  out.time_us = in.time_us();
  out.dns_per_request_max = in.dns_per_request_max();
  return out;
}

dn_snapshot from(const v1::Snapshot& in) {
  dn_snapshot out;
  out.sequence = {in.dn_sequence()};
  out.epoch = {in.dn_epoch()};
  out.version = {in.version()};
  out.effective_state = state_from(in.effective_state());
  for (auto& s : in.sessions()) {
    auto& session = out.sessions.emplace_back();
    session.connection = {s.connection_id()};
    if (s.has_desired())
      session.desired = state_from(s.desired());
    session.observed = state_from(s.observed());
    session.version = {s.version()};
    session.changed_time_us = s.changed_time_us();
    session.desired_time_us = s.desired_time_us();
    session.desired_by = {s.desired_by_client_id()};
    session.desired_by_application = s.desired_by_application();
    session.held = s.held();
    session.pending = s.pending();
    session.deadline_time_us = s.deadline_time_us();
    for (auto former : s.former_connection_ids())
      session.former.push_back({former});
  }
  out.recorders_active = in.recorders_active();
  out.recorders_standby = in.recorders_standby();
  out.clients_registered = in.clients_registered();
  return out;
}

event_ack from(reference_id reference, const v1::EventACK& in) {
  event_ack out;
  out.reference = reference;
  if (in.has_recorders_queued())
    out.recorders_queued = in.recorders_queued();
  out.sequence = {in.dn_sequence()};
  out.epoch = {in.dn_epoch()};
  out.version = {in.version()};
  out.user_event = in.user_event();
  out.time_us = in.time_us();
  return out;
}

event_error from(reference_id reference, const v1::EventError& in) {
  event_error out;
  out.reference = reference;
  out.code = in.error_code();
  out.text = in.text();
  out.attribute = in.attribute();
  out.accepted = in.accepted();
  out.retry = retry_from(in.retry_class());
  if (in.has_retry_after_ms())
    out.retry_after = milliseconds{in.retry_after_ms()};
  if (in.has_this_dn())
    out.this_dn = in.this_dn();
  if (in.has_last_known_state())
    out.last_known_state = state_from(in.last_known_state());
  if (in.has_version())
    out.version = command_version{in.version()};
  out.time_us = in.time_us();
  return out;
}

/// The verb of received user data: the first pair that names one, under either key.
capture_verb verb_of(const user_data& data) {
  for (auto key : {screen_capture_key, screen_capture_indication_key})
    if (auto* value = data.find(key))
      if (auto* text = std::get_if<std::string>(value))
        return parse_capture_verb(*text).value_or(capture_verb::none);
  return capture_verb::none;
}

/// Nothing if the user data breaks the contract.
std::optional<event_user_event> from(const v1::EventUserEvent& in) {
  event_user_event out;
  out.this_dn = in.event().this_dn();
  out.connection = {in.event().connection_id()};
  auto data = user_data::decode(in.event().user_data().SerializeAsString());
  if (!data)
    return std::nullopt;
  out.data = std::move(*data);
  out.verb = verb_of(out.data);
  out.user_event = in.event().user_event();
  out.directed_reference = {in.directed_reference_id()};
  out.sequence = {in.dn_sequence()};
  out.epoch = {in.dn_epoch()};
  out.time_us = in.time_us();
  out.origin = {in.origin_client_id()};
  out.origin_role = role_from(in.origin_role());
  out.origin_instance = instance_id::from(in.origin_instance_id()).value_or(instance_id{});
  out.version = {in.version()};
  out.command = command_id::from(in.command_id()).value_or(command_id{});
  if (in.has_confirm_timeout_ms())
    out.confirm_timeout = milliseconds{in.confirm_timeout_ms()};
  out.effective_state = state_from(in.effective_state());
  out.reason = from_wire<broker_reason>(in.broker_reason(), 7);
  out.coalesced = in.coalesced();
  out.alarm = in.mark() == v1::EVENT_MARK_ALARM;
  out.held = in.mark() == v1::EVENT_MARK_HELD;
  return out;
}

event_outcome from(const v1::EventOutcome& in) {
  event_outcome out;
  out.this_dn = in.this_dn();
  out.epoch = {in.dn_epoch()};
  out.sequence = {in.dn_sequence()};
  out.command = command_id::from(in.command_id()).value_or(command_id{});
  out.connection = {in.connection_id()};
  out.verb = from_wire<capture_verb>(in.command(), 5);
  out.version = {in.version()};
  if (auto result = from_wire<outcome>(in.outcome(), 7);
      result != outcome{}) // 0: of a later version
    out.result = result;
  out.code = in.error_code();
  for (auto& r : in.recorders()) {
    auto verdict = from_wire<recorder_verdict>(r.verdict(), 5);
    out.recorders.push_back({{r.client_id()},
                             r.application_name(),
                             verdict == recorder_verdict{} ? recorder_verdict::silent : verdict,
                             state_from(r.said())});
  }
  out.superseded_by = {in.superseded_by_version()};
  out.held_by = {in.held_by_connection_id()};
  out.aggregate = from_wire<capture_aggregate>(in.aggregate(), 5);
  out.effective_state = state_from(in.effective_state());
  out.origin = {in.origin_client_id()};
  out.accepted_time_us = in.accepted_time_us();
  out.time_us = in.time_us();
  return out;
}

event_address_info from(reference_id reference, const v1::EventAddressInfo& in) {
  event_address_info out{reference, in.this_dn(), from(in.snapshot()), in.time_us(), {}, {}};
  for (auto& r : in.recorders())
    out.recorders.push_back(
      {{r.client_id()}, r.application_name(), r.standby(), r.exact_versions()});
  for (auto& o : in.recent_outcomes())
    out.recent_outcomes.push_back(from(o));
  return out;
}

event_registered from(reference_id reference, const v1::EventRegistered& in) {
  return {reference, in.this_dn(), from_wire<registration_mode>(in.mode(), 2), from(in.snapshot()),
          in.time_us()};
}

event_link_disconnected from(reference_id reference, const v1::EventLinkDisconnected& in) {
  event_link_disconnected out;
  out.reference = reference;
  out.reason = from_wire<disconnect_reason>(in.reason(), 10);
  out.text = in.text();
  if (in.has_retry_after_ms())
    out.retry_after = milliseconds{in.retry_after_ms()};
  return out;
}

} // namespace

decoded decode(std::string_view bytes) {
  // A broker must not be able to make Protobuf write to our program's standard error.
  google::protobuf::LogSilencer silence;
  v1::Frame frame;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return garbage{};
  reference_id reference{frame.reference_id()};
  switch (frame.body_case()) {
  case v1::Frame::kEventLinkConnected:
    return link_connected{reference, from(frame.event_link_connected())};
  case v1::Frame::kEventAck: return event{from(reference, frame.event_ack())};
  case v1::Frame::kEventError: return event{from(reference, frame.event_error())};
  case v1::Frame::kEventRegistered: return event{from(reference, frame.event_registered())};
  case v1::Frame::kEventUnregistered: {
    auto& in = frame.event_unregistered();
    return event{
      event_unregistered{reference, in.this_dn(), in.error_code(), in.text(), in.time_us()}};
  }
  case v1::Frame::kEventAddressInfo: return event{from(reference, frame.event_address_info())};
  case v1::Frame::kEventOutcome: return event{from(frame.event_outcome())};
  case v1::Frame::kEventUserEvent: {
    auto user_event = from(frame.event_user_event());
    if (!user_event)
      return garbage{};
    return event{std::move(*user_event)};
  }
  case v1::Frame::kEventMissed: {
    auto& in = frame.event_missed();
    return event{
      event_missed{in.this_dn(), {in.from_sequence()}, {in.to_sequence()}, {in.dn_epoch()}}};
  }
  case v1::Frame::kEventLinkDisconnected:
    return event{from(reference, frame.event_link_disconnected())};
  case v1::Frame::kHeartbeat: return nothing{};
  case v1::Frame::BODY_NOT_SET: return nothing{}; // of a later version
  case v1::Frame::kRequestSignOn:
  case v1::Frame::kRequestSignOff:
  case v1::Frame::kRequestRegisterAddress:
  case v1::Frame::kRequestUnregisterAddress:
  case v1::Frame::kRequestSetInputMask:
  case v1::Frame::kRequestSendEvent:
  case v1::Frame::kRequestDistributeUserEvent:
  case v1::Frame::kRequestQueryAddress:
  case v1::Frame::kRequestMergeCalls:
  case v1::Frame::kRequestEndCall: return garbage{}; // only clients ask
  }
  return garbage{};
}

} // namespace ringdown::client::codec
