// What the broker says to a T-Client, as plain values. The names are those of the wire contract
// (docs/protocol.md). Free of Protobuf, so a program that includes it needs only our headers.
#pragma once

#include "messages/errors.hpp"
#include "messages/ids.hpp"
#include "messages/outcome.hpp"
#include "messages/user_data.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ringdown::client {

/// Abilities beyond plain T-Library. Values are those of the wire.
enum class capability : std::uint8_t {
  outcomes = 1,
  exact_versions = 2,
  directed = 3,
  coalesce_ok = 4,
};

/// What kinds of EventUserEvent a client may choose between. Values are those of the wire.
enum class event_kind : std::uint8_t { command = 1, indication = 2, user_event = 3 };

/// Why the broker ended the connection. Values are those of the wire; one of a later version
/// becomes `unspecified`.
enum class disconnect_reason : std::uint8_t {
  unspecified = 0,
  signed_off = 1,
  draining = 2,
  taken_over = 3,
  slow_consumer = 4,
  heartbeat_timeout = 5,
  sign_on_timeout = 6,
  sign_on_refused = 7,
  protocol_error = 8,
  overloaded = 9,
  internal_error = 10,
};

using ringdown::broker_reason;

std::string_view to_string(capability c) noexcept;
std::string_view to_string(disconnect_reason r) noexcept;

/// The screen-capture state of one DN and ConnID.
struct session_snapshot {
  conn_id connection;
  std::optional<capture_state> desired; ///< what the last admitted command asks for
  capture_state observed = capture_state::unknown;
  command_version version;
  std::int64_t changed_time_us = 0;
  std::int64_t desired_time_us = 0; ///< when the last command was accepted
  client_id desired_by = {};        ///< and from whom
  std::string desired_by_application = {};
  bool held = false;                 ///< its resume waits until no other call is paused
  std::uint32_t pending = 0;         ///< commands without an outcome
  std::int64_t deadline_time_us = 0; ///< of the newest of them
  std::vector<conn_id> former = {};  ///< ConnIDs that were merged into this session

  bool operator==(const session_snapshot&) const = default;
};

/// The present state of a DN.
struct dn_snapshot {
  dn_sequence sequence;
  dn_epoch epoch;
  command_version version;
  capture_state effective_state = capture_state::unknown;
  std::vector<session_snapshot> sessions;
  std::uint32_t recorders_active = 0;
  std::uint32_t recorders_standby = 0;
  std::uint32_t clients_registered = 0;

  bool operator==(const dn_snapshot&) const = default;
};

/// The reply to the sign-on: who the broker is and what it grants.
struct event_link_connected {
  std::uint32_t version = 0;
  std::string server_name;
  std::string server_version;
  std::uint64_t server_instance = 0;
  std::int64_t server_start_time_us = 0;
  client_id client;
  std::vector<capability> capabilities;
  std::uint32_t window_requests = 0;
  std::uint32_t window_bytes = 0;
  std::uint32_t frame_bytes_max = 0;
  std::uint32_t user_data_bytes_max = 0;
  std::chrono::milliseconds heartbeat_interval{0};
  std::chrono::milliseconds heartbeat_timeout{0};
  std::int64_t time_us = 0;
  std::uint32_t dns_per_request_max = 0;

  bool has(capability c) const noexcept;
};

/// What one recorder did about a command.
struct recorder_result {
  client_id recorder;
  std::string application; ///< empty if it is gone
  recorder_verdict verdict = recorder_verdict::silent;
  capture_state said = capture_state::unknown; ///< its last word since the command

  bool operator==(const recorder_result&) const = default;
};

/// What became of an accepted command: exactly one for each, by its deadline. `sequence` is that of
/// the command's EventACK. Not a part of the DN's order of events.
struct event_outcome {
  std::string this_dn;
  dn_epoch epoch;
  dn_sequence sequence;
  command_id command;
  conn_id connection;
  capture_verb verb = capture_verb::none;
  command_version version;
  outcome result = outcome::unknown;
  std::uint32_t code = 0; ///< 57 with timed_out
  std::vector<recorder_result> recorders;
  command_version superseded_by;
  conn_id held_by;
  capture_aggregate aggregate = capture_aggregate::none; ///< of a query
  capture_state effective_state = capture_state::unknown;
  client_id origin;
  std::int64_t accepted_time_us = 0;
  std::int64_t time_us = 0;
};

