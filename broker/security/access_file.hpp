// The access file: tokens, certificates, issuers and what their groups may do. TOML, read whole or
// not at all. Its grammar: docs/security.md.
#pragma once

#include "broker/config/config.hpp"
#include "broker/security/access_list.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

namespace ringdown::security {

/// A file larger than this is refused: 10,000 tokens and as many lines of grants have room.
inline constexpr std::size_t access_file_bytes_max = 4 * 1024 * 1024;
/// Recorders, consoles and scripts; people come by an issuer.
inline constexpr std::size_t tokens_max = 10'000;
/// Each is tried against each name of a certificate.
inline constexpr std::size_t certificates_max = 1'000;
inline constexpr std::size_t issuers_max = 16;
inline constexpr std::size_t grants_max = 4'096;
/// Of one token or certificate.
inline constexpr std::size_t groups_max = 64;
/// Of one grant; a site that lists its DNs one by one has some thousands.
inline constexpr std::size_t dns_max = 10'000;
/// Of all grants: with their sets compiled some 20 MiB.
inline constexpr std::size_t dns_of_all_max = 100'000;

struct access_file_result {
  std::shared_ptr<const access_list> list; ///< null if there are errors
  std::vector<configuration::config_error> errors;
  /// What was read or looked for: this file and those that it names. Whoever waits for a change
  /// waits for one of any of them.
  std::vector<std::filesystem::path> files;
  /// Of all bytes that were read: the same bytes are the same list. Not looked at with errors.
  sha256_digest digest{};
};

/// Reads a file of at most so many bytes.
using file_reader = std::function<std::variant<std::string, std::error_code>(
  const std::filesystem::path& path, std::size_t bytes_max)>;

/// Reads and checks the file and the key files that it names, which are looked for beside it where
/// their paths are relative. `may_wait`: configuration::sources has it. Every error has a place, a
/// key and what is accepted; none has a secret. Throws only for want of memory. At start, and at a
/// reload on a thread that nobody waits for.
access_file_result read_access_file(const std::filesystem::path& path, bool may_wait);

/// The same for a text. `source`: the path that errors name.
access_file_result parse_access_file(std::string_view text, const std::filesystem::path& source,
                                     const file_reader& read);

} // namespace ringdown::security
