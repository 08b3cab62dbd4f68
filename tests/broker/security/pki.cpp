#include "tests/broker/security/pki.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <stdlib.h>

namespace ringdown::test {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<&EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<&X509_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<&BIO_free>>;

void must(bool done, const char* what) {
  if (!done)
    throw std::runtime_error{what};
}

std::string text_of(BIO* bio) {
  char* text = nullptr;
  auto size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

template <class Write>
std::string pem(Write write) {
  bio_ptr bio{BIO_new(BIO_s_mem())};
  must(write(bio.get()) == 1, "PEM");
  return text_of(bio.get());
}

std::string pem_of(X509* certificate) {
  return pem([=](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem([=](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

x509_ptr certificate_in(const std::string& text) {
  bio_ptr bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  return x509_ptr{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

void set_times(X509* certificate, const certificate_wish& wish) {
  auto now = std::time(nullptr);
  must(ASN1_TIME_set(X509_getm_notBefore(certificate), now + wish.begins_in_s) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), now + wish.ends_in_s) != nullptr,
       "times");
}

void set_name(X509* certificate, const std::string& name) {
  auto* bytes = reinterpret_cast<const unsigned char*>(name.c_str());
  must(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, bytes,
                                  -1, -1, 0) == 1,
       "name");
}

/// Signed by `issuer_key`; by its own where there is no issuer.
x509_ptr make(const certificate_wish& wish, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  static long serial = 0;
  x509_ptr made{X509_new()};
  auto* c = made.get();
  must(X509_set_version(c, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial) == 1 && X509_set_pubkey(c, key) == 1,
       "certificate");
  set_times(c, wish);
  set_name(c, wish.name);
  auto* signer = issuer != nullptr ? issuer : c;
  must(X509_set_issuer_name(c, X509_get_subject_name(signer)) == 1, "issuer");
  extend(c, signer, NID_basic_constraints,
         wish.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  extend(c, signer, NID_subject_key_identifier, "hash");
  if (wish.is_authority)
    extend(c, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  if (!wish.purpose.empty())
    extend(c, signer, NID_ext_key_usage, wish.purpose);
  if (!wish.alternative_names.empty())
    extend(c, signer, NID_subject_alt_name, wish.alternative_names);
  must(X509_sign(c, issuer_key, EVP_sha256()) > 0, "signature");
  return made;
}

certificate_wish for_authority(const std::string& name) {
  certificate_wish wish;
  wish.name = name;
  wish.alternative_names = {};
  wish.purpose = {};
  wish.is_authority = true;
  return wish;
}

} // namespace

struct authority::parts {
  key_ptr key{EVP_EC_gen("P-256")};
  x509_ptr certificate;
};

authority::authority(std::unique_ptr<parts> all)
  : parts_(std::move(all)), certificate_(pem_of(parts_->certificate.get())) {}

authority::authority(const std::string& name)
  : authority([&] {
      auto all = std::make_unique<parts>();
      all->certificate = make(for_authority(name), all->key.get(), nullptr, all->key.get());
      return all;
    }()) {}

authority::~authority() = default;
authority::authority(authority&&) noexcept = default;

key_pair authority::issue(const certificate_wish& wish) {
  key_ptr key{EVP_EC_gen("P-256")};
  auto made = make(wish, key.get(), parts_->certificate.get(), parts_->key.get());
  return {pem_of(made.get()), pem_of(key.get())};
}

authority authority::issue_authority(const std::string& name) {
  auto all = std::make_unique<parts>();
  all->certificate =
    make(for_authority(name), all->key.get(), parts_->certificate.get(), parts_->key.get());
  return authority{std::move(all)};
}

std::string authority::revoke(const std::vector<std::string>& certificates, std::int64_t ends_in_s,
                              std::int64_t begins_in_s) {
  std::unique_ptr<X509_CRL, freed_by<&X509_CRL_free>> list{X509_CRL_new()};
  auto now = std::time(nullptr);
  std::unique_ptr<ASN1_TIME, freed_by<&ASN1_TIME_free>> begins{
    ASN1_TIME_set(nullptr, now + begins_in_s)};
  std::unique_ptr<ASN1_TIME, freed_by<&ASN1_TIME_free>> ends{
    ASN1_TIME_set(nullptr, now + ends_in_s)};
  must(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
         X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(parts_->certificate.get())) ==
           1 &&
         X509_CRL_set1_lastUpdate(list.get(), begins.get()) == 1 &&
         X509_CRL_set1_nextUpdate(list.get(), ends.get()) == 1,
       "list");
  for (auto& each : certificates) {
    auto certificate = certificate_in(each);
    auto* revoked = X509_REVOKED_new();
    must(X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(certificate.get())) == 1 &&
           X509_REVOKED_set_revocationDate(revoked, begins.get()) == 1 &&
           X509_CRL_add0_revoked(list.get(), revoked) == 1,
         "revoked");
  }
  must(X509_CRL_sort(list.get()) == 1 &&
         X509_CRL_sign(list.get(), parts_->key.get(), EVP_sha256()) > 0,
       "list's signature");
  return pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

certificate_wish for_client(const std::string& name, const std::string& alternative_names) {
  certificate_wish wish;
  wish.name = name;
  wish.alternative_names = alternative_names;
  wish.purpose = "clientAuth";
  return wish;
}

std::string with_passphrase(const std::string& key_pem) {
  bio_ptr in{BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()))};
  key_ptr key{PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr)};
  unsigned char phrase[] = "secret";
  return pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), EVP_aes_128_cbc(), phrase, 6, nullptr, nullptr);
  });
}

file_folder::file_folder() {
  auto name = (std::filesystem::temp_directory_path() / "ringdown-pki-XXXXXX").string();
  must(::mkdtemp(name.data()) != nullptr, "a folder");
  at_ = name;
}

file_folder::~file_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(at_, ignored);
}

std::string file_folder::write(const std::string& name, const std::string& content) const {
  auto whole = at_ / name;
  auto part = at_ / (name + ".part");
  std::ofstream{part, std::ios::binary} << content;
  std::filesystem::permissions(part, std::filesystem::perms::owner_read |
                                       std::filesystem::perms::owner_write);
  std::filesystem::rename(part, whole);
  return whole.string();
}

} // namespace ringdown::test
