// The path of every event, on the wire: RequestSendEvent is read by hand in one pass, and
// EventACK, EventError and EventUserEvent are written by hand. The event's own bytes are never
// parsed into objects and never written anew: they go out behind a new header.
#pragma once

#include "messages/errors.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"
#include "messages/user_data.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown {

/// Numbers of the requests and events in `Frame`'s oneof (a test holds them to the schema).
enum class body_number : std::uint32_t {
  request_sign_on = 10,
  request_sign_off = 11,
  request_register_address = 12,
  request_unregister_address = 13,
  request_set_input_mask = 14,
  request_send_event = 15,
  request_distribute_user_event = 16,
  request_query_address = 17,
  request_merge_calls = 18,
  request_end_call = 19,
  request_list_addresses = 20,
  request_command_addresses = 21,
  request_renew_credentials = 22,
  event_ack = 61,
  event_error = 62,
  event_user_event = 110,
  event_outcome = 112,
  heartbeat = 200,
};

/// What can be wrong with a RequestSendEvent. A small number, so that carrying it costs nothing;
/// `describe_send_fault` makes the answer of it.
enum class send_fault : std::uint8_t {
  none,
  malformed, ///< no Protobuf message: an error, then the connection is closed
  dn_empty,
  dn_too_long,
  dn_not_utf8,
  dn_control_character,
  dn_twice,
  message_type_unspecified,
  message_type_unsupported, ///< 51
  event_missing,
  event_twice,
  event_dn_mismatch,
  event_dn_twice,
  message_type_twice,
  connection_id_twice,
  user_event_twice,
  user_data_twice,
  command_id_size,
  header_field_twice,
  header_field_type, ///< a known field with another wire type: some parsers read it all the same
  event_field_type,  ///< the same
  confirm_timeout_range,
  reason_text,        ///< too long, not UTF-8, or with a control character
  agent_id_text,      ///< the same
  failure_text,       ///< the same
  reason_not_command, ///< `reason` or `agent_id` without a command
  failure_not_indication,
  user_data, ///< see `user_data_fault`
};

/// What routing needs of a RequestSendEvent or RequestDistributeUserEvent. Views into the
/// received bytes. Where faults of several kinds apply, the broker's order of checks decides
/// which one is answered; so each kind has its place here.
struct send_event_view {
  std::string_view this_dn;
  /// The received bytes of the `Event` message.
  std::string_view event;
  conn_id connection;
  std::int32_t user_event = 0;
  capture_verb verb = capture_verb::none;
  /// The verb stood under `screen-capture-indication`: `event` must be rewritten for the way out.
  bool indication_key = false;
  bool retry = false;
  ringdown::command_id command;
  std::optional<std::uint64_t> if_version;
  std::optional<std::uint32_t> confirm_timeout_ms;
  client_id directed_to;
  command_version echoed_version;
  /// The whole request, if it has a reason, an agent id or a failure: for `details_of`. Else empty,
  /// as it is of nearly all events.
  std::string_view details;

  send_fault dn_fault = send_fault::none;      ///< check::dn_valid
  send_fault type_fault = send_fault::none;    ///< check::event_type
  send_fault content_fault = send_fault::none; ///< check::content
  user_data_fault data_fault = user_data_fault::none;

  /// The bytes are no Protobuf message.
  bool malformed() const noexcept { return dn_fault == send_fault::malformed; }
};

/// What a request may say for people. Views into the received bytes.
struct event_details {
  std::string_view reason;
  std::string_view agent_id;
  std::uint32_t failure_code = 0;
  std::string_view failure_text;
};
/// Of a request without content faults.
event_details details_of(const send_event_view& request) noexcept;

/// RequestSendEvent, or the older RequestDistributeUserEvent, which has only this_dn and event.
enum class request_form : std::uint8_t { send_event, distribute_user_event };

/// Reads the body of either request. Pure; no allocation.
send_event_view parse_send_event(std::string_view body, const limits& bounds,
                                 request_form form = request_form::send_event) noexcept;

/// Why `dn` is no DN, or `send_fault::none`: 1 to 255 bytes of UTF-8 without control characters.
send_fault check_dn(std::string_view dn) noexcept;

/// The answer to a fault, naming the field and what it may be.
fault describe_send_fault(send_fault kind, user_data_fault data, const limits& bounds);

