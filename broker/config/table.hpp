// The one table of keys. Whatever reads, checks, prints or documents the configuration walks over
// it; a new key is a member of `config` and a row here.
#pragma once

#include "broker/config/config.hpp"
#include "broker/config/value.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::configuration {

/// One row. The texts are static but for `name`.
struct key {
  std::string name; ///< "limits.outbox_bytes_max"
  value_rule rule;
  std::string_view unit; ///< what the number counts; empty where the text itself says it
  bool reloadable = false;
  std::string doc;             ///< what it is for, and why the default is what it is
  std::string_view short_flag; ///< without dashes; empty for most
  value (*get)(const config&) = nullptr;
  void (*set)(config&, const value&) = nullptr; ///< of a value that `rule` accepts

  std::string_view section() const noexcept; ///< "limits"
  std::string_view leaf() const noexcept;    ///< "outbox_bytes_max"
  std::string environment() const;           ///< "RINGDOWN_LIMITS_OUTBOX_BYTES_MAX"
  std::string toml(const config& c) const { return to_toml(rule.kind, get(c)); }
  std::string text(const config& c) const { return to_text(rule.kind, get(c)); }
};

/// All keys, those of a section together, `log` before `log.levels`. Made once, never changed.
const std::vector<key>& table();
/// The place of a key in the table.
std::optional<std::size_t> find_key(std::string_view name);
std::optional<std::size_t> find_short_flag(std::string_view name);
std::optional<std::size_t> find_environment(std::string_view name);
/// True if keys stand below this name: "log", "log.levels".
bool is_section(std::string_view name);
/// The right name nearest to a wrong one: its last part if it is in the same section.
std::string nearest_key(std::string_view wrong);
/// The flag nearest to a wrong one, with its dashes; `wrong` comes without them.
std::string nearest_flag(std::string_view wrong);

/// Why a name that was a key is none any more, and what to write; empty if it never was one.
std::string_view retired_key(std::string_view name) noexcept;
/// The same for a variable of the environment.
std::string_view retired_variable(std::string_view name);

/// What must hold between two keys.
struct relation {
  std::string_view first;
  std::string_view second;
  std::string_view sentence; ///< names both keys
  bool (*holds)(const config&) = nullptr;
};
std::span<const relation> relation_table();

} // namespace ringdown::configuration
