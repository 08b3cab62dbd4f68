// A connected TCP socket as the stream that a link runs over. Internal to client/.
#pragma once

#include "client/internal/socket.hpp"
#include "messages/transport.hpp"

namespace ringdown::client {

class tcp_transport final : public transport {
public:
  /// Takes a socket whose connection stands.
  explicit tcp_transport(unique_fd socket) noexcept : socket_(std::move(socket)) {}

  transport_result read_some(char* into, std::size_t size) noexcept override;
  transport_result write_some(std::string_view bytes) noexcept override;
  int descriptor() const noexcept override { return socket_.get(); }
  short poll_events(bool to_read, bool to_write) noexcept override;

private:
  unique_fd socket_;
};

} // namespace ringdown::client
