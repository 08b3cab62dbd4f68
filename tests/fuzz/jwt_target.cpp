// Tokens of identity providers.
//
// Input: a token as it is, whose signature nobody can guess; or, where the first byte is an S, a
// header and (behind the first form feed) claims, which are signed here: so what stands behind the
// signature is reached too.
#include "broker/security/jwt.hpp"
#include "broker/security/patterns.hpp"
#include "tests/broker/security/signing.hpp"
#include "tests/fuzz/promise.hpp"

#include <algorithm>

using namespace ringdown;
using namespace ringdown::fuzz;
using namespace ringdown::security;

namespace {

constexpr std::int64_t now_us = 1'800'000'000'000'000;

const test::signer& provider() {
  static const auto one = test::signer::always('f');
  return one;
}

const std::vector<issuer>& issuers() {
  static const std::vector<issuer> all = [] {
    issuer one;
    one.name = "i";
    one.audience = "a";
    one.prefix = "jwt";
    one.keys = read_jwks(test::jwks_of({provider().jwk("k")}), bit_of(algorithm::eddsa)).keys;
    one.name_claim = "sub";
    one.groups_claim = "groups";
    one.dns_claim = "dns";
    one.lifetime_max = std::chrono::hours{24};
    auto two = one;
    two.name = "two";
    two.keys.push_back(two.keys.front());
    two.keys.back().id = "other";
    return std::vector<issuer>{one, two};
  }();
  return all;
}

void check_good(const jwt_claims& claims) {
  promise(claims.by != nullptr && is_name(claims.name), "who is let in has an issuer and a name");
  promise(claims.expires_us > now_us, "who is let in has not expired");
  promise(claims.expires_us < now_us + std::chrono::microseconds{std::chrono::hours{25}}.count(),
          "who is let in expires within the issuer's time");
  for (auto& pattern : claims.dns)
    promise(pattern.what == dn_pattern::kind::all || !pattern.first.empty(),
            "a pattern of DNs is about some");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = input{data, size}.rest();
  const bool is_signed = text.starts_with('S');
  std::string token{text};
  if (is_signed) {
    text.remove_prefix(1);
    const auto feed = std::min(text.find('\f'), text.size());
    token = provider().token_of(text.substr(0, feed), text.substr(std::min(feed + 1, text.size())));
  }
  const auto result = check_jwt(issuers(), token, now_us);
  if (result.refused == cause::none)
    check_good(result.claims);
  promise(is_signed || result.refused != cause::none, "nobody guesses a signature");
  promise(result.refused != cause::jwt_bad_signature || result.claims.name.empty(),
          "what is not signed is not believed");
  promise(!is_signed ||
            (result.refused != cause::jwt_malformed && result.refused != cause::jwt_bad_base64url &&
             result.refused != cause::jwt_bad_signature),
          "what is signed is read");
  // Any other byte of it is another token.
  if (result.refused == cause::none) {
    const auto place = token.size() / 2;
    auto bent = token;
    bent[place] = bent[place] == 'A' ? 'B' : 'A';
    promise(check_jwt(issuers(), bent, now_us).refused != cause::none,
            "a token that was changed is refused");
  }
  return 0;
}
