#include "broker/edge/tcp_stream.hpp"

#include <sys/socket.h>

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

tcp_stream::tcp_stream(boost::asio::io_context& context, int descriptor) : socket_(context) {
  boost::system::error_code ignored;
  // The protocol only matters for address families that we do not ask for later.
  socket_.assign(boost::asio::ip::tcp::v4(), descriptor, ignored);
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
}

transport_result tcp_stream::read_some(char* into, std::size_t size) noexcept {
  auto result =
    uninterrupted([&] { return ::recv(socket_.native_handle(), into, size, MSG_DONTWAIT); });
  if (result.status == transport_status::done && result.bytes == 0)
    result.status = transport_status::end;
  return result;
}

transport_result tcp_stream::write_some(std::string_view bytes) noexcept {
  return uninterrupted([&] {
    return ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  });
}

void tcp_stream::await_read(std::shared_ptr<stream_user> user) {
  socket_.async_wait(boost::asio::socket_base::wait_read,
                     [u = std::move(user)](const boost::system::error_code& failed) {
                       if (!failed)
                         u->readable();
                     });
}

void tcp_stream::await_write(std::shared_ptr<stream_user> user) {
  socket_.async_wait(boost::asio::socket_base::wait_write,
                     [u = std::move(user)](const boost::system::error_code& failed) {
                       if (!failed)
                         u->writable();
                     });
}

void tcp_stream::end_writing() noexcept {
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
}

void tcp_stream::close() noexcept {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

} // namespace ringdown::edge
