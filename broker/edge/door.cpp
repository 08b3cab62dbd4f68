#include "broker/edge/door.hpp"

#include "actors/disconnect.hpp"
#include "broker/edge/edge_loop.hpp"
#include "broker/edge/epoll_loop.hpp"
#include "broker/edge/tcp_stream.hpp"

#include <sys/socket.h>

#include <memory>
#include <utility>

namespace ringdown::edge {

namespace {

class plain_tcp_door final : public door_kind {
public:
  void let_in(edge_loop& to, owned_descriptor socket, peer_facts peer,
              ticket admitted) const override {
    auto shared = std::make_shared<owned_descriptor>(std::move(socket));
    to.adopt(
      [shared](edge_loop& loop) -> std::unique_ptr<stream> {
        return std::make_unique<tcp_stream>(epoll_loop::of(loop.host().loop()), shared->release());
      },
      std::move(peer), std::move(admitted));
  }

  void refuse(int descriptor, disconnect_reason reason,
              std::string_view why) const noexcept override {
    auto frame = encode_disconnected(reason, why);
    static_cast<void>(::send(descriptor, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    ::shutdown(descriptor, SHUT_WR);
  }

  bool lets_wait() const noexcept override { return false; }
};

} // namespace

const door_kind& plain_tcp() noexcept {
  static const plain_tcp_door one;
  return one;
}

} // namespace ringdown::edge
