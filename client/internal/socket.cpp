#include "client/internal/socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace ringdown::client {

unique_fd& unique_fd::operator=(unique_fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int unique_fd::release() noexcept {
  int fd = fd_;
  fd_ = -1;
  return fd;
}

void unique_fd::reset() noexcept {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

resolution resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0)
    return {{}, ::gai_strerror(error)};
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{list, &::freeaddrinfo};
  resolution result;
  for (auto* entry = list; entry != nullptr; entry = entry->ai_next) {
    auto& address = result.addresses.emplace_back();
    address.size = entry->ai_addrlen;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
  }
  return result;
}

std::string host_text(const socket_address& address) {
  char text[NI_MAXHOST] = {};
  auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
  int error = ::getnameinfo(generic, address.size, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? text : std::string{};
}

std::string address_text(const socket_address& address) {
  char port[NI_MAXSERV] = {};
  auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
  ::getnameinfo(generic, address.size, nullptr, 0, port, sizeof port, NI_NUMERICSERV);
  auto host = host_text(address);
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

namespace {

/// Binds to the address alone: with the port left to `connect`, each destination has all ports.
bool bind_to(int fd, const socket_address& from) noexcept {
  int on = 1;
  return ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
         ::bind(fd, reinterpret_cast<const sockaddr*>(&from.storage), from.size) == 0;
}

} // namespace

unique_fd start_connect(const socket_address& address, const socket_address* from) noexcept {
  unique_fd fd{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd)
    return fd;
  int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
  if ((from == nullptr || bind_to(fd.get(), *from)) &&
      (::connect(fd.get(), generic, address.size) == 0 || errno == EINPROGRESS || errno == EINTR))
    return fd;
  int error = errno;
  fd.reset();
  errno = error;
  return fd;
}

int connect_error(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
    return errno;
  return error;
}

namespace {

transport_result io_outcome(ssize_t bytes) noexcept {
  if (bytes >= 0)
    return {transport_status::done, static_cast<std::size_t>(bytes), 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    return {transport_status::would_block, 0, 0};
  return {transport_status::failed, 0, errno};
}

} // namespace

transport_result read_some(int fd, char* into, std::size_t size) noexcept {
  ssize_t bytes;
  do
    bytes = ::recv(fd, into, size, 0);
  while (bytes < 0 && errno == EINTR);
  if (bytes == 0)
    return {transport_status::end, 0, 0};
  return io_outcome(bytes);
}

transport_result write_some(int fd, std::string_view bytes) noexcept {
  ssize_t written;
  do
    written = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  while (written < 0 && errno == EINTR);
  return io_outcome(written);
}

link_fault fault_of(int error) noexcept {
  switch (error) {
  case ECONNREFUSED: return link_fault::refused;
  case ETIMEDOUT: return link_fault::timed_out;
  case ECONNRESET:
  case EPIPE: return link_fault::closed_by_peer;
  default: return link_fault::io_error;
  }
}

std::string error_text(int error) {
  return std::system_category().message(error);
}

} // namespace ringdown::client
