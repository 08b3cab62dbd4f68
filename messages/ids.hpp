// Strong types for the numbers and names of the domain, so that a DN's sequence cannot be passed
// where a command's version is meant. Values only: no CAF, no Protobuf. Thread-safe as any value.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown {

/// A number with a meaning. `Tag` keeps kinds apart; `value` is the number on the wire.
template <class Tag, class Number>
struct strong_number {
  Number value = 0;

  auto operator<=>(const strong_number&) const = default;
  /// False for 0, which on the wire means "none".
  explicit operator bool() const noexcept { return value != 0; }
};

/// The client's number for a request; the reply carries it. 0: unasked.
using reference_id = strong_number<struct reference_id_tag, std::uint32_t>;
/// One connection of one T-Client. The top 16 bits are the node's. 0: the broker itself.
using client_id = strong_number<struct client_id_tag, std::uint64_t>;
/// The place of an event in its DN's one order, from 1.
using dn_sequence = strong_number<struct dn_sequence_tag, std::uint64_t>;
/// Changes when a DN is reborn; sequences and versions are comparable only within one.
using dn_epoch = strong_number<struct dn_epoch_tag, std::uint64_t>;
/// The DN's number for a command, rising within an epoch. 0: no command yet.
using command_version = strong_number<struct command_version_tag, std::uint64_t>;
/// The voice call's connection id. Written as 16 hex digits; 0: none.
using conn_id = strong_number<struct conn_id_tag, std::uint64_t>;

/// Sixteen bytes with a meaning (a command's id, a program's instance).
template <class Tag>
struct strong_bytes16 {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const strong_bytes16&) const = default;
  explicit operator bool() const noexcept { return bytes != std::array<std::uint8_t, 16>{}; }
  std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// From exactly 16 bytes; otherwise nothing.
  static std::optional<strong_bytes16> from(std::string_view raw) noexcept {
    if (raw.size() != 16)
      return std::nullopt;
    strong_bytes16 result;
    for (std::size_t i = 0; i < 16; ++i)
      result.bytes[i] = static_cast<std::uint8_t>(raw[i]);
    return result;
  }
};

/// Names a command over reconnects: 16 random bytes chosen by the sender. All zero: none.
using command_id = strong_bytes16<struct command_id_tag>;
/// Names a running program over its reconnects. Others are told another one, as long as the broker
/// runs the same.
using instance_id = strong_bytes16<struct instance_id_tag>;

/// 16 lower-case hex digits, as ConnIDs and client ids are written for people.
std::string to_hex(std::uint64_t value);
std::string to_hex(std::string_view bytes);
inline std::string to_string(conn_id id) {
  return to_hex(id.value);
}
/// \cond
// Doxygen 1.9 takes it for the one above.
inline std::string to_string(client_id id) {
  return to_hex(id.value);
}
/// \endcond

/// Reads 1 to 16 hex digits (an "0x" in front is allowed); otherwise nothing.
std::optional<conn_id> parse_conn_id(std::string_view text);
/// Reads exactly 32 hex digits; otherwise nothing.
std::optional<command_id> parse_command_id(std::string_view text);

/// What a T-Client says it is at sign-on: its rights follow. Values are those of the wire.
enum class role : std::uint8_t {
  unspecified = 0,
  desktop = 1,
  recorder = 2,
  supervisor = 3,
  admin = 4,
  call_source = 5,
  node = 6,
  broker = 15,
};

/// The recording light. Values are those of the wire.
enum class capture_state : std::uint8_t { unknown = 0, enabled = 1, disabled = 2, paused = 3 };

/// How a client is registered on a DN. Values are those of the wire.
enum class registration_mode : std::uint8_t { share = 0, private_ = 1, monitor = 2 };

std::string_view to_string(role r);
std::string_view to_string(capture_state s);
std::string_view to_string(registration_mode m);
std::optional<role> parse_role(std::string_view text);
std::optional<registration_mode> parse_registration_mode(std::string_view text);

} // namespace ringdown

/// \cond
// Doxygen 1.9 does not find its scope.
template <class Tag, class Number>
struct std::hash<ringdown::strong_number<Tag, Number>> {
  std::size_t operator()(ringdown::strong_number<Tag, Number> id) const noexcept {
    return std::hash<Number>{}(id.value);
  }
};
/// \endcond
