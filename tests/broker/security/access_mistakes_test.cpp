// What an operator is told about a mistake in an access file: where, which key, what is accepted.
#include "tests/broker/config/loading.hpp"
#include "tests/broker/security/access_support.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

using namespace ringdown;
using namespace ringdown::security;
using namespace ringdown::test;

namespace {

/// A file in which only this entry may be wrong.
std::string errors_with(std::string_view entry, const named_files& files = with_keys()) {
  // Behind it, so that its lines are counted from 1; its last has the groups.
  return access_errors(std::string{entry} + '\n' + std::string{usual_grants} +
                         std::string{usual_issuer} + token_entry("spare", "spare", "operators"),
                       files);
}

std::string token_with(std::string_view name, std::string_view sha256, std::string_view groups,
                       std::string_view more = {}) {
  return "[[token]]\nname = " + std::string{name} + "\nsha256 = " + std::string{sha256} +
         "\ngroups = " + std::string{groups} + '\n' + std::string{more};
}
std::string good_digest() {
  return '"' + digest_of("rdt_good") + '"';
}
std::string grant_with(std::string_view group, std::string_view roles, std::string_view dns,
                       std::string_view may) {
  return "[[grant]]\ngroup = " + std::string{group} + "\nroles = " + std::string{roles} +
         "\ndns = " + std::string{dns} + "\nmay = " + std::string{may};
}
std::string issuer_with(std::string_view more) {
  return "[[issuer]]\nissuer = \"https://two.example\"\naudience = \"a\"\n" + std::string{more};
}

} // namespace

TEST_CASE("an unknown key names those that are accepted, and the nearest") {
  CHECK(errors_with(token_with("\"a\"", good_digest(), "[\"agents\"]", "expire = 1")) ==
        "5:1: token.expire: unknown key; accepted are name, sha256, groups, expires; did you mean "
        "\"expires\"?\n");
  CHECK(errors_with("[[tokens]]\nname = \"a\"\n") ==
        "1:3: tokens: unknown key; accepted are [[token]], [[certificate]], [[issuer]], [[grant]]; "
        "did you mean \"token\"?\n");
  CHECK(errors_with("version = 1\n") ==
        "1:1: version: unknown key; accepted are [[token]], [[certificate]], [[issuer]], "
        "[[grant]]\n");
}

TEST_CASE("a table that is no array of tables is told how to be written") {
  CHECK(access_errors("[grant]\ngroup = \"a\"\n") ==
        "1:2: grant: is an array of tables, each written [[grant]]\n");
  CHECK(access_errors("grant = [1, 2]\n") ==
        "1:10: grant: is an array of tables, each written [[grant]]\n"
        "1:13: grant: is an array of tables, each written [[grant]]\n");
}

TEST_CASE("a key that is missing is named, at its entry") {
  CHECK(errors_with("[[token]]\n") == "1:1: token.name: is missing; each [[token]] has one\n"
                                      "1:1: token.sha256: is missing; each [[token]] has one\n"
                                      "1:1: token.groups: is missing; each [[token]] has one\n");
  CHECK(errors_with("[[certificate]]\nname = \"a\"\ngroups = [\"agents\"]") ==
        "1:1: certificate.uri: is missing; each [[certificate]] has one of uri, dns, email\n");
  CHECK(errors_with("[[issuer]]\nprefix = \"x\"\n") ==
        "1:1: issuer.issuer: is missing; each [[issuer]] has one\n"
        "1:1: issuer.audience: is missing; each [[issuer]] has one\n"
        "1:1: issuer.jwks: is missing; each [[issuer]] has one\n");
  CHECK(errors_with("[[grant]]\ndns = [\"*\"]") ==
        "1:1: grant.group: is missing; each [[grant]] has one\n"
        "1:1: grant.roles: is missing; each [[grant]] has one\n"
        "1:1: grant.may: is missing; each [[grant]] has one\n");
  CHECK(errors_with("[[grant]]\ngroup = \"a\"\nroles = [\"desktop\"]\nmay = [\"register\"]") ==
        "1:1: grant.dns: is missing; each [[grant]] has one\n");
}

