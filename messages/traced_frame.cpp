#include "messages/traced_frame.hpp"

#include "messages/errors.hpp"
#include "messages/frame.hpp"
#include "messages/limits.hpp"
#include "messages/outcome.hpp"
#include "messages/wire.hpp"
#include "messages/words.hpp"

#include <algorithm>

namespace ringdown {

namespace {

/// Where a body has what a trace shows: numbers of its fields; 0: it has none.
struct body_layout {
  std::uint32_t number;
  std::string_view kind;
  std::uint32_t dn = 0;
  std::uint32_t every = 0;
  std::uint32_t event = 0;
  std::uint32_t command_id = 0;
  std::uint32_t command = 0;
  std::uint32_t light = 0;
  std::uint32_t snapshot = 0;
  std::uint32_t error = 0;
  std::uint32_t outcome = 0;
  std::uint32_t reason = 0;
};

constexpr body_layout layouts[] = {
  {.number = 10, .kind = "RequestSignOn"},
  {.number = 11, .kind = "RequestSignOff"},
  {.number = 12, .kind = "RequestRegisterAddress", .dn = 1, .every = 8},
  {.number = 13, .kind = "RequestUnregisterAddress", .dn = 1, .every = 2},
  {.number = 14, .kind = "RequestSetInputMask"},
  {.number = 15, .kind = "RequestSendEvent", .dn = 1, .event = 15, .command_id = 2},
  {.number = 16, .kind = "RequestDistributeUserEvent", .dn = 1, .event = 15},
  {.number = 17, .kind = "RequestQueryAddress", .dn = 1},
  {.number = 18, .kind = "RequestMergeCalls", .dn = 1},
  {.number = 19, .kind = "RequestEndCall", .dn = 1},
  {.number = 20, .kind = "RequestListAddresses"},
  {.number = 21, .kind = "RequestCommandAddresses", .dn = 1, .command_id = 3, .command = 2},
  {.number = 22, .kind = "RequestRenewCredentials"},
  {.number = 60, .kind = "EventLinkConnected"},
  {.number = 61, .kind = "EventACK", .dn = 7},
  {.number = 62, .kind = "EventError", .dn = 7, .light = 8, .error = 1},
  {.number = 63, .kind = "EventRegistered", .dn = 1, .every = 5, .snapshot = 3},
  {.number = 64, .kind = "EventUnregistered", .dn = 1, .every = 5, .error = 2},
  {.number = 65, .kind = "EventAddressInfo", .dn = 1, .snapshot = 2},
  {.number = 66, .kind = "EventAddressList"},
  {.number = 110, .kind = "EventUserEvent", .event = 15, .command_id = 8, .light = 10},
  {.number = 111, .kind = "EventMissed", .dn = 1},
  {.number = 112,
   .kind = "EventOutcome",
   .dn = 1,
   .command_id = 4,
   .command = 6,
   .light = 14,
   .outcome = 8},
  {.number = 200, .kind = "Heartbeat"},
  {.number = 201, .kind = "EventLinkDisconnected", .reason = 1},
};

constexpr std::uint32_t ack_number = 61;
constexpr std::uint32_t requests_below = 60;
constexpr std::uint32_t answers_below = 110;

const body_layout* layout_of(std::uint32_t number) noexcept {
  auto* found = std::find_if(std::begin(layouts), std::end(layouts),
                             [number](auto& one) { return one.number == number; });
  return found == std::end(layouts) ? nullptr : found;
}

void note_dn(std::string_view dn, std::string_view wanted, traced_frame& out) {
  bool is_wanted = !wanted.empty() && dn == wanted;
  out.names_wanted |= is_wanted;
  if (out.dn.empty() || is_wanted)
    out.dn = dn.substr(0, dn_bytes_max);
}

std::optional<capture_state> light_of(std::uint64_t number) noexcept {
  return number <= static_cast<std::uint64_t>(capture_state::paused)
           ? std::optional{static_cast<capture_state>(number)}
           : std::nullopt;
}

capture_verb command_of(std::uint64_t number) noexcept {
  auto verb = number <= static_cast<std::uint64_t>(capture_verb::query)
                ? static_cast<capture_verb>(number)
                : capture_verb::none;
  return is_command(verb) ? verb : capture_verb::none;
}

/// `165 access_restricted`; nothing for 0.
std::string error_text(std::uint64_t code) {
  if (code == 0)
    return {};
  auto* row = find_error(static_cast<std::uint32_t>(code));
  return std::to_string(code) + (row != nullptr ? " " + std::string{row->name} : std::string{});
}

std::string outcome_text(std::uint64_t number) {
  bool is_known = number >= static_cast<std::uint64_t>(outcome::confirmed) &&
                  number <= static_cast<std::uint64_t>(outcome::failed);
  return is_known ? std::string{to_string(static_cast<outcome>(number))} : std::to_string(number);
}

std::string reason_text(std::uint64_t number) {
  bool is_known = number <= static_cast<std::uint64_t>(disconnect_reason::by_operator);
  return is_known ? std::string{to_string(static_cast<disconnect_reason>(number))}
                  : std::to_string(number);
}

/// Calls `take` for each field, as far as the message can be read.
template <class Take>
void each_field(std::string_view message, Take take) {
  wire::reader fields{message};
  wire::field f;
  while (fields.next(f) == wire::step::field)
    take(f);
}

void read_event(std::string_view event, bool has_dn, std::string_view wanted, traced_frame& out) {
  constexpr std::uint32_t dn_number = 1;
  constexpr std::uint32_t user_data_number = 4;
  each_field(event, [&](const wire::field& f) {
    if (f.type != wire::wire_type::bytes)
      return;
    if (f.number == dn_number && !has_dn) {
      note_dn(f.bytes, wanted, out);
      out.dns = 1;
    } else if (f.number == user_data_number) {
      out.verb = scan_user_data(f.bytes, user_data_bytes_ceiling).verb;
    }
  });
}

void read_snapshot(std::string_view snapshot, traced_frame& out) {
  constexpr std::uint32_t light_number = 4;
  each_field(snapshot, [&](const wire::field& f) {
    if (f.number == light_number && f.type == wire::wire_type::varint)
      out.light = light_of(f.value);
  });
}

void read_bytes(const body_layout& layout, const wire::field& f, std::string_view wanted,
                traced_frame& out) {
  if (f.number == layout.dn) {
    note_dn(f.bytes, wanted, out);
    ++out.dns;
  } else if (f.number == layout.event) {
    read_event(f.bytes, layout.dn != 0, wanted, out);
  } else if (f.number == layout.command_id) {
    out.command = command_id::from(f.bytes).value_or(command_id{});
  } else if (f.number == layout.snapshot) {
    read_snapshot(f.bytes, out);
  }
}

void read_number(const body_layout& layout, const wire::field& f, traced_frame& out) {
  if (f.number == layout.every && f.value != 0)
    out.dn = "*";
  else if (f.number == layout.command)
    out.verb = command_of(f.value);
  else if (f.number == layout.light)
    out.light = light_of(f.value);
  else if (f.number == layout.error)
    out.result = error_text(f.value);
  else if (f.number == layout.outcome)
    out.result = outcome_text(f.value);
  else if (f.number == layout.reason)
    out.result = reason_text(f.value);
}

} // namespace

traced_frame trace_of(std::string_view frame, std::string_view wanted_dn) {
  traced_frame out;
  auto seen = look(frame);
  out.bytes = static_cast<std::uint32_t>(frame.size());
  out.reference = seen.reference;
  auto* layout = layout_of(seen.body_number);
  out.kind = seen.malformed ? "malformed" : layout == nullptr ? "unknown" : layout->kind;
  if (seen.malformed || layout == nullptr)
    return out;
  out.is_request = seen.body_number < requests_below;
  out.is_answer = !out.is_request && seen.body_number < answers_below;
  if (seen.body_number == ack_number)
    out.result = "accepted";
  each_field(seen.body, [&](const wire::field& f) {
    if (f.type == wire::wire_type::bytes)
      read_bytes(*layout, f, wanted_dn, out);
    else if (f.type == wire::wire_type::varint)
      read_number(*layout, f, out);
  });
  return out;
}

} // namespace ringdown
