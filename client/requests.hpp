// What a T-Client says to the broker, as plain values.
#pragma once

#include "messages/ids.hpp"
#include "messages/limits.hpp"
#include "messages/user_data.hpp"

#include "client/events.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::client {

/// Who this client says it is.
struct identity {
  std::string application_name = "ringdown";
  instance_id instance; ///< all zero: a random one
  ringdown::role role = ringdown::role::desktop;
  std::vector<capability> capabilities;
  std::string credentials;
  std::optional<std::chrono::milliseconds> heartbeat_interval; ///< wanted; the broker grants
  std::uint32_t version_min = protocol_version_min;
  std::uint32_t version_max = protocol_version_max;
};

/// How to be registered on a DN. The default hears its user events and no echo of its own.
struct registration {
  registration_mode mode = registration_mode::share;
  bool echo = false;
  bool standby = false;
  bool hear_outcomes = false;
};

/// An event to send for a DN.
struct outgoing_event {
  std::string this_dn = {};
  conn_id connection = {};
  user_data data = {};
  std::int32_t user_event = 0; ///< a tag; EventACK returns it

  // Not sent with the older form, RequestDistributeUserEvent.
  command_id command = {};
  bool retry = false;
  std::optional<command_version> if_version = {};
  std::optional<std::chrono::milliseconds> confirm_timeout = {};
  client_id directed = {};
  command_version version = {}; ///< a recorder echoes the order's
  std::string reason = {};      ///< of a command: why; at most `reason_bytes_max`
  std::string agent_id = {};    ///< of a command: whose hand it was; at most `agent_id_bytes_max`
  std::optional<recorder_failure> failure = {}; ///< of an indication

  /// An event with `screen-capture` and nothing else.
  static outgoing_event capture(std::string dn, capture_verb verb, conn_id connection = {});
};

/// `pause`, `stop` or `resume` of the whole screen for many DNs in one request; each DN answers for
/// itself. This client must be registered on each.
struct bulk_command {
  std::vector<std::string> dns = {}; ///< each once, at most the broker's `dns_per_request_max`
  capture_verb verb = capture_verb::pause;
  command_id command = {}; ///< each DN keeps it for itself
  bool retry = false;
  std::optional<std::chrono::milliseconds> confirm_timeout = {};
  std::string reason = {};
  std::string agent_id = {};
};

/// Which DNs are listed: those for which all that is set is so.
struct address_filter {
  std::optional<capture_state> light = {};
  bool alarmed = false;
  bool recorder_missing = false;
};

/// A page of the DNs in use. For roles supervisor and admin.
struct address_list_request {
  std::string after = {};  ///< the last name of the page before; empty: from the first
  std::uint32_t limit = 0; ///< DNs of the page, at most `list_page_max`; 0: `list_page_default`
  address_filter only = {};
};

} // namespace ringdown::client
