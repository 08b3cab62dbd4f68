#include "client/internal/tls_transport.hpp"

#include "client/internal/socket.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace ringdown::client {

namespace {

/// Two records and their frames: what one read of the stream below may bring.
constexpr std::size_t in_bytes_max = 32 * 1024;
/// Four records: what one call encrypts at most, so that little of it waits if nothing is taken.
constexpr std::size_t write_bytes_max = 64 * 1024;

/// "fe80::1%eth0": no certificate names this machine's interface.
std::string without_zone(const std::string& address) {
  return address.substr(0, address.find('%'));
}

bool is_address(const std::string& name) {
  in6_addr bytes{};
  return ::inet_pton(AF_INET, name.c_str(), &bytes) == 1 ||
         ::inet_pton(AF_INET6, without_zone(name).c_str(), &bytes) == 1;
}

/// A macro of OpenSSL's does this with a cast of old style.
bool set_sni(ssl_st* ssl, const std::string& name) {
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(name.c_str())) == 1;
}

} // namespace

void tls_transport::ssl_deleter::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}

tls_transport::tls_transport(std::shared_ptr<const tls_context> context,
                             std::unique_ptr<transport> below, const std::string& server_name)
  : context_(std::move(context)), below_(std::move(below)), ssl_(SSL_new(context_->get())),
    in_(new char[in_bytes_max]) { // not filled: a quiet link touches a page of it
  auto* bio = ssl_ ? BIO_new(bio_method()) : nullptr;
  if (bio == nullptr)
    throw std::bad_alloc{};
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  SSL_set_cert_cb(
    ssl_.get(),
    [](SSL*, void* self) {
      static_cast<tls_transport*>(self)->certificate_is_asked_ = true;
      return 1;
    },
    this);
  expect(server_name);
}

/// The name is looked for among the certificate's SANs alone: a subject is a text for people.
void tls_transport::expect(const std::string& server_name) {
  auto* parameters = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                                X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  bool is_set =
    is_address(server_name)
      ? X509_VERIFY_PARAM_set1_ip_asc(parameters, without_zone(server_name).c_str()) == 1
      : SSL_set1_host(ssl_.get(), server_name.c_str()) == 1 && set_sni(ssl_.get(), server_name);
  if (!is_set) // nothing to be checked would be everything accepted
    fault_ = {link_fault::bad_tls_options,
              "server_name '" + server_name + "': expected a host's name or an IP address"};
}

tls_transport::~tls_transport() {
  if (!stands_ || fault_.fault != link_fault::none)
    return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  send_records();
}

std::string tls_transport::agreed() const {
  std::string text = SSL_get_version(ssl_.get());
  text += ", ";
  text += SSL_CIPHER_get_name(SSL_get_current_cipher(ssl_.get()));
  auto group = static_cast<int>(SSL_get_negotiated_group(ssl_.get()));
  if (auto* name = SSL_group_to_name(ssl_.get(), group); name != nullptr)
    text += ", " + std::string{name};
  return text;
}

// ---- between OpenSSL and the stream below ------------------------------------------------------

bio_method_st* tls_transport::bio_method() {
  static const auto method = [] {
    std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> made{
      BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ringdown transport"),
      &BIO_meth_free};
    if (!made)
      throw std::bad_alloc{};
    BIO_meth_set_read_ex(made.get(), &tls_transport::on_bio_read);
    BIO_meth_set_write_ex(made.get(), &tls_transport::on_bio_write);
    BIO_meth_set_ctrl(made.get(), &tls_transport::on_bio_control);
    return made;
  }();
  return method.get();
}

int tls_transport::on_bio_read(bio_st* bio, char* into, std::size_t size, std::size_t* got) {
  auto& self = *static_cast<tls_transport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *got = self.take_record_bytes(into, size);
  if (*got > 0)
    return 1;
  if (self.last_read_.status == transport_status::would_block)
    BIO_set_retry_read(bio);
  return 0;
}

/// Takes all: what a turn encrypts is written at once, behind it.
int tls_transport::on_bio_write(bio_st* bio, const char* from, std::size_t size,
                                std::size_t* taken) {
  static_cast<tls_transport*>(BIO_get_data(bio))->records_.append(from, size);
  *taken = size;
  return 1;
}

