// A TOML text as a plain tree with positions, so that toml++ is compiled in one file. Pure,
// thread-safe.
#pragma once

#include "broker/config/config.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ringdown::configuration {

/// A place in a file, both from 1.
struct position {
  int line = 0;
  int column = 0;
};

struct toml_member;

/// A value. `other` holds what few keys take or none (dates, fractions), by the name of its type.
struct toml_node {
  struct table {
    std::vector<toml_member> members; ///< in the order of the file
  };
  struct array {
    std::vector<toml_node> items;
  };
  struct other {
    std::string_view type;
    std::optional<std::int64_t> utc_us = {}; ///< of a date and time with its offset
  };
  std::variant<table, array, bool, std::int64_t, std::string, other> content;
  position at;
};

struct toml_member {
  std::string name;
  position at; ///< of the name
  toml_node node;
};

/// Parses a whole file. A syntax error comes back as the one error of the text: what follows it
/// cannot be trusted.
std::variant<toml_node, config_error> parse_toml(std::string_view text, const std::string& source);

} // namespace ringdown::configuration
