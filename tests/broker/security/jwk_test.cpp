// Keys of identity providers: what is taken, what is passed over, what is a fault.
#include "broker/security/jwk.hpp"

#include "tests/broker/security/signing.hpp"

#include <catch2/catch.hpp>

using namespace ringdown::security;
using namespace ringdown::test;
using nlohmann::json;

namespace {

constexpr algorithm_set all = 0b11111;
constexpr algorithm every[] = {algorithm::rs256, algorithm::ps256, algorithm::es256,
                               algorithm::es384, algorithm::eddsa};

std::string fault_of(const json& key, algorithm_set accepted = all) {
  return read_jwks(jwks_of({key}), accepted).fault;
}
json with(json key, const char* name, json value) {
  key[name] = std::move(value);
  return key;
}
json without(json key, const char* name) {
  key.erase(name);
  return key;
}

constexpr auto none_left = "has no key that checks signatures by an accepted algorithm";

} // namespace

TEST_CASE("a key checks the signatures of its other half, and no others") {
  for (auto by : every) {
    INFO(to_string(by));
    auto& one = signer_of(by);
    auto keys = read_jwks(jwks_of({one.jwk("a")}), all);
    REQUIRE(keys.fault == "");
    REQUIRE(keys.keys.size() == 1);
    auto& key = keys.keys.front();
    CHECK(key.by == by);
    CHECK(key.id == "a");
    auto signature = one.sign("said");
    CHECK(key.verify("said", signature));
    CHECK_FALSE(key.verify("said.", signature));
    CHECK_FALSE(key.verify("said", ""));
    CHECK_FALSE(key.verify("said", signature + '\0'));
    CHECK_FALSE(key.verify("said", signature.substr(1)));
    for (std::size_t i = 0; i < signature.size(); i += 7) {
      auto bent = signature;
      bent[i] = static_cast<char>(bent[i] ^ 1);
      CHECK_FALSE(key.verify("said", bent));
    }
    CHECK_FALSE(key.verify("said", std::string(signature.size(), '\0')));
    CHECK_FALSE(key.verify("said", signer{by}.sign("said")));
  }
}

TEST_CASE("the algorithm is the key's: of its curve, of its alg, of what the issuer accepts") {
  auto by_of = [](const json& key, algorithm_set accepted) {
    return read_jwks(jwks_of({key}), accepted).keys.at(0).by;
  };
  const auto rsa = signer_of(algorithm::rs256).jwk("");
  CHECK(by_of(without(rsa, "alg"), all) == algorithm::rs256);
  CHECK(by_of(without(rsa, "alg"), bit_of(algorithm::ps256)) == algorithm::ps256);
  CHECK(by_of(with(rsa, "alg", "PS256"), all) == algorithm::ps256);
  CHECK(by_of(without(signer_of(algorithm::es384).jwk(""), "alg"), all) == algorithm::es384);
  CHECK(by_of(with(signer_of(algorithm::eddsa).jwk(""), "alg", "Ed25519"), all) ==
        algorithm::eddsa);
}

TEST_CASE("a key that says another algorithm than its kind can is a fault") {
  CHECK(fault_of(with(signer_of(algorithm::rs256).jwk(""), "alg", "ES256")) ==
        "key 1: alg is not one of an RSA key");
  CHECK(fault_of(with(signer_of(algorithm::es256).jwk(""), "alg", "ES384")) ==
        "key 1: alg is not that of its curve, ES256");
  CHECK(fault_of(with(signer_of(algorithm::eddsa).jwk(""), "alg", "RS256")) ==
        "key 1: alg is not that of its curve, EdDSA");
}

TEST_CASE("keys for something else are passed over") {
  const auto good = signer_of(algorithm::es256).jwk("good");
  const auto rsa = signer_of(algorithm::rs256).jwk("other");
  for (auto& other :
       {with(rsa, "use", "enc"), with(rsa, "use", 5), with(rsa, "alg", "RSA-OAEP"),
        with(rsa, "alg", "HS256"), with(rsa, "alg", "none"), with(rsa, "alg", 1),
        with(rsa, "key_ops", json{"sign"}), with(rsa, "key_ops", "verify"), with(rsa, "kty", "XYZ"),
        with(signer_of(algorithm::es256).jwk("other"), "crv", "P-521"),
        with(signer_of(algorithm::eddsa).jwk("other"), "crv", "X25519")}) {
    INFO(other.dump());
    auto keys = read_jwks(jwks_of({other, good}), all);
    CHECK(keys.fault == "");
    CHECK(keys.keys.size() == 1);
    CHECK(fault_of(other) == none_left);
  }
  CHECK(fault_of(rsa, bit_of(algorithm::es256)) == none_left);
  CHECK(fault_of(with(rsa, "key_ops", json{"verify"})) == "");
  CHECK(read_jwks(R"({"keys":[]})", all).fault == none_left);
}

