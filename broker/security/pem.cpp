#include "broker/security/pem.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstddef>
#include <limits>

namespace ringdown::security {

namespace {

using bio_ptr = std::unique_ptr<BIO, freed_by<&BIO_free>>;

/// Lines that begin or end a block, or what is left of one that was cut.
std::size_t marks_in(std::string_view text) {
  std::size_t marks = text.starts_with('-') ? 1 : 0;
  for (auto at = text.find("\n-"); at != std::string_view::npos; at = text.find("\n-", at + 1))
    ++marks;
  return marks;
}

/// What OpenSSL allocated for one block.
struct read_block {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;

  ~read_block() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
};

template <auto Parse>
auto parsed(const pem_block& block) {
  auto* at = reinterpret_cast<const unsigned char*>(block.der.data());
  auto* end = at + block.der.size();
  auto* result = Parse(nullptr, &at, static_cast<long>(block.der.size()));
  ERR_clear_error();
  return std::pair{result, at == end};
}

} // namespace

pem_block::~pem_block() {
  OPENSSL_cleanse(der.data(), der.size());
}

pem_blocks read_pem(std::string_view text) {
  pem_blocks result;
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return {{}, "too large"};
  bio_ptr bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  ERR_clear_error();
  for (;;) {
    read_block one;
    if (PEM_read_bio(bio.get(), &one.name, &one.header, &one.data, &one.size) != 1)
      break;
    std::string_view name = one.name;
    std::string_view header = one.header;
    std::string_view der{reinterpret_cast<const char*>(one.data),
                         static_cast<std::size_t>(one.size)};
    bool is_encrypted = name == PEM_STRING_PKCS8 || header.find("ENCRYPTED") != header.npos;
    result.all.emplace_back(std::string{name}, is_encrypted, der);
  }
  auto error = ERR_peek_last_error();
  bool is_at_end =
    ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  auto says = openssl_says();
  if (!is_at_end || marks_in(text) != 2 * result.all.size())
    result.error = "the file is cut short or damaged in block " +
                   std::to_string(result.all.size() + 1) + (is_at_end ? "" : " (" + says + ")");
  return result;
}

std::string openssl_says() {
  auto* said = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  return said != nullptr ? said : "OpenSSL does not say why";
}

x509_ptr certificate_of(const pem_block& block) {
  if (block.name != PEM_STRING_X509 && block.name != PEM_STRING_X509_OLD)
    return nullptr;
  auto [certificate, is_whole] = parsed<&d2i_X509>(block);
  x509_ptr result{certificate};
  return is_whole ? std::move(result) : nullptr;
}

crl_ptr crl_of(const pem_block& block) {
  if (block.name != PEM_STRING_X509_CRL)
    return nullptr;
  auto [crl, is_whole] = parsed<&d2i_X509_CRL>(block);
  crl_ptr result{crl};
  return is_whole ? std::move(result) : nullptr;
}

key_ptr key_of(const pem_block& block) {
  if (block.is_encrypted || !std::string_view{block.name}.ends_with("PRIVATE KEY"))
    return nullptr;
  auto [key, is_whole] = parsed<&d2i_AutoPrivateKey>(block);
  key_ptr result{key};
  return is_whole ? std::move(result) : nullptr;
}

} // namespace ringdown::security
