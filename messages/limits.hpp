// Every limit of the broker, with its default, unit and reason. What an operator may change stands
// in `limits`; what the wire contract fixes stands as constants. Nothing in this project waits,
// queues or allocates without one of these.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ringdown {

// ---- fixed by the wire contract ----------------------------------------------------------------

/// Lowest and highest protocol version this broker speaks.
inline constexpr std::uint32_t protocol_version_min = 1;
inline constexpr std::uint32_t protocol_version_max = 1;
/// DN: an opaque UTF-8 string of 1 to 255 bytes.
inline constexpr std::size_t dn_bytes_max = 255;
/// Application name at sign-on: fits a log line and a terminal column.
inline constexpr std::size_t application_name_bytes_max = 64;
/// Credentials at sign-on: room for an identity provider's token with many groups.
inline constexpr std::size_t credentials_bytes_max = 8 * 1024;
/// User data nested deeper than this is refused; it also bounds the stack of every parser.
inline constexpr int user_data_depth_max = 8;
/// Pairs of one event's user data, nested ones included.
inline constexpr std::size_t user_data_pairs_max = 1024;
/// No configuration may set the user-data limit above this (T-Library's own bound).
inline constexpr std::size_t user_data_bytes_ceiling = 65'535;
/// Groups (an old Protobuf form) nested in unknown fields: other languages' parsers recurse too.
inline constexpr int unknown_group_depth_max = 8;
/// Before sign-on nobody may make the broker hold more than this for one connection: 16 MiB for
/// `connections_unsigned_max` of them.
inline constexpr std::size_t frame_bytes_before_sign_on_max = 16 * 1024;
/// Requests that are refused before sign-on end the connection at this number: a client that
/// corrects its sign-on needs a few, and their answers stay below 4 KiB.
inline constexpr std::size_t refusals_before_sign_on_max = 16;
/// A frame's length prefix: a varint of a 32-bit length has at most 5 bytes.
inline constexpr std::size_t frame_prefix_bytes_max = 5;
/// ConnIDs that were merged into one call: transfers and consult calls of one conversation.
inline constexpr std::size_t former_connections_max = 8;
/// Outcomes that RequestQueryAddress tells: what a person looks at.
inline constexpr std::size_t recent_outcomes_max = 8;
/// Why a command was given, and whose hand it was: a word or two, in a log line and on a screen.
inline constexpr std::size_t reason_bytes_max = 64;
inline constexpr std::size_t agent_id_bytes_max = 64;
/// Why a recorder could not do what it was ordered: a line for a person.
inline constexpr std::size_t failure_text_bytes_max = 128;
/// DNs of one page of RequestListAddresses, and what 0 means: a page is one turn's work of the
/// broker's, and one frame (some 400 bytes a DN at most).
inline constexpr std::size_t list_page_max = 300;
inline constexpr std::size_t list_page_default = 100;
/// Reasons and extensions of a registration: kept for T-Library's sake, never large.
inline constexpr std::size_t registration_reasons_max = 16;

// ---- what a wait for a retry is told -------------------------------------------------------

/// 111: the window drains at the speed of the client's own reading; one round trip is enough.
inline constexpr std::chrono::milliseconds retry_after_window{10};
/// 238: a recorder's outbox needs some reads of its own to fall below its mark.
inline constexpr std::chrono::milliseconds retry_after_no_queue_space{100};
/// 1186: memory for the whole broker comes back slower than one client's.
inline constexpr std::chrono::milliseconds retry_after_overloaded{500};
/// Draining: another instance should be up by then.
inline constexpr std::chrono::milliseconds retry_after_draining{1000};

// ---- what an operator may change -----------------------------------------------------------

/// The configurable limits. `check()` in broker/config names the first that is out of range.
struct limits {
  /// Bytes of one frame, refused before anything is allocated. Room for user data at its ceiling
  /// and a registration of many DNs.
  std::size_t frame_bytes_max = 128 * 1024;
  /// The serialized user data of one event, as received.
  std::size_t user_data_bytes_max = 16'000;
  /// DNs in one request that names many: each is one actor's work and one answer. A supervisor's
  /// `pause` for a floor of 500 agents is one.
  std::size_t dns_per_request_max = 512;

  /// Requests of one connection that may wait for their answer. 1,024 keeps a link of 5 ms
  /// busy at 200,000 requests a second.
  std::size_t requests_outstanding_max = 1024;
  /// Above that, only for `pause` and `stop`.
  std::size_t requests_outstanding_reserve = 64;
  /// Bytes of those requests: 1,024 of 1 KiB.
  std::size_t request_bytes_outstanding_max = 1024 * 1024;
  /// Above that, only for `pause` and `stop`: eight of the largest frames.
  std::size_t request_bytes_outstanding_reserve = 1024 * 1024;

  /// Bytes waiting in one connection's outbox. At 150 bytes an event and 200,000 events a second
  /// this is 0.14 s of a client that does not read.
  std::size_t outbox_bytes_max = 4 * 1024 * 1024;
  /// Above that, only for ACK, Error, heartbeat, outcome, `pause` and `stop`.
  std::size_t outbox_bytes_reserve = 1024 * 1024;
  /// Frames waiting in one outbox: bounds the work of a client that comes back to life.
  std::size_t outbox_events_max = 65'536;
  /// Above this many bytes the connection's own requests stay unread, and the clock of
  /// `slow_consumer_timeout` runs.
  std::size_t outbox_high_water_bytes = 2 * 1024 * 1024;
  /// Below this many bytes it counts as reading again; what it missed is then told.
  std::size_t outbox_low_water_bytes = 512 * 1024;
  /// Newest indications kept for one slow client, in bytes. Past it they are only counted missed.
  std::size_t coalesced_bytes_max = 256 * 1024;

