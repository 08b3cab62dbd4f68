// A door whose clients speak TLS: they come in when their handshake is done.
#pragma once

#include "broker/edge/door.hpp"
#include "broker/edge/handshakes.hpp"

namespace ringdown::edge {

class tls_door final : public door_kind {
public:
  /// `hands` outlives it.
  explicit tls_door(handshakes& hands) noexcept : handshakes_(hands) {}

  void let_in(edge_loop& loop, owned_descriptor socket, peer_facts peer,
              ticket admitted) const override;
  /// Nobody who speaks TLS would understand a word before the handshake: the socket closes.
  void refuse(int descriptor, disconnect_reason reason,
              std::string_view why) const noexcept override;
  /// A login storm that is turned away from its handshakes comes again and costs them twice.
  bool lets_wait() const noexcept override { return true; }

private:
  handshakes& handshakes_;
};

} // namespace ringdown::edge
