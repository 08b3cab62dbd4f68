#include "tests/broker/security/tls_client.hpp"

#include <openssl/bn.h>
#include <openssl/err.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace ringdown::test {

namespace {

std::string openssl_says() {
  auto* said = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  return said != nullptr ? said : "closed";
}

} // namespace

int connect_to(std::uint16_t port, const char* address) {
  std::signal(SIGPIPE, SIG_IGN); // OpenSSL's socket BIO writes without MSG_NOSIGNAL
  int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  timeval patience{60, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &to.sin_addr);
  if (::connect(descriptor, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0)
    return descriptor;
  ::close(descriptor);
  return -1;
}

tls_client::tls_client(int descriptor, SSL_CTX& context)
  : descriptor_(descriptor), ssl_(SSL_new(&context)) {
  SSL_set_fd(ssl_.get(), descriptor);
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

tls_client::~tls_client() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ssl_.reset();
  ::close(descriptor_);
}

dialled dial(std::uint16_t port, SSL_CTX& context) {
  int descriptor = connect_to(port);
  if (descriptor < 0)
    return {nullptr, "nobody listens"};
  std::unique_ptr<tls_client> client{new tls_client{descriptor, context}};
  ERR_clear_error();
  if (SSL_connect(client->ssl_.get()) != 1)
    return {nullptr, openssl_says()};
  ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  return {std::move(client), {}};
}

namespace {

transport_result result_of(SSL* ssl, int did, std::size_t bytes) {
  if (did == 1)
    return {transport_status::done, bytes, 0};
  switch (SSL_get_error(ssl, did)) {
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE: return {transport_status::would_block, 0, 0};
  case SSL_ERROR_ZERO_RETURN: return {transport_status::end, 0, 0};
  default: return {transport_status::failed, 0, EPROTO};
  }
}

} // namespace

transport_result tls_client::read_some(char* into, std::size_t size) noexcept {
  std::size_t did = 0;
  ERR_clear_error();
  auto done = SSL_read_ex(ssl_.get(), into, size, &did);
  return result_of(ssl_.get(), done, did);
}

transport_result tls_client::write_some(std::string_view bytes) noexcept {
  std::size_t did = 0;
  ERR_clear_error();
  auto done = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &did);
  return result_of(ssl_.get(), done, did);
}

short tls_client::poll_events(bool to_read, bool to_write) noexcept {
  return static_cast<short>((to_read ? POLLIN : 0) | (to_write ? POLLOUT : 0));
}

std::string tls_client::serial() const {
  auto* certificate = SSL_get0_peer_certificate(ssl_.get());
  auto* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
  auto* digits = BN_bn2hex(number);
  std::string text = digits;
  OPENSSL_free(digits);
  BN_free(number);
  return text;
}

void tls_client::read_all() {
  while (wait_for_end() == "a byte")
    continue;
}

std::string tls_client::wait_for_end() {
  ::fcntl(descriptor_, F_SETFL, 0);
  char byte = 0;
  std::size_t did = 0;
  ERR_clear_error();
  auto done = SSL_read_ex(ssl_.get(), &byte, 1, &did);
  if (done == 1)
    return "a byte";
  return SSL_get_error(ssl_.get(), done) == SSL_ERROR_ZERO_RETURN ? "end" : openssl_says();
}

} // namespace ringdown::test
