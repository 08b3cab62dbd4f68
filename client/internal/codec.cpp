// Requests, from plain values to bytes.
#include "client/internal/codec.hpp"

#include "messages/frame.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>
#include <limits>

namespace ringdown::client::codec {

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

void fill(v1::RequestRegisterAddress& body, const registration& how) {
  body.set_mode(to_wire<v1::RegistrationMode>(how.mode));
  body.set_echo(how.echo);
  body.set_standby(how.standby);
  body.set_hear_outcomes(how.hear_outcomes);
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
  fill(body, how);
  return delimited(frame);
}

std::string register_every_dn(reference_id reference, const registration& how) {
  auto frame = request(reference);
  fill(*frame.mutable_request_register_address(), how);
  frame.mutable_request_register_address()->set_every_dn(true);
  return delimited(frame);
}

std::string unregister_address(reference_id reference, std::span<const std::string> dns) {
  auto frame = request(reference);
  auto& body = *frame.mutable_request_unregister_address();
  for (auto& dn : dns)
    body.add_this_dn(dn);
  return delimited(frame);
}

std::string unregister_every_dn(reference_id reference) {
  auto frame = request(reference);
  frame.mutable_request_unregister_address()->set_every_dn(true);
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
  body.set_reason(what.reason);
  body.set_agent_id(what.agent_id);
  if (what.failure) {
    body.mutable_failure()->set_code(what.failure->code);
    body.mutable_failure()->set_text(what.failure->text);
  }
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

std::string command_addresses(reference_id reference, const bulk_command& what) {
  auto frame = request(reference);
  auto& body = *frame.mutable_request_command_addresses();
  for (auto& dn : what.dns)
    body.add_this_dn(dn);
  body.set_command(to_wire<v1::Command>(what.verb));
  if (what.command)
    body.set_command_id(std::string{what.command.view()});
  body.set_retry(what.retry);
  if (what.confirm_timeout)
    body.set_confirm_timeout_ms(to_wire(*what.confirm_timeout));
  body.set_reason(what.reason);
  body.set_agent_id(what.agent_id);
  return delimited(frame);
}

std::string list_addresses(reference_id reference, const address_list_request& what) {
  auto frame = request(reference);
  auto& body = *frame.mutable_request_list_addresses();
  body.set_after(what.after);
  body.set_limit(what.limit);
  if (what.only.light)
    body.set_light(to_wire<v1::CaptureState>(*what.only.light));
  body.set_alarmed(what.only.alarmed);
  body.set_recorder_missing(what.only.recorder_missing);
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

std::string renew_credentials(reference_id reference, std::string_view credentials) {
  auto frame = request(reference);
  frame.mutable_request_renew_credentials()->set_credentials(std::string{credentials});
  return delimited(frame);
}

std::string heartbeat() {
  v1::Frame frame;
  frame.mutable_heartbeat();
  return delimited(frame);
}

} // namespace ringdown::client::codec
