// What T-Clients say, as frames; short to write in a conversation.
#pragma once

#include <ringdown/v1/ringdown.pb.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::test {

using capabilities = std::vector<v1::Capability>;

inline v1::Frame sign_on(std::uint32_t reference, v1::Role role, std::string_view application,
                         const capabilities& abilities = {}, std::string instance = {}) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_sign_on();
  request.set_version_min(1);
  request.set_version_max(1);
  request.set_role(role);
  request.set_application_name(std::string{application});
  if (instance.empty())
    instance = std::string{application} + "'s instance id";
  instance.resize(16, '.');
  request.set_instance_id(instance);
  for (auto ability : abilities)
    request.add_capabilities(ability);
  return frame;
}

inline v1::Frame sign_off(std::uint32_t reference) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  frame.mutable_request_sign_off();
  return frame;
}

inline v1::Frame heartbeat() {
  v1::Frame frame;
  frame.mutable_heartbeat();
  return frame;
}

using dn_names = std::vector<std::string>;

inline v1::Frame register_on(std::uint32_t reference, const dn_names& dns,
                             v1::RegistrationMode mode = v1::REGISTRATION_MODE_SHARE) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_register_address();
  for (auto& dn : dns)
    request.add_this_dn(dn);
  request.set_mode(mode);
  return frame;
}
inline v1::Frame register_with_echo(std::uint32_t reference, const dn_names& dns) {
  auto frame = register_on(reference, dns);
  frame.mutable_request_register_address()->set_echo(true);
  return frame;
}
inline v1::Frame register_as_standby(std::uint32_t reference, const dn_names& dns) {
  auto frame = register_on(reference, dns);
  frame.mutable_request_register_address()->set_standby(true);
  return frame;
}

inline v1::Frame register_for_outcomes(std::uint32_t reference, const dn_names& dns) {
  auto frame = register_on(reference, dns);
  frame.mutable_request_register_address()->set_hear_outcomes(true);
  return frame;
}

/// Watches every DN, from now on and those to come.
inline v1::Frame watch_every_dn(std::uint32_t reference, bool hear_outcomes = false) {
  auto frame = register_on(reference, {}, v1::REGISTRATION_MODE_MONITOR);
  auto& request = *frame.mutable_request_register_address();
  request.set_every_dn(true);
  request.set_hear_outcomes(hear_outcomes);
  return frame;
}
inline v1::Frame watch_no_more(std::uint32_t reference) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  frame.mutable_request_unregister_address()->set_every_dn(true);
  return frame;
}

/// What a RequestListAddresses asks for.
struct list_options {
  std::string_view after{};
  std::uint32_t limit = 0;
  std::optional<v1::CaptureState> light{};
  bool alarmed = false;
  bool recorder_missing = false;
};

inline v1::Frame list_dns(std::uint32_t reference, const list_options& options = {}) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_list_addresses();
  request.set_after(std::string{options.after});
  request.set_limit(options.limit);
  if (options.light)
    request.set_light(*options.light);
  request.set_alarmed(options.alarmed);
  request.set_recorder_missing(options.recorder_missing);
  return frame;
}

/// One command for many DNs.
inline v1::Frame command_dns(std::uint32_t reference, const dn_names& dns, v1::Command verb,
                             std::string_view reason = {}) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_command_addresses();
  for (auto& dn : dns)
    request.add_this_dn(dn);
  request.set_command(verb);
  request.set_reason(std::string{reason});
  return frame;
}

inline v1::Frame merge_calls(std::uint32_t reference, std::string_view dn, std::uint64_t from,
                             std::uint64_t into) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_merge_calls();
  request.set_this_dn(std::string{dn});
  request.set_old_connection_id(from);
  request.set_connection_id(into);
  return frame;
}

inline v1::Frame end_call(std::uint32_t reference, std::string_view dn, std::uint64_t call) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_end_call();
  request.set_this_dn(std::string{dn});
  request.set_connection_id(call);
  return frame;
}

inline v1::Frame unregister(std::uint32_t reference, const dn_names& dns) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_unregister_address();
  for (auto& dn : dns)
    request.add_this_dn(dn);
  return frame;
}

inline v1::Frame query_address(std::uint32_t reference, std::string_view dn) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  frame.mutable_request_query_address()->set_this_dn(std::string{dn});
  return frame;
}

inline v1::Frame hear_only(std::uint32_t reference, std::initializer_list<v1::EventKind> kinds) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_set_input_mask();
  for (auto kind : kinds)
    request.add_event_kinds(kind);
  return frame;
}

/// What a RequestSendEvent may say beyond its DN and verb.
struct send_options {
  std::uint64_t call = 0;
  std::optional<std::uint64_t> if_version{};
  std::uint64_t directed_to = 0;
  std::uint64_t echoed_version = 0;
  std::int32_t user_event = 0;
  std::string_view key = "screen-capture";
  std::size_t padding = 0;    // bytes of user data beside the verb
  std::string_view command{}; // its id: up to 16 characters
  bool retry = false;
  std::optional<std::uint32_t> confirm_timeout_ms{};
  std::string_view reason{};      // of a command
  std::string_view agent_id{};    // of a command
  std::uint32_t failure_code = 0; // of an indication
  std::string_view failure_text{};
};

inline void fill_event(v1::Event& event, std::string_view dn, std::string_view verb,
                       const send_options& options) {
  event.set_this_dn(std::string{dn});
  event.set_message_type(v1::MESSAGE_TYPE_EVENT_USER_EVENT);
  event.set_connection_id(options.call);
  event.set_user_event(options.user_event);
  if (!verb.empty()) {
    auto& pair = *event.mutable_user_data()->add_pairs();
    pair.set_key(std::string{options.key});
    pair.set_string_value(std::string{verb});
  }
  if (options.padding != 0) {
    auto& pair = *event.mutable_user_data()->add_pairs();
    pair.set_key("padding");
    pair.set_binary_value(std::string(options.padding, 'x'));
  }
}

/// RequestSendEvent; without a verb the event has no `screen-capture`.
inline v1::Frame send(std::uint32_t reference, std::string_view dn, std::string_view verb,
                      const send_options& options = {}) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_send_event();
  request.set_this_dn(std::string{dn});
  if (options.if_version)
    request.set_if_version(*options.if_version);
  request.set_directed_client_id(options.directed_to);
  request.set_version(options.echoed_version);
  if (!options.command.empty()) {
    std::string id{options.command};
    id.resize(16, '.');
    request.set_command_id(id);
  }
  request.set_retry(options.retry);
  if (options.confirm_timeout_ms)
    request.set_confirm_timeout_ms(*options.confirm_timeout_ms);
  request.set_reason(std::string{options.reason});
  request.set_agent_id(std::string{options.agent_id});
  if (options.failure_code != 0)
    request.mutable_failure()->set_code(options.failure_code);
  if (!options.failure_text.empty())
    request.mutable_failure()->set_text(std::string{options.failure_text});
  fill_event(*request.mutable_event(), dn, verb, options);
  return frame;
}

/// The older RequestDistributeUserEvent.
inline v1::Frame distribute(std::uint32_t reference, std::string_view dn, std::string_view verb) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_distribute_user_event();
  request.set_this_dn(std::string{dn});
  fill_event(*request.mutable_event(), dn, verb, {});
  return frame;
}

} // namespace ringdown::test
