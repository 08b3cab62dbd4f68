#include "broker/security/jwk.hpp"

#include "broker/config/value.hpp"
#include "broker/security/base64url.hpp"
#include "broker/security/json_text.hpp"
#include "messages/text.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace ringdown::security {
namespace {

using nlohmann::json;

template <class T>
using held = std::unique_ptr<T, void (*)(T*)>;
using key_ptr = std::shared_ptr<EVP_PKEY>;

const unsigned char* data_of(std::string_view bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

/// What OpenSSL says of a failure is nobody's; left there, the next who asks takes it for its own.
class clean_errors {
public:
  clean_errors() = default;
  ~clean_errors() { ERR_clear_error(); }
  clean_errors(const clean_errors&) = delete;
  clean_errors& operator=(const clean_errors&) = delete;
};

// ---- one key --------------------------------------------------------------------------------

/// Why a key is not taken. Not to be told: it is passed over.
struct unfit {
  bool is_told = true;
  std::string why;
};
constexpr bool passed_over = false;

using key_or_unfit = std::variant<verifying_key, unfit>;

unfit fault(std::string why) {
  return {true, std::move(why)};
}

std::string_view text_at(const json& jwk, const char* name) {
  const auto* text = string_at(jwk, name);
  return text == nullptr ? std::string_view{} : std::string_view{*text};
}

/// The bytes of a member in base64url; nothing if there are none, or too many for any key.
std::optional<std::string> bytes_at(const json& jwk, const char* name) {
  constexpr std::size_t bytes_max = rsa_bits_max / 8 + 1; // a zero in front is met
  auto bytes = from_base64url(text_at(jwk, name));
  if (!bytes || bytes->empty() || bytes->size() > bytes_max)
    return std::nullopt;
  return bytes;
}

key_ptr make_key(const char* type, OSSL_PARAM_BLD* parts) {
  const held<OSSL_PARAM> all{OSSL_PARAM_BLD_to_param(parts), &OSSL_PARAM_free};
  const held<EVP_PKEY_CTX> made{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr),
                                &EVP_PKEY_CTX_free};
  EVP_PKEY* key = nullptr;
  if (!all || !made || EVP_PKEY_fromdata_init(made.get()) != 1 ||
      EVP_PKEY_fromdata(made.get(), &key, EVP_PKEY_PUBLIC_KEY, all.get()) != 1)
    return nullptr;
  return {key, &EVP_PKEY_free};
}

key_or_unfit rsa_key(const json& jwk, algorithm_set accepted) {
  const auto said = text_at(jwk, "alg");
  verifying_key made;
  if (said.empty()) // a provider that names one algorithm for its RSA keys means that
    made.by = (accepted & bit_of(algorithm::rs256)) != 0 ? algorithm::rs256 : algorithm::ps256;
  else if (said == "RS256" || said == "PS256")
    made.by = said == "RS256" ? algorithm::rs256 : algorithm::ps256;
  else
    return fault("alg is not one of an RSA key");
  const auto modulus = bytes_at(jwk, "n");
  const auto exponent = bytes_at(jwk, "e");
  if (!modulus || !exponent)
    return fault("n and e are not both in base64url");
  const held<BIGNUM> n{BN_bin2bn(data_of(*modulus), static_cast<int>(modulus->size()), nullptr),
                       &BN_free};
  const held<BIGNUM> e{BN_bin2bn(data_of(*exponent), static_cast<int>(exponent->size()), nullptr),
                       &BN_free};
  const auto bits = n ? BN_num_bits(n.get()) : 0;
  if (bits < rsa_bits_min || bits > rsa_bits_max)
    return fault("n has " + std::to_string(bits) + " bits; accepted are " +
                 std::to_string(rsa_bits_min) + " to " + std::to_string(rsa_bits_max));
  // A long exponent makes a signature as slow to check as to make.
  if (!e || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) != 0 || BN_num_bits(e.get()) > 32)
    return fault("e is not an odd number from 3 to 32 bits");
  const held<OSSL_PARAM_BLD> parts{OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free};
  if (parts && OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
      OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1)
    made.key = make_key("RSA", parts.get());
  if (!made.key)
    return fault("n and e are no RSA key");
  return made;
}

key_or_unfit curve_key(const json& jwk) {
  const auto curve = text_at(jwk, "crv");
  if (curve != "P-256" && curve != "P-384")
    return unfit{passed_over, {}};
  const bool is_short = curve == "P-256";
  verifying_key made;
  made.by = is_short ? algorithm::es256 : algorithm::es384; // the curve says it
  if (const auto said = text_at(jwk, "alg"); !said.empty() && said != to_string(made.by))
    return fault("alg is not that of its curve, " + std::string{to_string(made.by)});
  const auto x = bytes_at(jwk, "x");
  const auto y = bytes_at(jwk, "y");
  const std::size_t size = is_short ? 32 : 48;
  if (!x || !y || x->size() != size || y->size() != size)
    return fault("x and y are not both " + std::to_string(size) + " bytes in base64url");
  const auto point = '\x04' + *x + *y; // uncompressed
  const held<OSSL_PARAM_BLD> parts{OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free};
  if (parts &&
      OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                      is_short ? "P-256" : "P-384", 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) == 1)
    made.key = make_key("EC", parts.get());
  if (!made.key) // OpenSSL looks whether the point is on its curve
    return fault("x and y are no point of " + std::string{curve});
  return made;
}

