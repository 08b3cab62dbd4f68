// Clients and DNs as the admin port lists them, as tables for people. Pure.
#pragma once

#include "client/cli/json.hpp"
#include "client/cli/text_table.hpp"

#include <cstdint>

namespace ringdown::cli {

/// Of rows of /api/v1/connections.
text_table table_of_clients(const json& rows);
/// Of rows of /api/v1/dns. `now_us`: the broker's time, for how long something has been so.
text_table table_of_dns(const json& rows, std::int64_t now_us);
/// `PAUSED`; where something else is desired, `RECORDING, not PAUSED`.
std::string light_text(const json& dn);

} // namespace ringdown::cli
