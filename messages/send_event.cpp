#include "messages/send_event.hpp"

#include "messages/frame.hpp"
#include "messages/wire.hpp"

#include <ringdown/v1/ringdown.pb.h>

namespace ringdown {

using wire::wire_type;

// ---- reading -------------------------------------------------------------------------------

namespace {

// Field numbers of RequestSendEvent and Event (a test holds them to the schema).
namespace request_field {
constexpr std::uint32_t this_dn = 1, command_id = 2, retry = 3, if_version = 4,
                        confirm_timeout_ms = 5, directed_client_id = 6, version = 7, reason = 8,
                        agent_id = 9, failure = 10, event = 15;
}
namespace event_field {
constexpr std::uint32_t this_dn = 1, message_type = 2, connection_id = 3, user_data = 4,
                        user_event = 5;
}

/// The first fault of a kind stays.
void note(send_fault& place, send_fault found) noexcept {
  if (place == send_fault::none)
    place = found;
}

/// True the first time a field number (below 32) is seen.
bool first_time(std::uint32_t& seen, std::uint32_t number) noexcept {
  auto bit = std::uint32_t{1} << number;
  bool first = (seen & bit) == 0;
  seen |= bit;
  return first;
}

void take_command_id(send_event_view& view, std::string_view bytes) noexcept {
  if (bytes.empty())
    return;
  if (auto id = command_id::from(bytes))
    view.command = *id;
  else
    note(view.content_fault, send_fault::command_id_size);
}

/// A line for people: short, UTF-8, without control characters and what works like them.
send_fault check_text(std::string_view text, std::size_t bytes_max, send_fault wrong) noexcept {
  bool right = text.size() <= bytes_max && wire::valid_utf8(text) &&
               !wire::has_control_character(text) && !wire::has_layout_character(text);
  return right ? send_fault::none : wrong;
}

/// A Failure: its code and its text, each given once.
send_fault read_failure(std::string_view bytes, event_details& out) noexcept {
  wire::reader fields{bytes};
  wire::field f;
  std::uint32_t seen = 0;
  for (;;) {
    switch (fields.next(f)) {
    case wire::step::end: return send_fault::none;
    case wire::step::malformed: return send_fault::malformed;
    case wire::step::field: break;
    }
    bool is_code = f.number == v1::Failure::kCodeFieldNumber && f.type == wire_type::varint;
    bool is_text = f.number == v1::Failure::kTextFieldNumber && f.type == wire_type::bytes;
    if (!is_code && !is_text)
      continue; // of a later version: passes untouched
    if (!first_time(seen, f.number))
      return send_fault::header_field_twice;
    if (is_code)
      out.failure_code = static_cast<std::uint32_t>(f.value);
    else
      out.failure_text = f.bytes;
  }
}

void take_failure(send_event_view& view, std::string_view bytes) noexcept {
  event_details found;
  auto wrong = read_failure(bytes, found);
  if (wrong == send_fault::malformed) {
    view.dn_fault = wrong;
    return;
  }
  note(view.content_fault, wrong);
  note(view.content_fault,
       check_text(found.failure_text, failure_text_bytes_max, send_fault::failure_text));
}

/// What concerns people belongs to what they do: a command has a reason, an indication a failure.
/// An empty text is none, as Protobuf has it.
send_fault check_details(const send_event_view& view, bool has_failure) noexcept {
  auto found = details_of(view);
  if (!(found.reason.empty() && found.agent_id.empty()) && !is_command(view.verb))
    return send_fault::reason_not_command;
  if (has_failure && !is_indication(view.verb))
    return send_fault::failure_not_indication;
  return send_fault::none;
}

constexpr std::uint32_t detail_fields = std::uint32_t{1} << request_field::reason |
                                        std::uint32_t{1} << request_field::agent_id |
                                        std::uint32_t{1} << request_field::failure;

/// One field of the request. Unknown fields and known ones of another type pass, as Protobuf has
/// it.
void request_one(send_event_view& view, const wire::field& f, std::uint32_t& seen) noexcept {
  using namespace request_field;
  bool is_bytes = f.type == wire_type::bytes;
  bool is_number = f.type == wire_type::varint;
  bool is_detail = f.number >= reason && f.number <= failure;
  bool known =
    (is_bytes && (is_detail || f.number == this_dn || f.number == request_field::command_id ||
                  f.number == request_field::event)) ||
    (is_number && (f.number == request_field::retry || f.number == request_field::if_version ||
                   f.number == request_field::confirm_timeout_ms || f.number == version)) ||
    (f.type == wire_type::fixed64 && f.number == directed_client_id);
  if (!known)
    return;
  if (!first_time(seen, f.number)) {
    if (f.number == this_dn)
      note(view.dn_fault, send_fault::dn_twice);
    else
      note(view.content_fault, f.number == request_field::event ? send_fault::event_twice
                                                                : send_fault::header_field_twice);
    return;
  }
  switch (f.number) {
  case this_dn: view.this_dn = f.bytes; return;
  case request_field::command_id: take_command_id(view, f.bytes); return;
  case request_field::retry: view.retry = f.value != 0; return;
  case request_field::if_version: view.if_version = f.value; return;
  case request_field::confirm_timeout_ms:
    view.confirm_timeout_ms = static_cast<std::uint32_t>(f.value);
    return;
  case directed_client_id: view.directed_to.value = f.value; return;
  case version: view.echoed_version.value = f.value; return;
  case reason:
    note(view.content_fault, check_text(f.bytes, reason_bytes_max, send_fault::reason_text));
    return;
  case agent_id:
    note(view.content_fault, check_text(f.bytes, agent_id_bytes_max, send_fault::agent_id_text));
    return;
  case failure: take_failure(view, f.bytes); return;
  default: view.event = f.bytes; return;
  }
}

/// What the pass over the event found.
struct event_scan {
  std::string_view this_dn;
  std::string_view user_data;
  std::uint64_t message_type = 0;
  std::uint32_t seen = 0;
  bool malformed = false;
};

send_fault twice(std::uint32_t number) noexcept {
  switch (number) {
  case event_field::this_dn: return send_fault::event_dn_twice;
  case event_field::message_type: return send_fault::message_type_twice;
  case event_field::connection_id: return send_fault::connection_id_twice;
  case event_field::user_data: return send_fault::user_data_twice;
  default: return send_fault::user_event_twice;
  }
}

wire_type type_of_event_field(std::uint32_t number) noexcept {
  switch (number) {
  case event_field::this_dn:
  case event_field::user_data: return wire_type::bytes;
  case event_field::connection_id: return wire_type::fixed64;
  default: return wire_type::varint;
  }
}

void event_one(send_event_view& view, event_scan& scan, const wire::field& f) noexcept {
  if (f.number > event_field::user_event || f.type != type_of_event_field(f.number))
    return; // of a later version: passes untouched
  if (!first_time(scan.seen, f.number))
    return note(view.content_fault, twice(f.number));
  switch (f.number) {
  case event_field::this_dn: scan.this_dn = f.bytes; return;
  case event_field::message_type: scan.message_type = f.value; return;
  case event_field::connection_id: view.connection.value = f.value; return;
  case event_field::user_data: scan.user_data = f.bytes; return;
  default: view.user_event = static_cast<std::int32_t>(f.value); return;
  }
}

void read_event(send_event_view& view, const limits& bounds) noexcept {
  event_scan scan;
  wire::reader fields{view.event};
  wire::field f;
  for (bool more = true; more;) {
    switch (fields.next(f)) {
    case wire::step::field: event_one(view, scan, f); break;
    case wire::step::end: more = false; break;
    case wire::step::malformed: view.dn_fault = send_fault::malformed; return;
    }
  }
  auto type = static_cast<std::int32_t>(scan.message_type);
  if (type == 0)
    note(view.content_fault, send_fault::message_type_unspecified);
  else if (type != v1::MESSAGE_TYPE_EVENT_USER_EVENT)
    view.type_fault = send_fault::message_type_unsupported;
  if (scan.this_dn != view.this_dn)
    note(view.content_fault, send_fault::event_dn_mismatch);
  auto data = scan_user_data(scan.user_data, bounds.user_data_bytes_max);
  view.verb = data.verb;
  view.indication_key = data.indication_key;
  if (data.fault == user_data_fault::malformed) {
    view.dn_fault = send_fault::malformed;
  } else if (data.fault != user_data_fault::none) {
    if (view.content_fault == send_fault::none)
      view.data_fault = data.fault;
    note(view.content_fault, send_fault::user_data);
  }
}

} // namespace

send_fault check_dn(std::string_view dn) noexcept {
  if (dn.empty())
    return send_fault::dn_empty;
  if (dn.size() > dn_bytes_max)
    return send_fault::dn_too_long;
  if (wire::plain_ascii(dn))
    return send_fault::none;
  if (!wire::valid_utf8(dn))
    return send_fault::dn_not_utf8;
  if (wire::has_control_character(dn))
    return send_fault::dn_control_character;
  return send_fault::none;
}

send_event_view parse_send_event(std::string_view body, const limits& bounds,
                                 request_form form) noexcept {
  send_event_view view;
  wire::reader fields{body};
  wire::field f;
  std::uint32_t seen = 0;
  for (bool more = true; more;) {
    switch (fields.next(f)) {
    case wire::step::field:
      if (form == request_form::send_event || f.number == request_field::this_dn ||
          f.number == request_field::event)
        request_one(view, f, seen);
      break;
    case wire::step::end: more = false; break;
    case wire::step::malformed: view.dn_fault = send_fault::malformed; return view;
    }
  }
  note(view.dn_fault, check_dn(view.this_dn));
  if (view.confirm_timeout_ms &&
      (*view.confirm_timeout_ms == 0 ||
       std::chrono::milliseconds{*view.confirm_timeout_ms} > bounds.confirm_timeout_max))
    note(view.content_fault, send_fault::confirm_timeout_range);
  if (seen & (std::uint32_t{1} << request_field::event))
    read_event(view, bounds);
  else
    note(view.content_fault, send_fault::event_missing);
  if ((seen & detail_fields) != 0) [[unlikely]] {
    view.details = body;
    bool has_failure = (seen & std::uint32_t{1} << request_field::failure) != 0;
    note(view.content_fault, check_details(view, has_failure));
  }
  return view;
}

event_details details_of(const send_event_view& request) noexcept {
  event_details found;
  wire::reader fields{request.details};
  wire::field f;
  while (fields.next(f) == wire::step::field) {
    if (f.type != wire_type::bytes)
      continue;
    switch (f.number) {
    case request_field::reason: found.reason = f.bytes; break;
    case request_field::agent_id: found.agent_id = f.bytes; break;
    case request_field::failure: read_failure(f.bytes, found); break;
    default: break;
    }
  }
  return found;
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

// ---- writing -------------------------------------------------------------------------------

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
  if (!header.details.reason.empty() || !header.details.agent_id.empty() ||
      header.details.failure_code != 0 || !header.details.failure_text.empty()) [[unlikely]]
    end = put_details(end, header.details);
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
