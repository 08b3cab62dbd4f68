// After a reload: who is still here, with which rights, and who is gone.
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

const std::string certificate = R"(
[[certificate]]
uri = "recorder/*"
name = "{1}"
groups = ["recorders"]
)";
const std::string usual = std::string{usual_issuer} + std::string{usual_grants} +
                          token_entry("video-1", "rdt_one", "recorders") + certificate;

/// The first list with one text in another's place.
std::shared_ptr<const access_list> changed(std::string_view from, std::string_view to) {
  auto text = usual;
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return list_of(text.replace(at, from.size(), to));
}

verdict signed_on(const sign_on_facts& facts) {
  auto result = authenticate(*list_of(usual), facts, now_us);
  REQUIRE(result.kept != nullptr);
  return result;
}
verdict recorder_by_token() {
  return signed_on({role::recorder, "app", "rdt_one", {}});
}
verdict recorder_by_certificate() {
  sign_on_facts facts{role::recorder, "app", {}, {}};
  facts.peer.certificate = std::make_shared<const client_certificate>(
    client_certificate{{{name_kind::uri, "recorder/video-3"}}});
  return signed_on(facts);
}
verdict agent_by_jwt() {
  const json claims{{"iss", "https://idp.example"}, {"aud", "ringdown"}, {"sub", "7001"},
                    {"groups", {"agents"}},         {"dns", {"71*"}},    {"exp", now_s + 600}};
  return signed_on({role::desktop, "app", idp().token(json{{"alg", "EdDSA"}}, claims), {}});
}

} // namespace

TEST_CASE("a reload that changes nothing changes nobody's rights") {
  const auto same = list_of(usual);
  for (auto& before : {recorder_by_token(), recorder_by_certificate(), agent_by_jwt()}) {
    auto now = rederive(*same, *before.kept);
    CHECK(now.why == cause::none);
    CHECK(now.answer.principal == before.answer.principal);
    CHECK(*now.answer.may == *before.answer.may);
    CHECK(now.answer.credentials_expire_us == before.answer.credentials_expire_us);
    // And again by what is kept of this one.
    CHECK(rederive(*same, *now.kept).why == cause::none);
  }
}

TEST_CASE("a grant that changed changes the rights of its group alone") {
  const auto other = changed("\"70*\"", "\"80*\"");
  auto recorder = recorder_by_token();
  CHECK(*rederive(*other, *recorder.kept).answer.may == *recorder.answer.may);
  const auto less = changed("\"register\", \"send_indication\", ", "\"register\", ");
  auto now = rederive(*less, *recorder.kept);
  CHECK(now.why == cause::none);
  CHECK_FALSE(*now.answer.may == *recorder.answer.may);
  CHECK_FALSE(now.answer.may->allows(role::recorder, action::send_indication, "7001"));
  CHECK(now.answer.may->allows(role::recorder, action::register_, "7001"));
}

TEST_CASE("a token that is no longer in the list ends who signed on with it") {
  auto recorder = recorder_by_token();
  auto gone = rederive(*changed(digest_of("rdt_one"), digest_of("rdt_new")), *recorder.kept);
  CHECK(gone.answer.refused == "unknown_token");
  CHECK(gone.answer.principal == "video-1");
  CHECK(gone.answer.may == nullptr);
}

TEST_CASE("credentials that have become another principal's end who came by them") {
  auto recorder = recorder_by_token();
  CHECK(
    rederive(*changed("name = \"video-1\"", "name = \"video-2\""), *recorder.kept).answer.refused ==
    "principal_changed");
  auto by_certificate = recorder_by_certificate();
  CHECK(rederive(*changed("name = \"{1}\"", "name = \"old-{1}\""), *by_certificate.kept)
          .answer.refused == "principal_changed");
  auto agent = agent_by_jwt();
  CHECK(rederive(*changed("jwks =", "prefix = \"idp\"\njwks ="), *agent.kept).answer.refused ==
        "principal_changed");
}

TEST_CASE("a token's new expiry counts") {
  auto recorder = recorder_by_token();
  auto now = rederive(*changed("groups = [\"recorders\"]",
                               "groups = [\"recorders\"]\nexpires = 2027-01-15T08:00:01Z"),
                      *recorder.kept);
  CHECK(now.why == cause::none);
  CHECK(now.answer.credentials_expire_us == (now_s + 1) * 1'000'000);
}

TEST_CASE("a certificate that no entry fits any more ends who showed it") {
  auto recorder = recorder_by_certificate();
  auto gone = rederive(*changed("uri = \"recorder/*\"", "uri = \"recorders/*\""), *recorder.kept);
  CHECK(gone.answer.refused == "certificate_unknown");
  CHECK(gone.answer.principal == "cert:video-3");
}

TEST_CASE("a JWT outlives its key, until it expires") {
  auto files = with_keys();
  files.begin()->second = jwks_of({signer_of(algorithm::es256).jwk("k9")});
  auto result = parse(usual, files);
  REQUIRE(result.list != nullptr);
  auto agent = agent_by_jwt();
  auto now = rederive(*result.list, *agent.kept);
  CHECK(now.why == cause::none);
  CHECK(*now.answer.may == *agent.answer.may);
  CHECK(now.answer.credentials_expire_us == agent.answer.credentials_expire_us);
}

TEST_CASE("a JWT does not outlive its issuer, or what it is for") {
  auto agent = agent_by_jwt();
  CHECK(
    rederive(*changed("https://idp.example", "https://new.example"), *agent.kept).answer.refused ==
    "jwt_unknown_issuer");
  CHECK(rederive(*changed("audience = \"ringdown\"", "audience = \"other\""), *agent.kept)
          .answer.refused == "jwt_wrong_audience");
}

TEST_CASE("a role that is no longer given ends who signed on in it") {
  auto recorder = recorder_by_token();
  CHECK(rederive(*changed("roles = [\"recorder\"]", "roles = [\"desktop\"]"), *recorder.kept)
          .answer.refused == "role_not_granted");
}