TEST_CASE("a value of another type says what was found and what is accepted") {
  CHECK(errors_with(token_with("7", good_digest(), "\"agents\"")) ==
        "2:8: token.name: found a number; accepted is a string of 1 to 128 bytes without control "
        "characters\n"
        "4:10: token.groups: found a string; accepted is an array of 1 to 64 strings\n");
  CHECK(errors_with(token_with("\"\"", good_digest(), "[]")) ==
        "2:8: token.name: has 0 bytes; accepted is a string of 1 to 128 bytes without control "
        "characters\n"
        "4:10: token.groups: has 0 values; accepted is an array of 1 to 64 strings\n");
  CHECK(errors_with(token_with("\"a\"", good_digest(), "[1, true]"))
          .find("4:11: token.groups: found a number; accepted is a string") == 0);
}

TEST_CASE("two tokens alike, and two of one name, are told with the first's place") {
  const auto first = token_with("\"a\"", good_digest(), "[\"agents\"]");
  CHECK(errors_with(first + token_with("\"b\"", good_digest(), "[\"agents\"]")) ==
        "7:10: token.sha256: is that of the token at 3:10: each has its own\n");
  CHECK(errors_with(first + token_with("\"a\"", '"' + digest_of("x") + '"', "[\"agents\"]")) ==
        "6:8: token.name: stands here twice, first at 2:8\n");
}

TEST_CASE("a digest that is none is told, and never shown: it may be the token") {
  for (auto* bad : {"rdt_the-secret-itself", "abc", "9f86d081884c7d65...", ""}) {
    auto errors = errors_with(token_with("\"a\"", '"' + std::string{bad} + '"', "[\"agents\"]"));
    INFO(errors);
    CHECK(errors.starts_with("3:10: token.sha256: "));
    if (*bad != '\0') {
      CHECK(errors == "3:10: token.sha256: is no SHA-256 of a token; accepted are 64 hexadecimal "
                      "digits, as ringdown token new writes them\n");
      CHECK(errors.find(bad) == std::string::npos);
    }
  }
  auto with_letter = digest_of("x");
  with_letter[10] = 'g';
  CHECK_FALSE(errors_with(token_with("\"a\"", '"' + with_letter + '"', "[\"agents\"]")).empty());
}

TEST_CASE("a token's name has no colon, which parts the names of other kinds") {
  for (auto* name : {"\"jwt:alice\"", "\"cert:a\"", "\":\""})
    CHECK(errors_with(token_with(name, good_digest(), "[\"agents\"]"))
            .starts_with("2:8: token.name: has a colon"));
}

TEST_CASE("an expiry is a date and time with its offset") {
  for (auto* bad : {"2027-06-30", "2027-06-30T00:00:00", "\"2027-06-30T00:00:00Z\"", "1814313600",
                    "00:00:00", "1969-12-31T23:59:59Z", "1.5"}) {
    auto errors = errors_with(
      token_with("\"a\"", good_digest(), "[\"agents\"]", "expires = " + std::string{bad}));
    INFO(bad << ": " << errors);
    CHECK(errors.starts_with("5:11: token.expires: found "));
    CHECK(errors.find("accepted is a date and time with its offset, behind 1970 and without "
                      "quotes: 2027-06-30T00:00:00Z\n") != std::string::npos);
  }
  for (auto* bad : {"2027-02-30T00:00:00Z", "2027-06-30T25:00:00Z", "2027-13-01T00:00:00Z"})
    CHECK(errors_with(
            token_with("\"a\"", good_digest(), "[\"agents\"]", "expires = " + std::string{bad}))
            .starts_with("5:")); // the parser's own words
}

