#include "tests/e2e/harness/frames.hpp"

#include <random>

namespace ringdown::e2e {

v1::Frame heartbeat() {
  v1::Frame frame;
  frame.mutable_heartbeat();
  return frame;
}

std::string random_bytes16() {
  static std::random_device random;
  std::string bytes;
  for (int i = 0; i < 16; ++i)
    bytes += static_cast<char>(random());
  return bytes;
}

v1::Frame sign_on(v1::Role role, const std::string& application, const std::string& instance) {
  v1::Frame frame;
  auto& body = *frame.mutable_request_sign_on();
  body.set_version_min(1);
  body.set_version_max(1);
  body.set_application_name(application);
  body.set_instance_id(instance.empty() ? random_bytes16() : instance);
  body.set_role(role);
  return frame;
}

v1::Frame sign_off() {
  v1::Frame frame;
  frame.mutable_request_sign_off();
  return frame;
}

v1::Frame register_on(const std::string& dn, v1::RegistrationMode mode) {
  v1::Frame frame;
  auto& body = *frame.mutable_request_register_address();
  body.add_this_dn(dn);
  body.set_mode(mode);
  return frame;
}

v1::Frame unregister_from(const std::string& dn) {
  v1::Frame frame;
  frame.mutable_request_unregister_address()->add_this_dn(dn);
  return frame;
}

v1::Frame query_address(const std::string& dn) {
  v1::Frame frame;
  frame.mutable_request_query_address()->set_this_dn(dn);
  return frame;
}

v1::Frame capture(const std::string& dn, std::string_view value, std::uint64_t connection) {
  auto frame = user_event(dn, "screen-capture", std::string{value});
  frame.mutable_request_send_event()->mutable_event()->set_connection_id(connection);
  return frame;
}

v1::Frame user_event(const std::string& dn, const std::string& key, const std::string& value) {
  v1::Frame frame;
  auto& body = *frame.mutable_request_send_event();
  body.set_this_dn(dn);
  auto& event = *body.mutable_event();
  event.set_this_dn(dn);
  event.set_message_type(v1::MESSAGE_TYPE_EVENT_USER_EVENT);
  auto& pair = *event.mutable_user_data()->add_pairs();
  pair.set_key(key);
  pair.set_string_value(value);
  return frame;
}

v1::Frame as_distribute(const v1::Frame& send_event) {
  v1::Frame frame;
  auto& body = *frame.mutable_request_distribute_user_event();
  body.set_this_dn(send_event.request_send_event().this_dn());
  *body.mutable_event() = send_event.request_send_event().event();
  return frame;
}

std::string verb_of(const v1::Frame& frame) {
  for (auto& pair : frame.event_user_event().event().user_data().pairs())
    if (pair.key() == "screen-capture")
      return pair.string_value();
  return {};
}

std::string kind_of(const v1::Frame& frame) {
  if (frame.has_event_error())
    return "EventError " + std::to_string(frame.event_error().error_code());
  auto* field = frame.GetReflection()->GetOneofFieldDescriptor(
    frame, frame.GetDescriptor()->FindOneofByName("body"));
  return field == nullptr ? "nothing" : field->message_type()->name();
}

} // namespace ringdown::e2e
