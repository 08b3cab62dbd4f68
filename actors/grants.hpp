// What one principal may do, compiled: role, action and DN to yes or no. Immutable and shared by
// all who have the same; `allows` neither allocates nor locks. Everything that no grant names is
// denied; there are no denying rules, and the order of grants has no meaning.
//
// Source of the rules: docs/security.md, "What one may do".
#pragma once

#include "actors/authorize.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

/// One pattern of DNs: "7001" (that one), "70*" (what begins so), "7000-7999" (digits of that
/// length, within), "*" (all).
struct dn_pattern {
  enum class kind : std::uint8_t { all, exact, prefix, range };
  kind what = kind::exact;
  std::string first; ///< the DN, the beginning, or the lowest
  std::string last;  ///< the highest, of a range

  friend bool operator==(const dn_pattern&, const dn_pattern&) = default;
};

/// Roles and actions as sets of bits.
using role_set = std::uint16_t;
constexpr role_set bit_of(role r) noexcept {
  return static_cast<role_set>(1u << static_cast<unsigned>(r));
}
using action_set = std::uint16_t;
constexpr action_set bit_of(action a) noexcept {
  return static_cast<action_set>(1u << static_cast<unsigned>(a));
}

/// One line of what somebody may do: these roles, these actions, on these DNs.
struct grant {
  role_set roles = 0;
  action_set may = 0;
  std::vector<dn_pattern> dns;

  friend bool operator==(const grant&, const grant&) = default;
};

/// The union of some grants. Thread-safe: it never changes.
class grants {
public:
  explicit grants(std::vector<grant> all);

  /// Whether one in `as` may do this on a DN. "*" as the DN asks for every DN: only a grant with
  /// the pattern `*` gives it. For actions without a DN (sign_on, admin_read, admin_write) `dn` is
  /// empty; one may sign on in each role that any grant names.
  bool allows(role as, action what, std::string_view dn) const noexcept;
  /// All that one in `as` may do on this DN, at once: for a registration, so that events ask
  /// nothing.
  action_set on(role as, std::string_view dn) const noexcept;

  /// The same rights, whatever their order: a reload touches nobody then.
  friend bool operator==(const grants& a, const grants& b) noexcept { return a.all_ == b.all_; }

private:
  struct compiled_grant {
    role_set roles = 0;
    action_set may = 0;
    bool every_dn = false;
    std::vector<std::string> exact;    ///< sorted
    std::vector<std::string> prefixes; ///< sorted, none the beginning of another
    std::vector<dn_pattern> ranges;

    bool covers(std::string_view dn) const noexcept;
    friend bool operator==(const compiled_grant&, const compiled_grant&) = default;
  };
  std::vector<compiled_grant> all_; ///< sorted; those of equal roles and actions are one
};

} // namespace ringdown
