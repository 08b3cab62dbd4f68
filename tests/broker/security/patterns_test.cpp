// Patterns of DNs and of certificates' names, as an access file writes them.
#include "broker/security/patterns.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::security;

namespace {

dn_pattern read(std::string_view text) {
  INFO(text);
  auto result = parse_dn_pattern(text);
  REQUIRE(std::holds_alternative<dn_pattern>(result));
  return std::get<dn_pattern>(result);
}
std::string problem(std::string_view text) {
  auto result = parse_dn_pattern(text);
  return std::holds_alternative<std::string>(result) ? std::get<std::string>(result) : "";
}

using name_kind = certificate_name::kind;
certificate_pattern certificate(name_kind what, std::string_view text) {
  auto result = parse_certificate_pattern(what, text);
  REQUIRE(std::holds_alternative<certificate_pattern>(result));
  return std::get<certificate_pattern>(result);
}

} // namespace

TEST_CASE("a DN, its beginning, a range and all are told apart") {
  using kind = dn_pattern::kind;
  CHECK(read("7001") == dn_pattern{kind::exact, "7001", {}});
  CHECK(read("70*") == dn_pattern{kind::prefix, "70", {}});
  CHECK(read("7000-7999") == dn_pattern{kind::range, "7000", "7999"});
  CHECK(read("*") == dn_pattern{kind::all, {}, {}});
  // A dash makes a range of numbers only.
  CHECK(read("desk-1") == dn_pattern{kind::exact, "desk-1", {}});
  CHECK(read("7000-79*") == dn_pattern{kind::prefix, "7000-79", {}});
  CHECK(read("-7") == dn_pattern{kind::exact, "-7", {}});
  CHECK(read("1-2-3") == dn_pattern{kind::exact, "1-2-3", {}});
}

TEST_CASE("what is no pattern of DNs says what is one") {
  for (auto* text : {"7*1", "**", "*7", "7000-999", "7999-7000", "{name}", "{dns}", "a{", "7}*"}) {
    INFO(text);
    CHECK(problem(text).find("is no pattern of DNs; accepted is a DN (\"7001\"), a beginning "
                             "(\"70*\"), a range") != std::string::npos);
  }
  CHECK(problem("").starts_with("an empty DN; accepted are 1 to 255 bytes; accepted is a DN"));
  CHECK(problem(std::string(256, '7')).find("has 256 bytes") != std::string::npos);
  CHECK(problem("7\n1").find("has a control character") != std::string::npos);
  CHECK(problem("\xff").find("is not UTF-8") != std::string::npos);
}

TEST_CASE("a star in a certificate's name stands for one part of it") {
  const auto uri = certificate(name_kind::uri, "spiffe://corp.example/recorder/*");
  CHECK(uri.match({name_kind::uri, "spiffe://corp.example/recorder/video-3"}) == "video-3");
  for (auto* other : {"spiffe://corp.example/recorder/", "spiffe://corp.example/recorder/a/b",
                      "spiffe://corp.example/desktop/a", "xspiffe://corp.example/recorder/a",
                      "spiffe://corp.example/recorder"})
    CHECK_FALSE(uri.match({name_kind::uri, other}));
  CHECK_FALSE(uri.match({name_kind::dns, "spiffe://corp.example/recorder/video-3"}));

  const auto mail = certificate(name_kind::email, "*@corp.example");
  CHECK(mail.match({name_kind::email, "alice@corp.example"}) == "alice");
  CHECK_FALSE(mail.match({name_kind::email, "alice@evil@corp.example"}));
  CHECK_FALSE(mail.match({name_kind::email, "@corp.example"}));
}

TEST_CASE("DNS names are compared without regard to case, others as they are") {
  const auto dns = certificate(name_kind::dns, "*.Recorders.example");
  CHECK(dns.match({name_kind::dns, "VIDEO-3.recorders.EXAMPLE"}) == "video-3");
  CHECK_FALSE(dns.match({name_kind::dns, "a.b.recorders.example"}));
  CHECK_FALSE(dns.match({name_kind::dns, "recorders.example"}));
  CHECK(certificate(name_kind::dns, "video-3").match({name_kind::dns, "Video-3"}) == "");
  CHECK_FALSE(certificate(name_kind::uri, "a:b").match({name_kind::uri, "A:b"}));
}

TEST_CASE("before and behind the star nothing overlaps") {
  const auto both = certificate(name_kind::uri, "aa*aa");
  CHECK(both.match({name_kind::uri, "aaxaa"}) == "x");
  CHECK(both.match({name_kind::uri, "aaaaa"}) == "a");
  for (auto* other : {"aaaa", "aaa", "aa", ""})
    CHECK_FALSE(both.match({name_kind::uri, other}));
  auto two = parse_certificate_pattern(name_kind::uri, "a*b*");
  CHECK(std::get<std::string>(two) == "\"a*b*\" has more than one *; accepted is one at most");
}

TEST_CASE("of two patterns that fit the one that says more weighs more") {
  auto weight = [](std::string_view text) { return certificate(name_kind::uri, text).weight(); };
  CHECK(weight("a/b*") > weight("a/*"));
  CHECK(weight("a/b") > weight("a/*b"));
  CHECK(weight("a/b") > weight("a/b*"));
}

TEST_CASE("a name has 1 to 128 bytes and nothing that steers a terminal") {
  CHECK(is_name("video-3"));
  CHECK(is_name(std::string(128, 'a')));
  CHECK(is_name("Zo\xc3\xab"));
  for (auto& bad : {std::string{}, std::string(129, 'a'), std::string{"a\x1b[2J"},
                    std::string{"\xff"}, std::string{"a\xe2\x80\xae"}})
    CHECK_FALSE(is_name(bad));
}