long tls_transport::on_bio_control(bio_st*, int what, long, void*) {
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

std::size_t tls_transport::take_record_bytes(char* into, std::size_t size) {
  if (in_begin_ == in_end_) {
    last_read_ = below_->read_some(in_.get(), in_bytes_max);
    if (last_read_.status != transport_status::done)
      return 0;
    in_begin_ = 0;
    in_end_ = last_read_.bytes;
  }
  auto taken = std::min(size, in_end_ - in_begin_);
  std::memcpy(into, in_.get() + in_begin_, taken);
  in_begin_ += taken;
  return taken;
}

/// `done` if no record waits any more.
transport_result tls_transport::send_records() noexcept {
  while (records_sent_ < records_.size()) {
    auto sent = below_->write_some(std::string_view{records_}.substr(records_sent_));
    if (sent.status != transport_status::done)
      return sent;
    records_sent_ += sent.bytes;
  }
  records_.clear();
  records_sent_ = 0;
  return {transport_status::done, 0, 0};
}

// ---- the stream --------------------------------------------------------------------------------

handshake_status tls_transport::shake_hands() noexcept {
  if (fault_.fault != link_fault::none)
    return handshake_status::failed;
  ERR_clear_error();
  int result = SSL_do_handshake(ssl_.get());
  int why = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
  send_records(); // an alert too
  if (why == SSL_ERROR_WANT_READ)
    return handshake_status::under_way;
  if (why != SSL_ERROR_NONE) {
    note_end(why);
    return handshake_status::failed;
  }
  stands_ = true;
  return handshake_status::done;
}

transport_result tls_transport::read_some(char* into, std::size_t size) noexcept {
  std::size_t got = 0;
  while (got < size && !is_closed_ && fault_.fault == link_fault::none) {
    ERR_clear_error();
    std::size_t more = 0;
    if (SSL_read_ex(ssl_.get(), into + got, size - got, &more) == 1) {
      got += more;
      continue;
    }
    auto why = SSL_get_error(ssl_.get(), 0);
    if (why == SSL_ERROR_WANT_READ)
      break;
    note_end(why);
  }
  send_records(); // to read may be to answer, such as a key update; and what did not fit before
  if (got > 0)
    return {transport_status::done, got, 0};
  if (is_closed_)
    return {transport_status::end, 0, 0};
  if (fault_.fault != link_fault::none)
    return failure();
  return {transport_status::would_block, 0, 0};
}

transport_result tls_transport::write_some(std::string_view bytes) noexcept {
  if (fault_.fault != link_fault::none)
    return failure();
  if (bytes.empty())
    return {transport_status::done, 0, 0};
  if (auto before = send_records(); before.status != transport_status::done)
    return before;
  if (taken_ == 0) {
    ERR_clear_error();
    auto piece = bytes.substr(0, write_bytes_max);
    if (SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &taken_) != 1) {
      note_end(SSL_get_error(ssl_.get(), 0));
      return failure();
    }
    if (auto now = send_records(); now.status != transport_status::done)
      return now;
  }
  return {transport_status::done, std::exchange(taken_, 0), 0};
}

short tls_transport::poll_events(bool to_read, bool to_write) noexcept {
  bool records_wait = records_sent_ < records_.size();
  return below_->poll_events(to_read, to_write || (to_read && records_wait));
}

bool tls_transport::has_unread() const noexcept {
  return in_begin_ < in_end_ || SSL_pending(ssl_.get()) > 0 || is_closed_ ||
         fault_.fault != link_fault::none;
}

// ---- ends --------------------------------------------------------------------------------------

void tls_transport::note_end(int ssl_error) {
  if (ssl_error == SSL_ERROR_ZERO_RETURN)
    is_closed_ = true;
  else if (last_read_.status == transport_status::failed)
    fault_ = {fault_of(last_read_.error), error_text(last_read_.error)};
  else if (last_read_.status == transport_status::end)
    fault_ = {link_fault::closed_by_peer,
              stands_ ? "the connection was cut: it ended without the word that ends TLS"
                      : "the broker closed the connection in the TLS handshake"};
  else
    fault_ = fault_of_tls();
}

transport_result tls_transport::failure() const noexcept {
  return {transport_status::failed, 0, EPROTO};
}

namespace {

stream_fault fault_of_verification(long result) {
  std::string words = X509_verify_cert_error_string(result);
  switch (result) {
  case X509_V_ERR_CERT_HAS_EXPIRED:
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return {link_fault::certificate_expired, "the broker's certificate is not valid now: " + words};
  case X509_V_ERR_HOSTNAME_MISMATCH:
  case X509_V_ERR_IP_ADDRESS_MISMATCH:
    return {link_fault::certificate_name, "the broker's certificate is for another name: " + words};
  default:
    return {link_fault::certificate_untrusted, "the broker's certificate is not trusted: " + words};
  }
}

/// What the broker says of this client's certificate, if it is that.
bool is_about_certificate(int reason) {
  switch (reason) {
  case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
  case SSL_R_SSLV3_ALERT_NO_CERTIFICATE:
  case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
  case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
  case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
  case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
  case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE: // what TLS 1.2 says where none was shown
    return true;
  default: return false;
  }
}

std::string in_words(int reason) {
  switch (reason) {
  case SSL_R_WRONG_VERSION_NUMBER:
  case SSL_R_PACKET_LENGTH_TOO_LONG: return "what answers there does not speak TLS";
  case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
  case SSL_R_UNSUPPORTED_PROTOCOL: return "no version of TLS that both sides speak";
  case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
    return "what answers there speaks TLS, but another protocol within it";
  default: return "TLS failed: " + openssl_reason();
  }
}

} // namespace

stream_fault tls_transport::fault_of_tls() const {
  int reason = ERR_GET_REASON(ERR_peek_last_error());
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return fault_of_verification(SSL_get_verify_result(ssl_.get()));
  if (!certificate_is_asked_ || !is_about_certificate(reason))
    return {link_fault::tls_failed, in_words(reason)};
  return {link_fault::certificate_required,
          context_->has_certificate()
            ? "the broker does not take this client's certificate: " + openssl_reason()
            : std::string{"the broker wants a certificate of this client, and none is given"}};
}

} // namespace ringdown::client
