// What one principal may do, compiled: role, action and DN to yes or no. Immutable and shared by
// all who have the same; `allows` neither allocates nor locks. Everything that no grant names is
// denied; there are no denying rules, and the order of grants has no meaning.
//
// Source of the rules: docs/security.md, "What one may do".
#pragma once

#include "actors/authorize.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

/// One pattern of DNs: "7001" (that one), "70*" (what begins so), "7000-7999" (names of digits of
/// that length, within), "*" (all).
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

/// One line of what somebody may do: these roles, these actions, on these DNs. Without DNs it still
/// lets sign on in its roles, and do what needs no DN.
struct grant {
  role_set roles = 0;
  action_set may = 0;
  std::vector<dn_pattern> dns;

  friend bool operator==(const grant&, const grant&) = default;
};

/// A grant of a group, with what is another for each of its members.
struct group_grant {
  grant common;
  bool on_own_name = false; ///< `{name}`: the DN that is called as the member is
  bool on_own_dns = false;  ///< `{dns}`: the DNs that the member's credentials name
};
/// What one member has by it. The name is a DN and never a pattern, whatever it looks like.
grant grant_of(const group_grant& group, std::string_view name, std::span<const dn_pattern> dns);

/// The union of some grants. Thread-safe: it never changes.
///
/// It is kept in one form for all ways to write the same: for each role and action the set of its
/// DNs, without what another part of it covers, names of digits as ranges that do not touch.
class grants {
public:
  explicit grants(const std::vector<grant>& all);

  /// Whether one in `as` may do this on a DN. "*" as the DN asks for every DN: only a grant with
  /// the pattern `*` gives it. For actions without a DN (sign_on, admin_read, admin_write) `dn` is
  /// not looked at; one may sign on in each role that any grant names. No other action is allowed
  /// on an empty DN.
  bool allows(role as, action what, std::string_view dn) const noexcept;
  /// Whether there is any DN on which one in `as` may do this.
  bool allows_somewhere(role as, action what) const noexcept;
  /// All actions with a DN that one in `as` may do on this one, at once: for a registration, so
  /// that events ask nothing.
  action_set on(role as, std::string_view dn) const noexcept;

  /// The same rights, in whatever order and pieces they were written: a reload touches nobody then.
  friend bool operator==(const grants&, const grants&) = default;

private:
  static constexpr std::size_t roles_max = 16;
  static constexpr std::size_t actions_max = 9;

  /// All names of digits from one to another of the same length.
  struct dn_range {
    std::string first;
    std::string last;
    friend bool operator==(const dn_range&, const dn_range&) = default;
  };
  /// DNs in their one form.
  struct dn_set {
    bool every = false;                ///< then nothing else is in it
    std::vector<std::string> names;    ///< not of digits alone; sorted
    std::vector<std::string> prefixes; ///< sorted, none the beginning of another
    std::vector<dn_range> ranges;      ///< by length, then by number; with a gap between them

    bool covers(std::string_view dn) const noexcept;
    bool is_empty() const noexcept;
    friend bool operator==(const dn_set&, const dn_set&) = default;
  };
  class set_builder;

  const dn_set* set_of(std::size_t as, std::size_t what) const noexcept;

  role_set roles_ = 0;                             ///< in which one may sign on
  std::array<action_set, roles_max> without_dn_{}; ///< by role: admin_read, admin_write
  /// By role and action the place in `sets_`, from 1; 0: no DN.
  std::array<std::array<std::uint8_t, actions_max>, roles_max> where_{};
  std::vector<dn_set> sets_; ///< each once, as `where_` names them first
};

} // namespace ringdown
