// One value of the configuration: its kinds, its units, and the way between text and value. Pure
// functions over strings; thread-safe.
#pragma once

#include "broker/config/config.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ringdown::configuration {

/// A value without its key. Choices are their words, durations milliseconds, sizes bytes.
using value = std::variant<bool, std::uint64_t, std::string, std::vector<std::string>>;

/// What a value must be.
struct value_rule {
  value_kind kind = value_kind::text;
  std::uint64_t min = 0; ///< of the number; of the bytes of a text or path
  std::uint64_t max = 0; ///< included
  std::span<const std::string_view> choices{};
};

/// Why a value was refused.
struct bad_value {
  std::string message; ///< what is wrong, and what is accepted
  std::string nearest; ///< the nearest word that is accepted, if one is near
};
using value_or_bad = std::variant<value, bad_value>;

/// A value of a flag or variable, where all is text: "7481", "4 MiB", "true", "7001,7002".
value_or_bad parse_text(const value_rule& rule, std::string_view text);
/// A whole number from a file.
value_or_bad parse_number(const value_rule& rule, std::int64_t number);
/// A string from a file. Numbers and booleans are not accepted as strings.
value_or_bad parse_string(const value_rule& rule, std::string_view text);
/// Why this is no DN; nothing if it is one.
std::optional<std::string> dn_fault(std::string_view dn);

/// The value as the file has it: `7480`, `"4 MiB"`, `["7001", "7002"]`.
std::string to_toml(value_kind kind, const value& v);
/// The same without quotes, for people: `4 MiB`.
std::string to_text(value_kind kind, const value& v);
/// "1 to 64", "4 KiB to 16 MiB"; for a choice its words. Empty where anything goes.
std::string range_text(const value_rule& rule);
/// "a whole number from 1 to 64": the end of the sentence "accepted is ...".
std::string accepted_text(const value_rule& rule);

/// `text` between quotes, safe in TOML and on a terminal.
std::string in_quotes(std::string_view text);

} // namespace ringdown::configuration