key_or_unfit edwards_key(const json& jwk) {
  if (text_at(jwk, "crv") != "Ed25519")
    return unfit{passed_over, {}};
  if (const auto said = text_at(jwk, "alg"); !said.empty() && said != "EdDSA" && said != "Ed25519")
    return fault("alg is not that of its curve, EdDSA");
  const auto x = bytes_at(jwk, "x");
  if (!x || x->size() != 32)
    return fault("x is not 32 bytes in base64url");
  verifying_key made;
  made.by = algorithm::eddsa;
  made.key = {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data_of(*x), x->size()),
              &EVP_PKEY_free};
  if (!made.key)
    return fault("x is no key of Ed25519");
  return made;
}

/// Whether the key is there to check signatures by an algorithm that is known here.
bool is_for_signatures(const json& jwk) {
  if (jwk.contains("use") && text_at(jwk, "use") != "sig")
    return false;
  if (const auto uses = jwk.find("key_ops"); uses != jwk.end())
    if (!uses->is_array() || std::find(uses->begin(), uses->end(), json("verify")) == uses->end())
      return false;
  const auto said = text_at(jwk, "alg");
  return !jwk.contains("alg") || said == "Ed25519" ||
         std::find(algorithm_names.begin(), algorithm_names.end(), said) != algorithm_names.end();
}

key_or_unfit read_key(const json& jwk, algorithm_set accepted) {
  if (!jwk.is_object())
    return fault("is no object");
  const auto type = text_at(jwk, "kty");
  if (type == "oct" || jwk.contains("k"))
    return fault("is a shared secret; only public keys belong here");
  if (jwk.contains("d"))
    return fault("is a private key; only public keys belong here");
  if (!is_for_signatures(jwk))
    return unfit{passed_over, {}};
  auto made = type == "RSA"   ? rsa_key(jwk, accepted)
              : type == "EC"  ? curve_key(jwk)
              : type == "OKP" ? edwards_key(jwk)
                              : key_or_unfit{unfit{passed_over, {}}};
  auto* key = std::get_if<verifying_key>(&made);
  if (key == nullptr)
    return made;
  if ((accepted & bit_of(key->by)) == 0)
    return unfit{passed_over, {}};
  key->id = text_at(jwk, "kid");
  if (jwk.contains("kid") && key->id.empty())
    return fault("kid is no text");
  return made;
}

/// What is wrong with the keys beside each other.
std::string fault_between(const std::vector<verifying_key>& keys) {
  if (keys.empty())
    return "has no key that checks signatures by an accepted algorithm";
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    if (key->id.empty() && keys.size() > 1)
      return "has several keys, and not each has a kid";
    if (std::any_of(keys.begin(), key, [&](auto& other) { return other.id == key->id; }))
      return "has two keys with the kid " + configuration::in_quotes(cut_text(key->id, 80));
  }
  return {};
}

// ---- signatures -----------------------------------------------------------------------------

/// A signature as JWS has it, r and s side by side, as OpenSSL takes it.
std::optional<std::string> as_der(std::string_view signature, std::size_t half) {
  if (signature.size() != 2 * half)
    return std::nullopt;
  const held<ECDSA_SIG> both{ECDSA_SIG_new(), &ECDSA_SIG_free};
  const auto* bytes = data_of(signature);
  auto* r = BN_bin2bn(bytes, static_cast<int>(half), nullptr);
  auto* s = BN_bin2bn(bytes + half, static_cast<int>(half), nullptr);
  if (!both || r == nullptr || s == nullptr || ECDSA_SIG_set0(both.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  unsigned char* der = nullptr;
  const auto size = i2d_ECDSA_SIG(both.get(), &der);
  if (size <= 0)
    return std::nullopt;
  std::string text{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  return text;
}

const EVP_MD* digest_of(algorithm by) {
  switch (by) {
  case algorithm::rs256:
  case algorithm::ps256:
  case algorithm::es256: return EVP_sha256();
  case algorithm::es384: return EVP_sha384();
  case algorithm::eddsa: break;
  }
  return nullptr; // its own
}

} // namespace

bool verifying_key::verify(std::string_view said, std::string_view signature) const {
  const clean_errors after;
  std::string der;
  if (by == algorithm::es256 || by == algorithm::es384) {
    auto made = as_der(signature, by == algorithm::es256 ? 32 : 48);
    if (!made)
      return false;
    der = *std::move(made);
    signature = der;
  }
  const held<EVP_MD_CTX> checked{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  EVP_PKEY_CTX* how = nullptr; // of `checked`
  if (!checked || EVP_DigestVerifyInit(checked.get(), &how, digest_of(by), nullptr, key.get()) != 1)
    return false;
  if (by == algorithm::ps256 &&
      (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  return EVP_DigestVerify(checked.get(), data_of(signature), signature.size(), data_of(said),
                          said.size()) == 1;
}

key_set read_jwks(std::string_view text, algorithm_set accepted) {
  const clean_errors after;
  const auto parsed = parse_object(text);
  if (parsed.fault == json_fault::duplicate_key)
    return {{}, "has a name twice in one object"};
  const auto list = parsed.object.find("keys");
  if (parsed.fault != json_fault::none || list == parsed.object.end() || !list->is_array())
    return {{}, "is no JSON object with an array \"keys\""};
  if (list->size() > jwks_keys_max)
    return {{},
            "has " + std::to_string(list->size()) + " keys; accepted are " +
              std::to_string(jwks_keys_max) + " at most"};
  key_set result;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto made = read_key((*list)[i], accepted);
    if (auto* key = std::get_if<verifying_key>(&made))
      result.keys.push_back(std::move(*key));
    else if (auto& why = std::get<unfit>(made); why.is_told)
      return {{}, "key " + std::to_string(i + 1) + ": " + why.why};
  }
  result.fault = fault_between(result.keys);
  return result;
}

} // namespace ringdown::security
