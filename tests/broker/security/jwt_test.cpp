// Tokens of identity providers: what is good, and for what cause each bad one is refused.
#include "broker/security/jwt.hpp"

#include "tests/broker/security/signing.hpp"

#include <catch2/catch.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

using namespace ringdown;
using namespace ringdown::security;
using namespace ringdown::test;
using nlohmann::json;

namespace {

constexpr std::int64_t now_s = 1'800'000'000;
constexpr std::int64_t now_us = now_s * 1'000'000;

issuer provider(const std::vector<json>& keys) {
  issuer made;
  made.name = "https://idp.example";
  made.audience = "ringdown";
  made.prefix = "jwt";
  made.keys = read_jwks(jwks_of(keys), 0b11111).keys;
  made.name_claim = "sub";
  made.groups_claim = "groups";
  made.dns_claim = "dns";
  made.lifetime_max = std::chrono::hours{24};
  return made;
}

const signer& idp() {
  return signer_of(algorithm::es256);
}
const std::vector<issuer>& issuers() {
  static const std::vector<issuer> one{provider({idp().jwk("k1")})};
  return one;
}

json header() {
  return {{"alg", "ES256"}, {"typ", "JWT"}, {"kid", "k1"}};
}
json claims() {
  return {{"iss", "https://idp.example"},  {"aud", "ringdown"},      {"sub", "alice"},
          {"groups", {"agents", "staff"}}, {"dns", {"7001", "71*"}}, {"iat", now_s},
          {"exp", now_s + 3'600}};
}
json with(json object, const char* name, json value) {
  object[name] = std::move(value);
  return object;
}
json without(json object, const char* name) {
  object.erase(name);
  return object;
}

std::string_view refused(std::string_view token, std::int64_t at_us = now_us) {
  return to_string(check_jwt(issuers(), token, at_us).refused);
}
std::string_view refused_claims(const json& changed, std::int64_t at_us = now_us) {
  return refused(idp().token(header(), changed), at_us);
}
std::string_view refused_header(const json& changed) {
  return refused(idp().token(changed, claims()));
}

} // namespace

TEST_CASE("a good token says who it is, its groups and its DNs") {
  for (auto by :
       {algorithm::rs256, algorithm::ps256, algorithm::es256, algorithm::es384, algorithm::eddsa}) {
    INFO(to_string(by));
    auto& one = signer_of(by);
    const std::vector<issuer> all{provider({one.jwk("k1")})};
    auto result = check_jwt(all, one.token(with(header(), "alg", to_string(by)), claims()), now_us);
    CHECK(to_string(result.refused) == "");
    CHECK(result.claims.by == &all.front());
    CHECK(result.claims.name == "alice");
    CHECK(result.claims.groups == std::vector<std::string>{"agents", "staff"});
    CHECK(result.claims.dns == std::vector<dn_pattern>{{dn_pattern::kind::exact, "7001", {}},
                                                       {dn_pattern::kind::prefix, "71", {}}});
    CHECK(result.claims.expires_us == (now_s + 3'600 + 30) * 1'000'000);
  }
}

TEST_CASE("a token that is not three parts of strict base64url is refused") {
  const auto token = idp().token(header(), claims());
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  for (auto& bad : {std::string{}, std::string{"."}, std::string{"a.b"}, std::string{"x"},
                    token + ".", "." + token, token.substr(0, last)})
    CHECK(refused(bad) == "jwt_malformed");
  for (auto& bad :
       {token + "=", token + " ", " " + token, token.substr(0, first) + "=" + token.substr(first),
        token.substr(0, last) + "=" + token.substr(last), token + "\n"})
    CHECK(refused(bad) == "jwt_bad_base64url");
}

TEST_CASE("a header or claims that are no object are refused") {
  for (auto* text : {"", "{", "[]", "null", "5", "\"alg\"", "{} {}", "{\"a\":\"\xff\"}",
                     "{\"a\":1e999}", "{\"a\":NaN}", "{'a':1}", "{\"a\":1,}"}) {
    INFO(text);
    CHECK(refused(idp().token_of(text, claims().dump())) == "jwt_bad_json");
    CHECK(refused(idp().token_of(header().dump(), text)) == "jwt_bad_json");
  }
  const auto deep = "{\"a\":" + std::string(2'000, '[') + std::string(2'000, ']') + "}";
  CHECK(refused(idp().token_of(header().dump(), deep)) == "jwt_bad_json");
}

TEST_CASE("a name twice in one object is refused, wherever it stands") {
  auto twice = [](const json& object, const std::string& more) {
    auto text = object.dump();
    text.insert(1, more + ",");
    return text;
  };
  CHECK(refused(idp().token_of(twice(header(), R"("alg":"none")"), claims().dump())) ==
        "jwt_duplicate_key");
  CHECK(refused(idp().token_of(header().dump(), twice(claims(), R"("sub":"root")"))) ==
        "jwt_duplicate_key");
  CHECK(refused(idp().token_of(header().dump(), twice(claims(), R"("a":[{"b":{"c":1,"c":1}}])"))) ==
        "jwt_duplicate_key");
  CHECK(refused(idp().token_of(header().dump(), twice(claims(), R"("s\u0075b":"root")"))) ==
        "jwt_duplicate_key");
  CHECK(refused(idp().token_of(header().dump(), twice(claims(), R"("a":{"b":1},"c":{"b":1})"))) ==
        "");
}

TEST_CASE("critical extensions are refused: none is known") {
  CHECK(refused_header(with(header(), "crit", {"b64"})) == "jwt_critical_extension");
  CHECK(refused_header(with(header(), "crit", json::array())) == "jwt_critical_extension");
}

TEST_CASE("an issuer that the list does not know is refused") {
  CHECK(refused_claims(with(claims(), "iss", "https://idp.example/")) == "jwt_unknown_issuer");
  CHECK(refused_claims(with(claims(), "iss", {"https://idp.example"})) == "jwt_unknown_issuer");
  CHECK(refused_claims(without(claims(), "iss")) == "jwt_unknown_issuer");
}

TEST_CASE("the key is the one that the header names; the only one need not be named") {
  CHECK(refused_header(without(header(), "kid")) == "");
  for (auto& kid : {json{"k2"}, json{""}, json{1}, json{nullptr}})
    CHECK(refused_header(with(header(), "kid", kid)) == "jwt_unknown_key");

  const std::vector<issuer> two{provider({idp().jwk("k1"), signer_of(algorithm::eddsa).jwk("k2")})};
  auto by_two = [&](const signer& who, const json& head) {
    return to_string(check_jwt(two, who.token(head, claims()), now_us).refused);
  };
  CHECK(by_two(idp(), header()) == "");
  CHECK(by_two(idp(), without(header(), "kid")) == "jwt_no_key_id");
  CHECK(by_two(signer_of(algorithm::eddsa), {{"alg", "EdDSA"}, {"kid", "k2"}}) == "");
  CHECK(by_two(signer_of(algorithm::eddsa), {{"alg", "EdDSA"}, {"kid", "k1"}}) ==
        "jwt_wrong_algorithm");
}

TEST_CASE("no token chooses its algorithm") {
  for (auto* alg : {"none", "None", "", "HS256", "RS256", "ES384", "es256"})
    CHECK(refused_header(with(header(), "alg", alg)) == "jwt_wrong_algorithm");
  CHECK(refused_header(without(header(), "alg")) == "jwt_wrong_algorithm");
  CHECK(refused_header(with(header(), "alg", {"ES256"})) == "jwt_wrong_algorithm");
  // Nothing is signed at all.
  const auto unsigned_token =
    to_base64url(with(header(), "alg", "none").dump()) + '.' + to_base64url(claims().dump()) + '.';
  CHECK(refused(unsigned_token) == "jwt_wrong_algorithm");
}

TEST_CASE("a public key is no secret that tokens could be signed with") {
  auto& rsa = signer_of(algorithm::rs256);
  const auto jwk = rsa.jwk("k1");
  const std::vector<issuer> all{provider({jwk})};
  const auto said =
    to_base64url(with(header(), "alg", "HS256").dump()) + '.' + to_base64url(claims().dump());
  for (auto& secret : {jwk.dump(), jwks_of({jwk}), jwk["n"].get<std::string>()}) {
    std::array<unsigned char, 32> mac{};
    REQUIRE(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                 reinterpret_cast<const unsigned char*>(said.data()), said.size(), mac.data(),
                 nullptr) != nullptr);
    const auto token =
      said + '.' + to_base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
    CHECK(to_string(check_jwt(all, token, now_us).refused) == "jwt_wrong_algorithm");
  }
  // Nor does a signature of one scheme pass as one of another.
  CHECK(
    to_string(check_jwt(all,
                        signer_of(algorithm::ps256).token(with(header(), "alg", "RS256"), claims()),
                        now_us)
                .refused) == "jwt_bad_signature");
}

TEST_CASE("a token that somebody else has signed, or changed, is refused") {
  CHECK(refused(signer{algorithm::es256}.token(header(), claims())) == "jwt_bad_signature");
  const auto token = idp().token(header(), claims());
  const auto last = token.rfind('.');
  CHECK(refused(token.substr(0, last + 1)) == "jwt_bad_signature");
  const auto other = idp().token(header(), with(claims(), "sub", "root"));
  CHECK(refused(other.substr(0, other.rfind('.')) + token.substr(last)) == "jwt_bad_signature");
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto bent = token;
    bent[i] = bent[i] == 'A' ? 'B' : 'A';
    INFO(i);
    CHECK(refused(bent) != "");
    CHECK_FALSE(check_jwt(issuers(), bent.substr(0, i), now_us).refused == cause::none);
  }
}

TEST_CASE("a token has an expiry, and half a minute beyond it for clocks that differ") {
  CHECK(refused_claims(without(claims(), "exp")) == "jwt_no_expiry");
  const auto end_us = (now_s + 3'600 + 30) * 1'000'000;
  CHECK(refused_claims(claims(), end_us - 1) == "");
  CHECK(refused_claims(claims(), end_us) == "jwt_expired");
  CHECK(refused_claims(with(claims(), "exp", 0)) == "jwt_expired");
  CHECK(refused_claims(with(claims(), "exp", static_cast<double>(now_s) + 60.5)) == "");
  for (auto& bad : {json{"soon"}, json{-1}, json{1e300}, json{253'402'300'800}, json{nullptr},
                    json{std::uint64_t{1} << 63}, json{true}}) {
    INFO(bad.dump());
    for (auto* name : {"exp", "nbf", "iat"})
      CHECK(refused_claims(with(claims(), name, bad)) == "jwt_bad_time");
  }
}

TEST_CASE("a token may not be used before its time, but for half a minute") {
  CHECK(refused_claims(with(claims(), "nbf", now_s + 30)) == "");
  CHECK(refused_claims(with(claims(), "nbf", now_s + 31)) == "jwt_not_yet_valid");
  CHECK(refused_claims(with(claims(), "nbf", 0)) == "");
}

TEST_CASE("a token is for this audience, alone or among others") {
  CHECK(refused_claims(with(claims(), "aud", {"crm", "ringdown"})) == "");
  for (auto& bad : {json{"crm"}, json{"ringdown "}, json::array({"crm"}), json::array(), json{5},
                    json{{"ringdown", 1}}, json::array({json::array({"ringdown"})})})
    CHECK(refused_claims(with(claims(), "aud", bad)) == "jwt_wrong_audience");
  CHECK(refused_claims(without(claims(), "aud")) == "jwt_wrong_audience");
}

TEST_CASE("a token that lives longer than the issuer's may is refused") {
  constexpr auto day = 24 * 3'600;
  auto lives = [](std::int64_t from, std::int64_t to) {
    return with(with(claims(), "iat", from), "exp", to);
  };
  CHECK(refused_claims(lives(now_s, now_s + day)) == "");
  CHECK(refused_claims(lives(now_s, now_s + day + 1)) == "jwt_lifetime_too_long");
  CHECK(refused_claims(lives(now_s - day, now_s + 2)) == "jwt_lifetime_too_long");
  // Without `iat`, or with one that is not true, what is left of it counts.
  CHECK(refused_claims(without(lives(0, now_s + day), "iat")) == "");
  CHECK(refused_claims(without(lives(0, now_s + day + 60), "iat")) == "jwt_lifetime_too_long");
  CHECK(refused_claims(lives(now_s + 10 * day, now_s + 11 * day)) == "jwt_lifetime_too_long");
}

TEST_CASE("a name is a text that a log may show") {
  for (auto& bad : {json{""}, json{5}, json{nullptr}, json{"a\nb"}, json{"a\u202e"},
                    json{std::string(129, 'a')}, json::array({"alice"})})
    CHECK(refused_claims(with(claims(), "sub", bad)) == "jwt_bad_name");
  CHECK(refused_claims(without(claims(), "sub")) == "jwt_bad_name");
}

TEST_CASE("groups are a text or several, and may be missing") {
  auto groups_of = [](const json& changed) {
    return check_jwt(issuers(), idp().token(header(), changed), now_us).claims.groups;
  };
  CHECK(groups_of(with(claims(), "groups", "agents")) == std::vector<std::string>{"agents"});
  CHECK(groups_of(without(claims(), "groups")).empty());
  CHECK(refused_claims(without(claims(), "groups")) == "");
  for (auto& bad : {json{5}, json{{"agents", true}}, json::array({"agents", 5}), json{nullptr}})
    CHECK(refused_claims(with(claims(), "groups", bad)) == "jwt_bad_groups");
}

TEST_CASE("DNs that a token names are patterns, all of them") {
  for (auto& bad : {json{""}, json{"7*1"}, json::array({"7001", "{name}"}), json{7001},
                    json::array({"7001", 7002}), json{"9-1"}})
    CHECK(refused_claims(with(claims(), "dns", bad)) == "jwt_bad_dns");
  CHECK(refused_claims(without(claims(), "dns")) == "");
  CHECK(refused_claims(with(claims(), "dns", "7001")) == "");
}

TEST_CASE("a refusal names who it was once the signature vouches for it, and not before") {
  auto name_of = [](const std::string& token) {
    return check_jwt(issuers(), token, now_us).claims.name;
  };
  CHECK(name_of(idp().token(header(), with(claims(), "exp", now_s - 60))) == "alice");
  CHECK(name_of(signer{algorithm::es256}.token(header(), claims())) == "");
}

TEST_CASE("of two issuers each checks its own tokens") {
  auto other = provider({signer_of(algorithm::eddsa).jwk("k1")});
  other.name = "https://other.example";
  const std::vector<issuer> two{issuers().front(), other};
  const auto head = with(header(), "alg", "EdDSA");
  auto& eddsa = signer_of(algorithm::eddsa);
  CHECK(to_string(
          check_jwt(two, eddsa.token(head, with(claims(), "iss", other.name)), now_us).refused) ==
        "");
  CHECK(to_string(check_jwt(two, eddsa.token(head, claims()), now_us).refused) ==
        "jwt_wrong_algorithm");
}
