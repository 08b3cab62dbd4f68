// Why a client was not let in: a closed list, for the log and for a metric. The client itself is
// told none of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringdown::security {

enum class cause : std::uint8_t {
  none, ///< it was let in
  no_credentials,
  credentials_too_long,
  unknown_token,
  token_expired,
  jwt_malformed,          ///< not three parts
  jwt_bad_base64url,      ///< a part is none, strictly
  jwt_bad_json,           ///< the header or the claims are no object
  jwt_duplicate_key,      ///< a name twice in one object: readers differ about which counts
  jwt_critical_extension, ///< a header `crit`
  jwt_unknown_issuer,
  jwt_no_key_id, ///< no `kid`, and the issuer has several keys
  jwt_unknown_key,
  jwt_wrong_algorithm, ///< another than that of the key: `none`, or HS256 with a public key
  jwt_bad_signature,
  jwt_bad_time, ///< `exp`, `nbf` or `iat` is no time
  jwt_no_expiry,
  jwt_expired,
  jwt_not_yet_valid,
  jwt_wrong_audience,
  jwt_lifetime_too_long,
  jwt_bad_name,
  jwt_bad_groups,
  jwt_bad_dns,
  certificate_unknown,
  certificate_ambiguous, ///< two entries fit it equally well
  certificate_expired,   ///< since the handshake
  role_not_granted,
  principal_changed, ///< after a reload: the same credentials are another's
  too_many_waiting,  ///< nobody has looked at it
  stopping,          ///< the same
};

/// Indexed by `cause`.
inline constexpr std::array<std::string_view, 31> cause_names{
  "",
  "no_credentials",
  "credentials_too_long",
  "unknown_token",
  "token_expired",
  "jwt_malformed",
  "jwt_bad_base64url",
  "jwt_bad_json",
  "jwt_duplicate_key",
  "jwt_critical_extension",
  "jwt_unknown_issuer",
  "jwt_no_key_id",
  "jwt_unknown_key",
  "jwt_wrong_algorithm",
  "jwt_bad_signature",
  "jwt_bad_time",
  "jwt_no_expiry",
  "jwt_expired",
  "jwt_not_yet_valid",
  "jwt_wrong_audience",
  "jwt_lifetime_too_long",
  "jwt_bad_name",
  "jwt_bad_groups",
  "jwt_bad_dns",
  "certificate_unknown",
  "certificate_ambiguous",
  "certificate_expired",
  "role_not_granted",
  "principal_changed",
  "too_many_waiting",
  "stopping",
};
static_assert(cause_names.size() == static_cast<std::size_t>(cause::stopping) + 1);

/// The word for log and metric; empty for `none`.
constexpr std::string_view to_string(cause c) noexcept {
  return cause_names[static_cast<std::size_t>(c)];
}

} // namespace ringdown::security
