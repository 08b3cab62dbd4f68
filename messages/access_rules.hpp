// What becomes of those who were let in: the rules that the configuration gives (docs/security.md).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace ringdown {

/// What becomes of a client whose credentials have expired.
enum class expired_policy : std::uint8_t {
  grace,      ///< for a time only `pause`, `stop`, indications and a renewal pass; then it ends
  disconnect, ///< it ends at once
  keep,       ///< it stays; only its next sign-on is refused
};
/// Indexed by `expired_policy`.
inline constexpr std::array<std::string_view, 3> expired_policy_names{"grace", "disconnect",
                                                                      "keep"};

/// How access ends.
struct access_rules {
  expired_policy expired = expired_policy::grace;
  /// An agent whose token ran out during a call can still hide a card number for so long.
  std::chrono::milliseconds expired_grace{300'000};
};

} // namespace ringdown
