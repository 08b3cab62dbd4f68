// What the broker says to a T-Client, as plain values. The names are those of the wire contract
// (docs/protocol.md). Free of Protobuf, so a program that includes it needs only our headers.
#pragma once

#include "messages/errors.hpp"
#include "messages/ids.hpp"
#include "messages/outcome.hpp"
#include "messages/user_data.hpp"
#include "messages/words.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ringdown::client {

using ringdown::broker_reason;
using ringdown::capability;
using ringdown::disconnect_reason;
using ringdown::event_kind;

/// A call of the DN's agent: a ConnID that something was said of. 0: no call.
struct known_call {
  conn_id connection;
  bool wants_recording = false;
  bool stopped = false;             ///< by a `stop`: a `resume` of it is refused
  command_version version = {};     ///< of the last command about it
  std::vector<conn_id> former = {}; ///< ConnIDs that were merged into it

  bool operator==(const known_call&) const = default;
};

/// A pause that stands. Nothing is to be recorded while any does.
struct standing_pause {
  conn_id covers;               ///< a call; 0: the whole screen
  std::string application = {}; ///< its holder
  std::string agent_id = {};
  client_id client = {}; ///< the connection that gave it
  std::string reason = {};
  std::int64_t since_time_us = 0;
  command_version version = {};
  bool holder_gone = false;  ///< no client of that application is registered here now
  std::uint32_t waiting = 0; ///< commands that wait for its end

  bool operator==(const standing_pause&) const = default;
};

/// What one recorder last said of the screen.
struct recorder_word {
  client_id recorder;
  std::string application = {};
  std::optional<capture_state> said = {}; ///< nothing yet: absent
  conn_id connection = {};                ///< what it answered, not what it is about
  std::int64_t time_us = 0;
  std::uint32_t owes = 0; ///< orders that it has not answered
  bool per_call = false;

  bool operator==(const recorder_word&) const = default;
};

/// A command or an order of the broker's that is not done: it waits for the end of a pause, or for
/// its recorders.
struct open_order {
  dn_sequence sequence;
  capture_verb verb = capture_verb::none;
  conn_id connection = {};
  command_version version = {};
  bool held = false;                                ///< until no pause stands
  std::int64_t deadline_time_us = 0;                ///< 0 of a held one
  broker_reason cause = broker_reason::unspecified; ///< of an order of the broker's

  bool operator==(const open_order&) const = default;
};

/// A person must look: what is so is not what is desired, and the broker cannot mend it.
struct standing_alarm {
  broker_reason cause = broker_reason::unspecified;
  std::int64_t since_time_us = 0;
  client_id recorder = {}; ///< 0: no single one

  bool operator==(const standing_alarm&) const = default;
};

/// What is known of a DN's screen, of which there is one.
struct session_snapshot {
  conn_id connection;                        ///< of the last command
  std::optional<capture_state> desired = {}; ///< what the screen is to be; absent: nobody has asked
  capture_state observed = capture_state::unknown; ///< what the recorders' words amount to
  command_version version = {}; ///< of the last command, or order to all recorders
  std::int64_t changed_time_us = 0;
  std::int64_t desired_time_us = 0; ///< when the last command was accepted
  client_id desired_by = {};        ///< and from whom
  std::string desired_by_application = {};
  bool held = false;                 ///< commands wait for the end of a pause
  std::uint32_t pending = 0;         ///< orders without an outcome
  std::int64_t deadline_time_us = 0; ///< of the newest of them
  std::vector<known_call> calls = {};
  std::vector<standing_pause> pauses = {}; ///< the oldest first
  std::vector<recorder_word> recorders = {};
  std::vector<open_order> orders = {};
  std::vector<standing_alarm> alarms = {};

  bool operator==(const session_snapshot&) const = default;
};

/// The present state of a DN.
struct dn_snapshot {
  dn_sequence sequence;
  dn_epoch epoch;
  command_version version;
  capture_state effective_state = capture_state::unknown; ///< the light
  std::optional<session_snapshot> session; ///< none before anything was asked or said
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
  std::int64_t credentials_expire_time_us = 0; ///< by the broker's clock; 0: they do not

  bool has(capability c) const noexcept;
};

/// Why a recorder could not do what it was ordered.
struct recorder_failure {
  std::uint32_t code = 0; ///< the recorder's own
  std::string text = {};  ///< at most `failure_text_bytes_max`

  bool operator==(const recorder_failure&) const = default;
};

/// What one recorder did about a command.
struct recorder_result {
  client_id recorder;
  std::string application; ///< empty if it is gone
  recorder_verdict verdict = recorder_verdict::silent;
  capture_state said = capture_state::unknown;  ///< its last word since the command
  std::optional<recorder_failure> failure = {}; ///< what it said of it

