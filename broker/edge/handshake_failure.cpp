#include "broker/edge/handshake_failure.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

#include <utility>

namespace ringdown::edge {

namespace {

handshake_failure failure_of_certificate(long verified) noexcept {
  switch (verified) {
  case X509_V_ERR_CERT_HAS_EXPIRED: return handshake_failure::certificate_expired;
  case X509_V_ERR_CERT_NOT_YET_VALID: return handshake_failure::certificate_not_yet_valid;
  case X509_V_ERR_CERT_REVOKED: return handshake_failure::certificate_revoked;
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_CERT_UNTRUSTED: return handshake_failure::unknown_authority;
  case X509_V_ERR_INVALID_PURPOSE: return handshake_failure::wrong_purpose;
  case X509_V_ERR_UNABLE_TO_GET_CRL:
  case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
  case X509_V_ERR_DIFFERENT_CRL_SCOPE: return handshake_failure::no_revocation_list;
  case X509_V_ERR_CRL_HAS_EXPIRED:
  case X509_V_ERR_CRL_NOT_YET_VALID: return handshake_failure::stale_revocation_list;
  default: return handshake_failure::bad_certificate;
  }
}

handshake_failure failure_of_reason(int reason) noexcept {
  // An alert of the other side is a reason of its own, behind a thousand.
  if (reason > SSL_AD_REASON_OFFSET)
    return handshake_failure::refused_by_peer;
  switch (reason) {
  case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return handshake_failure::no_certificate;
  case SSL_R_UNEXPECTED_EOF_WHILE_READING: return handshake_failure::closed;
  case SSL_R_UNSUPPORTED_PROTOCOL:
  case SSL_R_VERSION_TOO_LOW:
  case SSL_R_NO_SHARED_CIPHER:
  case SSL_R_NO_SHARED_GROUPS:
  case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
  case SSL_R_NO_SUITABLE_KEY_SHARE:
  case SSL_R_NO_SUITABLE_GROUPS:
  case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
  case SSL_R_NO_APPLICATION_PROTOCOL: return handshake_failure::nothing_in_common;
  case ERR_R_MALLOC_FAILURE:
  case ERR_R_INTERNAL_ERROR: return handshake_failure::internal;
  default: return handshake_failure::protocol;
  }
}

} // namespace

handshake_verdict verdict_of(const SSL& ssl) {
  // The first is the cause, the others are said on its way up; TLS's own says most.
  auto error = ERR_peek_error();
  for (auto each = error; each != 0 && ERR_GET_LIB(error) != ERR_LIB_SSL;)
    if (each = ERR_get_error(); ERR_GET_LIB(each) == ERR_LIB_SSL)
      error = each;
  ERR_clear_error();
  if (error == 0)
    return {handshake_failure::closed, {}};
  auto reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    auto verified = SSL_get_verify_result(&ssl);
    return {failure_of_certificate(verified), X509_verify_cert_error_string(verified)};
  }
  auto* said = ERR_reason_error_string(error);
  std::string detail = said != nullptr ? said : "";
  return {ERR_GET_LIB(error) == ERR_LIB_SSL ? failure_of_reason(reason)
                                            : handshake_failure::protocol,
          std::move(detail)};
}

} // namespace ringdown::edge
