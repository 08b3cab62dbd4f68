#include "broker/edge/handshakes.hpp"

#include "broker/edge/certificate_names.hpp"
#include "broker/edge/door.hpp"
#include "broker/edge/edge_host.hpp"
#include "broker/edge/edge_loop.hpp"
#include "broker/edge/epoll_loop.hpp"
#include "broker/edge/first_bytes.hpp"
#include "broker/edge/tcp_stream.hpp"
#include "broker/edge/tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <future>
#include <list>
#include <new>
#include <string>
#include <utility>

namespace ringdown::edge {

namespace {

using runtime::clock_type;
using runtime::time_point;

/// What is thrown away behind a failed handshake, so that the client hears why before its socket is
/// reset: what it sent at once behind its own part.
constexpr std::size_t discarded_bytes_max = 64 * 1024;
/// A client says its ClientHello as soon as it has connected; a segment that is lost comes again
/// after 200 ms and a round trip. Who is later gives its place to others who wait.
constexpr std::chrono::milliseconds hello_grace{500};
/// The beginning of what came: a record's head, which is what OpenSSL reads first.
constexpr std::size_t first_bytes_kept = 5;

// ---- the BIO: OpenSSL's way to the socket --------------------------------------------------

/// OpenSSL's own socket BIO would raise SIGPIPE, and tells nobody what came first. Each read is of
/// what OpenSSL asks for: nothing behind the handshake is taken from the socket.
struct wire {
  int descriptor;
  std::string first = {};
  bool has_answered = false; // so a whole ClientHello has come
};

wire& wire_of(BIO* bio) {
  return *static_cast<wire*>(BIO_get_data(bio));
}

bool is_only_not_now(ssize_t did) {
  return did < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

int receive(BIO* bio, char* into, int size) {
  auto& from = wire_of(bio);
  BIO_clear_retry_flags(bio);
  auto got = ::recv(from.descriptor, into, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (is_only_not_now(got))
    BIO_set_retry_read(bio);
  if (got > 0 && from.first.size() < first_bytes_kept)
    from.first.append(
      into, std::min(first_bytes_kept - from.first.size(), static_cast<std::size_t>(got)));
  return static_cast<int>(got);
}

int transmit(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  auto did = ::send(wire_of(bio).descriptor, bytes, static_cast<std::size_t>(size),
                    MSG_NOSIGNAL | MSG_DONTWAIT);
  if (is_only_not_now(did))
    BIO_set_retry_write(bio);
  if (did > 0)
    wire_of(bio).has_answered = true;
  return static_cast<int>(did);
}

long answer_control(BIO* /*bio*/, int what, long /*number*/, void* /*more*/) {
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "a newcomer's socket");
    if (made == nullptr)
      throw std::bad_alloc{};
    BIO_meth_set_read(made, &receive);
    BIO_meth_set_write(made, &transmit);
    BIO_meth_set_ctrl(made, &answer_control);
    return made;
  }();
  return method;
}

ssl_ptr server_over(SSL_CTX& context, wire& socket) {
  ssl_ptr ssl{SSL_new(&context)};
  auto* bio = ssl ? BIO_new(socket_method()) : nullptr;
  if (bio == nullptr)
    throw std::bad_alloc{};
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio); // which owns it
  SSL_set_accept_state(ssl.get());
  return ssl;
}

/// What fails is told so; what is no fault of anybody's, or the wrong port, less loudly. One who
/// says nothing looks whether somebody listens.
observer::severity severity_of(handshake_failure why, bool has_spoken) noexcept {
  switch (why) {
  case handshake_failure::draining: return observer::severity::debug;
  case handshake_failure::closed:
    return has_spoken ? observer::severity::info : observer::severity::debug;
  default: return observer::severity::warning;
  }
}

/// Who stands at the door, until a thread has time.
struct newcomer {
  edge_loop& to;
  owned_descriptor socket;
  peer_facts peer;
  ticket admitted;
  time_point came;
};

} // namespace

// ---- one handshake -------------------------------------------------------------------------

class handshakes::handshake final : public std::enable_shared_from_this<handshake>,
                                    private epoll_user {
public:
  handshake(worker& on, newcomer who);

  void start(SSL_CTX& context);
  void fail(handshake_failure why, std::string_view detail = {});
  /// Others want its place.
  void turn_out() {
    if (!is_lingering_)
      fail(handshake_failure::turned_out);
    else
      leave();
  }

private:
  friend class worker;

  void ready(std::uint32_t events) override;
  void arm_deadline();
  void look_for_hello();
  void step();
  void succeed();
  void count_done(std::chrono::nanoseconds took);
  void linger();
  void discard();
  void leave();

  worker& on_;
  newcomer who_;
  wire wire_;
  ssl_ptr ssl_;
  io_loop::timer deadline_;
  std::size_t discarded_ = 0;
  bool is_watched_ = false;
  bool is_stalling_ = false;  // no ClientHello in good time
  bool is_lingering_ = false; // it has failed, and the client is to hear why
  std::list<std::shared_ptr<handshake>>::iterator place_; // among those of the thread
};

