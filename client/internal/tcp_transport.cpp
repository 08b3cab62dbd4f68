#include "client/internal/tcp_transport.hpp"

#include <poll.h>

namespace ringdown::client {

transport_result tcp_transport::read_some(char* into, std::size_t size) noexcept {
  return client::read_some(socket_.get(), into, size);
}

transport_result tcp_transport::write_some(std::string_view bytes) noexcept {
  return client::write_some(socket_.get(), bytes);
}

short tcp_transport::poll_events(bool to_read, bool to_write) noexcept {
  return static_cast<short>((to_read ? POLLIN : 0) | (to_write ? POLLOUT : 0));
}

} // namespace ringdown::client
