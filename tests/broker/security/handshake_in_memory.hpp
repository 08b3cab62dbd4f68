// Both ends of a TLS connection in one thread, without a socket.
#pragma once

#include "broker/edge/tls_stream.hpp"
#include "tests/broker/security/pki.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace ringdown::test {

using context_ptr = std::shared_ptr<SSL_CTX>;

/// How a client comes.
struct client_manner {
  std::string authorities = {}; ///< PEM: whom it believes; empty: anybody
  key_pair shows = {};          ///< its own certificate, if any
  int version_max = 0;          ///< as TLS1_2_VERSION; 0: the highest
  std::string protocols = {};   ///< ALPN's list: a length in front of each; empty: none
};
context_ptr client_context(const client_manner& how);

/// A server of which only its bytes matter: the same for all.
context_ptr any_server();

class handshake_in_memory {
public:
  /// `resumes`: the session that the client comes back with.
  handshake_in_memory(SSL_CTX& server, SSL_CTX& client, const SSL_SESSION* resumes = nullptr);

  /// To its end, also with what the server says behind it. False: one of them has failed.
  bool run();
  bool is_resumed() const;
  /// What the client would come back with; null: it got no ticket.
  std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> session() const;

  // ---- the client's end, once it is done

  /// False: it failed, or was closed.
  bool say(std::string_view plain);
  /// What it has encrypted so far.
  std::string take_ciphertext();
  /// Gives it ciphertext, and returns what it reads in it.
  std::string hear(std::string_view ciphertext);
  bool has_heard_end() const;
  void close_notify();
  void update_keys(bool both_ways);
  /// The client sends what it only would with its next words: new keys.
  void flush_client();
  /// By TLS 1.2: begins another handshake. Nothing, while one is under way.
  void renegotiate();

  /// The server's end, for a stream of its own.
  edge::ssl_ptr take_server() { return std::move(server_); }

private:
  edge::ssl_ptr server_;
  edge::ssl_ptr client_;
  BIO* to_server_; ///< the client's and the server's, who own them
  BIO* to_client_;
};

} // namespace ringdown::test
