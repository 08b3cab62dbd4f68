// Access files in a test: a text, and the key files that it names.
#pragma once

#include "broker/security/access_file.hpp"
#include "tests/broker/security/signing.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <string_view>

namespace ringdown::test {

using named_files = std::map<std::string, std::string>;

/// The key of the issuer in a test's access file.
inline const signer& idp() {
  static const auto one = signer::always('i');
  return one;
}

/// The key file of the usual issuer, which stands beside the access file and has the key of `idp`.
inline named_files with_keys() {
  return {{"/etc/ringdown/keys.json", jwks_of({idp().jwk("k1")})}};
}

inline security::access_file_result parse(std::string_view text,
                                          const named_files& files = with_keys()) {
  return security::parse_access_file(
    text, "/etc/ringdown/access.toml",
    [&](const std::filesystem::path& path,
        std::size_t bytes_max) -> std::variant<std::string, std::error_code> {
      const auto found = files.find(path.string());
      if (found == files.end())
        return std::make_error_code(std::errc::no_such_file_or_directory);
      if (found->second.size() > bytes_max)
        return std::make_error_code(std::errc::file_too_large);
      return found->second;
    });
}

/// All errors, one a line, as an operator sees them, without the folder.
inline std::string access_errors(std::string_view text, const named_files& files = with_keys()) {
  std::string lines;
  for (const auto& error : parse(text, files).errors)
    lines += to_string(error) + '\n';
  constexpr std::string_view folder = "/etc/ringdown/access.toml:";
  for (auto at = lines.find(folder); at != lines.npos; at = lines.find(folder))
    lines.erase(at, folder.size());
  return lines;
}

inline std::shared_ptr<const security::access_list> list_of(std::string_view text) {
  INFO(access_errors(text));
  auto result = parse(text);
  REQUIRE(result.list != nullptr);
  return result.list;
}

/// A static token as an access file has it.
inline std::string digest_of(std::string_view token) {
  const auto digest = security::sha256(token);
  return hex_of({reinterpret_cast<const char*>(digest.data()), digest.size()});
}
inline std::string token_entry(std::string_view name, std::string_view token,
                               std::string_view group, std::string_view more = {}) {
  return "[[token]]\nname = \"" + std::string{name} + "\"\nsha256 = \"" + digest_of(token) +
         "\"\ngroups = [\"" + std::string{group} + "\"]\n" + std::string{more} + '\n';
}

/// What every role of a call center may do.
inline constexpr std::string_view usual_grants = R"(
[[grant]]
group = "recorders"
roles = ["recorder"]
dns = ["*"]
may = ["register", "send_indication", "send_user_event"]

[[grant]]
group = "agents"
roles = ["desktop"]
dns = ["{dns}", "{name}"]
may = ["register", "send_command", "send_user_event"]

[[grant]]
group = "supervisors"
roles = ["supervisor"]
dns = ["70*"]
may = ["monitor"]

[[grant]]
group = "operators"
roles = ["admin"]
may = ["admin_read", "admin_write"]
)";

inline constexpr std::string_view usual_issuer = R"(
[[issuer]]
issuer = "https://idp.example"
audience = "ringdown"
jwks = "keys.json"
dns = "dns"
)";

/// The same for a site without an identity provider.
inline std::string grants_without_issuer() {
  return token_entry("desk", "rdt_desk", "agents") +
         "[[grant]]\ngroup = \"agents\"\nroles = [\"desktop\"]\ndns = [\"7*\"]\n"
         "may = [\"register\"]\n";
}

} // namespace ringdown::test
