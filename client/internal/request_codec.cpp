#include "client/internal/request_codec.hpp"

#include <google/protobuf/stubs/logging.h>
#include <ringdown/v1/ringdown.pb.h>

namespace ringdown::client::codec {

namespace {

using std::chrono::milliseconds;

/// What a later version has added becomes the zero value, or is left out.
role role_from(int value) {
  bool is_known = value >= 0 && value <= static_cast<int>(role::node);
  return is_known ? static_cast<role>(value) : role::unspecified;
}

sign_on_request from(reference_id reference, const v1::RequestSignOn& in) {
  sign_on_request out{reference, {}};
  out.who.application_name = in.application_name();
  out.who.instance = instance_id::from(in.instance_id()).value_or(instance_id{});
  out.who.role = role_from(in.role());
  for (int c : in.capabilities())
    if (c >= static_cast<int>(capability::outcomes) && c <= static_cast<int>(capability::per_call))
      out.who.capabilities.push_back(static_cast<capability>(c));
  if (in.has_heartbeat_interval_ms())
    out.who.heartbeat_interval = milliseconds{in.heartbeat_interval_ms()};
  out.who.version_min = in.version_min();
  out.who.version_max = in.version_max();
  return out;
}

registration_request from(reference_id reference, const v1::RequestRegisterAddress& in) {
  registration_request out{reference, {in.this_dn().begin(), in.this_dn().end()}, {}};
  if (v1::RegistrationMode_IsValid(in.mode()))
    out.how.mode = static_cast<registration_mode>(in.mode());
  out.how.echo = in.echo();
  out.how.standby = in.standby();
  out.how.hear_outcomes = in.hear_outcomes();
  return out;
}

/// False if the user data breaks the contract.
bool take(const v1::Event& in, outgoing_event& out) {
  out.connection = {in.connection_id()};
  out.user_event = in.user_event();
  auto data = user_data::decode(in.user_data().SerializeAsString());
  if (data)
    out.data = std::move(*data);
  return data.has_value();
}

decoded_request from(reference_id reference, const v1::RequestSendEvent& in) {
  event_request out{reference, {}, false};
  out.what.this_dn = in.this_dn();
  out.what.command = command_id::from(in.command_id()).value_or(command_id{});
  out.what.retry = in.retry();
  if (in.has_if_version())
    out.what.if_version = command_version{in.if_version()};
  if (in.has_confirm_timeout_ms())
    out.what.confirm_timeout = milliseconds{in.confirm_timeout_ms()};
  out.what.directed = {in.directed_client_id()};
  out.what.version = {in.version()};
  out.what.reason = in.reason();
  out.what.agent_id = in.agent_id();
  if (in.has_failure())
    out.what.failure = recorder_failure{in.failure().code(), in.failure().text()};
  return take(in.event(), out.what) ? decoded_request{std::move(out)} : garbage{};
}

decoded_request from(reference_id reference, const v1::RequestDistributeUserEvent& in) {
  event_request out{reference, {}, true};
  out.what.this_dn = in.this_dn();
  return take(in.event(), out.what) ? decoded_request{std::move(out)} : garbage{};
}

constexpr int requests_first = 10;
constexpr int requests_last = 59;

} // namespace

decoded_request decode_request(std::string_view bytes) {
  // A stranger must not be able to make Protobuf write to our program's standard error.
  google::protobuf::LogSilencer silence;
  v1::Frame frame;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return garbage{};
  reference_id reference{frame.reference_id()};
  if (frame.has_heartbeat() || frame.body_case() == v1::Frame::BODY_NOT_SET)
    return nothing{};
  if (frame.has_request_sign_on())
    return from(reference, frame.request_sign_on());
  if (frame.has_request_register_address())
    return from(reference, frame.request_register_address());
  if (frame.has_request_send_event())
    return from(reference, frame.request_send_event());
  if (frame.has_request_distribute_user_event())
    return from(reference, frame.request_distribute_user_event());
  int number = frame.body_case();
  if (number < requests_first || number > requests_last)
    return garbage{};
  auto* body = v1::Frame::descriptor()->FindFieldByNumber(number);
  return other_request{reference, body->message_type()->name()};
}

} // namespace ringdown::client::codec
