// Why a DN's light is what it is, in words, from all that the admin port knows of the DN. Pure, but
// for the time zone of this machine.
#pragma once

#include "client/cli/json.hpp"

#include <string>

namespace ringdown::cli {

/// Of an answer of /api/v1/dns/{dn}: several lines.
std::string why_text(const json& whole_dn);
/// A row of a DN's `alarms`; the recorder by its name, if that is among its `recorders`.
std::string alarm_text(const json& alarm, const json& recorders);

} // namespace ringdown::cli
