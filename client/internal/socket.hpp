// A non-blocking TCP socket as a value. Internal to client/. Network faults are values here, not
// exceptions; EINTR is taken care of.
#pragma once

#include "client/events.hpp"
#include "messages/transport.hpp"

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::client {

/// Owns a file descriptor.
class unique_fd {
public:
  unique_fd() = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept;
  ~unique_fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept;
  void reset() noexcept;

private:
  int fd_ = -1;
};

/// One resolved address.
struct socket_address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

struct resolution {
  std::vector<socket_address> addresses; ///< empty: see `text`
  std::string text;
};
/// May block in the system's resolver if `host` is a name.
resolution resolve(const std::string& host, std::uint16_t port);

/// The address as text, such as "127.0.0.1" or "::1"; empty if it is of no known family.
std::string host_text(const socket_address& address);
/// The same with its port, such as "127.0.0.1:7480" or "[::1]:7480".
std::string address_text(const socket_address& address);

/// A socket whose connection is under way, or none with errno set. Nagle is off: our frames
/// are gathered before they are written. `from`: this side's address; its port is the kernel's.
unique_fd start_connect(const socket_address& address,
                        const socket_address* from = nullptr) noexcept;
/// After the socket became writable: 0, or the errno of the failed attempt.
int connect_error(int fd) noexcept;

transport_result read_some(int fd, char* into, std::size_t size) noexcept;
/// Never raises SIGPIPE.
transport_result write_some(int fd, std::string_view bytes) noexcept;

/// `refused`, `timed_out` or `io_error` by errno.
link_fault fault_of(int error) noexcept;
std::string error_text(int error);

} // namespace ringdown::client
