#include "broker/edge/certificate_names.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::edge {

namespace {

std::optional<certificate_name::kind> kind_of(int type) noexcept {
  switch (type) {
  case GEN_URI: return certificate_name::kind::uri;
  case GEN_DNS: return certificate_name::kind::dns;
  case GEN_EMAIL: return certificate_name::kind::email;
  default: return std::nullopt; // an address says where one is, not who
  }
}

bool is_plain(std::string_view name) noexcept {
  return !name.empty() && name.size() <= certificate_name_bytes_max &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::optional<certificate_name> name_of(const GENERAL_NAME& from) {
  int type = 0;
  auto* value = GENERAL_NAME_get0_value(&from, &type);
  auto kind = kind_of(type);
  if (!kind)
    return std::nullopt;
  auto* text = static_cast<const ASN1_IA5STRING*>(value);
  std::string_view name{reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                        static_cast<std::size_t>(ASN1_STRING_length(text))};
  if (!is_plain(name))
    return std::nullopt;
  return certificate_name{*kind, std::string{name}};
}

/// Of a certificate that was verified, so that its time can be read.
std::int64_t end_of(const X509& one) {
  constexpr std::int64_t us_per_s = 1'000'000;
  std::tm parts{};
  static_cast<void>(ASN1_TIME_to_tm(X509_get0_notAfter(&one), &parts));
  return std::max<std::int64_t>(::timegm(&parts), 0) * us_per_s; // its years have four digits
}

std::vector<certificate_name> names_of(const X509& certificate) {
  std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> all{
    static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
    &GENERAL_NAMES_free};
  std::vector<certificate_name> names;
  auto count = all ? sk_GENERAL_NAME_num(all.get()) : 0;
  for (int i = 0; i < count && names.size() < certificate_names_max; ++i)
    if (auto name = name_of(*sk_GENERAL_NAME_value(all.get(), i)))
      names.push_back(std::move(*name));
  return names;
}

std::int64_t end_of_chain(const SSL& ssl, const X509& certificate) {
  auto first = end_of(certificate);
  auto* chain = SSL_get0_verified_chain(&ssl); // null of a session that was resumed
  for (int i = 0; i < sk_X509_num(chain); ++i)
    first = std::min(first, end_of(*sk_X509_value(chain, i)));
  return std::max<std::int64_t>(first, 1); // 0 is never
}

} // namespace

std::shared_ptr<const client_certificate> verified_certificate(const SSL& ssl) {
  auto* certificate = SSL_get0_peer_certificate(&ssl);
  if (certificate == nullptr || SSL_get_verify_result(&ssl) != X509_V_OK)
    return nullptr;
  return std::make_shared<const client_certificate>(
    client_certificate{names_of(*certificate), end_of_chain(ssl, *certificate)});
}

} // namespace ringdown::edge
