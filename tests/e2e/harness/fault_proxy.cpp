#include "tests/e2e/harness/fault_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <stdexcept>
#include <string>

namespace ringdown::e2e {

namespace {

using clock = std::chrono::steady_clock;

/// How often a wire looks whether something was asked of it.
constexpr int look_ms = 5;

sockaddr_in on_loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// One direction of a wire: what was read, and when it may go on.
struct lane {
  int from;
  int to;
  std::deque<std::pair<clock::time_point, std::string>> late = {};

  /// False at the end of the stream.
  bool take(std::chrono::milliseconds delay) {
    char bytes[16 * 1024];
    auto count = ::recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count > 0)
      late.emplace_back(clock::now() + delay, std::string(bytes, static_cast<std::size_t>(count)));
    return count != 0;
  }
  void pass_on() {
    while (!late.empty() && late.front().first <= clock::now()) {
      auto& bytes = late.front().second;
      auto sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0)
        return;
      bytes.erase(0, static_cast<std::size_t>(sent));
      if (bytes.empty())
        late.pop_front();
    }
  }
};

} // namespace

fault_proxy::fault_proxy(std::uint16_t broker_port) : broker_port_(broker_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = on_loopback(0);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, any, size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, any, &size) != 0)
    throw std::runtime_error{"the proxy cannot listen"};
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread{[this] { run(); }};
}

fault_proxy::~fault_proxy() {
  over_ = true;
  accepting_.join();
  for (auto& wire : wires_)
    wire.join();
  ::close(listener_);
}

void fault_proxy::cut() {
  std::scoped_lock lock{mutex_};
  for (int socket : open_)
    ::shutdown(socket, SHUT_RDWR);
}

void fault_proxy::run() {
  while (!over_) {
    pollfd wait{listener_, POLLIN, 0};
    if (::poll(&wait, 1, look_ms) != 1)
      continue;
    int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    int broker = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = on_loopback(broker_port_);
    if (::connect(broker, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      ::close(client);
      ::close(broker);
      continue;
    }
    std::scoped_lock lock{mutex_};
    open_.push_back(client);
    open_.push_back(broker);
    wires_.emplace_back([this, client, broker] { carry(client, broker); });
  }
}

void fault_proxy::carry(int client, int broker) {
  lane there{client, broker};
  lane back{broker, client};
  bool stands = true;
  while (stands && !over_) {
    pollfd both[] = {{client, POLLIN, 0}, {broker, POLLIN, 0}};
    bool idle = there.late.empty() && back.late.empty();
    ::poll(frozen_ ? nullptr : both, frozen_ ? 0 : 2, idle || frozen_ ? look_ms : 1);
    if (frozen_)
      continue;
    std::chrono::milliseconds delay{delay_ms_};
    if (both[0].revents != 0)
      stands = there.take(delay);
    if (both[1].revents != 0)
      stands = back.take(delay) && stands;
    there.pass_on();
    back.pass_on();
  }
  std::scoped_lock lock{mutex_};
  std::erase(open_, client);
  std::erase(open_, broker);
  ::close(client);
  ::close(broker);
}

} // namespace ringdown::e2e
