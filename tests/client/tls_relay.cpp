#include "tests/client/tls_relay.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string_view>

namespace ringdown::test {

namespace {

constexpr int turn_ms = 10; ///< how late a stop is seen

sockaddr_in at(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void* self) {
  auto& relay = *static_cast<tls_relay*>(self);
  auto wanted = static_cast<char>(relay.protocol().size()) + relay.protocol();
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(
        &chosen, out_size, reinterpret_cast<const unsigned char*>(wanted.data()),
        static_cast<unsigned>(wanted.size()), in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  auto at = std::string_view{reinterpret_cast<const char*>(in), in_size}.find(relay.protocol());
  *out = in + at; // `chosen` is in `wanted`, which goes
  ++relay.speak_ringdown;
  return SSL_TLSEXT_ERR_OK;
}

} // namespace

tls_relay::tls_relay(options how, std::uint16_t broker_port)
  : how_(std::move(how)), broker_port_(broker_port),
    context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
  std::signal(SIGPIPE, SIG_IGN); // the relay's own writes; the client's raise none
  auto* context = context_.get();
  if (SSL_CTX_use_certificate_chain_file(context, how_.own.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, how_.own.key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error{"the relay's certificate"};
  if (how_.only_tls_1_2)
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, this);
  if (!how_.client_authority.empty()) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    if (SSL_CTX_load_verify_file(context, how_.client_authority.c_str()) != 1)
      throw std::runtime_error{"the relay's authority"};
  }
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = at(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, generic, &size) != 0)
    throw std::runtime_error{"the relay's socket"};
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] { run(); }};
}

tls_relay::~tls_relay() {
  stops_ = true;
  thread_.join();
  for (auto& one : served_)
    one.join();
  ::close(listener_);
}

void tls_relay::run() {
  while (!stops_) {
    pollfd entry{listener_, POLLIN, 0};
    if (::poll(&entry, 1, turn_ms) <= 0)
      continue;
    int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client >= 0)
      served_.emplace_back([this, client] {
        serve(client);
        ::close(client);
      });
  }
}

void tls_relay::serve(int client) {
  while (how_.stalls && goes_on())
    ::poll(nullptr, 0, turn_ms);
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl{SSL_new(context_.get()), &SSL_free};
  SSL_set_fd(ssl.get(), client);
  SSL_set_accept_state(ssl.get());
  if (!shake_hands(ssl.get(), client))
    return;
  ++handshakes;
  if (SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name) != nullptr)
    ++named;
  relay(ssl.get(), client);
}

bool tls_relay::shake_hands(ssl_st* ssl, int client) const {
  while (goes_on()) {
    ERR_clear_error();
    int done = SSL_accept(ssl);
    if (done == 1)
      return true;
    if (SSL_get_error(ssl, done) != SSL_ERROR_WANT_READ)
      return false;
    pollfd entry{client, POLLIN, 0};
    ::poll(&entry, 1, turn_ms);
  }
  return false;
}

void tls_relay::relay(ssl_st* ssl, int client) {
  int broker = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = at(broker_port_);
  bool stands = ::connect(broker, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  char bytes[4096];
  while (stands && goes_on()) {
    pollfd entries[2] = {{client, POLLIN, 0}, {broker, POLLIN, 0}};
    ::poll(entries, 2, SSL_pending(ssl) > 0 ? 0 : turn_ms);
    ERR_clear_error();
    int got = SSL_read(ssl, bytes, sizeof bytes);
    int why = got > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl, got);
    if (got > 0)
      stands = ::send(broker, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
    if (why == SSL_ERROR_ZERO_RETURN)
      ++polite_ends;
    stands = stands && (why == SSL_ERROR_NONE || why == SSL_ERROR_WANT_READ);
    if ((entries[1].revents & (POLLIN | POLLHUP)) == 0)
      continue;
    auto came = ::recv(broker, bytes, sizeof bytes, 0);
    if (came <= 0) {
      SSL_shutdown(ssl);
      break;
    }
    while (stands && SSL_write(ssl, bytes, static_cast<int>(came)) <= 0) {
      pollfd entry{client, POLLOUT, 0};
      ::poll(&entry, 1, turn_ms);
      stands = goes_on();
    }
  }
  ::close(broker);
}

} // namespace ringdown::test
