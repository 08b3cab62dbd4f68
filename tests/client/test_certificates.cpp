#include "tests/client/test_certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <vector>

namespace ringdown::test {

namespace {

void require(bool holds, const char* what) {
  if (!holds)
    throw std::runtime_error{std::string{"certificates of the test: "} + what};
}

template <class Write>
std::string pem(Write write) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio{BIO_new(BIO_s_mem()), &BIO_free};
  require(bio && write(bio.get()) == 1, "PEM");
  const char* begin = nullptr;
  auto size = BIO_ctrl(bio.get(), BIO_CTRL_INFO, 0, &begin);
  return {begin, static_cast<std::size_t>(size)};
}

std::string pem_of(EVP_PKEY* key, const char* passphrase = nullptr) {
  return pem([&](BIO* bio) {
    auto* cipher = passphrase != nullptr ? EVP_aes_256_cbc() : nullptr;
    return PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, nullptr, 0, nullptr,
                                         const_cast<char*>(passphrase));
  });
}

std::string pem_of(X509* certificate) {
  return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

void add_extension(X509* to, int what, const std::string& value) {
  std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension{
    X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()), &X509_EXTENSION_free};
  require(extension && X509_add_ext(to, extension.get(), -1) == 1, "extension");
}

void set_name(X509_NAME* name, const std::string& common_name) {
  auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1, "name");
}

} // namespace

// ---- files -------------------------------------------------------------------------------------

scratch_folder::scratch_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "ringdown-tls-XXXXXX").string();
  require(::mkdtemp(pattern.data()) != nullptr, "folder");
  path_ = pattern;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string scratch_folder::write(const std::string& name, const std::string& content) const {
  auto path = file(name);
  std::ofstream{path} << content;
  require(::chmod(path.c_str(), 0600) == 0, "chmod");
  return path;
}

// ---- certificates ------------------------------------------------------------------------------

test_authority::key_owner test_authority::new_key() {
  key_owner key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  require(key != nullptr, "key");
  return key;
}

test_authority::certificate_owner test_authority::sign(const key_owner& key,
                                                       const wanted_certificate& what) const {
  certificate_owner made{X509_new(), &X509_free};
  auto* x = made.get();
  std::vector<unsigned char> number(8);
  require(RAND_bytes(number.data(), 8) == 1, "number");
  number[0] = 1;
  std::unique_ptr<BIGNUM, decltype(&BN_free)> big{BN_bin2bn(number.data(), 8, nullptr), &BN_free};
  BN_to_ASN1_INTEGER(big.get(), X509_get_serialNumber(x));
  X509_set_version(x, 2);
  X509_gmtime_adj(X509_getm_notBefore(x), what.from.count());
  X509_gmtime_adj(X509_getm_notAfter(x), what.until.count());
  X509_set_pubkey(x, key.get());
  set_name(X509_get_subject_name(x), what.common_name);
  X509_set_issuer_name(x, certificate_ ? X509_get_subject_name(certificate_.get())
                                       : X509_get_subject_name(x));
  if (!certificate_)
    add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
  else if (!what.names.empty())
    add_extension(x, NID_subject_alt_name, what.names);
  require(X509_sign(x, key_ ? key_.get() : key.get(), EVP_sha256()) > 0, "signature");
  return made;
}

test_authority::test_authority(const scratch_folder& folder, const std::string& name)
  : folder_(folder), name_(name) {
  auto key = new_key();
  wanted_certificate own;
  own.from = std::chrono::hours{-24 * 30}; // what it has signed may have expired by now
  own.common_name = name;
  certificate_ = sign(key, own);
  key_ = std::move(key);
  file_ = folder.write(name + ".pem", pem_of(certificate_.get()));
}

certificate_files test_authority::issue(const std::string& name,
                                        const wanted_certificate& what) const {
  auto key = new_key();
  return {folder_.write(name + ".pem", pem_of(sign(key, what).get())),
          folder_.write(name + ".key", pem_of(key.get()))};
}

std::string test_authority::encrypted_key(const std::string& name) const {
  return folder_.write(name + ".key", pem_of(new_key().get(), "a secret of the test"));
}

} // namespace ringdown::test
