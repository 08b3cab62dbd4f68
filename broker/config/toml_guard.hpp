// What toml++ 3.3 must not be given, looked for before it reads a text. Pure.
#pragma once

#include "broker/config/toml_file.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ringdown::configuration {

/// Parts of one dotted name. Ours have three at most.
inline constexpr int name_parts_max = 8;

struct toml_fault {
  position at;
  std::string message;
};

/// The first place in the text that the parser cannot take, or nothing:
/// - a name of more than `name_parts_max` parts: it makes a table within a table of each without a
///   bound, and the tables' destructor alone would overflow the stack;
/// - a character outside of strings and comments that is not ASCII: TOML has none, and the parser
///   says so only after other parts of it looked at that character.
std::optional<toml_fault> find_toml_fault(std::string_view text);

} // namespace ringdown::configuration
