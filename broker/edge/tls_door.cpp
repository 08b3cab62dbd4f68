#include "broker/edge/tls_door.hpp"

#include <utility>

namespace ringdown::edge {

void tls_door::let_in(edge_loop& loop, owned_descriptor socket, peer_facts peer,
                      ticket admitted) const {
  handshakes_.begin(loop, std::move(socket), std::move(peer), std::move(admitted));
}

void tls_door::refuse(int /*descriptor*/, disconnect_reason /*reason*/,
                      std::string_view /*why*/) const noexcept {}

} // namespace ringdown::edge
