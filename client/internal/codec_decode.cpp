#include "client/internal/codec.hpp"

#include <google/protobuf/stubs/logging.h>
#include <ringdown/v1/ringdown.pb.h>

namespace ringdown::client::codec {

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
    if (c >= 1 && c <= static_cast<int>(capability::per_call))
      out.capabilities.push_back(static_cast<capability>(c));
  out.window_requests = in.window_requests();
  out.window_bytes = in.window_bytes();
  out.frame_bytes_max = in.frame_bytes_max();
  out.user_data_bytes_max = in.user_data_bytes_max();
  out.heartbeat_interval = milliseconds{in.heartbeat_interval_ms()};
  out.heartbeat_timeout = milliseconds{in.heartbeat_timeout_ms()};
  out.time_us = in.time_us();
  out.dns_per_request_max = in.dns_per_request_max();
  out.credentials_expire_time_us = in.credentials_expire_time_us();
  return out;
}

capture_verb command_from(int value) {
  return from_wire<capture_verb>(value, static_cast<int>(capture_verb::query));
}

broker_reason reason_from(int value) {
  return from_wire<broker_reason>(value, static_cast<int>(broker_reason::pause_long));
}

/// An `optional` field of the wire's, as one of ours.
template <class Message>
std::optional<capture_state> desired_in(const Message& in) {
  return in.has_desired() ? std::optional{state_from(in.desired())} : std::nullopt;
}

known_call from(const v1::Call& in) {
  known_call out{{in.connection_id()}, in.wants_recording(), in.stopped(), {in.version()}, {}};
  for (auto former : in.former_connection_ids())
    out.former.push_back({former});
  return out;
}

standing_pause from(const v1::Pause& in) {
  return {{in.connection_id()}, in.application_name(), in.agent_id(),
          {in.client_id()},     in.reason(),           in.since_time_us(),
          {in.version()},       in.holder_gone(),      in.waiting()};
}

recorder_word from(const v1::RecorderWord& in) {
  recorder_word out{{in.client_id()}, in.application_name()};
  if (in.has_said())
    out.said = state_from(in.said());
  out.connection = {in.connection_id()};
  out.time_us = in.time_us();
  out.owes = in.owes();
  out.per_call = in.per_call();
  return out;
}

open_order from(const v1::OpenOrder& in) {
  return {
    {in.dn_sequence()}, command_from(in.command()), {in.connection_id()},           {in.version()},
    in.held(),          in.deadline_time_us(),      reason_from(in.broker_reason())};
}

standing_alarm from(const v1::StandingAlarm& in) {
  return {reason_from(in.broker_reason()), in.since_time_us(), {in.recorder_client_id()}};
}

session_snapshot from(const v1::CaptureSession& in) {
  session_snapshot out;
  out.connection = {in.connection_id()};
  out.desired = desired_in(in);
  out.observed = state_from(in.observed());
  out.version = {in.version()};
  out.changed_time_us = in.changed_time_us();
  out.desired_time_us = in.desired_time_us();
  out.desired_by = {in.desired_by_client_id()};
  out.desired_by_application = in.desired_by_application();
  out.held = in.held();
  out.pending = in.pending();
  out.deadline_time_us = in.deadline_time_us();
  auto copy = [](const auto& all, auto& into) {
    for (auto& one : all)
      into.push_back(from(one));
  };
  copy(in.calls(), out.calls);
  copy(in.pauses(), out.pauses);
  copy(in.recorders(), out.recorders);
  copy(in.orders(), out.orders);
  copy(in.alarms(), out.alarms);
  return out;
}

dn_snapshot from(const v1::Snapshot& in) {
  dn_snapshot out;
  out.sequence = {in.dn_sequence()};
  out.epoch = {in.dn_epoch()};
  out.version = {in.version()};
  out.effective_state = state_from(in.effective_state());
  if (in.sessions_size() > 0) // at most one
    out.session = from(in.sessions(0));
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
  out.this_dn = in.this_dn();
  out.credentials_expire_time_us = in.credentials_expire_time_us();
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
  out.cause = reason_from(in.broker_reason());
  out.coalesced = in.coalesced();
  out.alarm = in.mark() == v1::EVENT_MARK_ALARM;
  out.held = in.mark() == v1::EVENT_MARK_HELD;
  out.desired = desired_in(in);
  out.kept_from_recorders = in.kept_from_recorders();
  out.for_recorder = {in.for_recorder_client_id()};
  out.reason = in.reason();
  out.agent_id = in.agent_id();
  if (in.has_failure())
    out.failure = recorder_failure{in.failure().code(), in.failure().text()};
  return out;
}