/// `event` with `screen-capture-indication` renamed to `screen-capture`. All values and unknown
/// fields are kept; this is the one case in which an event is written anew.
std::string rename_indication_key(std::string_view event);

// ---- what goes out -------------------------------------------------------------------------

/// EventACK: the request is accepted. What it led to at a recorder is an outcome, told later.
struct ack {
  std::optional<std::uint32_t> recorders_queued;
  dn_sequence sequence;
  dn_epoch epoch;
  command_version version;
  std::int32_t user_event = 0;
  std::int64_t time_us = 0;
  /// Only in answer to a request for many DNs.
  std::string_view this_dn{};
};

/// No encoded EventACK frame is longer.
inline constexpr std::size_t ack_frame_bytes_max = 96 + dn_bytes_max + 8;
/// Writes the frame with its length; returns the place behind it. `out` has room for
/// `ack_frame_bytes_max`.
char* encode_ack(char* out, reference_id reference, const ack& answer) noexcept;

/// What an EventError may say beyond the fault.
struct error_context {
  std::optional<std::string_view> this_dn; ///< absent: about the request as a whole
  std::optional<capture_state> last_known_state;
  std::optional<command_version> version;
  std::int64_t time_us = 0;
};
/// The whole frame. Texts come from the catalog where the fault has none; the retry time is the
/// catalog's default for the code (limits.hpp) where the fault has none. Repeated input (the DN)
/// is cut to `dn_bytes_max`.
std::string encode_error(reference_id reference, const fault& why, const error_context& context);

/// What is special about an event. Values are those of the wire.
enum class event_mark : std::uint8_t {
  none = 0,
  alarm = 1, ///< a person must look
  held = 2,  ///< a start or resume that no recorder gets while a pause stands
};

/// What the broker writes before an event: a client cannot forge any of it.
struct user_event_header {
  dn_sequence sequence;
  dn_epoch epoch;
  std::int64_t time_us = 0;
  client_id origin;
  role origin_role = role::unspecified;
  command_version version;
  ringdown::command_id command;
  std::optional<std::uint32_t> confirm_timeout_ms;
  capture_state effective_state = capture_state::unknown;
  std::uint32_t broker_reason = 0;
  instance_id origin_instance;
  bool coalesced = false;
  event_mark mark = event_mark::none;
  /// Of a command or an order: what the screen is to be. Nothing is written for one that has none.
  std::optional<capture_state> desired{};
  /// No recorder gets it, or only this one.
  bool kept_from_recorders = false;
  client_id for_recorder{};
  /// What its request said for people.
  event_details details{};
};

/// What stands in front of an event's own bytes in an EventUserEvent frame: encoded once for all
/// receivers, but for the few bytes that one of them may have of its own.
class event_head {
public:
  event_head() = default;
  /// Of an event of `event_bytes`, for a receiver that has nothing of its own.
  event_head(const user_event_header& header, std::size_t event_bytes) noexcept;

  /// The bytes. The frame is whole with the event's bytes behind them.
  std::string_view bytes() const noexcept {
    return {begin_, static_cast<std::size_t>(end_ - begin_)};
  }
  /// Those of a directed copy, which has the sender's ReferenceID. They stand until the next call.
  std::string_view directed(reference_id reference) noexcept;

  event_head(const event_head&) = delete;
  event_head& operator=(const event_head&) = delete;

private:
  /// The frame's length, the body's tag and length, a directed copy's ReferenceID.
  static constexpr std::size_t prefix_bytes_max = 24;
  /// All fields of the header at their longest, and the event's tag and length.
  static constexpr std::size_t header_bytes_max =
    208 + reason_bytes_max + agent_id_bytes_max + failure_text_bytes_max;

  char* put_prefix(reference_id directed) noexcept;

  std::size_t event_bytes_ = 0;
  char* begin_ = buffer_ + prefix_bytes_max;
  char* end_ = begin_;
  char buffer_[prefix_bytes_max + header_bytes_max];
};

/// The `Event` that the broker makes itself: `screen-capture` = `verb` for one ConnID; without the
/// key if the verb is none.
std::string make_capture_event(std::string_view this_dn, conn_id connection, capture_verb verb);

/// The complete EventMissed frame.
std::string encode_missed(std::string_view this_dn, dn_epoch epoch, dn_sequence from,
                          dn_sequence to);

} // namespace ringdown
