// Patterns of an access file: of DNs, and of the names in client certificates. Pure, thread-safe.
#pragma once

#include "actors/authorize.hpp"
#include "actors/grants.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ringdown::security {

/// A principal's name without what tells its kind: fits a log line.
inline constexpr std::size_t name_bytes_max = 128;

/// What a pattern of DNs may be, as the end of the sentence "accepted is ...".
inline constexpr std::string_view accepted_dn_patterns =
  R"(a DN ("7001"), a beginning ("70*"), a range of numbers of one length ("7000-7999") or "*")";

/// The pattern, or what is wrong with the text and what is accepted.
std::variant<dn_pattern, std::string> parse_dn_pattern(std::string_view text);

/// A name as clients' certificates have it, with at most one `*`. That stands for at least one
/// character, and for none that parts names of its kind: `/` in a URI, `.` in a DNS name, `@` in an
/// address of mail. DNS names are compared without regard to case.
struct certificate_pattern {
  certificate_name::kind what = certificate_name::kind::dns;
  std::string before; ///< all of it, if there is no `*`
  std::string after;
  bool has_star = false;

  /// What `*` stands for, empty without one; nothing if the name does not fit.
  std::optional<std::string> match(const certificate_name& name) const;
  /// How many characters must be as they are written: of two patterns that fit, the one with more
  /// is meant.
  std::size_t weight() const noexcept { return before.size() + after.size() + (has_star ? 0 : 1); }
  friend bool operator==(const certificate_pattern&, const certificate_pattern&) = default;
};
/// The pattern, or what is wrong with the text.
std::variant<certificate_pattern, std::string>
parse_certificate_pattern(certificate_name::kind what, std::string_view text);

/// Whether this can be the name of a principal: 1 to `name_bytes_max` bytes of UTF-8 without
/// characters that steer a terminal or change how the text around is read.
bool is_name(std::string_view text) noexcept;

} // namespace ringdown::security
