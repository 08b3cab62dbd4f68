// What numbers of the broker are told apart by: each label's name and its closed set of values. No
// number is told apart by a DN, a client or a principal: there is no end of those.
#pragma once

#include "messages/errors.hpp"
#include "messages/ids.hpp"
#include "messages/outcome.hpp"
#include "messages/send_event.hpp"
#include "messages/user_data.hpp"
#include "messages/words.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringdown {

// ---- words that nothing but numbers need ---------------------------------------------------

/// The way by which a client has come in.
enum class door_used : std::uint8_t { plain, tls, in_process };

/// Why one more was not let in.
enum class refusal_cause : std::uint8_t {
  draining,
  memory,      ///< the broker's budget is spent
  connections, ///< there are too many
  files,       ///< the process has no more
};

/// Why a sign-on came to nothing, in a word: one of ours, or of who authenticates
/// (`authenticated::refused`). Any other is counted as `other`.
struct sign_on_failure {
  std::string_view cause;
};
inline constexpr sign_on_failure wrong_request{"request"}; ///< a field was wrong
inline constexpr sign_on_failure no_common_version{"version"};
inline constexpr sign_on_failure not_authorized{"authorize"};  ///< by the platform
inline constexpr sign_on_failure not_answered{"not_answered"}; ///< by who authenticates, in time
inline constexpr sign_on_failure authenticate_threw{"authenticate_threw"}; ///< the host's
inline constexpr sign_on_failure never_signed_on{"late"}; ///< within `sign_on_timeout`

/// What became of a configuration that was to be taken over.
enum class reload_result : std::uint8_t { taken, refused };

/// A loop by its number.
struct loop_number {};

/// Of a TLS handshake: the protocol's version, whether a session was resumed, why it failed.
struct tls_version_text {};
struct tls_resumed_text {};
struct tls_failure_text {};

/// The version of what the broker is built of.
enum class built_part : std::uint8_t { ringdown, caf, protobuf, openssl };
template <built_part Part>
struct version_of {};

// ---- labels --------------------------------------------------------------------------------

/// A label is a type of its values: `name`, `size`, `index(value)` below `size`, and the text of
/// each, `value(index)`.
template <class Value>
struct label;

/// Of an enum whose values are those of `words`, in their order.
template <class Enum, std::size_t Size>
struct label_of_words {
  static constexpr std::size_t size = Size;
  static constexpr std::size_t index(Enum value) noexcept {
    auto place = static_cast<std::size_t>(value);
    return place < Size ? place : 0;
  }
};

template <>
struct label<door_used> : label_of_words<door_used, 3> {
  static_assert(static_cast<std::size_t>(door_used::in_process) + 1 == size);
  static constexpr std::string_view name = "door";
  static std::string_view value(std::size_t i) noexcept {
    constexpr std::array<std::string_view, size> words{"plain", "tls", "in_process"};
    return words[i];
  }
};

template <>
struct label<refusal_cause> : label_of_words<refusal_cause, 4> {
  static_assert(static_cast<std::size_t>(refusal_cause::files) + 1 == size);
  static constexpr std::string_view name = "reason";
  static std::string_view value(std::size_t i) noexcept {
    constexpr std::array<std::string_view, size> words{"draining", "memory", "connections",
                                                       "files"};
    return words[i];
  }
};

template <>
struct label<sign_on_failure> {
  static constexpr std::string_view name = "cause";
  static constexpr std::array<std::string_view, 37> words{
    "request", "version", "authorize", "not_answered", "late", "authenticate_threw",
    // who authenticates: broker/security/cause.hpp
    "no_credentials", "credentials_too_long", "unknown_token", "token_expired", "jwt_malformed",
    "jwt_bad_base64url", "jwt_bad_json", "jwt_duplicate_key", "jwt_critical_extension",
    "jwt_unknown_issuer", "jwt_no_key_id", "jwt_unknown_key", "jwt_wrong_algorithm",
    "jwt_bad_signature", "jwt_bad_time", "jwt_no_expiry", "jwt_expired", "jwt_not_yet_valid",
    "jwt_wrong_audience", "jwt_lifetime_too_long", "jwt_bad_name", "jwt_bad_groups", "jwt_bad_dns",
    "certificate_unknown", "certificate_ambiguous", "certificate_expired", "role_not_granted",
    "principal_changed", "too_many_waiting", "stopping", "other"};
  static constexpr std::size_t size = words.size();
  static constexpr std::size_t index(sign_on_failure of) noexcept {
    std::size_t i = 0;
    while (i + 1 < size && words[i] != of.cause)
      ++i;
    return i;
  }
  static std::string_view value(std::size_t i) noexcept { return words[i]; }
};

template <>
struct label<reload_result> : label_of_words<reload_result, 2> {
  static_assert(static_cast<std::size_t>(reload_result::refused) + 1 == size);
  static constexpr std::string_view name = "result";
  static std::string_view value(std::size_t i) noexcept { return i == 0 ? "taken" : "refused"; }
};

