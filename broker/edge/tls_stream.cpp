#include "broker/edge/tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

namespace ringdown::edge {

namespace {

constexpr transport_result nothing_now{transport_status::would_block, 0, 0};
constexpr transport_result at_end{transport_status::end, 0, 0};

constexpr transport_result done(std::size_t bytes) noexcept {
  return {transport_status::done, bytes, 0};
}
constexpr transport_result failed(int error) noexcept {
  return {transport_status::failed, 0, error};
}

/// A record of which a part has come is held by OpenSSL in a buffer of this size.
constexpr std::size_t record_buffer_bytes = 17 * 1024;

/// What a string owns that gives its memory back when it is empty.
std::size_t memory_of(const std::string& bytes) noexcept {
  return bytes.empty() ? 0 : bytes.capacity();
}

// ---- the BIO: OpenSSL's way to the buffers -------------------------------------------------

tls_buffers& buffers_of(BIO* bio) {
  return *static_cast<tls_buffers*>(BIO_get_data(bio));
}

int take_coming(BIO* bio, char* into, std::size_t size, std::size_t* did) {
  auto& coming = buffers_of(bio).coming;
  BIO_clear_retry_flags(bio);
  *did = std::min(size, coming.size()); // 0, too, where the rest shall not be looked at
  if (*did == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(into, coming.data(), *did);
  coming.remove_prefix(*did);
  return 1;
}

/// It takes everything, so OpenSSL never has to wait for room half-way through a record.
int give_leaving(BIO* bio, const char* bytes, std::size_t size, std::size_t* did) {
  try {
    buffers_of(bio).leaving.append(bytes, size);
  } catch (const std::exception&) { // no memory: it must not pass through C
    return 0;
  }
  *did = size;
  return 1;
}

long answer_control(BIO* /*bio*/, int what, long /*number*/, void* /*more*/) {
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* buffers_method() {
  static const BIO_METHOD* const method = [] {
    auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "a loop's buffers");
    if (made == nullptr)
      throw std::bad_alloc{};
    BIO_meth_set_read_ex(made, &take_coming);
    BIO_meth_set_write_ex(made, &give_leaving);
    BIO_meth_set_ctrl(made, &answer_control);
    return made;
  }();
  return method;
}

// ---- what is no data -----------------------------------------------------------------------

/// Told of each record that comes: of its head, and by TLS 1.3 of the type within. OpenSSL goes on
/// to the next by itself when one has brought no data, so it is stopped by what it still finds.
void count_record(int is_leaving, int /*version*/, int what, const void* bytes, std::size_t size,
                  SSL* /*ssl*/, void* counted_by) {
  bool tells_type = what == SSL3_RT_HEADER || what == SSL3_RT_INNER_CONTENT_TYPE;
  if (is_leaving != 0 || !tells_type || size == 0)
    return;
  if (*static_cast<const unsigned char*>(bytes) == SSL3_RT_APPLICATION_DATA)
    return;
  auto& shared = *static_cast<tls_buffers*>(counted_by);
  if (++shared.without_data > records_without_data_max)
    shared.coming = {};
}

} // namespace

void ssl_deleter::operator()(SSL* ssl) const noexcept {
  SSL_free(ssl);
}

char* tls_buffers::room() {
  if (!room_)
    room_ = std::make_unique_for_overwrite<char[]>(ciphertext_per_read_max);
  return room_.get();
}

/// Hears of the lower stream, which keeps it alive, for a stream that may be gone.
class tls_stream::relay final : public stream_user {
public:
  explicit relay(tls_stream& owner) : owner_(&owner) {}
  void forget_owner() noexcept { owner_ = nullptr; }

