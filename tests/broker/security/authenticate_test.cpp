// Who a client is by what it shows, and for what cause it is not let in.
#include "broker/security/authenticate.hpp"

#include "tests/broker/security/access_support.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::security;
using namespace ringdown::test;
using nlohmann::json;
using name_kind = certificate_name::kind;

namespace {

constexpr std::int64_t now_s = 1'800'000'000;
constexpr std::int64_t now_us = now_s * 1'000'000;

const access_list& site() {
  static const auto list =
    list_of(std::string{usual_issuer} + std::string{usual_grants} +
            token_entry("video-1", "rdt_one", "recorders") +
            token_entry("old", "rdt_old", "recorders", "expires = 2027-01-15T08:00:00Z") + R"(
[[certificate]]
uri = "spiffe://corp.example/recorder/*"
name = "{1}"
groups = ["recorders"]

[[certificate]]
uri = "spiffe://corp.example/recorder/chief"
name = "the chief"
groups = ["supervisors"]

[[certificate]]
dns = "*.recorders.example"
name = "host-{1}"
groups = ["recorders"]

[[certificate]]
uri = "x*bc"
name = "{1}"
groups = ["recorders"]

[[certificate]]
uri = "xa*c"
name = "{1}"
groups = ["recorders"]
)");
  return *list;
}

sign_on_facts by_token(role as, std::string credentials) {
  return {as, "app", std::move(credentials), {"10.0.0.1:5", "source", true, {}}};
}
sign_on_facts by_names(role as, std::vector<certificate_name> names, std::int64_t until_us = 0) {
  sign_on_facts facts{as, "app", {}, {"10.0.0.1:5", "source", true, {}}};
  facts.peer.certificate =
    std::make_shared<const client_certificate>(client_certificate{std::move(names), until_us});
  return facts;
}
std::string jwt_of(const json& changed = json::object()) {
  json claims{{"iss", "https://idp.example"}, {"aud", "ringdown"}, {"sub", "7001"},
              {"groups", {"agents"}},         {"dns", {"71*"}},    {"exp", now_s + 600}};
  claims.update(changed);
  return idp().token(json{{"alg", "EdDSA"}}, claims);
}

verdict ask(const sign_on_facts& facts, std::int64_t at_us = now_us) {
  return authenticate(site(), facts, at_us);
}
std::string_view refused(const sign_on_facts& facts, std::int64_t at_us = now_us) {
  auto result = ask(facts, at_us);
  CHECK(result.answer.refused == to_string(result.why));
  if (result.why != cause::none) {
    CHECK(result.answer.may == nullptr);
    CHECK(result.kept == nullptr);
  }
  return result.answer.refused;
}

} // namespace

TEST_CASE("a static token is its principal, with its groups' rights") {
  auto result = ask(by_token(role::recorder, "rdt_one"));
  CHECK(result.why == cause::none);
  CHECK(result.answer.principal == "video-1");
  CHECK(result.answer.credentials_expire_us == 0);
  REQUIRE(result.answer.may != nullptr);
  CHECK(result.answer.may->allows(role::recorder, action::send_indication, "7001"));
  CHECK_FALSE(result.answer.may->allows(role::recorder, action::send_command, "7001"));
  CHECK(result.kept != nullptr);
}

TEST_CASE("a token that is nearly right, or is its own digest, is unknown") {
  for (auto& bad : {std::string{"rdt_On"}, std::string{"rdt_one "}, std::string{"rdt_one\0", 8},
                    std::string{"x"}, digest_of("rdt_one"), std::string{"video-1"}})
    CHECK(refused(by_token(role::recorder, bad)) == "unknown_token");
}

TEST_CASE("a token's expiry ends it at that moment, and names whose it was") {
  constexpr std::int64_t end_us = 1'800'000'000'000'000;
  auto old = by_token(role::recorder, "rdt_old");
  auto before = ask(old, end_us - 1);
  CHECK(before.why == cause::none);
  CHECK(before.answer.credentials_expire_us == end_us);
  CHECK(refused(old, end_us) == "token_expired");
  CHECK(ask(old, end_us).answer.principal == "old");
}

TEST_CASE("a certificate speaks by the name that its entry makes of it") {
  auto result =
    ask(by_names(role::recorder, {{name_kind::uri, "spiffe://corp.example/recorder/video-3"}}));
  CHECK(result.why == cause::none);
  CHECK(result.answer.principal == "cert:video-3");
  CHECK(result.answer.credentials_expire_us == 0);
}

TEST_CASE("a certificate's end is that of the credentials, and none renews itself behind it") {
  constexpr std::int64_t end_us = now_us + 1'000'000;
  auto shown =
    by_names(role::recorder, {{name_kind::uri, "spiffe://corp.example/recorder/v"}}, end_us);
  auto before = ask(shown, end_us - 1);
  CHECK(before.why == cause::none);
  CHECK(before.answer.credentials_expire_us == end_us);
  CHECK(rederive(site(), *before.kept).answer.credentials_expire_us == end_us);
  shown.is_renewal = true;
  CHECK(refused(shown, end_us) == "certificate_expired");
  CHECK(ask(shown, end_us).answer.principal == "cert:v");
  shown.credentials = "rdt_one"; // which has no end
  CHECK(ask(shown, end_us).answer.credentials_expire_us == 0);
}

TEST_CASE("of entries that fit the one that says more counts, in whatever order they stand") {
  auto chief =
    by_names(role::supervisor, {{name_kind::uri, "spiffe://corp.example/recorder/chief"}});
  CHECK(ask(chief).answer.principal == "cert:the chief");
  CHECK(refused(by_names(role::supervisor, {{name_kind::uri, "xabc"}})) == "certificate_ambiguous");
}

