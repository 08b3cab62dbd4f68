// What goes over a link, in one line for people. Everything that came from the network is
// escaped. Pure.
#pragma once

#include "client/connection.hpp"
#include "client/desktop.hpp"

#include <string>

namespace ringdown::client {

/// `screen-capture=pause case=7 note="x y" extra={a=1}`
std::string describe(const user_data& data);

/// `EventACK ref=3 recorders_queued=1 seq=5`. `sender`: of a user event, if that is known.
std::string describe(const event& e, std::string_view sender = {});

/// `EventError 59 dn_not_configured: ... (attribute this_dn, accepted ...)`, without what says
/// which request it answers.
std::string describe_error(const event_error& error);

/// `paused, 1 recorder active, ...`
std::string describe(const dn_snapshot& snapshot);

/// What stands at a DN, its recorders and newest outcomes, over several lines.
std::string report(const event_address_info& info);

/// A DN in a list: `7001             PAUSED     1 pause since 14:03:10 (5 min), 2 clients`.
std::string describe(const address_summary& dn, std::int64_t now_us);

/// `RequestSendEvent ref=3 dn=7001 screen-capture=pause`
std::string describe_request(reference_id reference, const outgoing_event& what,
                             bool distribute = false);

/// `RequestCommandAddresses ref=3 dns=2 pause`
std::string describe_request(reference_id reference, const bulk_command& what);

/// The name of an event on the wire: "EventACK".
std::string_view name_of(const event& e) noexcept;

/// What an agent is shown in one line: `RECORDING, pause in 1.4 s, ALARM`. `left`: to the pending
/// command's deadline, if that is known.
std::string status_line(const light_view& view, std::optional<std::chrono::milliseconds> left);

/// ASCII letters as capitals.
std::string upper(std::string_view text);

/// A time of the broker's, as UTC: 2024-05-01T12:00:00.123456Z.
std::string utc_text(std::int64_t time_us);

} // namespace ringdown::client
