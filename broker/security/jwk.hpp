// The public keys of an identity provider, as RFC 7517 and RFC 8037 write them, and signatures
// checked with them (RFC 7518). The algorithm is the key's: what a token says of it is compared and
// never followed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st; // OpenSSL's EVP_PKEY

namespace ringdown::security {

enum class algorithm : std::uint8_t { rs256, ps256, es256, es384, eddsa };
/// Indexed by `algorithm`.
inline constexpr std::array<std::string_view, 5> algorithm_names{"RS256", "PS256", "ES256", "ES384",
                                                                 "EdDSA"};
constexpr std::string_view to_string(algorithm a) noexcept {
  return algorithm_names[static_cast<std::size_t>(a)];
}

/// Algorithms as a set of bits.
using algorithm_set = std::uint8_t;
constexpr algorithm_set bit_of(algorithm a) noexcept {
  return static_cast<algorithm_set>(1u << static_cast<unsigned>(a));
}

/// A set of keys (JWKS) larger than this is refused: 64 keys with their certificates have room.
inline constexpr std::size_t jwks_bytes_max = 256 * 1024;
/// A provider has two or three at a time.
inline constexpr std::size_t jwks_keys_max = 64;
/// Shorter RSA keys can be broken; longer ones make a signature slow to check.
inline constexpr int rsa_bits_min = 2048;
inline constexpr int rsa_bits_max = 8192;

/// Thread-safe: it never changes.
struct verifying_key {
  std::string id; ///< `kid`; may be empty if it is the only one
  algorithm by = algorithm::rs256;
  std::shared_ptr<evp_pkey_st> key;

  /// Whether this signature of these bytes was made by the other half of the key.
  bool verify(std::string_view said, std::string_view signature) const;
};

struct key_set {
  std::vector<verifying_key> keys; ///< at least one, if there is no fault
  std::string fault;               ///< what is wrong, and with which key
};

/// The keys of a JWKS that check signatures by one of these algorithms. Others are passed over, as
/// the RFC wants it: those for encryption, of other kinds, with other algorithms. A key of ours
/// that is broken, weak or secret is a fault of the whole set.
key_set read_jwks(std::string_view text, algorithm_set accepted);

} // namespace ringdown::security
