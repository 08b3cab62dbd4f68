// The only file that includes toml++, header-only and without exceptions: errors are values.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// Values within values: a list of DNs is one deep, and each level is a turn of our recursion.
#define TOML_MAX_NESTED_VALUES 16
// Some of its assertions are about the text: "[" at a line's end would end the daemon. Behind them
// stands code that makes an error of it. With NDEBUG they would be promises to the optimizer.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
// Its check for blanks claims that no é can be where many texts have one: what it takes for
// impossible there is no blank.
#include <toml++/impl/forward_declarations.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/unicode.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE __builtin_unreachable()
#include <toml++/toml.h>

#include "broker/config/toml_file.hpp"

#include "broker/config/toml_guard.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ringdown::configuration {
namespace {

position to_position(const toml::source_region& region) {
  return {static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

std::string_view type_name(toml::node_type type) {
  switch (type) {
  case toml::node_type::floating_point: return "a fraction";
  case toml::node_type::date: return "a date";
  case toml::node_type::time: return "a time";
  case toml::node_type::date_time: return "a date and time";
  case toml::node_type::none:
  case toml::node_type::table:
  case toml::node_type::array:
  case toml::node_type::string:
  case toml::node_type::integer:
  case toml::node_type::boolean: break;
  }
  return "an unknown type";
}

/// The moment that a date and time with an offset names, whose parts the parser has checked.
std::optional<std::int64_t> utc_of(const toml::node& from) {
  const auto* at = from.as_date_time();
  if (at == nullptr || !at->get().offset)
    return std::nullopt;
  using namespace std::chrono;
  const auto& [date, time, offset] = at->get();
  const sys_days midnight{year{date.year} / month{date.month} / day{date.day}};
  const auto since = hours{time.hour} + minutes{time.minute - offset->minutes} +
                     seconds{time.second} + microseconds{time.nanosecond / 1000};
  return microseconds{midnight.time_since_epoch() + since}.count();
}

bool earlier(const toml_member& a, const toml_member& b) {
  return a.at.line != b.at.line ? a.at.line < b.at.line : a.at.column < b.at.column;
}

// Recursion is bounded by toml++ (TOML_MAX_NESTED_VALUES) and by name_parts_max.
toml_node convert(const toml::node& from) {
  toml_node result;
  result.at = to_position(from.source());
  if (const auto* table = from.as_table()) {
    toml_node::table to;
    for (const auto& [name, node] : *table)
      to.members.push_back({std::string{name.str()}, to_position(name.source()), convert(node)});
    std::sort(to.members.begin(), to.members.end(), earlier);
    result.content = std::move(to);
  } else if (const auto* array = from.as_array()) {
    toml_node::array to;
    for (const auto& item : *array)
      to.items.push_back(convert(item));
    result.content = std::move(to);
  } else if (const auto* truth = from.as_boolean()) {
    result.content = truth->get();
  } else if (const auto* number = from.as_integer()) {
    result.content = number->get();
  } else if (const auto* text = from.as_string()) {
    result.content = text->get();
  } else {
    result.content = toml_node::other{type_name(from.type()), utc_of(from)};
  }
  return result;
}

} // namespace

std::variant<toml_node, config_error> parse_toml(std::string_view text, const std::string& source) {
  if (auto fault = find_toml_fault(text))
    return config_error{source, fault->at.line, fault->at.column, {}, std::move(fault->message),
                        {}};
  const auto result = toml::parse(text);
  if (result)
    return convert(result.table());
  const auto& error = result.error();
  const auto at = to_position(error.source());
  return config_error{source, at.line, at.column, {}, std::string{error.description()}, {}};
}

} // namespace ringdown::configuration
