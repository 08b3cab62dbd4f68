#include "client/internal/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <unistd.h>

#include <cerrno>
#include <new>
#include <string_view>
#include <system_error>

namespace ringdown::client {

namespace {

/// OpenSSL's own would ask on the terminal.
int no_passphrase(char*, int, int, void* is_asked) {
  *static_cast<bool*>(is_asked) = true;
  return -1;
}

std::string unusable(std::string_view field, const std::string& file, std::string_view why) {
  return std::string{field} + " '" + file + "': " + std::string{why};
}

/// Empty if the file can be read. OpenSSL's words for a missing file name its own functions.
std::string readable(std::string_view field, const std::string& file) {
  if (::access(file.c_str(), R_OK) == 0)
    return {};
  return unusable(field, file, std::system_category().message(errno));
}

std::string load_authorities(SSL_CTX* context, const std::string& file) {
  if (file.empty())
    return SSL_CTX_set_default_verify_paths(context) == 1
             ? std::string{}
             : "the system's authorities cannot be read: " + openssl_reason();
  if (auto problem = readable("ca_file", file); !problem.empty())
    return problem;
  if (SSL_CTX_load_verify_file(context, file.c_str()) == 1)
    return {};
  return unusable("ca_file", file, "no certificate in PEM form: " + openssl_reason());
}

std::string load_key(SSL_CTX* context, const std::string& file) {
  if (auto problem = readable("key_file", file); !problem.empty())
    return problem;
  bool is_encrypted = false;
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &is_encrypted);
  bool is_loaded = SSL_CTX_use_PrivateKey_file(context, file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (is_loaded)
    return {};
  if (is_encrypted)
    return unusable("key_file", file, "encrypted; accepted is a key without a passphrase");
  auto code = ERR_peek_last_error();
  if (ERR_GET_LIB(code) == ERR_LIB_X509 && ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH)
    return unusable("key_file", file, "not the key of certificate_file");
  return unusable("key_file", file, "no private key in PEM form");
}

std::string load_certificate(SSL_CTX* context, const tls_options& options) {
  if (options.certificate_file.empty() != options.key_file.empty())
    return "certificate_file and key_file: both or neither are to be given";
  if (options.certificate_file.empty())
    return {};
  auto& file = options.certificate_file;
  if (auto problem = readable("certificate_file", file); !problem.empty())
    return problem;
  if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) != 1)
    return unusable("certificate_file", file, "no certificate in PEM form: " + openssl_reason());
  return load_key(context, options.key_file);
}

} // namespace

void tls_context::deleter::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

std::string openssl_reason() {
  auto* words = ERR_reason_error_string(ERR_peek_last_error());
  return words != nullptr ? words : "no reason given";
}

tls_context::tls_context(const tls_options& options, std::string_view protocol)
  : context_(SSL_CTX_new(TLS_client_method())) {
  if (!context_)
    throw std::bad_alloc{};
  ERR_clear_error();
  if (auto problem = load(options, protocol); !problem.empty())
    fault_ = {link_fault::bad_tls_options, std::move(problem)};
  ERR_clear_error();
}

/// What is wrong; empty: nothing.
std::string tls_context::load(const tls_options& options, std::string_view protocol) {
  auto* context = context_.get();
  SSL_CTX_set_min_proto_version(
    context, options.version_min == tls_version::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); // 14 KiB instead of 28 for a quiet link
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  auto alpn = static_cast<char>(protocol.size()) + std::string{protocol};
  auto* protocols = reinterpret_cast<const unsigned char*>(alpn.data());
  if (SSL_CTX_set_alpn_protos(context, protocols, static_cast<unsigned>(alpn.size())) != 0) // good
    throw std::bad_alloc{};
  has_certificate_ = !options.certificate_file.empty();
  auto problem = load_authorities(context, options.ca_file);
  return problem.empty() ? load_certificate(context, options) : problem;
}

} // namespace ringdown::client
