#include "actors/grants.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace ringdown {

namespace {

/// As a DN it asks for every one, and is itself the name of none.
constexpr std::string_view all_dns = "*";

constexpr action_set actions_without_dn =
  bit_of(action::sign_on) | bit_of(action::admin_read) | bit_of(action::admin_write);

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_number(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// Numbers of one length are in the order of their bytes.
bool is_lower(std::string_view a, std::string_view b) noexcept {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

/// The next number of the same length; nothing behind 99.
std::optional<std::string> next_number(std::string number) {
  for (auto digit = number.rbegin(); digit != number.rend(); ++digit) {
    if (*digit != '9') {
      ++*digit;
      return number;
    }
    *digit = '0';
  }
  return std::nullopt;
}

/// The one before; nothing before 00.
std::optional<std::string> previous_number(std::string number) {
  for (auto digit = number.rbegin(); digit != number.rend(); ++digit) {
    if (*digit != '0') {
      --*digit;
      return number;
    }
    *digit = '9';
  }
  return std::nullopt;
}

/// The prefix among these that this name begins with; null if there is none. Of sorted prefixes
/// none of which begins with another, only the last that is not behind the name can be one.
const std::string* prefix_of(const std::vector<std::string>& prefixes,
                             std::string_view name) noexcept {
  auto behind = std::upper_bound(prefixes.begin(), prefixes.end(), name);
  if (behind == prefixes.begin() || !name.starts_with(*--behind))
    return nullptr;
  return &*behind;
}

} // namespace

grant grant_of(const group_grant& group, std::string_view name, std::span<const dn_pattern> dns) {
  auto own = group.common;
  if (group.on_own_name)
    own.dns.push_back({dn_pattern::kind::exact, std::string{name}, {}});
  if (group.on_own_dns)
    own.dns.insert(own.dns.end(), dns.begin(), dns.end());
  return own;
}

// ---- the one form of a set of DNs ----------------------------------------------------------

/// Takes patterns in any order and makes the set of them.
class grants::set_builder {
public:
  void add(const dn_pattern& pattern) {
    switch (pattern.what) {
    case dn_pattern::kind::all: made_.every = true; break;
    case dn_pattern::kind::exact: add_name(pattern.first); break;
    case dn_pattern::kind::prefix:
      if (pattern.first.empty())
        made_.every = true;
      else
        made_.prefixes.push_back(pattern.first);
      break;
    case dn_pattern::kind::range:
      if (is_number(pattern.first) && is_number(pattern.last) &&
          pattern.first.size() == pattern.last.size() && pattern.first <= pattern.last)
        made_.ranges.push_back({pattern.first, pattern.last});
      break;
    }
  }

  dn_set make() {
    if (made_.every)
      return {true, {}, {}, {}};
    drop_longer_prefixes();
    std::erase_if(made_.names, [this](auto& name) { return prefix_of(made_.prefixes, name); });
    std::sort(made_.names.begin(), made_.names.end());
    made_.names.erase(std::unique(made_.names.begin(), made_.names.end()), made_.names.end());
    join_ranges();
    take_prefixes_out_of_ranges();
    return std::move(made_);
  }

private:
  void add_name(const std::string& name) {
    if (is_number(name))
      made_.ranges.push_back({name, name});
    else if (!name.empty() && name != all_dns)
      made_.names.push_back(name);
  }

  void drop_longer_prefixes() {
    auto& all = made_.prefixes;
    std::sort(all.begin(), all.end());
    std::vector<std::string> shortest;
    for (auto& one : all)
      if (shortest.empty() || !one.starts_with(shortest.back()))
        shortest.push_back(std::move(one));
    all = std::move(shortest);
  }

  /// Ranges that overlap or touch become one.
  void join_ranges() {
    auto& all = made_.ranges;
    std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return is_lower(a.first, b.first); });
    std::vector<dn_range> joined;
    for (auto& one : all) {
      if (!joined.empty() && touches(joined.back(), one))
        extend(joined.back(), std::move(one));
      else
        joined.push_back(std::move(one));
    }
    all = std::move(joined);
  }

  /// Whether the second, which does not begin lower, leaves no gap.
  static bool touches(const dn_range& first, const dn_range& second) {
    if (first.first.size() != second.first.size())
      return false;
    auto behind = next_number(first.last);
    return !behind || second.first <= *behind;
  }

  static void extend(dn_range& first, dn_range&& second) {
    if (first.last < second.last)
      first.last = std::move(second.last);
  }

  /// What a prefix covers is in no range.
  void take_prefixes_out_of_ranges() {
    std::vector<dn_range> left;
    for (auto& range : made_.ranges)
      take_prefixes_out_of(std::move(range), left);
    made_.ranges = std::move(left);
  }

