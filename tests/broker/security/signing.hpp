// An identity provider in a test: keys made on the spot, and tokens signed with them.
#pragma once

#include "broker/security/jwk.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::test {

std::string to_base64url(std::string_view bytes);

/// Bytes written as hexadecimal digits, as an access file has a digest.
std::string hex_of(std::string_view bytes);

/// A pair of keys. Making one of RSA takes a tenth of a second: keep it.
class signer {
public:
  /// A new pair.
  explicit signer(security::algorithm by, unsigned rsa_bits = 2048);
  /// The same pair of Ed25519 for the same byte.
  static signer always(char seed);

  /// The public half; without a `kid` if that is empty.
  nlohmann::json jwk(std::string_view kid) const;
  std::string sign(std::string_view said) const;
  /// Header and claims as they are, and their signature.
  std::string token_of(std::string_view header, std::string_view claims) const;
  std::string token(const nlohmann::json& header, const nlohmann::json& claims) const {
    return token_of(header.dump(), claims.dump());
  }

private:
  explicit signer(std::shared_ptr<evp_pkey_st> key) : by_{security::algorithm::eddsa}, key_{key} {}

  security::algorithm by_;
  std::shared_ptr<evp_pkey_st> key_;
};

/// One pair for each algorithm, made once.
const signer& signer_of(security::algorithm by);

/// A JWKS of these keys.
std::string jwks_of(const std::vector<nlohmann::json>& keys);

} // namespace ringdown::test
