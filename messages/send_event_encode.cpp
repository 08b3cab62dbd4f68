// What is written: the answers to an event, and what goes in front of it on its way out.
#include "messages/send_event.hpp"

#include "messages/frame.hpp"
#include "messages/wire.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>

namespace ringdown {

using wire::wire_type;

namespace {

std::optional<std::chrono::milliseconds> default_retry_after(error_code code) {
  switch (code) {
  case error_code::too_many_requests: return retry_after_window;
  case error_code::no_queue_space: return retry_after_no_queue_space;
  case error_code::overloaded: return retry_after_overloaded;
  case error_code::out_of_service: return retry_after_draining;
  default: return std::nullopt; // every other code: trying again changes nothing by itself
  }
}

/// At most `bytes_max` bytes of `text`, and no half character at the end.
std::string_view cut_text(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max)
    return text;
  auto is_inner_byte = [&](std::size_t i) { return (text[i] & 0xc0) == 0x80; };
  auto size = bytes_max;
  while (size > 0 && is_inner_byte(size))
    --size;
  return text.substr(0, size);
}

} // namespace

/// With the DN's name lengths may take two bytes: rare, and so left to Protobuf.
char* encode_ack_of(char* out, reference_id reference, const ack& answer) {
  v1::Frame frame;
  frame.set_reference_id(reference.value);
  auto& event = *frame.mutable_event_ack();
  if (answer.recorders_queued)
    event.set_recorders_queued(*answer.recorders_queued);
  event.set_dn_sequence(answer.sequence.value);
  event.set_dn_epoch(answer.epoch.value);
  event.set_version(answer.version.value);
  event.set_user_event(answer.user_event);
  event.set_time_us(answer.time_us);
  event.set_this_dn(std::string{answer.this_dn});
  auto bytes = delimited(frame);
  return std::copy(bytes.begin(), bytes.end(), out);
}

char* encode_ack(char* out, reference_id reference, const ack& answer) noexcept {
  using field = v1::EventACK;
  // Without a DN both lengths are below 128 and take one byte, to be filled in behind.
  static_assert(ack_frame_bytes_max - dn_bytes_max + wire::wide_varint_bytes_max < 0x80);
  constexpr auto tag = std::uint64_t{static_cast<std::uint32_t>(body_number::event_ack)} << 3 | 2;
  char* end = wire::put_number(out + 1, 1, reference.value);
  char* body = wire::put_varint(end, tag) + 1;
  end = body;
  if (answer.recorders_queued)
    end = wire::put_present(end, field::kRecordersQueuedFieldNumber, *answer.recorders_queued);
  end = wire::put_number(end, field::kDnSequenceFieldNumber, answer.sequence.value);
  end = wire::put_wide_number(end, field::kDnEpochFieldNumber, answer.epoch.value);
  end = wire::put_number(end, field::kVersionFieldNumber, answer.version.value);
  end = wire::put_number(end, field::kUserEventFieldNumber,
                         static_cast<std::uint64_t>(std::int64_t{answer.user_event}));
  end = wire::put_wide_number(end, field::kTimeUsFieldNumber,
                              static_cast<std::uint64_t>(answer.time_us));
  if (!answer.this_dn.empty()) [[unlikely]]
    return encode_ack_of(out, reference, answer);
  body[-1] = static_cast<char>(end - body);
  out[0] = static_cast<char>(end - out - 1);
  return end;
}

std::string encode_error(reference_id reference, const fault& why, const error_context& context) {
  v1::Frame frame;
  frame.set_reference_id(reference.value);
  auto& error = *frame.mutable_event_error();
  auto& row = info(why.code);
  error.set_error_code(static_cast<std::uint32_t>(why.code));
  error.set_text(why.text.empty() ? std::string{row.text} : why.text);
  error.set_attribute(why.attribute);
  error.set_accepted(why.accepted);
  error.set_retry_class(static_cast<v1::RetryClass>(row.retry));
  auto retry_after = why.retry_after ? why.retry_after : default_retry_after(why.code);
  if (retry_after)
    error.set_retry_after_ms(static_cast<std::uint32_t>(retry_after->count()));
  if (auto dn = cut_text(context.this_dn.value_or(""), dn_bytes_max);
      context.this_dn && wire::valid_utf8(dn))
    error.set_this_dn(dn.data(), dn.size());
  if (context.last_known_state)
    error.set_last_known_state(static_cast<v1::CaptureState>(*context.last_known_state));
  if (context.version)
    error.set_version(context.version->value);
  error.set_time_us(context.time_us);
  return delimited(frame);
}

namespace {

char* put_order_fields(char* end, const user_event_header& header) noexcept {
  using field = v1::EventUserEvent;
  if (header.desired)
    end = wire::put_present(end, field::kDesiredFieldNumber,
                            static_cast<std::uint64_t>(*header.desired));
  end =
    wire::put_number(end, field::kKeptFromRecordersFieldNumber, header.kept_from_recorders ? 1 : 0);
  return wire::put_fixed64(end, field::kForRecorderClientIdFieldNumber, header.for_recorder.value);
}

char* put_details(char* end, const event_details& details) noexcept {
  using field = v1::EventUserEvent;
  if (!details.reason.empty())
    end = wire::put_bytes(end, field::kReasonFieldNumber, details.reason);
  if (!details.agent_id.empty())
    end = wire::put_bytes(end, field::kAgentIdFieldNumber, details.agent_id);
  if (details.failure_code == 0 && details.failure_text.empty())
    return end;
  auto size = details.failure_text.size();
  auto body = (details.failure_code == 0 ? 0 : 1 + wire::varint_size(details.failure_code)) +
              (size == 0 ? 0 : 1 + wire::varint_size(size) + size);
  end = wire::put_tag(end, field::kFailureFieldNumber, wire_type::bytes);
  end = wire::put_varint(end, body);
  end = wire::put_number(end, v1::Failure::kCodeFieldNumber, details.failure_code);
  if (size != 0)
    end = wire::put_bytes(end, v1::Failure::kTextFieldNumber, details.failure_text);
  return end;
}

} // namespace