TEST_CASE("a group without a grant names the nearest that has one") {
  CHECK(errors_with(token_with("\"a\"", good_digest(), "[\"agents\", \"recorder\"]")) ==
        "4:21: token.groups: group \"recorder\" has no [[grant]], so that it may do nothing; did "
        "you mean \"recorders\"?\n");
  CHECK(errors_with("[[certificate]]\nuri = \"a\"\nname = \"a\"\ngroups = [\"zzz\"]") ==
        "4:11: certificate.groups: group \"zzz\" has no [[grant]], so that it may do nothing\n");
}

TEST_CASE("a group whose grant is wrong is not told of twice") {
  CHECK(errors_with(grant_with("\"new\"", "[\"pilot\"]", "[\"*\"]", "[\"register\"]") + '\n' +
                    token_with("\"a\"", good_digest(), "[\"new\"]"))
          .find("has no [[grant]]") == std::string::npos);
}

TEST_CASE("roles and actions are words of closed lists") {
  CHECK(errors_with(grant_with("\"g\"", "[\"desktop\", \"dekstop\"]", "[\"*\"]",
                               "[\"send_comand\", \"sign_on\"]")) ==
        "3:21: grant.roles: \"dekstop\" is not accepted; accepted is one of desktop, recorder, "
        "supervisor, admin, call_source; did you mean \"desktop\"?\n"
        "5:8: grant.may: \"send_comand\" is not accepted; accepted is one of register, monitor, "
        "send_command, send_indication, send_user_event, tell_of_calls, admin_read, admin_write; "
        "did you mean \"send_command\"?\n"
        "5:23: grant.may: \"sign_on\" is not accepted; accepted is one of register, monitor, "
        "send_command, send_indication, send_user_event, tell_of_calls, admin_read, "
        "admin_write\n");
  for (auto* role : {"node", "broker", "unspecified", "Desktop"})
    CHECK_FALSE(errors_with(grant_with("\"g\"", "[\"" + std::string{role} + "\"]", "[\"*\"]",
                                       "[\"register\"]"))
                  .empty());
}

TEST_CASE("a pattern of DNs that is none is told at its place in the list") {
  CHECK(errors_with(grant_with("\"g\"", "[\"desktop\"]", "[\"7001\", \"7*1\", \"{nam}\"]",
                               "[\"register\"]")) ==
        "4:16: grant.dns: \"7*1\" is no pattern of DNs; accepted is a DN (\"7001\"), a beginning "
        "(\"70*\"), a range of numbers of one length (\"7000-7999\") or \"*\", {dns}, {name}\n"
        "4:23: grant.dns: \"{nam}\" is no pattern of DNs; accepted is a DN (\"7001\"), a beginning "
        "(\"70*\"), a range of numbers of one length (\"7000-7999\") or \"*\", {dns}, {name}\n");
}

TEST_CASE("what only admins may do is given to admins, and needs no DNs") {
  CHECK(errors_with("[[grant]]\ngroup = \"g\"\nroles = [\"desktop\"]\nmay = [\"admin_read\"]") ==
        "3:9: grant.roles: lacks admin: only in that role one may do admin_read and "
        "admin_write\n");
  CHECK(errors_with("[[grant]]\ngroup = \"g\"\nroles = [\"admin\"]\nmay = [\"admin_read\"]") == "");
}

TEST_CASE("DNs of a token's own need an issuer that names the claim") {
  CHECK(access_errors(grant_with("\"agents\"", "[\"desktop\"]", "[\"{dns}\"]", "[\"register\"]") +
                      '\n' + token_with("\"a\"", good_digest(), "[\"agents\"]")) ==
        "4:8: grant.dns: {dns} is what an issuer's tokens name, and no [[issuer]] has the key "
        "dns\n");
}

