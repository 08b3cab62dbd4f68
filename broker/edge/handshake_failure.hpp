// Why a TLS handshake came to nothing: a word for the metric, a sentence for the log.
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringdown::edge {

enum class handshake_failure : std::uint8_t {
  plain_text,
  closed,
  timed_out,
  turned_out,
  draining,
  no_certificate,
  certificate_expired,
  certificate_not_yet_valid,
  certificate_revoked,
  unknown_authority,
  wrong_purpose,
  no_revocation_list,
  stale_revocation_list,
  bad_certificate,
  refused_by_peer,
  nothing_in_common,
  protocol,
  internal,
};
inline constexpr std::size_t handshake_failures =
  static_cast<std::size_t>(handshake_failure::internal) + 1;

/// How each is told.
struct handshake_failure_words {
  std::string_view label;    ///< of the metric
  std::string_view sentence; ///< fixed, so that the log counts the equal ones
};
/// Indexed by `handshake_failure`.
inline constexpr std::array<handshake_failure_words, handshake_failures> handshake_failure_table{{
  {"plain_text", "plain text on the TLS port"},
  {"closed", "TLS handshake: the client closed before its end"},
  {"timed_out", "TLS handshake: not done in time"},
  {"turned_out", "TLS handshake: too many connections have not signed on yet"},
  {"draining", "TLS handshake: the broker is shutting down"},
  {"no_certificate", "TLS handshake: the client showed no certificate"},
  {"certificate_expired", "TLS handshake: the client's certificate has expired"},
  {"certificate_not_yet_valid", "TLS handshake: the client's certificate is not valid yet"},
  {"certificate_revoked", "TLS handshake: the client's certificate was revoked"},
  {"unknown_authority", "TLS handshake: the client's certificate is of an unknown authority"},
  {"wrong_purpose", "TLS handshake: the client's certificate is not for clients"},
  {"no_revocation_list",
   "TLS handshake: no list of revoked certificates is known of the client's authority"},
  {"stale_revocation_list", "TLS handshake: the list of revoked certificates is past its time"},
  {"bad_certificate", "TLS handshake: the client's certificate is not good"},
  {"refused_by_peer", "TLS handshake: the client refused the broker"},
  {"nothing_in_common", "TLS handshake: no version, cipher or protocol in common"},
  {"protocol", "TLS handshake: not what TLS says"},
  {"internal", "TLS handshake: the broker could not go on"},
}};
constexpr const handshake_failure_words& words_of(handshake_failure why) noexcept {
  return handshake_failure_table[static_cast<std::size_t>(why)];
}

/// What OpenSSL says of a handshake that has failed, in its own words where it has any.
struct handshake_verdict {
  handshake_failure why = handshake_failure::protocol;
  std::string detail;
};
/// Takes OpenSSL's errors of this thread.
handshake_verdict verdict_of(const SSL& ssl);

} // namespace ringdown::edge
