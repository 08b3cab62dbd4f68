#include "client/internal/connector.hpp"

#include "client/internal/tcp_transport.hpp"

#include <poll.h>

#include <cerrno>
#include <utility>

namespace ringdown::client {

connector::connector(const numeric_endpoints& where) : fault_{link_fault::bad_address, where.text} {
  for (auto& one : where.found) {
    auto secured = where.secured;
    if (one.tls && !secured)
      secured = std::make_shared<tls_context>(*one.tls);
    add(one, one.tls ? std::move(secured) : nullptr);
  }
}

void connector::add(const endpoint& where, std::shared_ptr<const tls_context> secured) {
  if (secured && secured->fault().fault != link_fault::none) {
    fault_ = secured->fault();
    return;
  }
  auto name = where.tls && !where.tls->server_name.empty() ? where.tls->server_name : where.host;
  for (auto& address : resolve(where.host, where.port).addresses)
    targets_.push_back({address, secured, name});
}

connector::progress connector::begin(steady_time now, steady_time until) {
  until_ = until;
  return try_next(now);
}

/// Each address has its share of the time that is left: one that says nothing must not keep the
/// others from being tried.
connector::progress connector::try_next(steady_time now) {
  socket_.reset();
  secure_.reset();
  while (next_ < targets_.size()) {
    auto untried = static_cast<std::int64_t>(targets_.size() - next_);
    socket_ = start_connect(targets_[next_++].address);
    if (socket_) {
      share_until_ = now + (until_ - now) / untried;
      return progress::under_way;
    }
    note({fault_of(errno), error_text(errno)});
  }
  return progress::failed;
}

connector::progress connector::go_on(steady_time now) {
  for (;;) {
    auto how = advance();
    if (how == progress::stands)
      return how;
    if (how == progress::under_way) {
      if (now < share_until_)
        return how;
      note({link_fault::timed_out,
            secure_ ? "the TLS handshake took too long" : "no connection in time"});
      if (now >= until_)
        return progress::failed;
    }
    if (try_next(now) == progress::failed)
      return progress::failed;
  }
}

connector::progress connector::advance() {
  if (secure_)
    return shake_hands();
  pollfd entry{socket_.get(), POLLOUT, 0};
  if (::poll(&entry, 1, 0) <= 0)
    return progress::under_way;
  if (int error = connect_error(socket_.get()); error != 0) {
    note({fault_of(error), error_text(error)});
    return progress::failed;
  }
  auto& to = targets_[next_ - 1];
  auto plain = std::make_unique<tcp_transport>(std::move(socket_));
  if (!to.secured) {
    stream_ = std::move(plain);
    return progress::stands;
  }
  secure_ = std::make_unique<tls_transport>(to.secured, std::move(plain), to.server_name);
  return shake_hands();
}

connector::progress connector::shake_hands() {
  switch (secure_->shake_hands()) {
  case handshake_status::under_way: return progress::under_way;
  case handshake_status::failed: note(secure_->fault()); return progress::failed;
  case handshake_status::done: break;
  }
  stream_ = std::move(secure_);
  return progress::stands;
}

namespace {

bool is_of_tls(link_fault fault) {
  switch (fault) {
  case link_fault::bad_tls_options:
  case link_fault::certificate_untrusted:
  case link_fault::certificate_name:
  case link_fault::certificate_expired:
  case link_fault::certificate_required:
  case link_fault::tls_failed: return true;
  default: return false;
  }
}

} // namespace

/// The last address's fault is told, but a certificate's before all: it is why nobody answers at
/// "localhost", not that ::1 is refused.
void connector::note(stream_fault fault) {
  if (!is_of_tls(fault_.fault))
    fault_ = std::move(fault);
}

int connector::descriptor() const noexcept {
  return secure_ ? secure_->descriptor() : socket_.get();
}

short connector::poll_events() noexcept {
  if (secure_)
    return secure_->poll_events(true, false);
  return socket_ ? POLLOUT : 0;
}

} // namespace ringdown::client
