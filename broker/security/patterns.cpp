#include "broker/security/patterns.hpp"

#include "broker/config/value.hpp"
#include "messages/text.hpp"
#include "messages/wire.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::security {
namespace {

using configuration::dn_fault;
using configuration::in_quotes;

constexpr std::string_view digits = "0123456789";

std::string refusal(std::string_view text) {
  return in_quotes(cut_text(text, 80)) + " is no pattern of DNs; accepted is " +
         std::string{accepted_dn_patterns};
}

/// Two numbers with a dash between them.
std::optional<dn_pattern> as_range(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == text.npos || dash == 0 || dash + 1 == text.size())
    return std::nullopt;
  const auto first = text.substr(0, dash);
  const auto last = text.substr(dash + 1);
  if (first.find_first_not_of(digits) != first.npos || last.find_first_not_of(digits) != last.npos)
    return std::nullopt;
  return dn_pattern{dn_pattern::kind::range, std::string{first}, std::string{last}};
}

char separator_of(certificate_name::kind what) noexcept {
  switch (what) {
  case certificate_name::kind::uri: return '/';
  case certificate_name::kind::dns: return '.';
  case certificate_name::kind::email: break;
  }
  return '@';
}

/// DNS names are ASCII, other alphabets included (RFC 5890).
std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string as_compared(certificate_name::kind what, std::string_view text) {
  return what == certificate_name::kind::dns ? in_lower_case(text) : std::string{text};
}

} // namespace

std::variant<dn_pattern, std::string> parse_dn_pattern(std::string_view text) {
  using kind = dn_pattern::kind;
  if (text == "*")
    return dn_pattern{kind::all, {}, {}};
  const bool is_prefix = text.ends_with('*');
  const auto name = is_prefix ? text.substr(0, text.size() - 1) : text;
  if (auto fault = dn_fault(name))
    return *std::move(fault) + "; accepted is " + std::string{accepted_dn_patterns};
  if (name.find_first_of("*{}") != name.npos)
    return refusal(text);
  if (is_prefix)
    return dn_pattern{kind::prefix, std::string{name}, {}};
  auto range = as_range(name);
  if (!range)
    return dn_pattern{kind::exact, std::string{name}, {}};
  if (range->first.size() != range->last.size() || range->first > range->last)
    return refusal(text);
  return *std::move(range);
}

std::optional<std::string> certificate_pattern::match(const certificate_name& name) const {
  if (name.what != what)
    return std::nullopt;
  const auto text = as_compared(what, name.value);
  if (!has_star)
    return text == before ? std::optional{std::string{}} : std::nullopt;
  if (text.size() <= before.size() + after.size() || !text.starts_with(before) ||
      !text.ends_with(after))
    return std::nullopt;
  auto star = text.substr(before.size(), text.size() - before.size() - after.size());
  if (star.find(separator_of(what)) != star.npos)
    return std::nullopt;
  return star;
}

std::variant<certificate_pattern, std::string>
parse_certificate_pattern(certificate_name::kind what, std::string_view text) {
  const auto star = text.find('*');
  if (star == text.npos)
    return certificate_pattern{what, as_compared(what, text), {}, false};
  if (text.find('*', star + 1) != text.npos)
    return in_quotes(cut_text(text, 80)) + " has more than one *; accepted is one at most";
  return certificate_pattern{what, as_compared(what, text.substr(0, star)),
                             as_compared(what, text.substr(star + 1)), true};
}

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= name_bytes_max && wire::valid_utf8(text) &&
         !wire::has_control_character(text) && !wire::has_layout_character(text);
}

} // namespace ringdown::security