/// Why a link ended. `unspecified`: nobody ended it, it was lost.
template <>
struct label<disconnect_reason> : label_of_words<disconnect_reason, 14> {
  static_assert(static_cast<std::size_t>(disconnect_reason::by_operator) + 1 == size);
  static constexpr std::string_view name = "reason";
  static std::string_view value(std::size_t i) noexcept {
    return i == 0 ? "lost" : to_string(static_cast<disconnect_reason>(i));
  }
};

/// What signs on. Any other is counted as `unspecified`.
template <>
struct label<role> : label_of_words<role, 6> {
  static_assert(static_cast<std::size_t>(role::call_source) + 1 == size);
  static constexpr std::string_view name = "role";
  static std::string_view value(std::size_t i) noexcept { return to_string(static_cast<role>(i)); }
};

/// The light, in the words of who looks at it.
template <>
struct label<capture_state> : label_of_words<capture_state, 4> {
  static_assert(static_cast<std::size_t>(capture_state::paused) + 1 == size);
  static constexpr std::string_view name = "light";
  static std::string_view value(std::size_t i) noexcept {
    constexpr std::array<std::string_view, size> words{"unknown", "recording", "off", "paused"};
    return words[i];
  }
};

template <>
struct label<event_kind> {
  static constexpr std::string_view name = "kind";
  static constexpr std::size_t size = 3;
  static constexpr std::size_t index(event_kind kind) noexcept {
    return static_cast<std::size_t>(kind) - 1;
  }
  static std::string_view value(std::size_t i) noexcept {
    constexpr std::array<std::string_view, size> words{"command", "indication", "user_event"};
    return words[i];
  }
};

/// A command's verb: `start` to `query`.
template <>
struct label<capture_verb> {
  static constexpr std::string_view name = "command";
  static constexpr std::size_t size = 5;
  static constexpr std::size_t index(capture_verb verb) noexcept {
    return is_command(verb) ? static_cast<std::size_t>(verb) - 1 : size - 1;
  }
  static std::string_view value(std::size_t i) noexcept {
    return to_string(static_cast<capture_verb>(i + 1));
  }
};

template <>
struct label<outcome> {
  static constexpr std::string_view name = "outcome";
  static constexpr std::size_t size = 8;
  static constexpr std::size_t index(outcome what) noexcept {
    return static_cast<std::size_t>(what) - 1;
  }
  static std::string_view value(std::size_t i) noexcept {
    return to_string(static_cast<outcome>(i + 1));
  }
};

/// A request by its number in `Frame`; what is no request of ours is `other`.
template <>
struct label<body_number> {
  static constexpr std::string_view name = "request";
  static constexpr std::size_t requests = 13; // 10 to 22
  static constexpr std::size_t size = requests + 2;
  static constexpr std::size_t index(body_number body) noexcept {
    auto number = static_cast<std::size_t>(body);
    if (number >= 10 && number < 10 + requests)
      return number - 10;
    return body == body_number::heartbeat ? requests : requests + 1;
  }
  static std::string_view value(std::size_t i) noexcept {
    constexpr std::array<std::string_view, size> words{"sign_on",
                                                       "sign_off",
                                                       "register_address",
                                                       "unregister_address",
                                                       "set_input_mask",
                                                       "send_event",
                                                       "distribute_user_event",
                                                       "query_address",
                                                       "merge_calls",
                                                       "end_call",
                                                       "list_addresses",
                                                       "command_addresses",
                                                       "renew_credentials",
                                                       "heartbeat",
                                                       "other"};
    return words[i];
  }
};

/// Values that come with a reading: few, but not known before.
struct label_of_texts {
  static constexpr std::size_t size = 0;
  static std::string_view value(std::size_t) noexcept { return {}; }
};

/// 0 to `runtime.loops` - 1.
template <>
struct label<loop_number> : label_of_texts {
  static constexpr std::string_view name = "loop";
};

template <>
struct label<tls_version_text> : label_of_texts {
  static constexpr std::string_view name = "version";
};
template <>
struct label<tls_resumed_text> : label_of_texts {
  static constexpr std::string_view name = "resumed";
};
template <>
struct label<tls_failure_text> : label_of_texts {
  static constexpr std::string_view name = "cause";
};

/// One value in a process.
template <built_part Part>
struct label<version_of<Part>> : label_of_texts {
  static constexpr std::string_view name = std::array<std::string_view, 4>{
    "version", "caf", "protobuf", "openssl"}[static_cast<std::size_t>(Part)];
};

/// An error by its code (docs/errors.md).
template <>
struct label<error_code> {
  static constexpr std::string_view name = "code";
  static constexpr std::array codes{
#define RINGDOWN_ERROR(code, name, retry, text, when, action) std::string_view{#code},
#include "messages/error_catalog.def"
#undef RINGDOWN_ERROR
  };
  static constexpr std::array values{
#define RINGDOWN_ERROR(code, name, retry, text, when, action) error_code::name,
#include "messages/error_catalog.def"
#undef RINGDOWN_ERROR
  };
  static constexpr std::size_t size = codes.size();
  static constexpr std::size_t index(error_code code) noexcept {
    std::size_t i = 0;
    while (i + 1 < size && values[i] != code)
      ++i;
    return i;
  }
  static std::string_view value(std::size_t i) noexcept {
    return codes[i];
  }
};

} // namespace ringdown
