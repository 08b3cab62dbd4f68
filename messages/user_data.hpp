// User data: an ordered list of pairs, key -> int, string, binary or nested list; keys may repeat.
// Two views of it. `scan_user_data` checks the received bytes in one pass and finds the
// `screen-capture` verb, without building anything: the broker's path. `user_data` is a value to
// build and look at: for clients, tools and tests.
#pragma once

#include "messages/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ringdown {

/// The key whose value is a command or an indication.
inline constexpr std::string_view screen_capture_key = "screen-capture";
/// Accepted from a recorder too; what goes out carries `screen_capture_key`.
inline constexpr std::string_view screen_capture_indication_key = "screen-capture-indication";

/// The value of `screen-capture`.
enum class capture_verb : std::uint8_t {
  none, ///< the event has no `screen-capture`
  start,
  stop,
  pause,
  resume,
  query,
  enabled,
  disabled,
  paused,
  failed,  ///< a recorder could not do what it was ordered; says nothing of the screen
  unknown, ///< only the broker says it
};

std::string_view to_string(capture_verb verb) noexcept;
/// Nothing for a text that is no value of `screen-capture`; "none" is not one.
std::optional<capture_verb> parse_capture_verb(std::string_view text) noexcept;
/// start, stop, pause, resume, query.
constexpr bool is_command(capture_verb verb) noexcept {
  return verb >= capture_verb::start && verb <= capture_verb::query;
}
/// enabled, disabled, paused, failed, unknown.
constexpr bool is_indication(capture_verb verb) noexcept {
  return verb >= capture_verb::enabled;
}
/// `pause` and `stop`: admitted when other traffic is refused (docs/protocol.md).
constexpr bool is_safety_command(capture_verb verb) noexcept {
  return verb == capture_verb::pause || verb == capture_verb::stop;
}
/// What an indication says of the screen; unknown of `failed`.
capture_state state_of(capture_verb indication) noexcept;
/// The state a command asks for; nothing for `query`.
std::optional<capture_state> desired_by(capture_verb command) noexcept;
/// The indication that says this state.
capture_verb indication_of(capture_state state) noexcept;

/// What can be wrong with user data. Each has a text in `describe_send_fault`.
enum class user_data_fault : std::uint8_t {
  none,
  malformed,       ///< no Protobuf message: the stream cannot be trusted
  too_large,       ///< more than user_data_bytes_max
  too_deep,        ///< nested deeper than user_data_depth_max
  too_many_pairs,  ///< more than user_data_pairs_max
  not_utf8,        ///< a key or string value
  key_twice,       ///< one pair with two keys: Protobuf takes the last, others the first
  value_twice,     ///< one pair with two values
  field_type,      ///< a known field with another wire type: some parsers read it all the same
  capture_value,   ///< `screen-capture` is no known text
  capture_twice,   ///< more than one `screen-capture`
  capture_unknown, ///< `unknown` from a client
  capture_not_indication, ///< a command under the key of indications
};

/// The result of one pass over received user data.
struct user_data_scan {
  user_data_fault fault = user_data_fault::none;
  capture_verb verb = capture_verb::none;
  /// The verb stood under `screen_capture_indication_key`.
  bool indication_key = false;
};

/// Checks the serialized `UserData` and finds its verb. Pure; no allocation; the recursion is
/// bounded by user_data_depth_max.
user_data_scan scan_user_data(std::string_view bytes, std::size_t user_data_bytes_max) noexcept;

// ---- a value to build and look at --------------------------------------------------------------

struct user_data;

/// int, string, binary or list. An empty variant stands for a kind this version does not know.
struct binary_value {
  std::string bytes;
  bool operator==(const binary_value&) const = default;
};
using user_data_value = std::variant<std::monostate, std::int64_t, std::string, binary_value,
                                     std::vector<struct user_data_pair>>;

/// A key and its value. Keys may occur more than once.
struct user_data_pair {
  std::string key;
  user_data_value value;
  bool operator==(const user_data_pair&) const;
};

/// The pairs in their order.
struct user_data {
  std::vector<user_data_pair> pairs;

  bool operator==(const user_data&) const = default;
  user_data& add(std::string key, user_data_value value);
  /// The first value under this key at the top level, or null.
  const user_data_value* find(std::string_view key) const noexcept;
  /// The serialized `UserData` message.
  std::string encode() const;
  /// The value of received bytes that `scan_user_data` accepts; nothing otherwise.
  static std::optional<user_data> decode(std::string_view bytes);
};

} // namespace ringdown
