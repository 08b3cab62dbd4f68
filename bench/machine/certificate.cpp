#include "bench/machine/certificate.hpp"

#include "client/internal/private_file.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <new>

namespace ringdown::bench {

namespace {

constexpr long valid_seconds = 24 * 3600;
constexpr const char* names = "DNS:localhost,IP:127.0.0.1";
/// Each broker has it, and processors do most of it by themselves.
constexpr const char* compared_cipher = "TLS_AES_128_GCM_SHA256";

using key_owner = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using certificate_owner = std::unique_ptr<X509, decltype(&X509_free)>;

bool add_names(X509* to) {
  std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension{
    X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names), &X509_EXTENSION_free};
  return extension && X509_add_ext(to, extension.get(), -1) == 1;
}

certificate_owner signed_by(EVP_PKEY* key) {
  certificate_owner made{X509_new(), &X509_free};
  auto* x = made.get();
  if (x == nullptr)
    return made;
  auto* name = X509_get_subject_name(x);
  auto* text = reinterpret_cast<const unsigned char*>("ringdown-bench");
  bool is_made =
    X509_set_version(x, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
    X509_gmtime_adj(X509_getm_notBefore(x), 0) != nullptr &&
    X509_gmtime_adj(X509_getm_notAfter(x), valid_seconds) != nullptr &&
    X509_set_pubkey(x, key) == 1 &&
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
    X509_set_issuer_name(x, name) == 1 && add_names(x) && X509_sign(x, key, EVP_sha256()) > 0;
  return is_made ? std::move(made) : certificate_owner{nullptr, &X509_free};
}

template <class Write>
std::optional<std::string> write_pem(const std::string& file, Write write) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio{BIO_new(BIO_s_mem()), &BIO_free};
  if (!bio || write(bio.get()) != 1)
    return file + ": no PEM of it can be made";
  const char* begin = nullptr;
  auto size = BIO_ctrl(bio.get(), BIO_CTRL_INFO, 0, &begin);
  auto fault = client::write_private_file(file, {begin, static_cast<std::size_t>(size)});
  return fault.empty() ? std::nullopt : std::optional{file + ": " + fault};
}

} // namespace

std::optional<std::string> make_certificate(const std::string& certificate_file,
                                            const std::string& key_file) {
  key_owner key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  auto certificate = key ? signed_by(key.get()) : certificate_owner{nullptr, &X509_free};
  if (!certificate)
    return "no certificate can be made";
  if (auto fault = write_pem(certificate_file,
                             [&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }))
    return fault;
  return write_pem(key_file, [&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::shared_ptr<const client::tls_context> one_cipher(const std::string& certificate_file) {
  auto context = std::make_shared<client::tls_context>(
    client::tls_options{.ca_file = certificate_file, .version_min = client::tls_version::tls_1_3});
  if (SSL_CTX_set_ciphersuites(context->get(), compared_cipher) != 1)
    throw std::bad_alloc{}; // it is known: there was no memory
  return context;
}

} // namespace ringdown::bench
