#include "broker/security/certificates.hpp"

#include "broker/security/certificate_files.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <new>
#include <string_view>
#include <utility>

namespace ringdown::security {

using configuration::client_certificates;

namespace {

/// What a client may send of certificates, and how many of them lead to an authority.
constexpr long client_chain_bytes_max = 32 * 1024;
constexpr int client_chain_depth_max = 6;
/// How long a session may be resumed.
constexpr long session_seconds = 2 * 60 * 60;

// ---- OpenSSL's callbacks -------------------------------------------------------------------

using shared_keys = std::shared_ptr<ticket_keys>;

void free_keys(void* /*context*/, void* keys, CRYPTO_EX_DATA* /*all*/, int /*index*/,
               long /*number*/, void* /*more*/) {
  delete static_cast<shared_keys*>(keys);
}

/// Where a context keeps its ticket keys: connections hold it for longer than anybody else.
int keys_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_keys);
  return index;
}

int set_up_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                  EVP_MAC_CTX* mac, int seals) {
  auto* keys = static_cast<shared_keys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), keys_index()));
  return (*keys)->set_up(name, iv, *cipher, *mac, seals == 1);
}

/// `offered` are names with a byte for the length in front of each; TLS has checked the lengths.
int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void* protocol) {
  std::string_view ours = static_cast<const char*>(protocol);
  std::string_view left{reinterpret_cast<const char*>(offered), offered_size};
  while (!left.empty()) {
    auto one = left.substr(1, static_cast<unsigned char>(left.front()));
    left.remove_prefix(one.size() + 1);
    if (one != ours)
      continue;
    *chosen = reinterpret_cast<const unsigned char*>(ours.data());
    *size = static_cast<unsigned char>(ours.size());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// An authority that the operator has named needs no list that says whether it was revoked.
bool is_about_anchor(X509_STORE_CTX& chain) {
  return X509_STORE_CTX_get_error(&chain) == X509_V_ERR_UNABLE_TO_GET_CRL &&
         X509_STORE_CTX_get_error_depth(&chain) ==
           sk_X509_num(X509_STORE_CTX_get0_chain(&chain)) - 1;
}

int take_or_refuse(bool takes, X509_STORE_CTX& chain) {
  if (takes)
    X509_STORE_CTX_set_error(&chain, X509_V_OK);
  return takes ? 1 : 0;
}

int verify(int is_good, X509_STORE_CTX* chain) {
  return is_good == 1 ? 1 : take_or_refuse(is_about_anchor(*chain), *chain);
}

int verify_with_stale_crl(int is_good, X509_STORE_CTX* chain) {
  if (is_good == 1)
    return 1;
  bool is_stale = X509_STORE_CTX_get_error(chain) == X509_V_ERR_CRL_HAS_EXPIRED;
  return take_or_refuse(is_stale || is_about_anchor(*chain), *chain);
}

// ---- one context ---------------------------------------------------------------------------

/// Versions, ciphers and what is never spoken. True if OpenSSL takes all of it.
bool set_rules(SSL_CTX& context, const tls_settings& settings, const char* protocol) {
  auto min =
    settings.version_min == configuration::tls_version::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  SSL_CTX_set_security_level(&context, 2); // keys of 112 bits of security, no SHA-1
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(&context, client_chain_bytes_max);
  SSL_CTX_set_timeout(&context, session_seconds);
  SSL_CTX_set_alpn_select_cb(&context, &choose_protocol, const_cast<char*>(protocol));
  return SSL_CTX_set_min_proto_version(&context, min) == 1 &&
         SSL_CTX_set_max_early_data(&context, 0) == 1 &&
         SSL_CTX_set_cipher_list(&context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
         SSL_CTX_set1_groups_list(&context, "X25519:P-256:P-384") == 1;
}

bool use_identity(SSL_CTX& context, const own_identity& own) {
  if (SSL_CTX_use_certificate(&context, own.chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(&context, own.key.get()) != 1)
    return false;
  for (std::size_t i = 1; i < own.chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(&context, own.chain[i].get()) != 1)
      return false;
  return true;
}

/// Whoever shows a certificate is asked again each time: a resumed session would not look whether
/// it was revoked meanwhile, and one from before clients were asked must not come in by its ticket.
bool ask_clients(SSL_CTX& context, const client_authorities& clients,
                 const tls_settings& settings) {
  std::unique_ptr<X509_STORE, freed_by<&X509_STORE_free>> store{X509_STORE_new()};
  for (auto& each : clients.all)
    if (X509_STORE_add_cert(store.get(), each.get()) != 1 ||
        SSL_CTX_add_client_CA(&context, each.get()) != 1)
      return false;
  for (auto& each : clients.revoked)
    if (X509_STORE_add_crl(store.get(), each.get()) != 1)
      return false;
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN; // who is named is trusted, root or not
  if (!clients.revoked.empty())
    flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  X509_STORE_set_flags(store.get(), flags);
  auto mode = settings.client_certificates == client_certificates::required
                ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                : SSL_VERIFY_PEER;
  SSL_CTX_set_verify(&context, mode,
                     settings.crl_stale == configuration::stale_crl::accept ? &verify_with_stale_crl
                                                                            : &verify);
  SSL_CTX_set_verify_depth(&context, client_chain_depth_max);
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
  return SSL_CTX_set1_verify_cert_store(&context, store.get()) == 1 &&
         SSL_CTX_set_num_tickets(&context, 0) == 1;
}

bool use_tickets(SSL_CTX& context, const shared_keys& keys) {
  auto own = std::make_unique<shared_keys>(keys);
  if (SSL_CTX_set_ex_data(&context, keys_index(), own.get()) != 1)
    return false;
  static_cast<void>(own.release()); // the context's, which frees it
  return SSL_CTX_set_tlsext_ticket_key_evp_cb(&context, &set_up_ticket) == 1 &&
         SSL_CTX_set_num_tickets(&context, 1) == 1;
}

/// Null if OpenSSL does not take all of it. `clients`: null where nobody is asked.
std::shared_ptr<SSL_CTX> make_context(const tls_settings& settings, const own_identity& own,
                                      const client_authorities* clients, const shared_keys& keys,
                                      const char* protocol) {
  std::shared_ptr<SSL_CTX> context{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
  bool is_good = context && set_rules(*context, settings, protocol) &&
                 use_tickets(*context, keys) && use_identity(*context, own) &&
                 (clients == nullptr || ask_clients(*context, *clients, settings));
  return is_good ? context : nullptr;
}

file_stamps stamps_of(const tls_settings& settings) {
  file_stamps all;
  for (auto* file : {&settings.certificate_file, &settings.key_file, &settings.client_ca_file,
                     &settings.crl_file})
    if (!file->empty())
      all.push_back(stamp_of(*file));
  return all;
}

} // namespace

tls_material certificates::read(const tls_settings& settings, std::int64_t now_us) const {
  tls_material result;
  result.settings = settings;
  result.stamps = stamps_of(settings);
  findings found;
  auto own = read_identity(settings, now_us, found);
  bool asks = settings.client_certificates != client_certificates::none;
  client_authorities clients;
  if (asks)
    clients = read_authorities(settings, now_us, found);
  if (found.errors.empty()) {
    ERR_clear_error();
    result.context =
      make_context(settings, own, asks ? &clients : nullptr, ticket_keys_, alpn_protocol);
    if (result.context)
      result.http_context = make_context(settings, own, nullptr, http_keys_, http_protocol);
    if (!result.http_context)
      found.error("tls.certificate_file", settings.certificate_file,
                  "OpenSSL does not take it: " + openssl_says());
  }
  result.errors = std::move(found.errors);
  result.warnings = std::move(found.warnings);
  result.expires_us = own.expires_us;
  result.crl_due_us = clients.crl_due_us;
  return result;
}

void certificates::take(tls_material material) {
  std::atomic_store(&context_, std::move(material.context));
  std::atomic_store(&http_context_, std::move(material.http_context));
  settings_ = std::move(material.settings);
  files_.were_read(std::move(material.stamps));
  expires_us_ = material.expires_us;
  crl_due_us_ = material.crl_due_us;
}

bool certificates::have_files_changed() {
  return files_.have_changed(stamps_of(settings_));
}

} // namespace ringdown::security