TEST_CASE("a certificate's URI comes before its DNS name, and its first before its second") {
  const certificate_name uri{name_kind::uri, "spiffe://corp.example/recorder/a"};
  const certificate_name dns{name_kind::dns, "b.recorders.example"};
  const certificate_name other{name_kind::dns, "c.recorders.example"};
  const certificate_name unknown{name_kind::uri, "spiffe://corp.example/desktop/a"};
  auto name_of = [](std::vector<certificate_name> names) {
    return ask(by_names(role::recorder, std::move(names))).answer.principal;
  };
  CHECK(name_of({dns, uri}) == "cert:a");
  CHECK(name_of({dns, other}) == "cert:host-b");
  CHECK(name_of({other, dns}) == "cert:host-c");
  CHECK(name_of({unknown, dns}) == "cert:host-b");
}

TEST_CASE("a certificate that no entry fits, or whose name no log may show, is unknown") {
  CHECK(refused(by_names(role::recorder, {{name_kind::uri, "spiffe://evil.example/recorder/a"}})) ==
        "certificate_unknown");
  CHECK(refused(by_names(role::recorder, {{name_kind::email, "a.recorders.example"}})) ==
        "certificate_unknown");
  for (auto& star : {std::string{"a\nb"}, std::string{"\xff"}, std::string(200, 'a')})
    CHECK(refused(by_names(role::recorder, {{name_kind::uri, "spiffe://corp.example/recorder/" +
                                                               star}})) == "certificate_unknown");
}

TEST_CASE("without credentials and certificate nobody is let in") {
  CHECK(refused(by_token(role::recorder, "")) == "no_credentials");
  CHECK(refused(by_names(role::recorder, {})) == "no_credentials");
}

TEST_CASE("who shows credentials and a certificate must be good by the credentials") {
  auto both =
    by_names(role::recorder, {{name_kind::uri, "spiffe://corp.example/recorder/video-3"}});
  both.credentials = "rdt_one";
  CHECK(ask(both).answer.principal == "video-1");
  both.credentials = "rdt_wrong";
  CHECK(refused(both) == "unknown_token");
  both.credentials = jwt_of({{"exp", now_s - 60}});
  CHECK(refused(both) == "jwt_expired");
}

TEST_CASE("a JWT is its issuer's principal, with the DNs that it names and its own") {
  auto result = ask(by_token(role::desktop, jwt_of()));
  CHECK(to_string(result.why) == "");
  CHECK(result.answer.principal == "jwt:7001");
  CHECK(result.answer.credentials_expire_us == (now_s + 630) * 1'000'000);
  REQUIRE(result.answer.may != nullptr);
  CHECK(result.answer.may->allows(role::desktop, action::send_command, "7001"));
  CHECK(result.answer.may->allows(role::desktop, action::send_command, "7123"));
  CHECK_FALSE(result.answer.may->allows(role::desktop, action::send_command, "7002"));
}

TEST_CASE("nobody gets the name of another kind of principal") {
  // A user of the provider chose these names.
  for (auto* name : {"video-1", "cert:video-3", "jwt:7001"})
    CHECK(ask(by_token(role::desktop, jwt_of({{"sub", name}}))).answer.principal ==
          "jwt:" + std::string{name});
  auto star = ask(by_token(role::desktop, jwt_of({{"sub", "*"}, {"dns", json::array()}})));
  REQUIRE(star.answer.may != nullptr);
  CHECK_FALSE(star.answer.may->allows(role::desktop, action::send_command, "*"));
  CHECK_FALSE(star.answer.may->allows(role::desktop, action::send_command, "7001"));
}

TEST_CASE("a JWT's own cause is told, and who it is as far as that is proven") {
  auto expired = ask(by_token(role::desktop, jwt_of({{"exp", now_s - 60}})));
  CHECK(expired.answer.refused == "jwt_expired");
  CHECK(expired.answer.principal == "jwt:7001");
  auto forged = by_token(
    role::desktop, signer::always('x').token_of(R"({"alg":"EdDSA"})",
                                                R"({"iss":"https://idp.example","sub":"root"})"));
  CHECK(refused(forged) == "jwt_bad_signature");
  CHECK(ask(forged).answer.principal == "");
  CHECK(refused(by_token(role::desktop, "a.b.c.d")) == "jwt_malformed");
}

TEST_CASE("without an issuer every text that is no token is an unknown one") {
  auto list = list_of(grants_without_issuer());
  CHECK(authenticate(*list, by_token(role::desktop, jwt_of()), now_us).why == cause::unknown_token);
}

TEST_CASE("a role that no group of its gives is refused, and the log learns who it was") {
  auto result = ask(by_token(role::desktop, "rdt_one"));
  CHECK(result.answer.refused == "role_not_granted");
  CHECK(result.answer.principal == "video-1");
  CHECK(refused(by_token(role::unspecified, "rdt_one")) == "role_not_granted");
  CHECK(refused(by_token(role::node, "rdt_one")) == "role_not_granted");
  CHECK(refused(by_token(role::desktop, jwt_of({{"groups", "strangers"}}))) == "role_not_granted");
}

TEST_CASE("credentials of any length are taken as they are, up to a limit") {
  CHECK(refused(by_token(role::desktop, std::string(8'192, 'a'))) == "unknown_token");
  CHECK(refused(by_token(role::desktop, std::string(8'192, '.'))) == "jwt_malformed");
  CHECK(refused(by_token(role::desktop, std::string(8'193, 'a'))) == "credentials_too_long");
}
