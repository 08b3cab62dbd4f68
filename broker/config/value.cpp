#include "broker/config/value.hpp"

#include "broker/config/units.hpp"
#include "messages/nearest.hpp"
#include "messages/text.hpp"
#include "messages/wire.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace ringdown::configuration {
namespace {

constexpr std::array<std::string_view, 2> truth_names{"true", "false"};

bad_value refuse(const value_rule& rule, std::string_view found, std::string near = {}) {
  return {in_quotes(cut_text(found, 80)) + " is not accepted; accepted is " + accepted_text(rule),
          std::move(near)};
}

value_or_bad check_range(const value_rule& rule, std::uint64_t number, std::string_view found) {
  if (number < rule.min || number > rule.max)
    return bad_value{std::string{cut_text(found, 80)} + " is out of range; accepted is " +
                       accepted_text(rule),
                     {}};
  return value{number};
}

value_or_bad parse_choice(const value_rule& rule, std::string_view text) {
  if (std::find(rule.choices.begin(), rule.choices.end(), text) != rule.choices.end())
    return value{std::string{text}};
  return refuse(rule, text, std::string{nearest(text, rule.choices)});
}

value_or_bad parse_with_unit(const value_rule& rule, std::string_view text) {
  const auto q = rule.kind == value_kind::size ? quantity::size : quantity::duration;
  const auto result = parse_quantity(q, text);
  switch (result.fault) {
  case quantity_fault::none: return check_range(rule, result.number, text);
  case quantity_fault::no_number: return refuse(rule, text);
  case quantity_fault::bad_unit: break;
  }
  return bad_value{"unknown unit " + in_quotes(cut_text(result.wrong_unit, 80)) + "; accepted is " +
                     accepted_text(rule),
                   std::string{nearest(result.wrong_unit, unit_names(q))}};
}

value_or_bad parse_plain(const value_rule& rule, std::string_view text) {
  if (!wire::valid_utf8(text))
    return bad_value{"is not UTF-8; accepted is " + accepted_text(rule), {}};
  if (wire::has_control_character(text))
    return refuse(rule, text);
  if (text.size() < rule.min || text.size() > rule.max)
    return bad_value{
      "has " + std::to_string(text.size()) + " bytes; accepted is " + accepted_text(rule), {}};
  return value{std::string{text}};
}

/// The interface behind a link-local address's %: its name or its number.
bool is_zone(std::string_view text) {
  return !text.empty() && text.size() < IF_NAMESIZE &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '/' && c != '%'; });
}

value_or_bad parse_address(const value_rule& rule, std::string_view text) {
  const auto percent = std::min(text.find('%'), text.size());
  const std::string number{text.substr(0, percent)}; // inet_pton wants its end marked
  const bool has_zone = percent != text.size();
  in_addr v4{};
  in6_addr v6{};
  const bool is_v4 = !has_zone && inet_pton(AF_INET, number.c_str(), &v4) == 1;
  const bool is_v6 = inet_pton(AF_INET6, number.c_str(), &v6) == 1;
  const bool zone_is_good =
    !has_zone || (IN6_IS_ADDR_LINKLOCAL(&v6) && is_zone(text.substr(percent + 1)));
  if (number.find('\0') == std::string::npos && (is_v4 || (is_v6 && zone_is_good)))
    return value{std::string{text}};
  return refuse(rule, text);
}

value_or_bad parse_dns(std::string_view text) {
  std::vector<std::string> list;
  std::unordered_set<std::string_view> seen;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto dn = text.substr(0, end);
    if (auto fault = dn_fault(dn))
      return bad_value{std::move(*fault), {}};
    if (!seen.insert(dn).second)
      return bad_value{"DN " + in_quotes(dn) + " stands here twice", {}};
    list.emplace_back(dn);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return value{std::move(list)};
}

std::string list_to_toml(const std::vector<std::string>& list) {
  // One a line once they do not fit one: a list of DNs can be long.
  constexpr std::size_t inline_max = 8;
  const bool lines = list.size() > inline_max;
  std::string result = "[";
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0)
      result += lines ? "," : ", ";
    if (lines)
      result += "\n  ";
    result += in_quotes(list[i]);
  }
  return result + (lines ? "\n]" : "]");
}

} // namespace

value_or_bad parse_text(const value_rule& rule, std::string_view text) {
  switch (rule.kind) {
  case value_kind::boolean:
    if (text == "true" || text == "false")
      return value{text == "true"};
    return refuse(rule, text, std::string{nearest(text, truth_names)});
  case value_kind::number:
    if (const auto number = parse_whole(text))
      return check_range(rule, *number, text);
    return refuse(rule, text);
  case value_kind::dn_list: return parse_dns(text);
  case value_kind::size:
  case value_kind::duration:
  case value_kind::choice:
  case value_kind::text:
  case value_kind::address:
  case value_kind::path: break;
  }
  return parse_string(rule, text);
}

