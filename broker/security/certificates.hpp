// What the TLS doors prove the broker's name with, and whom they ask for the same: read from the
// files of `tls.*`, checked as a whole, and replaced as a whole while connections keep what they
// began with. If anything is wrong nothing changes, and each error names key and file.
#pragma once

#include "broker/config/config.hpp"
#include "broker/security/file_stamps.hpp"
#include "broker/security/ticket_keys.hpp"

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::security {

using tls_settings = configuration::config::tls_section;

/// The protocol within TLS, by ALPN: a client that names none is fine, one that names others only
/// is refused.
inline constexpr char alpn_protocol[] = "ringdown/1";
/// The same at the admin port.
inline constexpr char http_protocol[] = "http/1.1";

/// A file of `tls.certificate_file`, `key_file` and `client_ca_file` is no larger: some hundred
/// certificates.
inline constexpr std::size_t pem_bytes_max = 1024 * 1024;
/// A file of `tls.crl_file` is no larger: a million revoked certificates.
inline constexpr std::size_t crl_bytes_max = 64 * 1024 * 1024;

/// Everything that was read at once; with errors there is no context.
struct [[nodiscard]] tls_material {
  std::shared_ptr<SSL_CTX> context;
  /// The same for HTTP, as the admin port speaks it: asks nobody for a certificate.
  std::shared_ptr<SSL_CTX> http_context;
  std::vector<configuration::config_error> errors;
  std::vector<configuration::config_error> warnings;
  /// UTC: when the first certificate of the broker's own chain ends.
  std::int64_t expires_us = 0;
  /// UTC: when the first list of revoked certificates is past its time; 0: none has such a time.
  std::int64_t crl_due_us = 0;
  tls_settings settings;
  file_stamps stamps; ///< of the files, as they were before they were read

  explicit operator bool() const noexcept { return errors.empty(); }
};

/// The material that is in use. One thread at a time, but `context`.
class certificates {
public:
  /// Reads the files and checks them at a time (UTC); nothing is taken over.
  tls_material read(const tls_settings& settings, std::int64_t now_us) const;
  /// New handshakes use it from now on. Only what has no errors.
  void take(tls_material material);
  /// For the next handshake; null before the first `take`. Any thread.
  std::shared_ptr<SSL_CTX> context() const { return std::atomic_load(&context_); }

  /// Of the admin port. Any thread.
  std::shared_ptr<SSL_CTX> http_context() const { return std::atomic_load(&http_context_); }

  /// Whether the files in use have changed since they were last read, and have then stayed as they
  /// are for one look: whoever replaces two of them is not met half-way. Once for each change,
  /// whether what they say is good or not.
  bool have_files_changed();
  /// The same settings once more.
  tls_material read_again(std::int64_t now_us) const { return read(settings_, now_us); }
  /// A change of the ticket keys that is due; to be called now and then.
  void renew_ticket_keys(std::int64_t now_us) {
    ticket_keys_->renew_if_due(now_us);
    http_keys_->renew_if_due(now_us);
  }

  std::int64_t expires_us() const noexcept { return expires_us_; }
  std::int64_t crl_due_us() const noexcept { return crl_due_us_; }
  const tls_settings& settings() const noexcept { return settings_; }

private:
  std::shared_ptr<ticket_keys> ticket_keys_ = std::make_shared<ticket_keys>();
  // Whose port asks nobody for a certificate: its tickets must open no door that does.
  std::shared_ptr<ticket_keys> http_keys_ = std::make_shared<ticket_keys>();
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL_CTX> http_context_;
  tls_settings settings_;
  file_watch files_;
  std::int64_t expires_us_ = 0;
  std::int64_t crl_due_us_ = 0;
};

} // namespace ringdown::security