  bool operator==(const recorder_result&) const = default;
};

/// What became of an accepted command: exactly one for each, by its deadline. `sequence` is that of
/// the command's EventACK. Not a part of the DN's order of events. One that says `held` is followed
/// by that of the order with which the command is let go (`released`).
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
  std::optional<standing_pause> held_by;                 ///< with `held`
  capture_aggregate aggregate = capture_aggregate::none; ///< of a query
  capture_state effective_state = capture_state::unknown;
  client_id origin;
  std::int64_t accepted_time_us = 0;
  std::int64_t time_us = 0;
  std::string origin_application;
  std::string reason; ///< as given with the command
  std::string agent_id;
  broker_reason cause = broker_reason::unspecified; ///< of an order of the broker's
  dn_sequence released; ///< the held command that this order, or end, is about
  command_id released_command;
};

/// A recorder that is registered on a DN.
struct recorder_info {
  client_id client;
  std::string application;
  bool standby = false;
  bool exact_versions = false;
  bool per_call = false;
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
  std::string this_dn;                         ///< only in answer to a request for many DNs
  std::int64_t credentials_expire_time_us = 0; ///< only to a renewal of credentials; 0: never
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

/// A registration stands; what the DN was like at that moment comes with it.
struct event_registered {
  reference_id reference;
  std::string this_dn;
  registration_mode mode = registration_mode::share;
  dn_snapshot snapshot;
  std::int64_t time_us = 0;
  bool every_dn = false; ///< in place of `this_dn` and `snapshot`
};

/// As asked (`code` 0), or the broker ended the registration (`reference` 0, `code` says why).
struct event_unregistered {
  reference_id reference;
  std::string this_dn;
  std::uint32_t code = 0;
  std::string text;
  std::int64_t time_us = 0;
  bool every_dn = false; ///< in place of `this_dn`
};

/// The answer to a question about one DN: all that its screen knows.
struct event_address_info {
  reference_id reference;
  std::string this_dn;
  dn_snapshot snapshot;
  std::int64_t time_us = 0;
  std::vector<recorder_info> recorders;
  std::vector<event_outcome> recent_outcomes; ///< the newest last
};

/// A DN in a list.
struct address_summary {
  std::string this_dn;
  capture_state effective_state = capture_state::unknown; ///< the light
  std::optional<capture_state> desired = {};
  std::uint32_t pauses = 0;              ///< that stand
  std::int64_t paused_since_time_us = 0; ///< the oldest of them; 0: none
  std::uint32_t waiting = 0;             ///< commands that wait for the end of a pause
  std::uint32_t alarms = 0;              ///< that stand
  std::uint32_t recorders_active = 0;
  std::uint32_t clients_registered = 0;
  std::int64_t changed_time_us = 0;

  bool operator==(const address_summary&) const = default;
};

/// A page of the DNs in use, in the order of their names.
struct event_address_list {
  reference_id reference;
  std::vector<address_summary> addresses;
  std::string next; ///< the `after` of the next page; empty: there is none
  std::int64_t time_us = 0;
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
  broker_reason cause = broker_reason::unspecified;       ///< why the broker made it
  bool coalesced = false;
  bool alarm = false; ///< a person must look; `cause` says why
  bool held = false;  ///< a start or resume that no recorder gets while a pause stands
  /// Of a command or an order: what the screen is to be, all calls and pauses taken together.
  std::optional<capture_state> desired;
  bool kept_from_recorders = false; ///< held, or there is nothing to do
  client_id for_recorder;           ///< the one recorder that gets it; 0: every one
  std::string reason;               ///< of a command
  std::string agent_id;
  std::optional<recorder_failure> failure; ///< of an indication
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
  bad_tls_options, ///< a file or name of the `tls_options` cannot be used; the text says which
  certificate_untrusted, ///< the broker's comes from no authority that is trusted here
  certificate_name,      ///< the broker's is for another name
  certificate_expired,   ///< the broker's is not valid now: expired, or not yet
  certificate_required,  ///< the broker wants one of this client, or another than it has
  tls_failed,            ///< any other fault of TLS; the text says which
  no_credentials,        ///< the program's `credentials_function` had none
};
std::string_view to_string(link_fault f) noexcept;

/// This side noticed that the link is gone. Nothing follows. Requests without an answer have an
/// unknown outcome.
struct link_lost {
  link_fault fault = link_fault::none;
  std::string text;
};

using event = std::variant<event_ack, event_error, event_registered, event_unregistered,
                           event_address_info, event_address_list, event_user_event, event_missed,
                           event_outcome, event_link_disconnected, link_lost>;

/// The ReferenceID of the request that an event answers; 0 if it answers none.
reference_id reference_of(const event& e) noexcept;

} // namespace ringdown::client