  void readable() override {
    if (owner_ != nullptr)
      owner_->lower_is_readable();
  }
  void writable() override {
    if (owner_ != nullptr)
      owner_->lower_is_writable();
  }
  void soon() {
    if (owner_ != nullptr)
      owner_->tell_as_said();
  }

private:
  tls_stream* owner_;
};

tls_stream::tls_stream(std::unique_ptr<stream> lower, ssl_ptr ssl, tls_buffers& buffers,
                       memory_budget& budget, call_soon soon)
  : lower_(std::move(lower)), ssl_(std::move(ssl)), buffers_(buffers), soon_(std::move(soon)),
    relay_(std::make_shared<relay>(*this)), held_(budget) {
  ensure(SSL_is_init_finished(ssl_.get()) == 1, "a TLS stream's handshake is done");
  auto* bio = BIO_new(buffers_method());
  if (bio == nullptr)
    throw std::bad_alloc{};
  BIO_set_data(bio, &buffers_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio); // which owns it
  // Whether one reads again with another buffer, or the same, is nobody's concern; what an idle
  // stream needs of memory is.
  SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_msg_callback(ssl_.get(), &count_record);
  SSL_set_msg_callback_arg(ssl_.get(), &buffers_);
}

tls_stream::~tls_stream() {
  close();
}

// ---- reading -------------------------------------------------------------------------------

transport_result tls_stream::read_some(char* into, std::size_t size) noexcept {
  std::size_t bytes = 0;
  // What a read without enough room has left comes first; a part of a record needs more.
  if (reading_ == reading::open && has_news())
    bytes = decrypt(unread_, into, size);
  auto result = bytes != 0 ? done(bytes) : read_lower(into, size);
  if (!buffers_.leaving.empty()) // an alert
    send();
  count_held();
  try {
    if (awaits_read_ && has_news()) // one who looks while it awaits must not leave the rest unsaid
      tell_soon();
  } catch (const std::exception&) { // no memory for it
    fail_reading(ENOMEM);
  }
  return result;
}

transport_result tls_stream::read_lower(char* into, std::size_t size) noexcept {
  if (reading_ != reading::open)
    return how_it_is();
  auto share = std::min(size, ciphertext_per_read_max);
  auto got = lower_->read_some(buffers_.room(), share);
  switch (got.status) {
  case transport_status::would_block: return nothing_now;
  case transport_status::failed: fail_reading(got.error); break;
  case transport_status::end: fail_reading(ECONNABORTED); break; // without a close_notify
  case transport_status::done:
    if (auto bytes = decrypt({buffers_.room(), got.bytes}, into, size); bytes != 0)
      return done(bytes);
    break;
  }
  return how_it_is();
}

/// What OpenSSL makes of it, as far as there is room; the rest stays.
std::size_t tls_stream::decrypt(std::string_view ciphertext, char* into,
                                std::size_t size) noexcept {
  buffers_.coming = ciphertext;
  buffers_.without_data = without_data_;
  std::size_t all = 0;
  while (all < size) {
    std::size_t did = 0;
    ERR_clear_error();
    auto has_read = SSL_read_ex(ssl_.get(), into + all, size - all, &did);
    if (has_read != 1) {
      note_why_no_more(SSL_get_error(ssl_.get(), has_read));
      break;
    }
    all += did;
    // Asked once more, OpenSSL would take a buffer of 16 KiB and give it back, to say that.
    if (buffers_.coming.empty() && SSL_has_pending(ssl_.get()) == 0)
      break;
  }
  if (buffers_.without_data > records_without_data_max) {
    is_flooded_ = true;
    fail_reading(EPROTO);
  }
  without_data_ = all != 0 ? 0 : buffers_.without_data;
  try {
    keep_unread();
  } catch (const std::exception&) { // no memory for it
    fail_reading(ENOMEM);
  }
  buffers_.coming = {};
  return all;
}

/// The beginning of `coming` is what OpenSSL has taken, which may have been `unread_`'s.
void tls_stream::keep_unread() {
  auto left = buffers_.coming;
  if (left.empty() || reading_ != reading::open)
    std::string{}.swap(unread_);
  else if (unread_.empty())
    unread_ = left;
  else
    unread_.erase(0, unread_.size() - left.size());
}

void tls_stream::note_why_no_more(int ssl_error) noexcept {
  switch (ssl_error) {
  case SSL_ERROR_WANT_READ: return;
  case SSL_ERROR_ZERO_RETURN: reading_ = reading::ended; return;
  default: // not what the other end has encrypted, or against the protocol
    fail_reading(EPROTO);
    ERR_clear_error();
  }
}

std::string_view tls_stream::fault() const noexcept {
  if (reading_ != reading::failed || error_ != EPROTO)
    return {};
  return is_flooded_ ? "TLS: too many records without data" : "TLS: not what TLS says";
}

void tls_stream::fail_reading(int error) noexcept {
  reading_ = reading::failed;
  error_ = error;
}

/// What a read without bytes says.
transport_result tls_stream::how_it_is() noexcept {
  switch (reading_) {
  case reading::open: return nothing_now;
  case reading::failed: return failed(error_);
  case reading::ended: reading_ = reading::told; return at_end;
  case reading::told: break;
  }
  // Whoever has ended itself closes when it hears of the end: what waits would be lost.
  return is_ending_ && !waiting_.empty() && !cannot_write_ ? nothing_now : at_end;
}

/// A read says something that the lower stream will not call for.
bool tls_stream::has_news() const noexcept {
  switch (reading_) {
  case reading::open: return !unread_.empty() || SSL_pending(ssl_.get()) > 0;
  case reading::ended:
  case reading::failed: return true;
  case reading::told: break;
  }
  return false;
}

// ---- writing -------------------------------------------------------------------------------

transport_result tls_stream::write_some(std::string_view bytes) noexcept {
  if (!waiting_.empty() && !cannot_write_)
    send();
  if (cannot_write_ || is_ending_)
    return failed(error_ != 0 ? error_ : EPIPE);
  if (bytes.empty() || !waiting_.empty())
    return bytes.empty() ? done(0) : nothing_now;
  std::size_t did = 0;
  ERR_clear_error();
  auto size = std::min(bytes.size(), plaintext_per_write_max);
  if (SSL_write_ex(ssl_.get(), bytes.data(), size, &did) != 1) {
    ERR_clear_error();
    cannot_write_ = true; // half a record may have left
    fail_reading(EPROTO);
  }
  send();
  count_held();
  return cannot_write_ ? failed(error_) : done(did);
}

/// One write of what the turn has gathered, behind what waits. What the lower stream leaves waits
/// for it.
void tls_stream::send() noexcept {
  auto& leaving = buffers_.leaving;
  try {
    if (!waiting_.empty())
      waiting_.append(leaving);
    auto all = std::string_view{waiting_.empty() ? leaving : waiting_};
    if (!awaits_lower_write_ && !cannot_write_ && !all.empty()) {
      auto did = lower_->write_some(all);
      if (did.status == transport_status::done)
        all.remove_prefix(did.bytes);
      else if (did.status != transport_status::would_block) {
        cannot_write_ = true;
        error_ = did.error;
      }
    }
    if (cannot_write_ || all.empty())
      std::string{}.swap(waiting_);
    else if (waiting_.empty())
      waiting_ = all;
    else
      waiting_.erase(0, waiting_.size() - all.size());
    if (waiting_.size() > ciphertext_waiting_max) {
      cannot_write_ = true;
      fail_reading(ENOBUFS);
    }
    if (!waiting_.empty())
      await_lower_write();
  } catch (const std::exception&) { // no memory for it
    cannot_write_ = true;
    fail_reading(ENOMEM);
  }
  leaving.clear();
}

void tls_stream::end_writing() noexcept {
  if (std::exchange(is_ending_, true))
    return;
  if (!cannot_write_ && reading_ != reading::failed) {
    ERR_clear_error();
    static_cast<void>(SSL_shutdown(ssl_.get())); // 0: the other side has not said so yet
    ERR_clear_error();
    send();
    count_held();
  }
  if (waiting_.empty())
    end_lower();
}

void tls_stream::end_lower() noexcept {
  if (!std::exchange(has_ended_lower_, true))
    lower_->end_writing();
}

// ---- waiting -------------------------------------------------------------------------------

void tls_stream::await_read(std::shared_ptr<stream_user> user) {
  user_ = std::move(user);
  awaits_read_ = true;
  if (has_news())
    tell_soon();
  else
    await_lower_read();
}

void tls_stream::await_write(std::shared_ptr<stream_user> user) {
  user_ = std::move(user);
  awaits_write_ = true;
  await_lower_write();
}

void tls_stream::await_lower_read() {
  if (!std::exchange(awaits_lower_read_, true))
    lower_->await_read(relay_);
}

void tls_stream::await_lower_write() {
  if (!std::exchange(awaits_lower_write_, true))
    lower_->await_write(relay_);
}

void tls_stream::tell_soon() {
  if (is_called_soon_)
    return;
  soon_([relay = relay_] { relay->soon(); });
  is_called_soon_ = true; // not if it has thrown: the next try is told
}

void tls_stream::tell_as_said() {
  is_called_soon_ = false;
  if (awaits_read_)
    tell_reader();
}

void tls_stream::lower_is_readable() {
  awaits_lower_read_ = false;
  if (reading_ == reading::told) { // behind the end only a failure is news
    auto got = lower_->read_some(buffers_.room(), ciphertext_per_read_max);
    if (got.status == transport_status::failed)
      fail_reading(got.error);
    else if (awaits_read_)
      return await_lower_read();
  }
  if (awaits_read_)
    tell_reader();
}

void tls_stream::lower_is_writable() {
  awaits_lower_write_ = false;
  if (!waiting_.empty()) {
    send();
    count_held();
  }
  if (!waiting_.empty())
    return;
  if (is_ending_) {
    end_lower();
    if (awaits_read_ && reading_ == reading::told)
      tell_soon(); // the end, which was held back
  }
  if (awaits_read_ && has_news())
    tell_soon();
  if (awaits_write_)
    tell_writer();
}

// Who is told may close the stream, and end it with that: nothing of it is touched behind them.

void tls_stream::tell_reader() {
  awaits_read_ = false;
  user_to_tell()->readable();
}

void tls_stream::tell_writer() {
  awaits_write_ = false;
  user_to_tell()->writable();
}

std::shared_ptr<stream_user> tls_stream::user_to_tell() {
  return awaits_read_ || awaits_write_ ? user_ : std::exchange(user_, nullptr);
}

// ---- the end, and memory -------------------------------------------------------------------

void tls_stream::close() noexcept {
  relay_->forget_owner();
  lower_->close();
  std::string{}.swap(unread_);
  std::string{}.swap(waiting_);
  cannot_write_ = true;
  held_.holds(0);
  awaits_read_ = awaits_write_ = false;
  // The user may be the last reference to the link that calls: it goes last.
  auto user = std::exchange(user_, nullptr);
}

void tls_stream::trim() noexcept {
  lower_->trim();
}

std::size_t tls_stream::held() const noexcept {
  return memory_of(waiting_);
}

void tls_stream::count_held() noexcept {
  bool has_part = reading_ == reading::open && SSL_has_pending(ssl_.get()) == 1;
  held_.holds(held() + memory_of(unread_) + (has_part ? record_buffer_bytes : 0));
}

} // namespace ringdown::edge