TEST_CASE("a certificate has one name, with what the star stands for in the principal's") {
  auto certificate = [](const std::string& names, const std::string& name) {
    return errors_with("[[certificate]]\n" + names + "\nname = \"" + name +
                       "\"\ngroups = [\"agents\"]");
  };
  CHECK(certificate("uri = \"a/*\"", "{1}") == "");
  CHECK(certificate("dns = \"video-1.example\"", "video-1") == "");
  CHECK(certificate("uri = \"a\"\ndns = \"b\"", "x") ==
        "3:7: certificate.dns: stands beside another name; accepted is one of uri, dns, email\n");
  CHECK(certificate("uri = \"a*b*\"", "{1}") ==
        "2:7: certificate.uri: \"a*b*\" has more than one *; accepted is one at most\n"
        "3:8: certificate.name: has {1}, what * stands for, and there is no *\n");
  CHECK(certificate("uri = \"a/*\"", "recorder") ==
        "3:8: certificate.name: lacks {1}, what * stands for: all who fit would be one\n");
  CHECK(certificate("uri = \"a\"", "{1}") ==
        "3:8: certificate.name: has {1}, what * stands for, and there is no *\n");
  for (auto* name : {"{2}", "{1}{1}", "{", "{name}"})
    CHECK(certificate("uri = \"a/*\"", name) ==
          "3:8: certificate.name: has braces; accepted is {1}, at most once\n");
  CHECK(certificate("uri = \"a\"\nname = \"a\"\ngroups = [\"agents\"]\n[[certificate]]\nuri = "
                    "\"a\"",
                    "b") == "6:7: certificate.uri: stands here twice, first at 2:7\n");
}

