// Certificates made for one test: authorities, servers, clients, and what is wrong with some.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::test {

/// What one certificate says.
struct certificate_wish {
  std::string name = "ringdown.test";                               ///< the common name
  std::string alternative_names = "DNS:ringdown.test,IP:127.0.0.1"; ///< as OpenSSL writes them
  std::string purpose = "serverAuth"; ///< the extended key usage; empty: none
  bool is_authority = false;
  std::int64_t begins_in_s = -3600; ///< from now
  std::int64_t ends_in_s = 90LL * 24 * 3600 + 3600;
};

/// A certificate with its key, as PEM.
struct key_pair {
  std::string certificate = {};
  std::string key = {};
};

/// One authority, by a key of its own (P-256, as all here).
class authority {
public:
  explicit authority(const std::string& name = "Test authority");
  ~authority();
  authority(authority&&) noexcept;

  const std::string& certificate() const { return certificate_; } ///< PEM
  key_pair issue(const certificate_wish& wish);
  /// An authority below this one.
  authority issue_authority(const std::string& name);
  /// The list of those that it has revoked (certificates that it issued, PEM), good for so long.
  std::string revoke(const std::vector<std::string>& certificates,
                     std::int64_t ends_in_s = 24 * 3600, std::int64_t begins_in_s = -3600);

private:
  struct parts;
  explicit authority(std::unique_ptr<parts> all);

  std::unique_ptr<parts> parts_;
  std::string certificate_;
};

certificate_wish for_client(const std::string& name, const std::string& alternative_names);

/// The key of an key_pair, behind a passphrase.
std::string with_passphrase(const std::string& key_pem);

/// A folder with files of its own, gone with this.
class file_folder {
public:
  file_folder();
  ~file_folder();
  file_folder(const file_folder&) = delete;
  file_folder& operator=(const file_folder&) = delete;

  /// Writes a file as a whole, in place of another of the name; returns its path.
  std::string write(const std::string& name, const std::string& content) const;
  std::string path(const std::string& name) const { return (at_ / name).string(); }

private:
  std::filesystem::path at_;
};

} // namespace ringdown::test