event_head::event_head(const user_event_header& header, std::size_t event_bytes) noexcept
  : event_bytes_(event_bytes) {
  using field = v1::EventUserEvent;
  auto number = [](auto value) { return static_cast<std::uint64_t>(value); };
  char* end = end_;
  end = wire::put_number(end, field::kDnSequenceFieldNumber, header.sequence.value);
  end = wire::put_wide_number(end, field::kDnEpochFieldNumber, header.epoch.value);
  end = wire::put_wide_number(end, field::kTimeUsFieldNumber, number(header.time_us));
  end = wire::put_fixed64(end, field::kOriginClientIdFieldNumber, header.origin.value);
  end = wire::put_number(end, field::kOriginRoleFieldNumber, number(header.origin_role));
  end = wire::put_number(end, field::kVersionFieldNumber, header.version.value);
  if (header.command)
    end = wire::put_bytes(end, field::kCommandIdFieldNumber, header.command.view());
  if (header.confirm_timeout_ms)
    end = wire::put_present(end, field::kConfirmTimeoutMsFieldNumber, *header.confirm_timeout_ms);
  end = wire::put_number(end, field::kEffectiveStateFieldNumber, number(header.effective_state));
  end = wire::put_number(end, field::kBrokerReasonFieldNumber, header.broker_reason);
  if (header.origin_instance)
    end = wire::put_bytes(end, field::kOriginInstanceIdFieldNumber, header.origin_instance.view());
  end = wire::put_number(end, field::kCoalescedFieldNumber, header.coalesced ? 1 : 0);
  end = wire::put_number(end, field::kMarkFieldNumber, number(header.mark));
  // Of capture events only.
  if (header.desired || header.kept_from_recorders || header.for_recorder) [[unlikely]]
    end = put_order_fields(end, header);
  auto& said = header.details;
  if ((said.reason.size() | said.agent_id.size() | said.failure_code | said.failure_text.size()) !=
      0) [[unlikely]]
    end = put_details(end, said);
  end = wire::put_tag(end, field::kEventFieldNumber, wire_type::bytes);
  end_ = wire::put_varint(end, event_bytes);
  begin_ = put_prefix({});
}

/// Writes right in front of the header and returns the place where it begins.
char* event_head::put_prefix(reference_id directed) noexcept {
  char* header = buffer_ + prefix_bytes_max;
  auto tag = std::uint64_t{static_cast<std::uint32_t>(body_number::event_user_event)} << 3 | 2;
  auto own = directed ? 1 + wire::varint_size(directed.value) : 0;
  auto body = own + static_cast<std::size_t>(end_ - header) + event_bytes_;
  auto frame = wire::varint_size(tag) + wire::varint_size(body) + body;
  char* begin = header - own - (frame - body) - wire::varint_size(frame);
  auto* out = wire::put_varint(wire::put_varint(wire::put_varint(begin, frame), tag), body);
  wire::put_number(out, v1::EventUserEvent::kDirectedReferenceIdFieldNumber, directed.value);
  return begin;
}

std::string_view event_head::directed(reference_id reference) noexcept {
  begin_ = put_prefix(reference);
  return bytes();
}

std::string rename_indication_key(std::string_view event) {
  v1::Event message;
  if (!message.ParseFromArray(event.data(), static_cast<int>(event.size())))
    return std::string{event}; // the caller has checked the bytes: not reached
  for (auto& pair : *message.mutable_user_data()->mutable_pairs())
    if (pair.key() == screen_capture_indication_key)
      pair.set_key(std::string{screen_capture_key});
  return message.SerializeAsString();
}

std::string make_capture_event(std::string_view this_dn, conn_id connection, capture_verb verb) {
  v1::Event event;
  event.set_this_dn(this_dn.data(), this_dn.size());
  event.set_message_type(v1::MESSAGE_TYPE_EVENT_USER_EVENT);
  event.set_connection_id(connection.value);
  if (verb == capture_verb::none)
    return event.SerializeAsString();
  auto& pair = *event.mutable_user_data()->add_pairs();
  pair.set_key(std::string{screen_capture_key});
  pair.set_string_value(std::string{to_string(verb)});
  return event.SerializeAsString();
}

std::string encode_missed(std::string_view this_dn, dn_epoch epoch, dn_sequence from,
                          dn_sequence to) {
  v1::Frame frame;
  auto& missed = *frame.mutable_event_missed();
  missed.set_this_dn(this_dn.data(), this_dn.size());
  missed.set_from_sequence(from.value);
  missed.set_to_sequence(to.value);
  missed.set_dn_epoch(epoch.value);
  return delimited(frame);
}

} // namespace ringdown
