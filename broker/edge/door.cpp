#include "broker/edge/door.hpp"

#include "actors/disconnect.hpp"
#include "broker/edge/tcp_stream.hpp"

#include <sys/socket.h>

namespace ringdown::edge {

namespace {

class plain_tcp_door final : public door_kind {
public:
  std::unique_ptr<stream> open(epoll_loop& sockets, int descriptor) const override {
    return std::make_unique<tcp_stream>(sockets, descriptor);
  }

  void refuse(int descriptor, disconnect_reason reason,
              std::string_view why) const noexcept override {
    auto frame = encode_disconnected(reason, why);
    static_cast<void>(::send(descriptor, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    ::shutdown(descriptor, SHUT_WR);
  }
};

} // namespace

const door_kind& plain_tcp() noexcept {
  static const plain_tcp_door one;
  return one;
}

} // namespace ringdown::edge