  /// Memory of the whole broker for queued bytes. Past it: 1186, and who holds most of it without
  /// taking or finishing anything is disconnected.
  std::size_t memory_budget_bytes = std::size_t{2} * 1024 * 1024 * 1024;
  /// Above that, only for `pause`, `stop` and recorders' words.
  std::size_t memory_budget_reserve = 64 * 1024 * 1024;

  /// Connections in all, and those that have not signed on yet: for one more the oldest goes.
  std::size_t connections_max = 10'500;
  std::size_t connections_unsigned_max = 1024;
  /// DNs that one connection may be registered on.
  std::size_t registrations_per_connection_max = 100'000;
  /// Clients registered on one DN: bounds the work of one event.
  std::size_t registrations_per_dn_max = 1024;
  /// Of them recorders, standby ones too. A screen has one, or a few that mirror each other; what a
  /// command costs rises with them.
  std::size_t recorders_per_dn_max = 32;
  /// DN actors in all: some 2 KB each. The last eighth is for programs that have brought up few.
  std::size_t dns_max = 1'000'000;
  /// Calls that a DN's capture session knows: those of one agent at a time, and what must be
  /// remembered of those before. Above it one that wants nothing is forgotten first.
  std::size_t calls_per_dn_max = 16;

  /// Commands of one DN that wait for their outcome. A person gives a handful; a program that
  /// floods a DN is stopped here before its commands cost much.
  std::size_t commands_pending_max = 4096;
  /// Above that, only for `pause` and `stop`.
  std::size_t commands_pending_reserve = 1024;
  /// Command ids that a DN remembers, each with its answer and outcome: some 500 bytes.
  std::size_t command_ids_per_dn_max = 8192;

  /// Bytes read from one connection before others get their turn.
  std::size_t read_bytes_per_turn_max = 64 * 1024;

  /// From connect to the end of sign-on; behind a TLS handshake it begins anew.
  std::chrono::milliseconds sign_on_timeout{5'000};
  /// From connect to the end of a TLS handshake: some round trips, and a login storm's queue.
  std::chrono::milliseconds handshake_timeout{10'000};
  /// What the broker grants a client that asks for none, and the bounds of what one may ask.
  std::chrono::milliseconds heartbeat_interval{2'000};
  std::chrono::milliseconds heartbeat_interval_min{200};
  std::chrono::milliseconds heartbeat_interval_max{60'000};
  /// Silence of this many hundredths of the interval means dead: 250 makes 5 s of 2 s.
  std::uint32_t heartbeat_timeout_percent = 250;
  /// From a frame's first byte to its last: 128 KiB at 13 KB/s. Who takes longer is disconnected.
  std::chrono::milliseconds frame_timeout{10'000};
  /// An outbox above high water for so long, or one that waits and of which the client has taken
  /// nothing: told why and disconnected.
  std::chrono::milliseconds slow_consumer_timeout{10'000};
  /// How long the last frames of a connection may take to leave.
  std::chrono::milliseconds linger_timeout{2'000};
  /// From SIGTERM to the end: answers in flight, last frames.
  std::chrono::milliseconds drain_timeout{10'000};
  /// What is desired of a screen is forgotten when nobody has been registered on its DN, and
  /// nothing heard of it, for so long: a shift.
  std::chrono::milliseconds session_idle_max{8 * 3'600'000};
  /// A DN actor without registrations and sessions is asked to leave after so long.
  std::chrono::milliseconds dn_idle_timeout{60'000};
  /// From a command's acceptance to its outcome: above a recorder's round trip, within an agent's
  /// patience.
  std::chrono::milliseconds confirm_timeout{2'000};
  /// The cap of a command's own `confirm_timeout_ms`.
  std::chrono::milliseconds confirm_timeout_max{60'000};
  /// How long a command id is remembered: far beyond a client's reconnects.
  std::chrono::milliseconds command_id_window{600'000};
  /// A wait between actors of the control plane (sign-on, finding a DN). Always far below a
  /// client's patience and far above a busy loop's turn.
  std::chrono::milliseconds control_timeout{5'000};
};

// Relations that must hold for the defaults; the configuration checks them for other values.
static_assert(limits{}.user_data_bytes_max <= user_data_bytes_ceiling);
static_assert(limits{}.user_data_bytes_max + 2 * dn_bytes_max + 1024 <= limits{}.frame_bytes_max);
static_assert(limits{}.outbox_low_water_bytes < limits{}.outbox_high_water_bytes);
static_assert(limits{}.outbox_high_water_bytes < limits{}.outbox_bytes_max);
static_assert(limits{}.frame_bytes_max < limits{}.outbox_low_water_bytes);
static_assert(limits{}.connections_unsigned_max <= limits{}.connections_max);
static_assert(limits{}.confirm_timeout <= limits{}.confirm_timeout_max);
static_assert(limits{}.command_id_window > limits{}.confirm_timeout_max);
static_assert(limits{}.command_ids_per_dn_max >
              limits{}.commands_pending_max + limits{}.commands_pending_reserve);
static_assert(limits{}.heartbeat_timeout_percent >= 200);

} // namespace ringdown