TEST_CASE("a secret among the keys is a fault") {
  CHECK(fault_of({{"kty", "oct"}, {"k", "c2VjcmV0"}}) ==
        "key 1: is a shared secret; only public keys belong here");
  for (auto by : every)
    CHECK(fault_of(with(signer_of(by).jwk(""), "d", "AQAB")) ==
          "key 1: is a private key; only public keys belong here");
}

TEST_CASE("a weak or broken key is a fault that names it") {
  CHECK(fault_of(signer{algorithm::rs256, 1024}.jwk("")) ==
        "key 1: n has 1024 bits; accepted are 2048 to 8192");
  const auto rsa = signer_of(algorithm::rs256).jwk("");
  CHECK(fault_of(with(rsa, "n", to_base64url('\x01' + std::string(1024, '\xff')))) ==
        "key 1: n has 8193 bits; accepted are 2048 to 8192");
  CHECK(fault_of(with(rsa, "n", "AQAB")) == "key 1: n has 17 bits; accepted are 2048 to 8192");
  for (auto& bad : {without(rsa, "n"), with(rsa, "n", "="), with(rsa, "e", ""), with(rsa, "e", 3),
                    with(rsa, "n", to_base64url(std::string(2000, '\xff')))})
    CHECK(fault_of(bad) == "key 1: n and e are not both in base64url");
  for (auto* e : {"AQ", "AA", "Ag", "AQAAAAAAAAAB"})
    CHECK(fault_of(with(rsa, "e", e)) == "key 1: e is not an odd number from 3 to 32 bits");

  const auto curve = signer_of(algorithm::es256).jwk("");
  CHECK(fault_of(with(curve, "x", to_base64url(std::string(31, 'x')))) ==
        "key 1: x and y are not both 32 bytes in base64url");
  CHECK(fault_of(without(curve, "y")) == "key 1: x and y are not both 32 bytes in base64url");
  CHECK(fault_of(with(curve, "x", curve["y"])) == "key 1: x and y are no point of P-256");
  for (auto byte : {'\0', '\xff'}) {
    const auto half = to_base64url(std::string(32, byte));
    CHECK(fault_of(with(with(curve, "x", half), "y", half)) ==
          "key 1: x and y are no point of P-256");
  }
  CHECK(fault_of(with(signer_of(algorithm::eddsa).jwk(""), "x", "AQAB")) ==
        "key 1: x is not 32 bytes in base64url");
  CHECK(fault_of(with(rsa, "kid", 7)) == "key 1: kid is no text");
  CHECK(fault_of("a key") == "key 1: is no object");
}

TEST_CASE("several keys have names, each its own") {
  const auto first = signer_of(algorithm::es256).jwk("a");
  const auto second = signer_of(algorithm::eddsa).jwk("a");
  CHECK(read_jwks(jwks_of({first, second}), all).fault == "has two keys with the kid \"a\"");
  CHECK(read_jwks(jwks_of({first, without(second, "kid")}), all).fault ==
        "has several keys, and not each has a kid");
  CHECK(read_jwks(jwks_of({first, without(with(second, "use", "enc"), "kid")}), all).fault == "");
}

TEST_CASE("what is no set of keys is a fault") {
  for (auto* text :
       {"", "{", "[]", "{}", R"({"keys":{}})", R"({"keys":5})", "null", "\xff", R"({"keys":[]} x)"})
    CHECK(read_jwks(text, all).fault == "is no JSON object with an array \"keys\"");
  CHECK(read_jwks(R"({"keys":[{"kty":"RSA","kty":"EC"}]})", all).fault ==
        "has a name twice in one object");
  CHECK(
    read_jwks(R"({"keys":)" + std::string(5'000, '[') + std::string(5'000, ']') + '}', all).fault ==
    "is no JSON object with an array \"keys\"");
  CHECK(read_jwks(jwks_of(std::vector<json>(65, json::object())), all).fault ==
        "has 65 keys; accepted are 64 at most");
}
