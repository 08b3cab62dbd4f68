// A door of TLS in front of a broker that has none: takes the connections of clients by TLS and
// relays their bytes, with faults on demand. A thread for each connection.
#pragma once

#include "tests/client/test_certificates.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <thread>

struct ssl_ctx_st;
struct ssl_st;

namespace ringdown::test {

class tls_relay {
public:
  struct options {
    certificate_files own;
    std::string client_authority = {}; ///< asks clients for a certificate that it has signed
    bool only_tls_1_2 = false;
    bool stalls = false;                 ///< accepts, and says nothing
    std::string protocol = "ringdown/1"; ///< by ALPN; another is refused
  };

  tls_relay(options how, std::uint16_t broker_port);
  ~tls_relay();
  tls_relay(const tls_relay&) = delete;
  tls_relay& operator=(const tls_relay&) = delete;

  std::uint16_t port() const { return port_; }
  /// Ends all connections without a word of TLS; from any thread.
  void cut_all() { cuts_ = true; }

  // Seen so far; from any thread.
  std::atomic<int> handshakes{0};
  std::atomic<int> polite_ends{0};    ///< clients that have said so (close_notify)
  std::atomic<int> named{0};          ///< clients that named a host (SNI)
  std::atomic<int> speak_ringdown{0}; ///< its protocol, by ALPN
  const std::string& protocol() const { return how_.protocol; }

private:
  void run();
  void serve(int client);
  bool shake_hands(ssl_st* ssl, int client) const;
  void relay(ssl_st* ssl, int client);
  bool goes_on() const { return !stops_ && !cuts_; }

  options how_;
  std::uint16_t broker_port_;
  std::shared_ptr<ssl_ctx_st> context_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stops_{false};
  std::atomic<bool> cuts_{false};
  std::list<std::thread> served_;
  std::thread thread_;
};

} // namespace ringdown::test
