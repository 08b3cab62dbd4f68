// The files of `tls.*`, read and checked each by itself and against each other. What is wrong is a
// value that names key and file.
#pragma once

#include "broker/config/config.hpp"
#include "broker/security/pem.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::security {

/// Collects what is wrong.
struct findings {
  std::vector<configuration::config_error> errors;
  std::vector<configuration::config_error> warnings;

  void error(std::string_view key, const std::string& file, std::string_view what);
  void warning(std::string_view key, const std::string& file, std::string_view what);
};

/// The broker's own certificate, its chain behind it, and its key.
struct own_identity {
  std::vector<x509_ptr> chain; ///< empty, or without key: see the findings
  key_ptr key;
  std::int64_t expires_us = 0; ///< UTC: the first of the chain that ends
};
own_identity read_identity(const configuration::config::tls_section& settings, std::int64_t now_us,
                           findings& found);

/// Whose client certificates are good, and which are not any more.
struct client_authorities {
  std::vector<x509_ptr> all;
  std::vector<crl_ptr> revoked;
  std::int64_t crl_due_us = 0; ///< UTC: the first list that is past its time; 0: none is ever
};
client_authorities read_authorities(const configuration::config::tls_section& settings,
                                    std::int64_t now_us, findings& found);

/// "2026-11-30 12:00:00 UTC".
std::string time_text(std::int64_t utc_us);

} // namespace ringdown::security