// ---- one thread ----------------------------------------------------------------------------

class handshakes::worker {
public:
  worker(handshakes& owner, const std::function<void()>& on_failure)
    : owner_(owner), host_(host_with_thread(on_failure)) {}

  // -- any thread
  void begin(newcomer who) {
    auto shared = std::make_shared<newcomer>(std::move(who)); // a task must be copyable
    host_->post([this, shared] { start(std::move(*shared)); });
  }
  void drain() {
    host_->post([this] { end_each(); });
  }
  void stop() {
    if (std::exchange(has_stopped_, true))
      return;
    auto done = std::make_shared<std::promise<void>>();
    auto is_done = done->get_future();
    host_->post([this, done] {
      end_each();
      done->set_value();
    });
    is_done.wait();
    host_->stop();
  }

  // -- its own
  edge_host& host() noexcept { return *host_; }
  epoll_loop& sockets() { return epoll_loop::of(host_->loop()); }
  broker_context& context() noexcept { return owner_.context_; }
  handshake_counters& counters() noexcept { return owner_.counters_; }
  /// It may be gone behind this.
  void forget(handshake& one) { under_way_.erase(one.place_); }

private:
  void start(newcomer who);
  void end_each();

  handshakes& owner_;
  std::unique_ptr<edge_host> host_;
  std::list<std::shared_ptr<handshake>> under_way_;
  bool is_draining_ = false;
  bool has_stopped_ = false; // whoever stops it knows
};

void handshakes::worker::start(newcomer who) {
  if (is_draining_)
    return; // its socket closes with it
  auto one = std::make_shared<handshake>(*this, std::move(who));
  one->place_ = under_way_.insert(under_way_.end(), one);
  try {
    auto context = owner_.source_();
    one->start(*context);
  } catch (const std::bad_alloc&) { // the others have theirs
    one->fail(handshake_failure::internal, "out of memory");
  }
}

void handshakes::worker::end_each() {
  is_draining_ = true;
  while (!under_way_.empty()) {
    auto one = under_way_.back();
    if (one->is_lingering_)
      one->leave();
    else
      one->fail(handshake_failure::draining);
  }
}

// ---- its way -------------------------------------------------------------------------------

handshakes::handshake::handshake(worker& on, newcomer who)
  : on_(on), who_(std::move(who)), wire_{who_.socket.get()}, deadline_(on.sockets()) {}

void handshakes::handshake::start(SSL_CTX& context) {
  who_.admitted.when_turned_out([&host = on_.host(), self = weak_from_this()] {
    host.post([self] {
      if (auto still_here = self.lock(); still_here && still_here->is_watched_)
        still_here->turn_out();
    });
  });
  ssl_ = server_over(context, wire_);
  // Watched, it is told at once what is there already.
  is_watched_ = on_.sockets().add(wire_.descriptor, *this);
  if (!is_watched_)
    return fail(handshake_failure::internal, "no memory in the kernel");
  arm_deadline();
}

/// On the way to it, it is looked whether a ClientHello comes.
void handshakes::handshake::arm_deadline() {
  auto left = std::max(who_.came + on_.context().bounds.handshake_timeout - clock_type::now(),
                       clock_type::duration::zero());
  if (left > hello_grace && !is_stalling_ && !wire_.has_answered)
    deadline_.call_after(hello_grace, [this] { look_for_hello(); });
  else
    deadline_.call_after(left, [this] { fail(handshake_failure::timed_out); });
}

/// What has come, and this thread has had no time for, is not the client's fault.
void handshakes::handshake::look_for_hello() {
  char first = 0;
  is_stalling_ =
    !wire_.has_answered && ::recv(wire_.descriptor, &first, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
  who_.admitted.stalls(is_stalling_);
  arm_deadline();
}

void handshakes::handshake::ready(std::uint32_t /*events*/) {
  if (is_lingering_)
    discard();
  else
    step();
}

void handshakes::handshake::step() {
  ERR_clear_error();
  auto did = SSL_do_handshake(ssl_.get());
  if (did == 1)
    return succeed();
  auto why = SSL_get_error(ssl_.get(), did);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    if (is_stalling_ && wire_.has_answered)
      who_.admitted.stalls(is_stalling_ = false);
    return;
  }
  auto verdict = verdict_of(*ssl_);
  auto first = look_at_first(wire_.first);
  if (wire_.first.size() < 2 || first == first_bytes::tls)
    return fail(verdict.why, verdict.detail);
  // A client of ours hears it in its own words. Another would not understand TLS's alert either.
  plain_tcp().refuse(wire_.descriptor, disconnect_reason::protocol_error, "this port speaks TLS");
  fail(handshake_failure::plain_text, first == first_bytes::http ? "HTTP" : "not TLS");
}

