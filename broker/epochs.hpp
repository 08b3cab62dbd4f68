// Epochs rise over restarts, whatever the clock does meanwhile: a file says how far they may have
// come.
#pragma once

#include "messages/ids.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace ringdown {

/// DNs that one start of a broker can bring up at the very most: four billion. So far the file is
/// ahead of what was given.
inline constexpr std::uint64_t epochs_reserved = std::uint64_t{1} << 32;

struct reserved_epochs {
  dn_epoch last;     ///< the next one is above all that were ever given
  std::string error; ///< not empty: nothing was reserved
};

/// From the clock's time on (UTC in microseconds), or above what the file says if that is later.
/// Writes the file before it returns, so that the next start is above all of this one.
reserved_epochs reserve_epochs(const std::filesystem::path& file, std::int64_t now_us);

} // namespace ringdown
