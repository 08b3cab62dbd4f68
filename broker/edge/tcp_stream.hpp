// A client's bytes over TCP.
#pragma once

#include "broker/edge/stream.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace ringdown::edge {

class tcp_stream final : public stream {
public:
  /// Takes over an accepted socket.
  tcp_stream(boost::asio::io_context& context, int descriptor);

  transport_result read_some(char* into, std::size_t size) noexcept override;
  transport_result write_some(std::string_view bytes) noexcept override;
  void await_read(std::shared_ptr<stream_user> user) override;
  void await_write(std::shared_ptr<stream_user> user) override;
  void end_writing() noexcept override;
  void close() noexcept override;

private:
  boost::asio::ip::tcp::socket socket_;
};

} // namespace ringdown::edge
