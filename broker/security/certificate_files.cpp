#include "broker/security/certificate_files.hpp"

#include "broker/config/files.hpp"
#include "broker/security/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <optional>
#include <utility>

namespace ringdown::security {

namespace {

constexpr std::int64_t us_per_s = 1'000'000;

/// UTC. A time that nobody can read is one that has passed.
std::int64_t time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1)
    return 0;
  // Some chains end in the year 9999, which counts in microseconds; later ones do not.
  constexpr auto last = std::numeric_limits<std::int64_t>::max() / us_per_s;
  return std::min<std::int64_t>(::timegm(&parts), last) * us_per_s;
}

/// For people: "CN=ringdown.example,O=Example".
std::string name_of(const X509_NAME* name) {
  std::unique_ptr<BIO, freed_by<&BIO_free>> out{BIO_new(BIO_s_mem())};
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string name_of(const X509& certificate) {
  return name_of(X509_get_subject_name(&certificate));
}

/// The whole file, or nothing and what is wrong with it.
std::optional<std::string> content(std::string_view key, const std::string& file,
                                   std::size_t bytes_max, findings& found) {
  auto read = configuration::read_file(file, bytes_max, false);
  if (auto* why = std::get_if<std::error_code>(&read)) {
    found.error(key, file, "cannot be read: " + why->message());
    return std::nullopt;
  }
  return std::move(std::get<std::string>(read));
}

std::vector<pem_block> blocks_of(std::string_view key, const std::string& file,
                                 std::size_t bytes_max, findings& found) {
  auto text = content(key, file, bytes_max, found);
  if (!text)
    return {};
  auto read = read_pem(*text);
  OPENSSL_cleanse(text->data(), text->size()); // it may be a key
  if (!read) {
    found.error(key, file, read.error);
    return {};
  }
  if (read.all.empty())
    found.error(key, file, "has no PEM block (-----BEGIN ...)");
  return std::move(read.all);
}

std::vector<x509_ptr> certificates_in(std::string_view key, const std::string& file,
                                      findings& found) {
  auto blocks = blocks_of(key, file, pem_bytes_max, found);
  std::vector<x509_ptr> all;
  for (auto& block : blocks) {
    if (!std::string_view{block.name}.ends_with("CERTIFICATE"))
      continue; // a key may stand in the same file
    auto one = certificate_of(block);
    if (!one) {
      found.error(key, file, "certificate " + std::to_string(all.size() + 1) + " is damaged");
      return {};
    }
    all.push_back(std::move(one));
  }
  if (all.empty() && !blocks.empty())
    found.error(key, file, "has no certificate in it (-----BEGIN CERTIFICATE-----)");
  return all;
}

// ---- the broker's own ----------------------------------------------------------------------

key_ptr key_in(const std::string& file, findings& found) {
  constexpr std::string_view key = "tls.key_file";
  for (auto& block : blocks_of(key, file, pem_bytes_max, found)) {
    if (!std::string_view{block.name}.ends_with("PRIVATE KEY"))
      continue;
    if (block.is_encrypted) {
      found.error(key, file, "the key has a passphrase; accepted is one without");
      return nullptr;
    }
    auto one = key_of(block);
    if (!one)
      found.error(key, file, "the key is damaged, or of a kind that is not known");
    return one;
  }
  if (found.errors.empty())
    found.error(key, file, "has no key in it (-----BEGIN PRIVATE KEY-----)");
  return nullptr;
}

void check_times(const own_identity& own, const std::string& file, std::int64_t now_us,
                 findings& found) {
  constexpr std::string_view key = "tls.certificate_file";
  for (auto& each : own.chain) {
    auto from = time_of(X509_get0_notBefore(each.get()));
    auto until = time_of(X509_get0_notAfter(each.get()));
    if (now_us < from)
      found.error(key, file, name_of(*each) + " is not valid before " + time_text(from));
    else if (now_us >= until)
      found.error(key, file, name_of(*each) + " has expired at " + time_text(until));
  }
}

bool is_issued_by(X509& one, X509& issuer) {
  return X509_check_issued(&issuer, &one) == X509_V_OK &&
         X509_verify(&one, X509_get0_pubkey(&issuer)) == 1;
}

void check_chain(const own_identity& own, const std::string& file, findings& found) {
  constexpr std::string_view key = "tls.certificate_file";
  if (X509_check_purpose(own.chain.front().get(), X509_PURPOSE_SSL_SERVER, 0) != 1)
    found.error(key, file,
                name_of(*own.chain.front()) +
                  " is not for servers: its extended key usage lacks serverAuth");
  for (std::size_t i = 0; i + 1 < own.chain.size(); ++i)
    if (!is_issued_by(*own.chain[i], *own.chain[i + 1]))
      found.error(key, file,
                  "certificate " + std::to_string(i + 2) + " (" + name_of(*own.chain[i + 1]) +
                    ") did not issue the one before it (" + name_of(*own.chain[i]) +
                    "); the file begins with the broker's own, each next one is its issuer");
}

void look_at_permissions(const std::string& file, findings& found) {
  struct stat about {};
  if (::stat(file.c_str(), &about) == 0 && (about.st_mode & S_IROTH) != 0)
    found.warning("tls.key_file", file, "anybody on this machine can read the key (chmod o-r)");
}

// ---- the clients' --------------------------------------------------------------------------

X509* issuer_of(const X509_CRL& crl, const std::vector<x509_ptr>& authorities) {
  for (auto& each : authorities)
    if (X509_NAME_cmp(X509_CRL_get_issuer(&crl), X509_get_subject_name(each.get())) == 0 &&
        X509_CRL_verify(const_cast<X509_CRL*>(&crl), X509_get0_pubkey(each.get())) == 1)
      return each.get();
  return nullptr;
}

void check_crl(const X509_CRL& crl, std::int64_t now_us,
               const configuration::config::tls_section& settings, client_authorities& clients,
               findings& found) {
  auto name = name_of(X509_CRL_get_issuer(&crl));
  auto* due = X509_CRL_get0_nextUpdate(&crl);
  if (due == nullptr)
    return; // it says of itself that it is good until there is another
  auto due_us = time_of(due);
  if (clients.crl_due_us == 0 || due_us < clients.crl_due_us)
    clients.crl_due_us = due_us;
  if (now_us < due_us)
    return;
  bool refuses = settings.crl_stale == configuration::stale_crl::refuse;
  found.warning("tls.crl_file", settings.crl_file,
                "the list of " + name + " was to be renewed at " + time_text(due_us) +
                  (refuses ? ": clients that show a certificate of it are refused"
                           : ": it is still used (tls.crl_stale)"));
}

void read_revoked(const configuration::config::tls_section& settings, std::int64_t now_us,
                  client_authorities& clients, findings& found) {
  constexpr std::string_view key = "tls.crl_file";
  auto& file = settings.crl_file;
  auto blocks = blocks_of(key, file, crl_bytes_max, found);
  std::vector<const X509*> known;
  for (auto& block : blocks) {
    auto crl = crl_of(block);
    auto number = std::to_string(clients.revoked.size() + 1);
    if (!crl)
      return found.error(key, file,
                         "block " + number + " is no list of revoked certificates (X509 CRL)");
    auto* issuer = issuer_of(*crl, clients.all);
    if (issuer == nullptr)
      return found.error(key, file,
                         "list " + number + " (" + name_of(X509_CRL_get_issuer(crl.get())) +
                           ") is of no authority in tls.client_ca_file");
    check_crl(*crl, now_us, settings, clients, found);
    known.push_back(issuer);
    clients.revoked.push_back(std::move(crl));
  }
  if (blocks.empty())
    return;
  for (auto& each : clients.all)
    if (std::find(known.begin(), known.end(), each.get()) == known.end())
      found.error(key, file,
                  "has no list of " + name_of(*each) + ", an authority in tls.client_ca_file");
}

} // namespace

