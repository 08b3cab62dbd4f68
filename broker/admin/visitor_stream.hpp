// The bytes of one visitor: plain, or within TLS. Boost.Asio's streams, as one type. One thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <openssl/ssl.h>

#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace ringdown::admin {

class visitor_stream {
public:
  using socket = boost::asio::ip::tcp::socket;
  using error_code = boost::system::error_code;

  /// `secured`: null: plain. Throws `std::bad_alloc`.
  visitor_stream(socket bytes, const std::shared_ptr<SSL_CTX>& secured)
    : socket_(std::move(bytes)) {
    if (!secured)
      return;
    auto* own = SSL_new(secured.get());
    if (own == nullptr)
      throw std::bad_alloc{};
    tls_.emplace(socket_, own);
  }

  socket& below() noexcept { return socket_; }
  bool is_encrypted() const noexcept { return tls_.has_value(); }

  /// Of one within TLS. `done(error)`.
  template <class Done>
  void shake_hands(Done done) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::move(done));
  }
  /// `done(error, bytes)`.
  template <class Buffer, class Done>
  void read_some(const Buffer& into, Done done) {
    if (tls_)
      tls_->async_read_some(into, std::move(done));
    else
      socket_.async_read_some(into, std::move(done));
  }
  /// `done(error, bytes)`.
  template <class Buffers, class Done>
  void write(const Buffers& all, Done done) {
    if (tls_)
      boost::asio::async_write(*tls_, all, std::move(done));
    else
      boost::asio::async_write(socket_, all, std::move(done));
  }
  /// Of one within TLS: says that no more comes. `done(error)` when the visitor has said the same.
  template <class Done>
  void end_tls(Done done) {
    tls_->async_shutdown(std::move(done));
  }
  void close() {
    error_code ignored;
    socket_.shutdown(socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

private:
  socket socket_;
  std::optional<boost::asio::ssl::stream<socket&>> tls_;
};

} // namespace ringdown::admin
