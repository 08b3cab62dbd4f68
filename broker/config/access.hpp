// The way between a row of the table and its member of `config`. Private to table.cpp and its
// tests. Pure, thread-safe.
#pragma once

#include "broker/config/config.hpp"
#include "broker/config/value.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ringdown::configuration {

inline constexpr std::span<const std::string_view> names_of(scheduler) {
  return scheduler_names;
}
inline constexpr std::span<const std::string_view> names_of(logging::level) {
  return logging::level_names;
}
inline constexpr std::span<const std::string_view> names_of(logging::format) {
  return logging::format_names;
}

inline constexpr std::span<const std::string_view> names_of(client_certificates) {
  return client_certificates_names;
}
inline constexpr std::span<const std::string_view> names_of(stale_crl) {
  return stale_crl_names;
}
inline constexpr std::span<const std::string_view> names_of(tls_version) {
  return tls_version_names;
}
inline constexpr std::span<const std::string_view> names_of(expired_policy) {
  return expired_policy_names;
}

inline constexpr std::span<const std::string_view> names_of(confirm_policy) {
  return confirm_policy_names;
}
inline constexpr std::span<const std::string_view> names_of(dead_desktop_policy) {
  return dead_desktop_policy_names;
}

inline constexpr std::span<const std::string_view> names_of(pause_ownership) {
  return pause_ownership_names;
}

inline constexpr std::span<const std::string_view> names_of(new_call_policy) {
  return new_call_policy_names;
}

inline constexpr std::span<const std::string_view> names_of(drift_policy) {
  return drift_policy_names;
}

inline value to_value(bool v) {
  return v;
}
inline value to_value(std::unsigned_integral auto v) {
  return std::uint64_t{v};
}
inline value to_value(std::chrono::milliseconds v) {
  return static_cast<std::uint64_t>(v.count());
}
inline value to_value(const std::string& v) {
  return v;
}
inline value to_value(const std::vector<std::string>& v) {
  return v;
}
template <class Enum>
requires std::is_enum_v<Enum> value to_value(Enum v) {
  const auto names = names_of(v);
  const auto i = static_cast<std::size_t>(v);
  return std::string{i < names.size() ? names[i] : "?"}; // a program may have made it up
}

inline void from_value(bool& to, const value& v) {
  to = std::get<bool>(v);
}
inline void from_value(std::unsigned_integral auto& to, const value& v) {
  to = static_cast<std::remove_reference_t<decltype(to)>>(std::get<std::uint64_t>(v));
}
inline void from_value(std::chrono::milliseconds& to, const value& v) {
  to = std::chrono::milliseconds{std::get<std::uint64_t>(v)};
}
inline void from_value(std::string& to, const value& v) {
  to = std::get<std::string>(v);
}
inline void from_value(std::vector<std::string>& to, const value& v) {
  to = std::get<std::vector<std::string>>(v);
}
template <class Enum>
requires std::is_enum_v<Enum>
void from_value(Enum& to, const value& v) {
  const auto names = names_of(to);
  const auto found = std::find(names.begin(), names.end(), std::get<std::string>(v));
  to = static_cast<Enum>(found - names.begin());
}

/// `config.*Section.*Member` as a value.
template <auto Section, auto Member>
struct access {
  static value get(const config& c) { return to_value((c.*Section).*Member); }
  static void set(config& c, const value& v) { from_value((c.*Section).*Member, v); }
};

/// The words of log.levels.*: those of log.level, and the one for "nothing else said".
inline constexpr std::array<std::string_view, logging::level_names.size() + 1> log_level_words =
  [] {
    std::array<std::string_view, logging::level_names.size() + 1> words{"inherit"};
    std::copy(logging::level_names.begin(), logging::level_names.end(), words.begin() + 1);
    return words;
  }();

/// The level of one component.
template <std::size_t Component>
struct log_level_access {
  static value get(const config& c) {
    const auto& l = c.log.levels[Component];
    return l ? to_value(*l) : value{std::string{log_level_words[0]}};
  }
  static void set(config& c, const value& v) {
    auto& to = c.log.levels[Component];
    to.reset();
    if (std::get<std::string>(v) != log_level_words[0])
      from_value(to.emplace(), v);
  }
};

/// Converts to anything: stands for a member in `members_of`.
struct any_member {
  template <class T>
  constexpr operator T() const noexcept;
};

/// How many members an aggregate has, so that a test finds a limit without a row.
template <class T, class... Members>
consteval std::size_t members_of() {
  if constexpr (requires { T{Members{}..., any_member{}}; })
    return members_of<T, Members..., any_member>();
  else
    return sizeof...(Members);
}

} // namespace ringdown::configuration
