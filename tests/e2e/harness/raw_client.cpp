#include "tests/e2e/harness/raw_client.hpp"

#include "messages/frame.hpp"
#include "tests/e2e/harness/frames.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace ringdown::e2e {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error{what + ": " + std::strerror(errno)};
}

/// Far above the broker's own limit: what it sends is not ours to refuse.
constexpr std::size_t frame_bytes_max = 64 * 1024 * 1024;

int milliseconds_until(std::chrono::steady_clock::time_point when) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(when - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

} // namespace

raw_client::raw_client(std::uint16_t port, options how) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0)
    fail("socket");
  if (how.receive_buffer != 0)
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &how.receive_buffer, sizeof how.receive_buffer);
  int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail("connect");
}

raw_client::raw_client(raw_client&& other) noexcept
  : keeps_alive(other.keeps_alive), socket_(std::exchange(other.socket_, -1)),
    in_(std::move(other.in_)), in_used_(other.in_used_), kept_(std::move(other.kept_)),
    last_reference_(other.last_reference_), heartbeats_heard_(other.heartbeats_heard_),
    ended_(other.ended_), was_reset_(other.was_reset_), link_(std::move(other.link_)),
    last_sent_(other.last_sent_) {}

raw_client::~raw_client() {
  close();
}

// ---- bytes ---------------------------------------------------------------------------------

bool raw_client::send_bytes(std::string_view bytes) {
  auto deadline = clock::now() + patience;
  while (!bytes.empty()) {
    auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR)
      continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
      return false;
    pollfd wait{socket_, POLLOUT, 0};
    if (::poll(&wait, 1, milliseconds_until(deadline)) == 0)
      throw std::runtime_error{"the broker does not read what is sent to it"};
  }
  last_sent_ = clock::now();
  return true;
}