std::string time_text(std::int64_t utc_us) {
  auto seconds = static_cast<std::time_t>(utc_us / us_per_s);
  std::tm parts{};
  char text[32];
  ::gmtime_r(&seconds, &parts);
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

void findings::error(std::string_view key, const std::string& file, std::string_view what) {
  errors.push_back({"configuration", 0, 0, std::string{key}, file + ": " + std::string{what}, {}});
}

void findings::warning(std::string_view key, const std::string& file, std::string_view what) {
  warnings.push_back(
    {"configuration", 0, 0, std::string{key}, file + ": " + std::string{what}, {}});
}

own_identity read_identity(const configuration::config::tls_section& settings, std::int64_t now_us,
                           findings& found) {
  own_identity own;
  own.chain = certificates_in("tls.certificate_file", settings.certificate_file, found);
  auto key = key_in(settings.key_file, found);
  if (own.chain.empty() || !key)
    return own;
  check_times(own, settings.certificate_file, now_us, found);
  check_chain(own, settings.certificate_file, found);
  look_at_permissions(settings.key_file, found);
  if (X509_check_private_key(own.chain.front().get(), key.get()) != 1)
    found.error("tls.key_file", settings.key_file,
                "is not the key of the certificate in " + settings.certificate_file);
  openssl_says(); // what failed left a word, too
  own.expires_us = std::numeric_limits<std::int64_t>::max();
  for (auto& each : own.chain)
    own.expires_us = std::min(own.expires_us, time_of(X509_get0_notAfter(each.get())));
  own.key = std::move(key);
  return own;
}

client_authorities read_authorities(const configuration::config::tls_section& settings,
                                    std::int64_t now_us, findings& found) {
  constexpr std::string_view key = "tls.client_ca_file";
  auto& file = settings.client_ca_file;
  client_authorities clients;
  clients.all = certificates_in(key, file, found);
  for (auto& each : clients.all) {
    if (X509_check_ca(each.get()) == 0)
      found.error(key, file, name_of(*each) + " is no authority's certificate");
    if (now_us >= time_of(X509_get0_notAfter(each.get())))
      found.warning(key, file, name_of(*each) + " has expired: its clients are refused");
  }
  if (!settings.crl_file.empty() && !clients.all.empty())
    read_revoked(settings, now_us, clients, found);
  return clients;
}

} // namespace ringdown::security