/// A recorder that is registered on a DN.
struct recorder_info {
  client_id client;
  std::string application;
  bool standby = false;
  bool exact_versions = false;
};

/// Accepted: neither delivered nor done.
struct event_ack {
  reference_id reference;
  std::optional<std::uint32_t> recorders_queued;
  dn_sequence sequence;
  dn_epoch epoch;
  command_version version;
  std::int32_t user_event = 0;
  std::int64_t time_us = 0;
};

/// Refused, or an outcome that failed. `code` may be one of a later version: look it up with
/// `find_error`.
struct event_error {
  reference_id reference; ///< 0: about the connection as a whole
  std::uint32_t code = 0;
  std::string text;
  std::string attribute;
  std::string accepted;
  retry_class retry = retry_class::failed;
  std::optional<std::chrono::milliseconds> retry_after;
  std::optional<std::string> this_dn; ///< absent: about the request as a whole
  std::optional<capture_state> last_known_state;
  std::optional<command_version> version;
  std::int64_t time_us = 0;
};

struct event_registered {
  reference_id reference;
  std::string this_dn;
  registration_mode mode = registration_mode::share;
  dn_snapshot snapshot;
  std::int64_t time_us = 0;
};

/// As asked (`code` 0), or the broker ended the registration (`reference` 0, `code` says why).
struct event_unregistered {
  reference_id reference;
  std::string this_dn;
  std::uint32_t code = 0;
  std::string text;
  std::int64_t time_us = 0;
};

struct event_address_info {
  reference_id reference;
  std::string this_dn;
  dn_snapshot snapshot;
  std::int64_t time_us = 0;
  std::vector<recorder_info> recorders;
  std::vector<event_outcome> recent_outcomes; ///< the newest last
};

/// Somebody's event on a DN that this client is registered on.
struct event_user_event {
  std::string this_dn;
  conn_id connection;
  user_data data;
  std::int32_t user_event = 0;
  /// The verb in `data`; none for an event that is not about screen capture.
  capture_verb verb = capture_verb::none;

  // What the broker added; a sender cannot forge it.
  reference_id directed_reference; ///< in a directed copy: the sender's ReferenceID
  dn_sequence sequence;
  dn_epoch epoch;
  std::int64_t time_us = 0;
  client_id origin; ///< 0: the broker
  role origin_role = role::unspecified;
  instance_id origin_instance;
  command_version version;
  command_id command;
  std::optional<std::chrono::milliseconds> confirm_timeout;
  capture_state effective_state = capture_state::unknown; ///< the DN's, after this event
  broker_reason reason = broker_reason::unspecified;
  bool coalesced = false;
  bool alarm = false; ///< a person must look; `reason` says why
  bool held = false;  ///< a resume that no recorder gets until no other call is paused
};

/// In place of events that this client was too slow for.
struct event_missed {
  std::string this_dn;
  dn_sequence from;
  dn_sequence to;
  dn_epoch epoch;
};

/// The broker ended the connection and said why. Nothing follows.
struct event_link_disconnected {
  reference_id reference; ///< of RequestSignOff
  disconnect_reason reason = disconnect_reason::unspecified;
  std::string text;
  std::optional<std::chrono::milliseconds> retry_after;
};

/// Why a link does not stand (any more), as this side sees it.
enum class link_fault : std::uint8_t {
  none,
  bad_address,     ///< the host's name cannot be resolved
  refused,         ///< nobody listens there
  timed_out,       ///< no connection or no answer to the sign-on in time
  sign_on_refused, ///< the broker said no; an event_error says why
  closed_by_peer,  ///< ended without a word
  silent,          ///< nothing heard for the granted heartbeat timeout
  protocol_error,  ///< what came was no valid frame, or one above the limit
  io_error,        ///< any other fault of the network or this machine
  ended_by_broker, ///< EventLinkDisconnected
  closed_here,     ///< by this program
};
std::string_view to_string(link_fault f) noexcept;

/// This side noticed that the link is gone. Nothing follows. Requests without an answer have an
/// unknown outcome.
struct link_lost {
  link_fault fault = link_fault::none;
  std::string text;
};

using event =
  std::variant<event_ack, event_error, event_registered, event_unregistered, event_address_info,
               event_user_event, event_missed, event_outcome, event_link_disconnected, link_lost>;

/// The ReferenceID of the request that an event answers; 0 if it answers none.
reference_id reference_of(const event& e) noexcept;

} // namespace ringdown::client
