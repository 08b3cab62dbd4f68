// The stages of a connection's life, and what its client may say in each.
#pragma once

#include <cstdint>

namespace ringdown {

enum class connection_life : std::uint8_t {
  awaiting_sign_on,
  signing_on,
  signed_on,
  draining,    ///< the broker shuts down: what is in flight is answered, the rest refused
  signing_off, ///< the client does: what it asked before is answered, it is not heard any more
  closing,
};

/// The client may ask for more than to sign on.
constexpr bool is_signed_on(connection_life at) noexcept {
  return at == connection_life::signed_on || at == connection_life::draining ||
         at == connection_life::signing_off;
}

/// What the client still says is nobody's.
constexpr bool is_deaf(connection_life at) noexcept {
  return at == connection_life::signing_off || at == connection_life::closing;
}

/// The next frame has its turn now.
constexpr bool may_read(connection_life at) noexcept {
  return !is_deaf(at) && at != connection_life::signing_on;
}

} // namespace ringdown
