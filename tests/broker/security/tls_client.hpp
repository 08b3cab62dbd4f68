// A client's end of TLS over a real socket, as a stream that the client library speaks over.
#pragma once

#include "messages/transport.hpp"
#include "tests/broker/security/handshake_in_memory.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace ringdown::test {

/// A blocking socket to 127.0.0.1, which gives up after a minute; -1: nobody listens.
int connect_to(std::uint16_t port, const char* address = "127.0.0.1");

class tls_client final : public transport {
public:
  ~tls_client() override;

  transport_result read_some(char* into, std::size_t size) noexcept override;
  transport_result write_some(std::string_view bytes) noexcept override;
  int descriptor() const noexcept override { return descriptor_; }
  short poll_events(bool to_read, bool to_write) noexcept override;

  /// Of the broker, as the handshake saw it: in hexadecimal digits.
  std::string serial() const;
  /// Waits for the end.
  void read_all();
  /// Waits for a byte or an end. What OpenSSL said of a failure; "end" for a close_notify.
  std::string wait_for_end();

private:
  friend struct dialled dial(std::uint16_t, SSL_CTX&);
  tls_client(int descriptor, SSL_CTX& context);

  int descriptor_;
  edge::ssl_ptr ssl_;
};

/// A client whose handshake is done, or why there is none.
struct dialled {
  std::unique_ptr<tls_client> stream;
  std::string text;

  explicit operator bool() const { return stream != nullptr; }
};
dialled dial(std::uint16_t port, SSL_CTX& context);

} // namespace ringdown::test
