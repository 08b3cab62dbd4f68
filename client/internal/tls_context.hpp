// What the TLS connections to one place have in common: the authorities that are trusted, this
// client's certificate and its key, read from their files. Internal to client/.
#pragma once

#include "client/events.hpp"
#include "client/tls.hpp"

#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st; // OpenSSL's SSL_CTX

namespace ringdown::client {

/// Why a stream does not stand (any more).
struct stream_fault {
  link_fault fault = link_fault::none;
  std::string text = {};
};

/// Never changes after construction; any number of connections and threads may share it.
class tls_context {
public:
  /// Reads the files, which may block on a slow disk. What is wrong with them, `fault` says.
  /// `protocol`: what is to be spoken within TLS, by ALPN; 1 to 255 bytes.
  explicit tls_context(const tls_options& options, std::string_view protocol = "ringdown/1");

  /// `none`, or `bad_tls_options`: then it makes no connection.
  const stream_fault& fault() const noexcept { return fault_; }
  bool has_certificate() const noexcept { return has_certificate_; }
  ssl_ctx_st* get() const noexcept { return context_.get(); }

private:
  struct deleter {
    void operator()(ssl_ctx_st* context) const noexcept;
  };

  std::string load(const tls_options& options, std::string_view protocol);

  std::unique_ptr<ssl_ctx_st, deleter> context_;
  bool has_certificate_ = false;
  stream_fault fault_;
};

/// What OpenSSL last complained of in this thread, in its words.
std::string openssl_reason();

} // namespace ringdown::client