recorder_result from(const v1::RecorderResult& in) {
  auto verdict =
    from_wire<recorder_verdict>(in.verdict(), static_cast<int>(recorder_verdict::failed));
  recorder_result out{{in.client_id()},
                      in.application_name(),
                      verdict == recorder_verdict{} ? recorder_verdict::silent : verdict,
                      state_from(in.said())};
  if (verdict == recorder_verdict::failed || in.failure_code() != 0 || !in.failure_text().empty())
    out.failure = recorder_failure{in.failure_code(), in.failure_text()};
  return out;
}

event_outcome from(const v1::EventOutcome& in) {
  event_outcome out;
  out.this_dn = in.this_dn();
  out.epoch = {in.dn_epoch()};
  out.sequence = {in.dn_sequence()};
  out.command = command_id::from(in.command_id()).value_or(command_id{});
  out.connection = {in.connection_id()};
  out.verb = command_from(in.command());
  out.version = {in.version()};
  if (auto result = from_wire<outcome>(in.outcome(), static_cast<int>(outcome::failed));
      result != outcome{}) // 0: of a later version
    out.result = result;
  out.code = in.error_code();
  for (auto& r : in.recorders())
    out.recorders.push_back(from(r));
  out.superseded_by = {in.superseded_by_version()};
  if (in.has_held_by())
    out.held_by = from(in.held_by());
  out.aggregate = from_wire<capture_aggregate>(in.aggregate(), 5);
  out.effective_state = state_from(in.effective_state());
  out.origin = {in.origin_client_id()};
  out.accepted_time_us = in.accepted_time_us();
  out.time_us = in.time_us();
  out.origin_application = in.origin_application();
  out.reason = in.reason();
  out.agent_id = in.agent_id();
  out.cause = reason_from(in.broker_reason());
  out.released = {in.released_sequence()};
  out.released_command = command_id::from(in.released_command_id()).value_or(command_id{});
  return out;
}

event_address_info from(reference_id reference, const v1::EventAddressInfo& in) {
  event_address_info out{reference, in.this_dn(), from(in.snapshot()), in.time_us(), {}, {}};
  for (auto& r : in.recorders())
    out.recorders.push_back(
      {{r.client_id()}, r.application_name(), r.standby(), r.exact_versions(), r.per_call()});
  for (auto& o : in.recent_outcomes())
    out.recent_outcomes.push_back(from(o));
  return out;
}

event_address_list from(reference_id reference, const v1::EventAddressList& in) {
  event_address_list out{reference, {}, in.next(), in.time_us()};
  for (auto& a : in.addresses())
    out.addresses.push_back({a.this_dn(), state_from(a.effective_state()), desired_in(a),
                             a.pauses(), a.paused_since_time_us(), a.waiting(), a.alarms(),
                             a.recorders_active(), a.clients_registered(), a.changed_time_us()});
  return out;
}

event_registered from(reference_id reference, const v1::EventRegistered& in) {
  return {reference,           in.this_dn(), from_wire<registration_mode>(in.mode(), 2),
          from(in.snapshot()), in.time_us(), in.every_dn()};
}

event_link_disconnected from(reference_id reference, const v1::EventLinkDisconnected& in) {
  event_link_disconnected out;
  out.reference = reference;
  out.reason =
    from_wire<disconnect_reason>(in.reason(), static_cast<int>(disconnect_reason::by_operator));
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
    return event{event_unregistered{reference, in.this_dn(), in.error_code(), in.text(),
                                    in.time_us(), in.every_dn()}};
  }
  case v1::Frame::kEventAddressInfo: return event{from(reference, frame.event_address_info())};
  case v1::Frame::kEventAddressList: return event{from(reference, frame.event_address_list())};
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
  case v1::Frame::kRequestEndCall:
  case v1::Frame::kRequestListAddresses:
  case v1::Frame::kRequestCommandAddresses:
  case v1::Frame::kRequestRenewCredentials: return garbage{}; // only clients ask
  }
  return garbage{};
}

} // namespace ringdown::client::codec
