// What goes over a link, as JSON objects for `--json`. Numbers that may exceed 53 bits (client
// ids, ConnIDs, epochs) are hex strings; binary user data is {"binary": HEX}.
#pragma once

#include "client/connection.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace ringdown::cli {

using json = nlohmann::ordered_json;

json to_json(const user_data& data);
json to_json(const client::dn_snapshot& snapshot);
json to_json(const client::standing_pause& pause);
json to_json(const client::open_order& order);
json to_json(const client::standing_alarm& alarm);
json to_json(const std::vector<client::standing_pause>& pauses);
json to_json(const std::vector<client::open_order>& orders);
json to_json(const std::vector<client::standing_alarm>& alarms);
json to_json(const client::address_summary& dn);
json to_json(const client::event_link_connected& link);
json to_json(const client::event& e);
json to_json(reference_id reference, const client::outgoing_event& what, bool distribute);
json to_json(reference_id reference, const client::bulk_command& what);
json to_json(const error_info& row);

/// One line. Bytes that are not UTF-8 are replaced, control characters escaped.
std::string dump(const json& object);

} // namespace ringdown::cli
