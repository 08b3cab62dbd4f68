// Signed tokens of identity providers (JWT, RFC 7519; compact JWS, RFC 7515), checked without
// asking anybody. RFC 8725 says what goes wrong with them. Pure, thread-safe.
#pragma once

#include "actors/grants.hpp"
#include "broker/security/cause.hpp"
#include "broker/security/jwk.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::security {

/// How far the clocks of a provider and of this machine may be apart.
inline constexpr std::chrono::seconds jwt_leeway{30};

/// One identity provider, and how its tokens are read.
struct issuer {
  std::string name;     ///< `iss`
  std::string audience; ///< what `aud` must be, or hold
  std::string prefix;   ///< of its principals' names
  std::vector<verifying_key> keys;
  std::string name_claim;
  std::string groups_claim;
  std::string dns_claim; ///< empty: none
  std::chrono::milliseconds lifetime_max{0};
};

/// What a token says, once all of it is good.
struct jwt_claims {
  const issuer* by = nullptr;
  std::string name;
  std::vector<std::string> groups;
  std::vector<dn_pattern> dns;
  std::int64_t expires_us = 0; ///< UTC, leeway included
};

struct jwt_result {
  cause refused = cause::none;
  /// Of a refusal as far as the signature vouches for it: `by` and `name`.
  jwt_claims claims;
};

/// Checks a token of at most some KiB. `now_us`: UTC.
jwt_result check_jwt(std::span<const issuer> issuers, std::string_view token, std::int64_t now_us);

} // namespace ringdown::security