value_or_bad parse_number(const value_rule& rule, std::int64_t number) {
  const auto found = std::to_string(number);
  switch (rule.kind) {
  case value_kind::number:
  case value_kind::size:
  case value_kind::duration:
    // A negative number turns into one above every range, and is told as it was written.
    return check_range(rule, static_cast<std::uint64_t>(number), found);
  case value_kind::boolean:
  case value_kind::choice:
  case value_kind::text:
  case value_kind::address:
  case value_kind::path:
  case value_kind::dn_list: break;
  }
  return bad_value{"found a number; accepted is " + accepted_text(rule), {}};
}

value_or_bad parse_string(const value_rule& rule, std::string_view text) {
  switch (rule.kind) {
  case value_kind::size:
  case value_kind::duration: return parse_with_unit(rule, text);
  case value_kind::choice: return parse_choice(rule, text);
  case value_kind::text:
  case value_kind::path: return parse_plain(rule, text);
  case value_kind::address: return parse_address(rule, text);
  case value_kind::boolean:
  case value_kind::number:
  case value_kind::dn_list: break;
  }
  return bad_value{"found a string; accepted is " + accepted_text(rule), {}};
}

std::optional<std::string> dn_fault(std::string_view dn) {
  if (dn.empty())
    return "an empty DN; accepted are 1 to " + std::to_string(dn_bytes_max) + " bytes";
  if (!wire::valid_utf8(dn))
    return "DN " + in_quotes(cut_text(dn, 80)) + " is not UTF-8";
  if (wire::has_control_character(dn))
    return "DN " + in_quotes(cut_text(dn, 80)) + " has a control character";
  if (dn.size() > dn_bytes_max)
    return "DN " + in_quotes(cut_text(dn, 40)) + "... has " + std::to_string(dn.size()) +
           " bytes; accepted are 1 to " + std::to_string(dn_bytes_max);
  return std::nullopt;
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  append_escaped(result, text, bad_bytes::shown);
  return result + '"';
}

std::string to_toml(value_kind kind, const value& v) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&v))
    return list_to_toml(*list);
  if (std::holds_alternative<bool>(v) || kind == value_kind::number)
    return to_text(kind, v);
  return in_quotes(to_text(kind, v));
}

std::string to_text(value_kind kind, const value& v) {
  if (const auto* truth = std::get_if<bool>(&v))
    return *truth ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&v))
    return *text;
  if (const auto* list = std::get_if<std::vector<std::string>>(&v))
    return std::to_string(list->size()) + " DNs";
  const auto number = std::get<std::uint64_t>(v);
  if (kind == value_kind::size)
    return quantity_text(quantity::size, number);
  if (kind == value_kind::duration)
    return quantity_text(quantity::duration, number);
  return std::to_string(number);
}

std::string range_text(const value_rule& rule) {
  switch (rule.kind) {
  case value_kind::number:
  case value_kind::size:
  case value_kind::duration:
    return to_text(rule.kind, rule.min) + " to " + to_text(rule.kind, rule.max);
  case value_kind::text:
  case value_kind::path:
    return std::to_string(rule.min) + " to " + std::to_string(rule.max) + " bytes";
  case value_kind::dn_list: return "DNs of 1 to " + std::to_string(dn_bytes_max) + " bytes";
  case value_kind::choice: break;
  case value_kind::boolean: return "true, false";
  case value_kind::address: return "an IPv4 or IPv6 address";
  }
  std::string result;
  for (const auto word : rule.choices)
    result.append(result.empty() ? "" : ", ").append(word);
  return result;
}

std::string accepted_text(const value_rule& rule) {
  const auto range = range_text(rule);
  switch (rule.kind) {
  case value_kind::boolean: return "true or false";
  case value_kind::number: return "a whole number from " + range;
  case value_kind::size:
    return "a size from " + range + ", as a whole number of bytes or with B, KiB, MiB or GiB";
  case value_kind::duration:
    return "a duration from " + range + ", as a whole number of ms or with ms, s, min or h";
  case value_kind::choice: return "one of " + range;
  case value_kind::text: return "a string of " + range + " without control characters";
  case value_kind::address: return range;
  case value_kind::path: return "a path of " + range + " without control characters";
  case value_kind::dn_list: return "an array of strings, " + range;
  }
  return range;
}

} // namespace ringdown::configuration