void handshakes::handshake::succeed() {
  auto keeps_this = shared_from_this();
  deadline_.cancel();
  on_.sockets().remove(wire_.descriptor, *this);
  is_watched_ = false;
  count_done(clock_type::now() - who_.came);
  who_.peer.is_encrypted = true;
  who_.peer.certificate = verified_certificate(*ssl_);
  if (auto& told = *on_.context().observed_by; told.wants("edge", observer::severity::debug))
    told.log("edge", observer::severity::debug, "TLS handshake done",
             {{"peer", who_.peer.name},
              {"version", SSL_get_version(ssl_.get())},
              {"cipher", SSL_get_cipher_name(ssl_.get())}});
  on_.forget(*this);
  struct arrival {
    owned_descriptor socket;
    ssl_ptr ssl;
  };
  auto arrived = std::make_shared<arrival>(arrival{std::move(who_.socket), std::move(ssl_)});
  who_.to.adopt(
    [arrived](edge_loop& loop) -> std::unique_ptr<stream> {
      auto& host = loop.host();
      auto socket =
        std::make_unique<tcp_stream>(epoll_loop::of(host.loop()), arrived->socket.release());
      return std::make_unique<tls_stream>(
        std::move(socket), std::move(arrived->ssl), loop.tls(), loop.context().budget,
        [&host](std::function<void()> task) { host.post(std::move(task)); });
    },
    std::move(who_.peer), std::move(who_.admitted));
}

void handshakes::handshake::count_done(std::chrono::nanoseconds took) {
  constexpr auto relaxed = std::memory_order_relaxed;
  auto& all = on_.counters();
  auto is_1_3 = SSL_version(ssl_.get()) == TLS1_3_VERSION;
  auto is_resumed = SSL_session_reused(ssl_.get()) == 1;
  all.done[is_1_3 ? 1 : 0][is_resumed ? 1 : 0].fetch_add(1, relaxed);
  auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  all.took_us.fetch_add(static_cast<std::uint64_t>(us), relaxed);
  auto& steps = handshake_counters::steps_ms;
  auto step = std::lower_bound(steps.begin(), steps.end(), static_cast<double>(us) / 1000.0);
  all.took[static_cast<std::size_t>(step - steps.begin())].fetch_add(1, relaxed);
}

// ---- its end -------------------------------------------------------------------------------

void handshakes::handshake::fail(handshake_failure why, std::string_view detail) {
  auto keeps_this = shared_from_this();
  on_.counters().failed[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
  auto level = severity_of(why, !wire_.first.empty());
  auto& told = *on_.context().observed_by;
  if (detail.empty())
    told.log("edge", level, words_of(why).sentence, {{"peer", who_.peer.name}});
  else
    told.log("edge", level, words_of(why).sentence, {{"peer", who_.peer.name}, {"reason", detail}});
  switch (why) {
  case handshake_failure::closed:
  case handshake_failure::timed_out:
  case handshake_failure::turned_out:
  case handshake_failure::draining:
  case handshake_failure::internal: return leave();
  default: return linger(); // OpenSSL has said why in an alert
  }
}

/// Closing with input unread would make the kernel reset the connection and take the alert from the
/// client.
void handshakes::handshake::linger() {
  is_lingering_ = true;
  ::shutdown(wire_.descriptor, SHUT_WR);
  deadline_.call_after(on_.context().bounds.linger_timeout, [this] { leave(); });
  discard();
}

void handshakes::handshake::discard() {
  char nobodys[4096];
  while (discarded_ < discarded_bytes_max) {
    auto got = ::recv(wire_.descriptor, nobodys, sizeof nobodys, MSG_DONTWAIT);
    if (is_only_not_now(got))
      return;
    if (got <= 0)
      break;
    discarded_ += static_cast<std::size_t>(got);
  }
  leave();
}

void handshakes::handshake::leave() {
  auto keeps_this = shared_from_this(); // until its timer has been called to its end
  deadline_.cancel();
  if (std::exchange(is_watched_, false))
    on_.sockets().remove(wire_.descriptor, *this);
  on_.forget(*this);
}

// ---- all of them ---------------------------------------------------------------------------

std::uint64_t handshake_counters::done_in_all() const noexcept {
  std::uint64_t sum = 0;
  for (auto& of_version : done)
    for (auto& count : of_version)
      sum += count.load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t handshake_counters::failed_in_all() const noexcept {
  std::uint64_t sum = 0;
  for (auto& count : failed)
    sum += count.load(std::memory_order_relaxed);
  return sum;
}

handshakes::handshakes(std::size_t threads, broker_context& context, handshake_counters& counters,
                       tls_context_source source, const std::function<void()>& on_failure)
  : context_(context), counters_(counters), source_(std::move(source)) {
  for (std::size_t i = 0; i < threads; ++i)
    workers_.push_back(std::make_unique<worker>(*this, on_failure));
}

handshakes::~handshakes() {
  stop();
}

void handshakes::begin(edge_loop& to, owned_descriptor socket, peer_facts peer, ticket admitted) {
  workers_[next_++ % workers_.size()]->begin(
    {to, std::move(socket), std::move(peer), std::move(admitted), clock_type::now()});
}

void handshakes::drain() {
  for (auto& each : workers_)
    each->drain();
}

void handshakes::stop() {
  for (auto& each : workers_)
    each->stop();
}

} // namespace ringdown::edge
