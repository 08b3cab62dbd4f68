// What is told of a RequestSendEvent that is wrong: the field, and what it may be.
#include "messages/refusals.hpp"
#include "messages/send_event.hpp"

#include <string>

namespace ringdown {

namespace {

fault describe_user_data_fault(user_data_fault kind, const limits& bounds) {
  const std::string values = "start, stop, pause, resume, query; enabled, disabled, paused, failed";
  const std::string data = "event.user_data";
  const std::string capture = "event.user_data.screen-capture";
  switch (kind) {
  case user_data_fault::none: break;
  case user_data_fault::malformed: return invalid(data, "a UserData message");
  case user_data_fault::too_large:
    return invalid(data, "at most " + std::to_string(bounds.user_data_bytes_max) + " bytes",
                   "user data too large");
  case user_data_fault::too_deep:
    return invalid(data, "at most " + std::to_string(user_data_depth_max) + " lists deep",
                   "user data nested too deep");
  case user_data_fault::too_many_pairs:
    return invalid(data, "at most " + std::to_string(user_data_pairs_max) + " pairs",
                   "too many pairs of user data");
  case user_data_fault::not_utf8:
    return invalid(data, "keys and string values in UTF-8; use binary_value for other bytes",
                   "a key or string value is not UTF-8");
  case user_data_fault::key_twice: return invalid(data + ".pairs.key", "one key for each pair");
  case user_data_fault::value_twice:
    return invalid(data + ".pairs.value", "one value for each pair");
  case user_data_fault::field_type:
    return invalid(data + ".pairs", "keys and values with the wire type of their field");
  case user_data_fault::capture_value: return invalid(capture, "a string, one of " + values);
  case user_data_fault::capture_twice:
    return invalid(capture, "once", "screen-capture is given more than once");
  case user_data_fault::capture_unknown:
    return invalid(capture, values, "only the broker says unknown");
  case user_data_fault::capture_not_indication:
    return invalid("event.user_data.screen-capture-indication",
                   "enabled, disabled, paused, failed");
  }
  return invalid(data, "a UserData message");
}

std::string text_rule(std::size_t bytes_max) {
  return "at most " + std::to_string(bytes_max) + " bytes of UTF-8 without control characters";
}

} // namespace

fault describe_send_fault(send_fault kind, user_data_fault data, const limits& bounds) {
  const std::string dn_rule = "1 to 255 bytes of UTF-8 without control characters";
  switch (kind) {
  case send_fault::none: break;
  case send_fault::malformed:
    return invalid("frame", "a ringdown.v1.Frame", "the frame cannot be parsed");
  case send_fault::dn_empty: return invalid("this_dn", dn_rule, "the DN is empty");
  case send_fault::dn_too_long: return invalid("this_dn", dn_rule, "the DN is too long");
  case send_fault::dn_not_utf8: return invalid("this_dn", dn_rule, "the DN is not UTF-8");
  case send_fault::dn_control_character:
    return invalid("this_dn", dn_rule, "the DN has a control character");
  case send_fault::dn_twice: return invalid("this_dn", "given once");
  case send_fault::message_type_unspecified:
    return invalid("event.message_type", "EventUserEvent (1)", "the message type is missing");
  case send_fault::message_type_unsupported:
    return refused(error_code::unsupported_operation, "event.message_type", "EventUserEvent (1)");
  case send_fault::event_missing: return invalid("event", "an Event", "the event is missing");
  case send_fault::event_twice: return invalid("event", "given once");
  case send_fault::event_dn_mismatch:
    return invalid("event.this_dn", "the same as the request's this_dn");
  case send_fault::event_dn_twice: return invalid("event.this_dn", "given once");
  case send_fault::message_type_twice: return invalid("event.message_type", "given once");
  case send_fault::connection_id_twice: return invalid("event.connection_id", "given once");
  case send_fault::user_event_twice: return invalid("event.user_event", "given once");
  case send_fault::user_data_twice: return invalid("event.user_data", "given once");
  case send_fault::command_id_size: return invalid("command_id", "exactly 16 bytes, or absent");
  case send_fault::header_field_twice:
    return invalid(
      "command_id, retry, if_version, confirm_timeout_ms, directed_client_id, version, reason, "
      "agent_id, failure",
      "each given once");
  case send_fault::header_field_type:
    return invalid("this_dn, command_id, retry, if_version, confirm_timeout_ms, "
                   "directed_client_id, version, reason, agent_id, failure, event",
                   "each with the wire type of its field");
  case send_fault::event_field_type:
    return invalid("event.this_dn, message_type, connection_id, user_data, user_event",
                   "each with the wire type of its field");
  case send_fault::confirm_timeout_range:
    return invalid("confirm_timeout_ms",
                   "1 to " + std::to_string(bounds.confirm_timeout_max.count()) + ", or absent");
  case send_fault::reason_text: return invalid("reason", text_rule(reason_bytes_max));
  case send_fault::agent_id_text: return invalid("agent_id", text_rule(agent_id_bytes_max));
  case send_fault::failure_text: return invalid("failure.text", text_rule(failure_text_bytes_max));
  case send_fault::reason_not_command:
    return invalid("reason, agent_id", "only with a command: start, stop, pause, resume, query");
  case send_fault::failure_not_indication:
    return invalid("failure", "only with an indication: failed, enabled, disabled, paused");
  case send_fault::user_data: return describe_user_data_fault(data, bounds);
  }
  return invalid("frame", "a ringdown.v1.Frame");
}

} // namespace ringdown
