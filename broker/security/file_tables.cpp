#include "broker/security/file_tables.hpp"

#include "broker/config/value.hpp"
#include "messages/nearest.hpp"
#include "messages/text.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <variant>

namespace ringdown::security {
namespace {

using configuration::toml_node;
using configuration::value_kind;
using configuration::value_rule;

/// A file full of nonsense has this many errors told; the rest is one line.
constexpr std::size_t errors_max = 100;
/// A longer key or word is cut where it is told of, and is none of ours.
constexpr std::size_t name_shown_max = 80;

std::string_view type_of(const toml_node& node) {
  struct namer {
    std::string_view operator()(const toml_node::table&) const { return "a table"; }
    std::string_view operator()(const toml_node::array&) const { return "an array"; }
    std::string_view operator()(bool) const { return "a boolean"; }
    std::string_view operator()(std::int64_t) const { return "a number"; }
    std::string_view operator()(const std::string&) const { return "a string"; }
    std::string_view operator()(const toml_node::other& other) const { return other.type; }
  };
  return std::visit(namer{}, node.content);
}

std::string found_instead(const toml_node& node, std::string_view accepted) {
  return "found " + std::string{type_of(node)} + "; accepted is " + std::string{accepted};
}

std::string in_words(std::span<const std::string_view> accepted) {
  return configuration::range_text({value_kind::choice, 0, 0, accepted});
}

const toml_node::table& no_members() {
  static const toml_node::table none;
  return none;
}

} // namespace

void file_errors::add(position at, std::string key, std::string message, std::string nearest) {
  if (all_.size() < errors_max)
    all_.push_back(
      {source_, at.line, at.column, std::move(key), std::move(message), std::move(nearest)});
  else
    is_full_ = true;
}

std::vector<configuration::config_error> file_errors::take() {
  std::stable_sort(all_.begin(), all_.end(), [](auto& a, auto& b) {
    return std::tuple{a.line, a.column} < std::tuple{b.line, b.column};
  });
  if (is_full_)
    all_.push_back({source_, 0, 0, {}, "more than " + std::to_string(errors_max) + " errors", {}});
  return std::move(all_);
}

// ---- one entry ------------------------------------------------------------------------------

entry_reader::entry_reader(const toml_node& entry, std::string_view kind,
                           std::span<const std::string_view> known, file_errors& errors)
  : entry_{entry}, members_{std::holds_alternative<toml_node::table>(entry.content)
                              ? std::get<toml_node::table>(entry.content)
                              : no_members()},
    kind_{kind}, errors_{errors} {
  for (const auto& member : members_.members)
    if (std::find(known.begin(), known.end(), member.name) == known.end()) {
      const auto near = nearest(member.name, known);
      refuse(member.at, cut_text(member.name, name_shown_max),
             "unknown key; accepted are " + in_words(known), std::string{near});
    }
}

void entry_reader::refuse(position at, std::string_view key, std::string message,
                          std::string nearest) {
  is_good_ = false;
  errors_.add(at, std::string{kind_} + '.' + std::string{key}, std::move(message),
              std::move(nearest));
}

const toml_node* entry_reader::find(std::string_view key) const noexcept {
  const auto found = std::find_if(members_.members.begin(), members_.members.end(),
                                  [&](auto& member) { return member.name == key; });
  return found == members_.members.end() ? nullptr : &found->node;
}

const toml_node* entry_reader::require(std::string_view key) {
  const auto* node = find(key);
  if (node == nullptr)
    refuse(entry_.at, key, "is missing; each [[" + std::string{kind_} + "]] has one");
  return node;
}

position entry_reader::at(std::string_view key) const noexcept {
  const auto* node = find(key);
  return node == nullptr ? entry_.at : node->at;
}

std::optional<placed_text> entry_reader::as_text(std::string_view key, std::size_t bytes_max,
                                                 const toml_node& node) {
  const value_rule rule{value_kind::text, 1, bytes_max, {}};
  const auto* text = std::get_if<std::string>(&node.content);
  if (text == nullptr) {
    refuse(node.at, key, found_instead(node, accepted_text(rule)));
    return std::nullopt;
  }
  const auto read = parse_string(rule, *text);
  if (const auto* bad = std::get_if<configuration::bad_value>(&read)) {
    refuse(node.at, key, bad->message);
    return std::nullopt;
  }
  return placed_text{*text, node.at};
}

std::optional<placed_text> entry_reader::text(std::string_view key, std::size_t bytes_max) {
  const auto* node = require(key);
  return node == nullptr ? std::nullopt : as_text(key, bytes_max, *node);
}

std::optional<placed_text> entry_reader::text_or(std::string_view key, std::size_t bytes_max,
                                                 std::string_view otherwise) {
  const auto* node = find(key);
  if (node == nullptr)
    return placed_text{std::string{otherwise}, entry_.at};
  return as_text(key, bytes_max, *node);
}

std::optional<std::vector<placed_text>>
entry_reader::texts(std::string_view key, std::size_t bytes_max, std::size_t count_max) {
  const auto* node = require(key);
  if (node == nullptr)
    return std::nullopt;
  const auto accepted = "an array of 1 to " + std::to_string(count_max) + " strings";
  const auto* list = std::get_if<toml_node::array>(&node->content);
  if (list == nullptr) {
    refuse(node->at, key, found_instead(*node, accepted));
    return std::nullopt;
  }
  if (list->items.empty() || list->items.size() > count_max) {
    refuse(node->at, key,
           "has " + std::to_string(list->items.size()) + " values; accepted is " + accepted);
    return std::nullopt;
  }
  std::vector<placed_text> result;
  for (const auto& item : list->items)
    if (auto text = as_text(key, bytes_max, item))
      result.push_back(*std::move(text));
  return result;
}

std::optional<std::uint32_t> entry_reader::words(std::string_view key,
                                                 std::span<const std::string_view> accepted) {
  const value_rule rule{value_kind::choice, 0, 0, accepted};
  const auto all = texts(key, name_shown_max, 2 * accepted.size());
  if (!all)
    return std::nullopt;
  std::uint32_t bits = 0;
  bool all_known = true;
  for (const auto& one : *all) {
    const auto found = std::find(accepted.begin(), accepted.end(), one.text);
    if (found != accepted.end()) {
      bits |= 1u << (found - accepted.begin());
    } else {
      const auto read = parse_string(rule, one.text);
      const auto& bad = std::get<configuration::bad_value>(read);
      refuse(one.at, key, bad.message, bad.nearest);
      all_known = false;
    }
  }
  return all_known ? std::optional{bits} : std::nullopt;
}

std::optional<std::int64_t> entry_reader::moment(std::string_view key) {
  const auto* node = find(key);
  if (node == nullptr)
    return 0;
  const auto* other = std::get_if<toml_node::other>(&node->content);
  if (other != nullptr && other->utc_us && *other->utc_us > 0)
    return other->utc_us;
  constexpr std::string_view accepted =
    "a date and time with its offset, behind 1970 and without quotes: 2027-06-30T00:00:00Z";
  refuse(node->at, key, found_instead(*node, accepted));
  return std::nullopt;
}

std::optional<std::uint64_t> entry_reader::duration_ms(std::string_view key, std::uint64_t min,
                                                       std::uint64_t max, std::uint64_t otherwise) {
  const auto* node = find(key);
  if (node == nullptr)
    return otherwise;
  const value_rule rule{value_kind::duration, min, max, {}};
  configuration::value_or_bad read =
    configuration::bad_value{found_instead(*node, accepted_text(rule)), {}};
  if (const auto* text = std::get_if<std::string>(&node->content))
    read = parse_string(rule, *text);
  else if (const auto* number = std::get_if<std::int64_t>(&node->content))
    read = parse_number(rule, *number);
  if (const auto* bad = std::get_if<configuration::bad_value>(&read)) {
    refuse(node->at, key, bad->message, bad->nearest);
    return std::nullopt;
  }
  return std::get<std::uint64_t>(std::get<configuration::value>(read));
}

} // namespace ringdown::security
