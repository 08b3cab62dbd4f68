#include "actors/connection/proof.hpp"

#include "actors/connection/control_requests.hpp"
#include "messages/frame.hpp"
#include "messages/refusals.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>

namespace ringdown {

namespace {

/// Looked at so often at least: the clock may be set meanwhile.
constexpr std::chrono::milliseconds expiry_look_max{3'600'000};

std::int64_t grace_end_us(std::int64_t expires_us, const access_rules& rules) noexcept {
  return expires_us + std::chrono::microseconds{rules.expired_grace}.count();
}

} // namespace

fault describe(const std::optional<authenticated>& refused_by) {
  if (!refused_by)
    return refused(error_code::internal_error, "the credentials were not looked at in time");
  auto why = refused(refused_by->overloaded ? error_code::overloaded : error_code::bad_credentials);
  if (refused_by->retry_after_ms != 0)
    why.retry_after = std::chrono::milliseconds{refused_by->retry_after_ms};
  return why;
}

namespace {

bool is_safety_command_for_many(std::string_view body) {
  v1::RequestCommandAddresses asked;
  return !parse_control(body, asked) &&
         is_safety_command(static_cast<capture_verb>(asked.command()));
}

} // namespace

bool passes_expired(const frame_ahead& next) {
  switch (static_cast<body_number>(next.frame.body_number)) {
  case body_number::request_send_event:
  case body_number::request_distribute_user_event:
    return is_safety_command(next.event.verb) || is_indication(next.event.verb);
  case body_number::request_command_addresses: return is_safety_command_for_many(next.frame.body);
  case body_number::request_renew_credentials:
  case body_number::request_sign_off: return true;
  default: return false;
  }
}

fault credentials_expired() {
  return refused(error_code::bad_credentials, "credentials", "RequestRenewCredentials first",
                 "the credentials have expired: only pause, stop and indications pass");
}

fault nobody_authenticates() {
  return refused(error_code::unsupported_operation, "body", "no renewal",
                 "nobody is asked here who it is");
}

expiry expiry_at(std::int64_t expires_us, std::int64_t now_us, const access_rules& rules) noexcept {
  if (expires_us == 0 || now_us < expires_us)
    return expiry::nothing;
  switch (rules.expired) {
  case expired_policy::keep: return expiry::nothing;
  case expired_policy::disconnect: return expiry::end;
  case expired_policy::grace: break;
  }
  return now_us < grace_end_us(expires_us, rules) ? expiry::grace : expiry::end;
}

std::optional<std::chrono::milliseconds>
next_expiry_look(std::int64_t expires_us, std::int64_t now_us, const access_rules& rules) noexcept {
  if (expires_us == 0 || rules.expired == expired_policy::keep)
    return std::nullopt;
  auto due_us = now_us < expires_us ? expires_us : grace_end_us(expires_us, rules);
  std::chrono::microseconds rest{std::max<std::int64_t>(due_us - now_us, 0)};
  // Rounded up: a look before the time would only look again.
  return std::min(std::chrono::ceil<std::chrono::milliseconds>(rest), expiry_look_max);
}

std::string encode_renewed(reference_id reference, std::int64_t expires_us, std::int64_t time_us) {
  v1::Frame frame;
  frame.set_reference_id(reference.value);
  auto& ack = *frame.mutable_event_ack();
  ack.set_time_us(time_us);
  ack.set_credentials_expire_time_us(expires_us);
  return delimited(frame);
}

} // namespace ringdown
