#include "tests/client/tls_memory_peer.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdexcept>

namespace ringdown::test {

tls_memory_peer::tls_memory_peer(std::shared_ptr<memory_pipe> pipe, const certificate_files& own)
  : pipe_(std::move(pipe)), context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
  if (SSL_CTX_use_certificate_chain_file(context_.get(), own.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context_.get(), own.key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error{"the peer's certificate"};
  ssl_ = {SSL_new(context_.get()), &SSL_free};
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_accept_state(ssl_.get());
}

void tls_memory_peer::work() {
  if (!pipe_->written.empty())
    BIO_write(in_, pipe_->written.data(), static_cast<int>(pipe_->written.size()));
  pipe_->written.clear();
  ERR_clear_error();
  if (!stands)
    stands = SSL_do_handshake(ssl_.get()) == 1;
  char bytes[4096];
  std::size_t got = 0;
  while (stands && SSL_read_ex(ssl_.get(), bytes, sizeof bytes, &got) == 1)
    heard.append(bytes, got);
  ended = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  give();
}

void tls_memory_peer::give() {
  std::string bytes(BIO_ctrl_pending(out_), '\0');
  if (bytes.empty())
    return;
  BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
  pipe_->give(bytes);
}

void tls_memory_peer::say(std::string_view bytes) {
  std::size_t taken = 0;
  if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &taken) != 1)
    throw std::runtime_error{"the peer's words"};
  give();
}

void tls_memory_peer::say_end() {
  SSL_shutdown(ssl_.get());
  give();
}

void tls_memory_peer::update_keys() {
  SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED);
  SSL_do_handshake(ssl_.get());
  give();
}

} // namespace ringdown::test
