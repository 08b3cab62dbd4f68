// The frames of a recorder's link, as lines for people and as what the examiner looks at. Pure.
#pragma once

#include "client/cli/check_recorder_examiner.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ringdown::cli {

struct frame_seen {
  std::string line; ///< as `ringdown monitor` shows it; empty: a heartbeat
  std::optional<seen> what = {};
};

/// What the recorder says about this DN.
frame_seen frame_from_recorder(std::string_view frame, std::string_view dn);
/// What the broker says to it.
frame_seen frame_to_recorder(std::string_view frame, std::string_view dn);

} // namespace ringdown::cli
