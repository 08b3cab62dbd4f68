// Hex digits, for what reads them: ids (ids.cpp) and user data on the command line.
#pragma once

#include <optional>

namespace ringdown {

/// The value of a hex digit of either case; nothing if it is none.
constexpr std::optional<int> hex_value(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return std::nullopt;
}

} // namespace ringdown
