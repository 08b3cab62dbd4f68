// TLS of one run on this machine: a certificate for its brokers, and how they are spoken to.
#pragma once

#include "client/internal/tls_context.hpp"

#include <memory>
#include <optional>
#include <string>

namespace ringdown::bench {

/// Makes one that signs itself, for localhost and 127.0.0.1 and a day, of an ECDSA key on P-256,
/// and writes both in PEM form. What went wrong, or nothing.
std::optional<std::string> make_certificate(const std::string& certificate_file,
                                            const std::string& key_file);

/// What brokers are compared by: a client that offers TLS 1.3 alone, and of its ciphers one, so
/// that all of them encrypt alike. It trusts that certificate.
std::shared_ptr<const client::tls_context> one_cipher(const std::string& certificate_file);

} // namespace ringdown::bench