void raw_client::read_wide() {
  int bytes = 4 * 1024 * 1024;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void raw_client::end_sending() {
  ::shutdown(socket_, SHUT_WR);
}

void raw_client::close() {
  if (socket_ >= 0)
    ::close(std::exchange(socket_, -1));
}

void raw_client::reset() {
  linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

// ---- frames --------------------------------------------------------------------------------

bool raw_client::send(const v1::Frame& frame) {
  return send_bytes(delimited(frame));
}

std::uint32_t raw_client::request(v1::Frame frame) {
  auto reference = next_reference();
  frame.set_reference_id(reference);
  send(frame);
  return reference;
}

std::optional<std::string> raw_client::cut() {
  auto piece = next_frame(std::string_view{in_}.substr(in_used_), frame_bytes_max);
  switch (piece.status) {
  case cut_status::need_more: return std::nullopt;
  case cut_status::complete: break;
  case cut_status::too_large:
  case cut_status::malformed: throw std::runtime_error{"the broker sent no frame"};
  }
  std::string bytes{piece.frame};
  in_used_ += piece.consumed;
  if (in_used_ > in_.size() / 2) {
    in_.erase(0, in_used_);
    in_used_ = 0;
  }
  return bytes;
}

bool raw_client::read_more(clock::time_point deadline) {
  while (!ended_) {
    auto wake = deadline;
    auto interval = std::chrono::milliseconds{link_.heartbeat_interval_ms()};
    bool must_speak = keeps_alive && interval.count() != 0;
    if (must_speak)
      wake = std::min(wake, last_sent_ + interval / 2);
    pollfd wait{socket_, POLLIN, 0};
    if (::poll(&wait, 1, milliseconds_until(wake)) > 0) {
      char buffer[64 * 1024];
      auto got = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got > 0) {
        in_.append(buffer, static_cast<std::size_t>(got));
        return true;
      }
      if (got < 0 && (errno == EAGAIN || errno == EINTR))
        continue;
      was_reset_ = got < 0;
      ended_ = true;
      return false;
    }
    if (must_speak && clock::now() >= last_sent_ + interval / 2)
      send(heartbeat());
    if (clock::now() >= deadline)
      return false;
  }
  return false;
}

std::optional<std::string> raw_client::next_bytes() {
  for (auto deadline = clock::now() + patience;;) {
    if (auto bytes = cut())
      return bytes;
    if (read_more(deadline))
      continue;
    if (!ended_)
      throw std::runtime_error{"the broker says nothing"};
    if (in_used_ != in_.size())
      throw std::runtime_error{"the connection ended within a frame"};
    return std::nullopt;
  }
}

/// A frame that is here already.
std::optional<v1::Frame> raw_client::take_buffered() {
  while (auto bytes = cut()) {
    v1::Frame frame;
    if (!frame.ParseFromString(*bytes))
      throw std::runtime_error{"the broker sent what is no Frame"};
    if (!frame.has_heartbeat())
      return frame;
    ++heartbeats_heard_;
  }
  return std::nullopt;
}

std::optional<v1::Frame> raw_client::next() {
  if (!kept_.empty()) {
    auto frame = std::move(kept_.front());
    kept_.pop_front();
    return frame;
  }
  for (auto deadline = clock::now() + patience;;) {
    if (auto frame = take_buffered())
      return frame;
    if (read_more(deadline))
      continue;
    if (!ended_)
      throw std::runtime_error{"the broker says nothing"};
    return std::nullopt;
  }
}

std::optional<v1::Frame> raw_client::next_within(std::chrono::milliseconds time) {
  if (!kept_.empty())
    return next();
  for (auto deadline = clock::now() + time;;) {
    if (auto frame = take_buffered())
      return frame;
    if (!read_more(deadline))
      return std::nullopt;
  }
}

v1::Frame raw_client::expect() {
  if (auto frame = next())
    return *frame;
  throw std::runtime_error{"the connection has ended"};
}

v1::Frame raw_client::answer(std::uint32_t reference) {
  auto matches = [&](const v1::Frame& frame) { return frame.reference_id() == reference; };
  auto found = std::find_if(kept_.begin(), kept_.end(), matches);
  if (found != kept_.end()) {
    auto frame = std::move(*found);
    kept_.erase(found);
    return frame;
  }
  for (auto others = std::exchange(kept_, {});;) {
    auto frame = next();
    if (!frame || matches(*frame)) {
      kept_ = std::move(others);
      if (frame)
        return *frame;
      throw std::runtime_error{"the connection has ended without an answer"};
    }
    others.push_back(std::move(*frame));
  }
}

v1::Frame raw_client::unasked() {
  return answer(0);
}

v1::Frame raw_client::ask_or_end(const v1::Frame& frame) {
  auto reference = request(frame);
  v1::Frame last;
  while (auto one = next()) {
    last = std::move(*one);
    if (last.reference_id() == reference)
      break;
  }
  return last;
}

std::vector<v1::Frame> raw_client::rest() {
  std::vector<v1::Frame> all;
  while (auto frame = next())
    all.push_back(std::move(*frame));
  return all;
}

// ---- what most tests do first --------------------------------------------------------------

const v1::EventLinkConnected& raw_client::sign_on(const v1::Frame& how) {
  auto reply = ask(how);
  if (!reply.has_event_link_connected())
    throw std::runtime_error{"sign-on is refused: " + reply.ShortDebugString()};
  link_ = reply.event_link_connected();
  return link_;
}

v1::Snapshot raw_client::register_on(const std::string& dn, v1::RegistrationMode mode) {
  auto reply = ask(e2e::register_on(dn, mode));
  if (!reply.has_event_registered() || reply.event_registered().this_dn() != dn)
    throw std::runtime_error{"registration is refused: " + reply.ShortDebugString()};
  return reply.event_registered().snapshot();
}

raw_client signed_on(const running_broker& broker, v1::Role role, raw_client::options how) {
  raw_client client{broker.port(), how};
  client.sign_on(e2e::sign_on(role));
  return client;
}

raw_client registered(const running_broker& broker, v1::Role role, const std::string& dn,
                      v1::RegistrationMode mode) {
  auto client = signed_on(broker, role);
  client.register_on(dn, mode);
  return client;
}

} // namespace ringdown::e2e
