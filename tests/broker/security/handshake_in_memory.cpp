#include "tests/broker/security/handshake_in_memory.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdexcept>
#include <utility>

namespace ringdown::test {

namespace {

template <class T, void (*Free)(T*)>
struct freed_by {
  void operator()(T* what) const { Free(what); }
};
using x509_ptr = std::unique_ptr<X509, freed_by<X509, &X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY, &EVP_PKEY_free>>;

struct bio_end {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using bio_ptr = std::unique_ptr<BIO, bio_end>;

bio_ptr over(const std::string& text) {
  return bio_ptr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

void use(SSL_CTX& context, const key_pair& own) {
  auto in = over(own.certificate);
  x509_ptr certificate{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)};
  key_ptr key{PEM_read_bio_PrivateKey(over(own.key).get(), nullptr, nullptr, nullptr)};
  if (SSL_CTX_use_certificate(&context, certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(&context, key.get()) != 1)
    throw std::runtime_error{"a certificate"};
  while (x509_ptr next{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)})
    SSL_CTX_add1_chain_cert(&context, next.get());
  ERR_clear_error(); // of the file's end
}

BIO* new_pipe() {
  auto* pipe = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(pipe, -1); // empty is not the end
  return pipe;
}

} // namespace

context_ptr any_server() {
  static const context_ptr made = [] {
    auto own = authority{}.issue({});
    context_ptr context{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
    use(*context, own);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    return context;
  }();
  return made;
}

context_ptr client_context(const client_manner& how) {
  context_ptr context{SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};
  auto* c = context.get();
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  if (how.version_max != 0)
    SSL_CTX_set_max_proto_version(c, how.version_max);
  if (!how.authorities.empty()) {
    x509_ptr believed{PEM_read_bio_X509(over(how.authorities).get(), nullptr, nullptr, nullptr)};
    X509_STORE_add_cert(SSL_CTX_get_cert_store(c), believed.get());
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
  }
  if (!how.shows.certificate.empty())
    use(*c, how.shows);
  if (!how.protocols.empty())
    SSL_CTX_set_alpn_protos(c, reinterpret_cast<const unsigned char*>(how.protocols.data()),
                            static_cast<unsigned>(how.protocols.size()));
  return context;
}

handshake_in_memory::handshake_in_memory(SSL_CTX& server, SSL_CTX& client,
                                         const SSL_SESSION* resumes)
  : server_(SSL_new(&server)), client_(SSL_new(&client)), to_server_(new_pipe()),
    to_client_(new_pipe()) {
  for (auto* pipe : {to_server_, to_client_})
    BIO_up_ref(pipe);
  SSL_set_bio(server_.get(), to_server_, to_client_);
  SSL_set_bio(client_.get(), to_client_, to_server_);
  SSL_set_accept_state(server_.get());
  SSL_set_connect_state(client_.get());
  if (resumes != nullptr) { // a copy: OpenSSL takes one that was not closed in order for used up
    auto* copy = SSL_SESSION_dup(resumes);
    SSL_set_session(client_.get(), copy);
    SSL_SESSION_free(copy);
  }
}

bool handshake_in_memory::run() {
  auto goes_on = [](SSL* ssl, int did) {
    auto why = SSL_get_error(ssl, did);
    return did == 1 || why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
  };
  bool is_done = false;
  while (!is_done) {
    ERR_clear_error();
    auto client = SSL_do_handshake(client_.get());
    if (!goes_on(client_.get(), client))
      return false;
    ERR_clear_error();
    auto server = SSL_do_handshake(server_.get());
    if (!goes_on(server_.get(), server))
      return false;
    is_done = client == 1 && server == 1;
  }
  hear({}); // tickets
  return true;
}

bool handshake_in_memory::is_resumed() const {
  return SSL_session_reused(client_.get()) == 1;
}

std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> handshake_in_memory::session() const {
  auto* session = SSL_get1_session(client_.get());
  if (session != nullptr && SSL_SESSION_is_resumable(session) != 1) {
    SSL_SESSION_free(session);
    session = nullptr;
  }
  return {session, &SSL_SESSION_free};
}

bool handshake_in_memory::say(std::string_view plain) {
  std::size_t did = 0;
  ERR_clear_error();
  return plain.empty() || SSL_write_ex(client_.get(), plain.data(), plain.size(), &did) == 1;
}

std::string handshake_in_memory::take_ciphertext() {
  char* bytes = nullptr;
  auto size = BIO_get_mem_data(to_server_, &bytes);
  std::string all{bytes, static_cast<std::size_t>(size)};
  static_cast<void>(BIO_reset(to_server_));
  return all;
}

std::string handshake_in_memory::hear(std::string_view ciphertext) {
  if (!ciphertext.empty())
    BIO_write(to_client_, ciphertext.data(), static_cast<int>(ciphertext.size()));
  std::string all;
  char buffer[16 * 1024];
  std::size_t did = 0;
  ERR_clear_error();
  while (SSL_read_ex(client_.get(), buffer, sizeof buffer, &did) == 1)
    all.append(buffer, did);
  return all;
}

bool handshake_in_memory::has_heard_end() const {
  return (SSL_get_shutdown(client_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void handshake_in_memory::close_notify() {
  ERR_clear_error();
  SSL_shutdown(client_.get());
}

void handshake_in_memory::update_keys(bool both_ways) {
  SSL_key_update(client_.get(),
                 both_ways ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
}

void handshake_in_memory::flush_client() {
  ERR_clear_error();
  SSL_do_handshake(client_.get());
}

void handshake_in_memory::renegotiate() {
  ERR_clear_error();
  SSL_renegotiate(client_.get());
  SSL_do_handshake(client_.get()); // the ClientHello alone: nobody answers it within
}

} // namespace ringdown::test