TEST_CASE("an issuer's key file that cannot be read, or has no good keys, is named") {
  CHECK(errors_with(issuer_with("prefix = \"two\"\njwks = \"none.json\"")) ==
        "5:8: issuer.jwks: \"/etc/ringdown/none.json\" cannot be read: No such file or "
        "directory\n");
  auto files = with_keys();
  files["/srv/large.json"] = std::string(300'000, ' ');
  CHECK(errors_with(issuer_with("prefix = \"two\"\njwks = \"/srv/large.json\""), files) ==
        "5:8: issuer.jwks: \"/srv/large.json\" has more than 256 KiB\n");
  files["/srv/bad.json"] = R"({"keys": [{"kty": "oct", "k": "AA"}]})";
  CHECK(errors_with(issuer_with("prefix = \"two\"\njwks = \"/srv/bad.json\""), files) ==
        "5:8: issuer.jwks: \"/srv/bad.json\" key 1: is a shared secret; only public keys belong "
        "here\n");
}

TEST_CASE("issuers, their prefixes and what is accepted of them are checked") {
  CHECK(errors_with(issuer_with("jwks = \"keys.json\"")) ==
        "29:1: issuer.prefix: is \"jwt\" as that at 1:1: each issuer has its own, or one could "
        "speak for the other's people\n");
  CHECK(errors_with(issuer_with("prefix = \"cert\"\njwks = \"keys.json\""))
          .starts_with("4:10: issuer.prefix: accepted are small letters, digits and -, but not "
                       "cert"));
  CHECK(errors_with(issuer_with("prefix = \"a:b\"\njwks = \"keys.json\"")).starts_with("4:10: "));
  CHECK(errors_with("[[issuer]]\nissuer = \"https://idp.example\"\naudience = \"a\"\nprefix = "
                    "\"b\"\njwks = \"keys.json\"")
          .find("issuer.issuer: stands here twice, first at 2:10") != std::string::npos);
  CHECK(
    errors_with(issuer_with("prefix = \"b\"\njwks = \"keys.json\"\nalgorithms = [\"HS256\"]")) ==
    "6:15: issuer.algorithms: \"HS256\" is not accepted; accepted is one of RS256, PS256, "
    "ES256, ES384, EdDSA; did you mean \"RS256\"?\n");
  CHECK(
    errors_with(issuer_with("prefix = \"b\"\njwks = \"keys.json\"\nlifetime_max = \"1 day\"")) ==
    "6:16: issuer.lifetime_max: unknown unit \"day\"; accepted is a duration from 1 min to 8784 "
    "h, as a whole number of ms or with ms, s, min or h\n");
  CHECK(errors_with(issuer_with("prefix = \"b\"\njwks = \"keys.json\"\nlifetime_max = 5"))
          .starts_with("6:16: issuer.lifetime_max: 5 is out of range"));
  CHECK(errors_with(issuer_with("prefix = \"b\"\njwks = \"keys.json\"\nlifetime_max = []"))
          .starts_with("6:16: issuer.lifetime_max: found an array; accepted is a duration"));
}

TEST_CASE("a file that would let nobody in is refused") {
  for (auto* text : {"", "# nothing\n", "\n\n"})
    CHECK(access_errors(text) ==
          "1:1: grant: there is no [[grant]], so that nobody could sign on\n");
  CHECK(access_errors(grant_with("\"g\"", "[\"desktop\"]", "[\"*\"]", "[\"register\"]")) ==
        "1:1: token: there is no [[token]], [[certificate]] or [[issuer]], so that nobody could "
        "sign on\n");
}

TEST_CASE("errors come in the order of the file, and not more than a hundred") {
  auto two = errors_with(token_with("7", good_digest(), "[\"agents\"]") +
                         grant_with("7", "[\"desktop\"]", "[\"*\"]", "[\"register\"]"));
  CHECK(two.find("2:8: token.name") < two.find("6:9: grant.group"));
  std::string many;
  for (int i = 0; i < 150; ++i)
    many += "[[token]]\nx = 1\n";
  auto result = parse(many);
  CHECK(result.errors.size() == 101);
  CHECK(result.errors.back().message == "more than 100 errors");
  CHECK(result.list == nullptr);
}

TEST_CASE("there is a limit on everything that can be many") {
  std::string issuers;
  for (int i = 0; i < 17; ++i)
    issuers += "[[issuer]]\n";
  CHECK(access_errors(issuers) == "17:1: issuer: there are 17; accepted are 16 at most\n");
  std::string groups = "[";
  for (int i = 0; i < 65; ++i)
    groups += "\"agents\", ";
  CHECK(errors_with(token_with("\"a\"", good_digest(), groups + "]")) ==
        "4:10: token.groups: has 65 values; accepted is an array of 1 to 64 strings\n");
  std::string dns = "[";
  for (int i = 0; i < 10'001; ++i)
    dns += "\"1\",";
  CHECK(errors_with(grant_with("\"g\"", "[\"desktop\"]", dns + "]", "[\"register\"]")) ==
        "4:7: grant.dns: has 10001 values; accepted is an array of 1 to 10000 strings\n");
  dns = "[";
  for (int i = 0; i < 10'000; ++i)
    dns += "\"1\",";
  std::string grants;
  for (int i = 0; i < 10; ++i)
    grants += grant_with("\"g\"", "[\"desktop\"]", dns + "]", "[\"register\"]") + '\n';
  CHECK(errors_with(grants).find("grant.dns: all grants together have more than 100000 patterns") !=
        std::string::npos);
}

TEST_CASE("a syntax error has its place, and a file that is not there its name") {
  CHECK(access_errors("[[token]\n").starts_with("1:"));
  CHECK(access_errors("[[token]]\nname = \n").starts_with("2:"));
  const folder f;
  auto missing = read_access_file(f.path() / "access.toml", true);
  REQUIRE(missing.errors.size() == 1);
  CHECK(missing.errors[0].key == "auth.file");
  CHECK(missing.errors[0].message == "cannot be read: No such file or directory");
  CHECK(missing.files.size() == 1);
  const auto large = f.write("large.toml", std::string(access_file_bytes_max + 1, ' '));
  CHECK(read_access_file(large, true).errors.at(0).message == "has more than 4 MiB");
  const auto pipe = (f.path() / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(read_access_file(pipe, false).errors.at(0).message == "is a pipe, which cannot be read "
                                                              "again");
}
