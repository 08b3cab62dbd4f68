#include "tests/broker/security/signing.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace ringdown::test {
namespace {

using security::algorithm;

void require(bool well) {
  if (!well)
    throw std::runtime_error{"OpenSSL does not make what the test needs"};
}

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string number_of(EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* number = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  std::vector<unsigned char> bytes(size == 0 ? static_cast<std::size_t>(BN_num_bytes(number))
                                             : size);
  require(BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size())) > 0);
  BN_free(number);
  return {bytes.begin(), bytes.end()};
}

/// DER to r and s side by side.
std::string side_by_side(const std::string& der, int half) {
  const auto* at = data_of(der);
  auto* both = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  require(both != nullptr);
  std::vector<unsigned char> bytes(static_cast<std::size_t>(2 * half));
  require(BN_bn2binpad(ECDSA_SIG_get0_r(both), bytes.data(), half) == half &&
          BN_bn2binpad(ECDSA_SIG_get0_s(both), bytes.data() + half, half) == half);
  ECDSA_SIG_free(both);
  return {bytes.begin(), bytes.end()};
}

EVP_PKEY* make(algorithm by, unsigned rsa_bits) {
  switch (by) {
  case algorithm::rs256:
  case algorithm::ps256: return EVP_RSA_gen(rsa_bits);
  case algorithm::es256: return EVP_EC_gen("P-256");
  case algorithm::es384: return EVP_EC_gen("P-384");
  case algorithm::eddsa: break;
  }
  return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
}

} // namespace

std::string to_base64url(std::string_view bytes) {
  constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned bits = 0;
  unsigned count = 0;
  for (char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6)
      text += letters[bits >> (count - 6) & 63];
  }
  if (count > 0)
    text += letters[bits << (6 - count) & 63];
  return text;
}

std::string hex_of(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

signer::signer(algorithm by, unsigned rsa_bits)
  : by_{by}, key_{make(by, rsa_bits), &EVP_PKEY_free} {
  require(key_ != nullptr);
}

signer signer::always(char seed) {
  const std::string secret(32, seed);
  std::shared_ptr<EVP_PKEY> key{
    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, data_of(secret), secret.size()),
    &EVP_PKEY_free};
  require(key != nullptr);
  return signer{std::move(key)};
}

nlohmann::json signer::jwk(std::string_view kid) const {
  nlohmann::json jwk;
  if (!kid.empty())
    jwk["kid"] = kid;
  jwk["use"] = "sig";
  jwk["alg"] = security::to_string(by_);
  auto* key = key_.get();
  switch (by_) {
  case algorithm::rs256:
  case algorithm::ps256:
    jwk["kty"] = "RSA";
    jwk["n"] = to_base64url(number_of(key, OSSL_PKEY_PARAM_RSA_N, 0));
    jwk["e"] = to_base64url(number_of(key, OSSL_PKEY_PARAM_RSA_E, 0));
    return jwk;
  case algorithm::es256:
  case algorithm::es384: {
    const std::size_t size = by_ == algorithm::es256 ? 32 : 48;
    jwk["kty"] = "EC";
    jwk["crv"] = by_ == algorithm::es256 ? "P-256" : "P-384";
    jwk["x"] = to_base64url(number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, size));
    jwk["y"] = to_base64url(number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, size));
    return jwk;
  }
  case algorithm::eddsa: break;
  }
  std::array<unsigned char, 32> x{};
  auto size = x.size();
  require(EVP_PKEY_get_raw_public_key(key, x.data(), &size) == 1);
  jwk["kty"] = "OKP";
  jwk["crv"] = "Ed25519";
  jwk["x"] = to_base64url({reinterpret_cast<const char*>(x.data()), size});
  return jwk;
}

std::string signer::sign(std::string_view said) const {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> signs{EVP_MD_CTX_new(),
                                                                 &EVP_MD_CTX_free};
  EVP_PKEY_CTX* how = nullptr;
  const auto* digest = by_ == algorithm::eddsa   ? nullptr
                       : by_ == algorithm::es384 ? EVP_sha384()
                                                 : EVP_sha256();
  require(EVP_DigestSignInit(signs.get(), &how, digest, nullptr, key_.get()) == 1);
  if (by_ == algorithm::ps256)
    require(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1);
  std::size_t size = 0;
  require(EVP_DigestSign(signs.get(), nullptr, &size, data_of(said), said.size()) == 1);
  std::string signature(size, '\0');
  require(EVP_DigestSign(signs.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         data_of(said), said.size()) == 1);
  signature.resize(size);
  if (by_ == algorithm::es256 || by_ == algorithm::es384)
    return side_by_side(signature, by_ == algorithm::es256 ? 32 : 48);
  return signature;
}

std::string signer::token_of(std::string_view header, std::string_view claims) const {
  const auto said = to_base64url(header) + '.' + to_base64url(claims);
  return said + '.' + to_base64url(sign(said));
}

const signer& signer_of(algorithm by) {
  static const std::array<signer, 5> all{signer{algorithm::rs256}, signer{algorithm::ps256},
                                         signer{algorithm::es256}, signer{algorithm::es384},
                                         signer{algorithm::eddsa}};
  return all[static_cast<std::size_t>(by)];
}

std::string jwks_of(const std::vector<nlohmann::json>& keys) {
  return nlohmann::json{{"keys", keys}}.dump();
}

} // namespace ringdown::test
