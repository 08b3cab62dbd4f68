// What is read: the requests that send an event. What is written: send_event_encode.cpp.
#include "messages/send_event.hpp"

#include "messages/wire.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <array>

namespace ringdown {

using wire::wire_type;

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
    bool is_code = f.number == v1::Failure::kCodeFieldNumber;
    bool is_text = f.number == v1::Failure::kTextFieldNumber;
    if (!is_code && !is_text)
      continue; // of a later version: passes untouched
    if (f.type != (is_code ? wire_type::varint : wire_type::bytes))
      return send_fault::header_field_type;
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

/// Of the request's fields, by their numbers: a look instead of a decision for each field.
constexpr std::array<wire_type, request_field::event + 1> request_types = [] {
  std::array<wire_type, request_field::event + 1> types{};
  types.fill(wire_type::bytes);
  for (auto number : {request_field::retry, request_field::if_version,
                      request_field::confirm_timeout_ms, request_field::version})
    types[number] = wire_type::varint;
  types[request_field::directed_client_id] = wire_type::fixed64;
  return types;
}();

/// One field of the request. Unknown fields pass. A known one of another type is unknown to most
/// parsers, and not to all: it would be another event for each.
void request_one(send_event_view& view, const wire::field& f, std::uint32_t& seen) noexcept {
  using namespace request_field;
  if (f.number > failure && f.number != request_field::event)
    return;
  if (f.type != request_types[f.number]) [[unlikely]]
    return note(view.content_fault, send_fault::header_field_type);
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

/// Of the event's fields, by their numbers.
constexpr std::array<wire_type, event_field::user_event + 1> event_types{
  wire_type::varint,  wire_type::bytes, wire_type::varint,
  wire_type::fixed64, wire_type::bytes, wire_type::varint};

void event_one(send_event_view& view, event_scan& scan, const wire::field& f) noexcept {
  if (f.number > event_field::user_event)
    return; // of a later version: passes untouched
  if (f.type != event_types[f.number]) [[unlikely]]
    return note(view.content_fault, send_fault::event_field_type);
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

} // namespace ringdown
