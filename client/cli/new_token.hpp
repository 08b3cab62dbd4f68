// A static token and its entry in the broker's access file (docs/security.md). Pure, thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::cli {

struct new_token {
  std::string
    text; ///< the secret: `rdt_`, so that it is known where it does not belong, and 43 letters
  std::string sha256; ///< of the text, in hexadecimal digits
};
/// `random`: of the system, for nobody else.
new_token make_token(const std::array<std::uint8_t, 32>& random);

/// Whose it is, as the access file has it.
struct token_owner {
  std::string name;
  std::vector<std::string> groups;
  std::string expires; ///< as `expiry_of` makes it; empty: never
};
/// The table `[[token]]`, with a newline at its end.
std::string token_entry(const new_token& token, const token_owner& of);

/// Why this can be no principal's name (or no group's); nothing if it can.
std::optional<std::string> name_fault(std::string_view name);
std::optional<std::string> group_fault(std::string_view group);

/// A moment of UTC, as the access file has it.
struct expiry {
  std::string text; ///< "2027-06-30T00:00:00Z"
  std::chrono::sys_seconds at;
};
/// Reads "2027-06-30", which is its first moment, or "2027-06-30T08:00:00Z"; nothing for all else.
std::optional<expiry> expiry_of(std::string_view date);

} // namespace ringdown::cli
