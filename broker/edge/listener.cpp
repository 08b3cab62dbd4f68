#include "broker/edge/listener.hpp"

#include "actors/disconnect.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ringdown::edge {

namespace {

/// Accepts in one turn: a login storm is taken in bites, so that those who are in are served.
constexpr int accepts_per_turn_max = 64;
/// After running out of files: nothing changes faster than clients leave.
constexpr std::chrono::milliseconds accept_pause{100};
/// The kernel's queue of connections that wait for accept: a login storm's first second.
constexpr int backlog = 4096;

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

std::string name_of(const sockaddr_storage& address, socklen_t size) {
  char host[64];
  char port[16];
  auto failed = ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host, sizeof host,
                              port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  return failed != 0 ? "unknown" : std::string{host} + ":" + port;
}

} // namespace

listener::listener(std::vector<edge_loop*> loops, broker_context& context, admission& door)
  : loops_(std::move(loops)), context_(context), door_(door), spare_(open_spare()) {}

listener::~listener() {
  if (spare_ >= 0)
    ::close(spare_);
}

std::optional<std::string> listener::open(const std::string& address, std::uint16_t port) {
  namespace ip = boost::asio::ip;
  boost::system::error_code failed;
  auto where = ip::make_address(address, failed);
  if (failed)
    return "listen.address " + address + ": not an IP address";
  ip::tcp::endpoint endpoint{where, port};
  acceptor_.emplace(loops_.front()->host().context());
  acceptor_->open(endpoint.protocol(), failed);
  if (!failed)
    acceptor_->set_option(boost::asio::socket_base::reuse_address{true}, failed);
  if (!failed)
    acceptor_->bind(endpoint, failed);
  if (!failed)
    acceptor_->listen(backlog, failed);
  if (!failed)
    acceptor_->non_blocking(true, failed);
  if (failed) {
    acceptor_.reset();
    return "cannot listen on " + address + " port " + std::to_string(port) + ": " +
           failed.message();
  }
  port_ = acceptor_->local_endpoint(failed).port();
  loops_.front()->host().post([self = shared_from_this()] { self->arm(); });
  return std::nullopt;
}

void listener::close() {
  loops_.front()->host().post([self = shared_from_this()] {
    self->acceptor_.reset();
    self->pause_timer_.reset();
  });
}

void listener::arm() {
  if (!acceptor_)
    return;
  acceptor_->async_wait(boost::asio::socket_base::wait_read,
                        [self = shared_from_this()](const boost::system::error_code& failed) {
                          if (!failed && self->acceptor_)
                            self->accept_all();
                        });
}

void listener::accept_all() {
  for (int i = 0; i < accepts_per_turn_max; ++i)
    if (!accept_one())
      return; // accept_one has seen to what comes next
  arm();
}

/// Returns whether there may be more.
bool listener::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  int descriptor = ::accept4(acceptor_->native_handle(), reinterpret_cast<sockaddr*>(&address),
                             &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    place(descriptor, name_of(address, size));
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
  default: arm(); return false;
  }
}

void listener::place(int descriptor, const std::string& peer) {
  auto asked = door_.enter();
  if (!asked)
    return refuse(descriptor, peer, asked.reason, asked.why_not);
  loops_[next_loop_++ % loops_.size()]->adopt(descriptor, peer, std::move(asked.admitted));
}

/// Says why, as far as the kernel's buffer takes it at once, and closes.
void listener::refuse(int descriptor, const std::string& peer, v1::DisconnectReason reason,
                      std::string_view why) {
  loops_.front()->counters().refused.fetch_add(1, std::memory_order_relaxed);
  auto frame = encode_disconnected(reason, why);
  static_cast<void>(::send(descriptor, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  ::shutdown(descriptor, SHUT_WR);
  ::close(descriptor);
  context_.tells->tell("edge", observer::severity::warning, "connection refused",
                       {{"peer", peer}, {"reason", why}});
}

/// The waiting connection would wake the loop for ever. The spare file makes room to refuse it.
void listener::out_of_files() {
  context_.tells->tell("edge", observer::severity::error, "out of open files: accepting pauses",
                       {});
  if (spare_ >= 0) {
    ::close(spare_);
    int descriptor = ::accept4(acceptor_->native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor >= 0)
      refuse(descriptor, "unknown", v1::DISCONNECT_REASON_OVERLOADED, "out of open files");
    spare_ = open_spare();
  }
  pause();
}

void listener::pause() {
  if (!pause_timer_)
    pause_timer_.emplace(loops_.front()->host().context());
  pause_timer_->expires_after(accept_pause);
  pause_timer_->async_wait([self = shared_from_this()](const boost::system::error_code& failed) {
    if (failed)
      return;
    if (self->spare_ < 0)
      self->spare_ = open_spare(); // somebody else took its place meanwhile
    self->arm();
  });
}

} // namespace ringdown::edge
