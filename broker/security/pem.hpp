// What stands in a PEM file: its blocks, each taken apart, or what is wrong with it as a whole. A
// file that was cut anywhere within a block is never taken for a shorter one.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::security {

/// Frees by a function of OpenSSL's.
template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};

using x509_ptr = std::unique_ptr<X509, freed_by<&X509_free>>;
using crl_ptr = std::unique_ptr<X509_CRL, freed_by<&X509_CRL_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<&EVP_PKEY_free>>;

/// One block. What it holds may be a secret: it is wiped at its end.
struct pem_block {
  pem_block(std::string what, bool has_passphrase, std::string_view bytes)
    : name(std::move(what)), is_encrypted(has_passphrase), der(bytes) {}
  ~pem_block();
  pem_block(pem_block&&) noexcept = default;
  pem_block& operator=(pem_block&&) = delete;

  std::string name;  ///< "CERTIFICATE"
  bool is_encrypted; ///< by a passphrase; then the rest is of no use
  std::string der;
};

struct [[nodiscard]] pem_blocks {
  std::vector<pem_block> all;
  std::string error; ///< what is wrong; empty: nothing

  explicit operator bool() const noexcept { return error.empty(); }
};

/// All blocks of a text, whatever they are; text between them is passed over. Never throws but for
/// want of memory.
pem_blocks read_pem(std::string_view text);

/// OpenSSL's first error of this thread in its own words; forgets them all.
std::string openssl_says();

// What a block holds; null where it is something else, or cannot be read.
x509_ptr certificate_of(const pem_block& block);
crl_ptr crl_of(const pem_block& block);
key_ptr key_of(const pem_block& block);

} // namespace ringdown::security
