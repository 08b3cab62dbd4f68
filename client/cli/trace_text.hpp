// What `ringdown trace` is asked and shows. Pure, but for the time zone of this machine.
#pragma once

#include "client/cli/json.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown::cli {

/// The admin port takes no longer one.
inline constexpr std::chrono::seconds trace_time_max{600};
inline constexpr std::string_view accepted_trace_times = "1s to 600s, or 1m to 10m";

/// `30s`, `30` or `2m`; nothing if it is none, or out of range.
std::optional<std::chrono::seconds> parse_trace_time(std::string_view text);
/// A message, in one line: `14:03:10.123456 in  desktop desk-7 (00..01) RequestSendEvent 7001
/// pause ref 12`.
std::string trace_line_text(const json& line);

} // namespace ringdown::cli
