// Who a client is: what it showed against an access list. Pure; thread-safe.
#pragma once

#include "actors/authorize.hpp"
#include "broker/security/access_list.hpp"
#include "broker/security/cause.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::security {

/// What is kept of a sign-on, to ask a later access list about. Nothing in it is secret.
struct proof {
  enum class kind : std::uint8_t { token, certificate, jwt };
  kind what = kind::token;
  ringdown::role role = ringdown::role::unspecified;
  std::string principal;
  std::string name;       ///< the principal's, without what tells its kind
  sha256_digest digest{}; ///< of a token
  std::shared_ptr<const client_certificate> certificate; ///< or its names
  std::string issuer;                                    ///< or what a JWT said
  std::string audience;
  std::vector<std::string> groups;
  std::vector<dn_pattern> dns;
  std::int64_t expires_us = 0; ///< UTC; 0: never
};

/// The answer and, for a metric, its cause.
struct verdict {
  cause why = cause::none;
  authenticated answer;              ///< `refused` is the cause in a word
  std::shared_ptr<const proof> kept; ///< for `rederive`; null of a refusal
};

/// Proves a client by its credentials if it shows any, and only then: bad ones are not made good by
/// a certificate. Without credentials the certificate speaks. A token is looked for before a JWT.
/// The principal of a refusal is named as far as it was proven. `now_us`: UTC.
verdict authenticate(const access_list& list, const sign_on_facts& asked, std::int64_t now_us);

/// What one who signed on earlier is by another list. Refused: it would no longer be let in, or as
/// somebody else. A token counts as long as its digest is in the list, a certificate
/// until its end as long as it fits an entry that gives it the same name, a JWT until its expiry as
/// long as its issuer is there with the same audience, whatever became of the key.
verdict rederive(const access_list& list, const proof& earlier);

} // namespace ringdown::security
