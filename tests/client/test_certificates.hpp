// Certificates for tests, made on the spot: an authority, and what it signs, right or wrong.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace ringdown::test {

/// What a certificate is to say.
struct wanted_certificate {
  std::string names = "DNS:localhost,IP:127.0.0.1"; ///< SAN, as OpenSSL writes it; empty: none
  std::chrono::seconds from{-3600};                 ///< from now
  std::chrono::seconds until{24 * 3600};
  std::string common_name = "a broker of a test";
};

/// A certificate and its key, each in a file.
struct certificate_files {
  std::string certificate;
  std::string key;
};

/// A folder that goes with it.
class scratch_folder {
public:
  scratch_folder();
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  std::string file(const std::string& name) const { return path_ / name; }
  /// Writes a file that its owner alone may read, and returns its path.
  std::string write(const std::string& name, const std::string& content) const;

private:
  std::filesystem::path path_;
};

class test_authority {
public:
  explicit test_authority(const scratch_folder& folder, const std::string& name = "authority");

  /// Its own certificate's file.
  const std::string& file() const { return file_; }
  /// Signs one: NAME.pem and NAME.key in the folder.
  certificate_files issue(const std::string& name, const wanted_certificate& what = {}) const;
  /// The same with a key behind a passphrase.
  std::string encrypted_key(const std::string& name) const;

private:
  using key_owner = std::shared_ptr<evp_pkey_st>;
  using certificate_owner = std::shared_ptr<x509_st>;

  static key_owner new_key();
  certificate_owner sign(const key_owner& key, const wanted_certificate& what) const;

  const scratch_folder& folder_;
  std::string name_;
  key_owner key_;
  certificate_owner certificate_;
  std::string file_;
};

} // namespace ringdown::test