  /// Goes from prefix to prefix through a range; what lies between them is left.
  void take_prefixes_out_of(dn_range range, std::vector<dn_range>& left) {
    auto length = range.first.size();
    auto numbers_of = [length](const std::string& prefix) {
      return dn_range{prefix + std::string(length - prefix.size(), '0'),
                      prefix + std::string(length - prefix.size(), '9')};
    };
    auto prefix = std::lower_bound(made_.prefixes.begin(), made_.prefixes.end(), range.first);
    if (prefix != made_.prefixes.begin())
      --prefix; // it may be the beginning of the range's first
    for (; prefix != made_.prefixes.end() && *prefix <= range.last; ++prefix) {
      if (!is_number(*prefix) || prefix->size() > length)
        continue;
      auto covered = numbers_of(*prefix);
      if (covered.last < range.first)
        continue;
      if (range.first < covered.first)
        left.push_back({range.first, *previous_number(covered.first)});
      auto behind = next_number(covered.last);
      if (!behind || *behind > range.last)
        return;
      range.first = std::move(*behind);
    }
    left.push_back(std::move(range));
  }

  dn_set made_;
};

bool grants::dn_set::covers(std::string_view dn) const noexcept {
  if (every)
    return !dn.empty();
  if (dn == all_dns)
    return false;
  if (is_number(dn)) {
    auto behind = std::upper_bound(
      ranges.begin(), ranges.end(), dn,
      [](std::string_view name, const dn_range& range) { return is_lower(name, range.first); });
    if (behind != ranges.begin() && !is_lower((--behind)->last, dn))
      return true;
  } else if (std::binary_search(names.begin(), names.end(), dn)) {
    return true;
  }
  return prefix_of(prefixes, dn) != nullptr;
}

bool grants::dn_set::is_empty() const noexcept {
  return !every && names.empty() && prefixes.empty() && ranges.empty();
}

// ---- grants ---------------------------------------------------------------------------------

grants::grants(const std::vector<grant>& all) {
  // Roles and actions that the same grants give have the same DNs: they are worked out once.
  std::map<std::vector<std::size_t>, std::uint8_t> known;
  auto place_of = [&](const std::vector<std::size_t>& givers) -> std::uint8_t {
    set_builder made;
    for (auto giver : givers)
      for (auto& pattern : all[giver].dns)
        made.add(pattern);
    auto set = made.make();
    if (set.is_empty())
      return 0;
    auto same = std::find(sets_.begin(), sets_.end(), set);
    if (same == sets_.end())
      same = sets_.insert(sets_.end(), std::move(set));
    return static_cast<std::uint8_t>(same - sets_.begin() + 1);
  };
  static_assert(roles_max * actions_max < 256, "a place fits a byte");

  for (std::size_t as = 0; as < roles_max; ++as) {
    for (std::size_t what = 0; what < actions_max; ++what) {
      std::vector<std::size_t> givers;
      for (std::size_t i = 0; i < all.size(); ++i)
        if ((all[i].roles & 1u << as) != 0 && (all[i].may & 1u << what) != 0)
          givers.push_back(i);
      auto bit = static_cast<action_set>(1u << what);
      if (givers.empty() || bit == bit_of(action::sign_on)) // that goes by the role alone
        continue;
      if ((bit & actions_without_dn) != 0) {
        without_dn_[as] = static_cast<action_set>(without_dn_[as] | bit);
        continue;
      }
      auto [place, is_new] = known.try_emplace(std::move(givers), std::uint8_t{0});
      if (is_new)
        place->second = place_of(place->first);
      where_[as][what] = place->second;
    }
  }
  for (auto& one : all)
    roles_ = static_cast<role_set>(roles_ | one.roles);
}

const grants::dn_set* grants::set_of(std::size_t as, std::size_t what) const noexcept {
  auto place = where_[as][what];
  return place == 0 ? nullptr : &sets_[place - 1u];
}

bool grants::allows(role as, action what, std::string_view dn) const noexcept {
  auto row = static_cast<std::size_t>(as);
  auto column = static_cast<std::size_t>(what);
  if (row >= roles_max || column >= actions_max)
    return false;
  if (what == action::sign_on)
    return (roles_ & bit_of(as)) != 0;
  if ((bit_of(what) & actions_without_dn) != 0)
    return (without_dn_[row] & bit_of(what)) != 0;
  auto* dns = set_of(row, column);
  return dns != nullptr && dns->covers(dn);
}

bool grants::allows_somewhere(role as, action what) const noexcept {
  auto row = static_cast<std::size_t>(as);
  return row < roles_max && set_of(row, static_cast<std::size_t>(what)) != nullptr;
}

action_set grants::on(role as, std::string_view dn) const noexcept {
  auto row = static_cast<std::size_t>(as);
  if (row >= roles_max)
    return 0;
  action_set may = 0;
  const dn_set* asked = nullptr; // actions of one grant stand together mostly: it is asked once
  bool is_covered = false;
  for (std::size_t what = 0; what < actions_max; ++what) {
    auto* dns = set_of(row, what);
    if (dns == nullptr)
      continue;
    if (dns != asked) {
      asked = dns;
      is_covered = dns->covers(dn);
    }
    if (is_covered)
      may = static_cast<action_set>(may | 1u << what);
  }
  return may;
}

} // namespace ringdown
