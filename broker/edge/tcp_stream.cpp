#include "broker/edge/tcp_stream.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ringdown::edge {

namespace {

transport_result result_of(ssize_t did) noexcept {
  if (did >= 0)
    return {transport_status::done, static_cast<std::size_t>(did), 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    return {transport_status::would_block, 0, 0};
  return {transport_status::failed, 0, errno};
}

template <class Call>
transport_result uninterrupted(Call call) noexcept {
  for (;;) {
    auto result = result_of(call());
    if (result.error != EINTR)
      return result;
  }
}

} // namespace

tcp_stream::tcp_stream(epoll_loop& loop, int descriptor) : loop_(loop), descriptor_(descriptor) {
  if (loop_.add(descriptor_, *this))
    return;
  close(); // no memory for it in the kernel: the link ends with its first read
  has_bytes_ = true;
}

tcp_stream::~tcp_stream() {
  close();
}

transport_result tcp_stream::read_some(char* into, std::size_t size) noexcept {
  auto result = uninterrupted([&] { return ::recv(descriptor_, into, size, MSG_DONTWAIT); });
  if (result.status == transport_status::done && result.bytes == 0)
    result.status = transport_status::end;
  if (result.status == transport_status::end) {
    end_is_read_ = true;
    has_ended_ = false;
  }
  // What did not fill the buffer was all there was; more will be told of. Not so the end.
  if (result.status == transport_status::would_block || result.bytes < size)
    has_bytes_ = has_ended_;
  return result;
}

transport_result tcp_stream::write_some(std::string_view bytes) noexcept {
  auto result = uninterrupted(
    [&] { return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT); });
  if (result.status == transport_status::would_block || result.bytes < bytes.size())
    has_room_ = false;
  return result;
}

void tcp_stream::await_read(std::shared_ptr<stream_user> user) {
  user_ = std::move(user);
  awaits_read_ = true;
  if (has_bytes_)
    queue();
}

void tcp_stream::queue() {
  if (!std::exchange(is_queued_, true))
    loop_.call_again(*this);
}

void tcp_stream::await_write(std::shared_ptr<stream_user> user) {
  user_ = std::move(user);
  awaits_write_ = true;
  if (has_room_)
    queue();
}

void tcp_stream::ready(std::uint32_t events) {
  // Each event brings all that is so: the end that was read is no news.
  constexpr auto broken = EPOLLHUP | EPOLLERR;
  auto ended = end_is_read_ ? broken : broken | EPOLLRDHUP;
  has_ended_ |= (events & ended) != 0;
  has_bytes_ |= (events & ended) != 0 || (!end_is_read_ && (events & EPOLLIN) != 0);
  has_room_ |= (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
  if (events == 0)
    is_queued_ = false;
  // More bytes for one that has not taken all are no reason to read it before its turn. Who is told
  // may close the stream, and end it with that.
  bool reads = has_bytes_ && !is_queued_ && std::exchange(awaits_read_, false);
  bool writes = has_room_ && std::exchange(awaits_write_, false);
  if (!reads && !writes)
    return;
  auto user = awaits_read_ || awaits_write_ ? user_ : std::exchange(user_, nullptr);
  if (writes)
    user->writable();
  if (reads)
    user->readable();
}

void tcp_stream::end_writing() noexcept {
  ::shutdown(descriptor_, SHUT_WR);
}

void tcp_stream::close() noexcept {
  loop_.remove(descriptor_, *this); // it may be queued although nothing is watched
  if (descriptor_ >= 0)
    ::close(std::exchange(descriptor_, -1));
  awaits_read_ = awaits_write_ = false;
  // The user may be the last reference to the link that calls: it goes last.
  auto user = std::exchange(user_, nullptr);
}

} // namespace ringdown::edge
