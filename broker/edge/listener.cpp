#include "broker/edge/listener.hpp"

#include "broker/edge/peer_address.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

namespace ringdown::edge {

namespace {

/// Accepts in one turn: a login storm is taken in bites, so that those who are in are served.
constexpr int accepts_per_turn_max = 64;
/// After running out of files: nothing changes faster than clients leave.
constexpr std::chrono::milliseconds accept_pause{100};
/// While somebody waits outside: a place is free again after some handshakes.
constexpr std::chrono::milliseconds room_pause{5};
/// Lines without a place that are asked in one look: each costs some 30 us of a full room.
constexpr std::size_t misses_per_look_max = 16;
/// The kernel's queue of connections that wait for accept: a login storm's first second.
constexpr int backlog = 4096;

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

std::uint16_t port_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return 0;
  return ntohs(address.ss_family == AF_INET6
                 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                 : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

} // namespace

listener::listener(door at, std::vector<edge_loop*> loops, broker_context& context, admission& who)
  : door_(std::move(at)), loops_(std::move(loops)), context_(context), admission_(who),
    spare_(open_spare()) {}

listener::~listener() {
  if (spare_ >= 0)
    ::close(spare_);
}

/// A socket that listens, or what went wrong.
std::optional<std::string> listener::bind() {
  auto& address = door_.address;
  auto port = std::to_string(door_.port);
  addrinfo wished{};
  wished.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  wished.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), port.c_str(), &wished, &found) != 0)
    return door_.section + ".address " + address +
           ": not an IP address, or one of an unknown interface";
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> where{found, &::freeaddrinfo};
  acceptor_ = ::socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  int is_v6_only = door_.dual_stack ? 0 : 1;
  // What is accepted inherits TCP_NODELAY: one system call less for each connection.
  bool listens =
    acceptor_ >= 0 && ::setsockopt(acceptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
    ::setsockopt(acceptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
    (where->ai_family != AF_INET6 ||
     ::setsockopt(acceptor_, IPPROTO_IPV6, IPV6_V6ONLY, &is_v6_only, sizeof is_v6_only) == 0) &&
    ::bind(acceptor_, where->ai_addr, where->ai_addrlen) == 0 && ::listen(acceptor_, backlog) == 0;
  if (listens)
    return std::nullopt;
  return "cannot listen on " + address + " port " + port + ": " +
         std::generic_category().message(errno);
}

std::optional<std::string> listener::open() {
  auto fault = bind();
  if (!fault) {
    port_ = port_of(acceptor_);
    if (sockets().add(acceptor_, *this))
      return std::nullopt;
    fault = "cannot watch the socket that listens: " + std::generic_category().message(errno);
  }
  if (acceptor_ >= 0)
    ::close(std::exchange(acceptor_, -1));
  return fault;
}

void listener::close() {
  loops_.front()->host().post([self = shared_from_this()] {
    self->pause_timer_.reset();
    self->outside_timer_.reset();
    self->outside_.clear();
    if (self->acceptor_ < 0)
      return;
    self->sockets().remove(self->acceptor_, *self);
    ::close(std::exchange(self->acceptor_, -1));
  });
}

void listener::ready(std::uint32_t events) {
  if (events == 0)
    is_queued_ = false;
  accept_all();
}

void listener::accept_all() {
  for (int i = 0; i < accepts_per_turn_max; ++i)
    if (acceptor_ < 0 || !accept_one())
      return; // told again of the next one, or after a pause
  if (!std::exchange(is_queued_, true))
    sockets().call_again(*this);
}

/// Returns whether there may be more.
bool listener::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  int descriptor = ::accept4(acceptor_, reinterpret_cast<sockaddr*>(&address), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    place(descriptor, peer_name(address, size), peer_source(address));
    return true;
  }
  switch (errno) {
  case EMFILE:
  case ENFILE:
  case ENOBUFS:
  case ENOMEM: out_of_files(); return false;
  case ECONNABORTED:
  case EINTR:
  case EPROTO: return true; // this one is gone; others may wait
  default: return false;
  }
}

void listener::place(int descriptor, const std::string& peer, std::string source) {
  auto may_wait = door_.kind->lets_wait();
  if (may_wait && admission_.is_full())
    if (auto other = outside_.make_room_for(source))
      turn_away(other->socket.release(), other->peer.name, admission::too_many());
  auto asked = may_wait ? admission_.come(source, !outside_.is_empty()) : admission_.enter(source);
  if (!asked)
    return turn_away(descriptor, peer, asked);
  outside::newcomer who{
    owned_descriptor{descriptor}, {peer, std::move(source)}, std::move(asked.admitted)};
  if (may_wait && !may_in(who)) {
    outside_.add(std::move(who));
    return look_outside_soon();
  }
  let_in(std::move(who));
}

/// Behind others of its own source.
bool listener::may_in(outside::newcomer& who) {
  auto& source = who.peer.source;
  return !outside_.has(source) && admission_.seat(who.counted, source, sockets().now());
}

void listener::let_in(outside::newcomer who) {
  door_.kind->let_in(*loops_[next_loop_++ % loops_.size()], std::move(who.socket),
                     std::move(who.peer), std::move(who.counted));
}

void listener::look_outside_soon() {
  if (std::exchange(looks_outside_, true))
    return;
  if (!outside_timer_)
    outside_timer_ = std::make_unique<io_loop::timer>(sockets());
  outside_timer_->call_after(room_pause, [this] { // the timer is the listener's own
    looks_outside_ = false;
    look_outside();
  });
}

/// Each line has its turn, until there is no place for any.
void listener::look_outside() {
  if (admission_.is_closed())
    return outside_.clear();
  auto misses = std::min(outside_.sources(), misses_per_look_max);
  for (int i = 0; i < accepts_per_turn_max && misses > 0 && !outside_.is_empty(); ++i) {
    auto& next = outside_.next();
    if (admission_.seat(next.counted, next.peer.source, sockets().now())) {
      let_in(outside_.take());
    } else {
      outside_.skip();
      --misses;
    }
  }
  if (!outside_.is_empty())
    look_outside_soon();
}

void listener::turn_away(int descriptor, const std::string& peer, const entrance& why) {
  loops_.front()->counts().connections_refused.count(why.cause);
  refuse(descriptor, peer, why.reason, why.why_not);
}

void listener::refuse(int descriptor, const std::string& peer, disconnect_reason reason,
                      std::string_view why) {
  door_.kind->refuse(descriptor, reason, why);
  ::close(descriptor);
  context_.observed_by->log("edge", observer::severity::warning, "connection refused",
                            {{"peer", peer}, {"reason", why}});
}

/// The waiting connection would wake the loop for ever. The spare file makes room to refuse it.
void listener::out_of_files() {
  context_.observed_by->log("edge", observer::severity::error,
                            "out of open files: accepting pauses", {});
  if (spare_ >= 0) {
    ::close(spare_);
    int descriptor = ::accept4(acceptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor >= 0) {
      loops_.front()->counts().connections_refused.count(refusal_cause::files);
      refuse(descriptor, "unknown", disconnect_reason::overloaded, "out of open files");
    }
    spare_ = open_spare();
  }
  pause(accept_pause);
}

void listener::pause(std::chrono::milliseconds time) {
  if (!pause_timer_)
    pause_timer_ = std::make_unique<io_loop::timer>(sockets());
  pause_timer_->call_after(time, [this] { // the timer is the listener's own
    if (spare_ < 0)
      spare_ = open_spare(); // somebody else took its place meanwhile
    accept_all();
  });
}

} // namespace ringdown::edge
