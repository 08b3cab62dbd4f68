// What is shown of a DN in a list, kept by the DN and read by the directory without asking it: a
// list of a hundred thousand DNs must not cost each of them a message. Free of CAF.
#pragma once

#include "actors/outbox.hpp"
#include "messages/ids.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace ringdown {

/// One writer, the DN; any reader. Each value is exact, but they are not of one instant.
struct dn_board {
  dn_identity identity;
  std::atomic<capture_state> light{capture_state::unknown};
  std::atomic<capture_state> desired{capture_state::unknown}; ///< unknown: nobody has asked
  std::atomic<std::uint32_t> pauses{0};
  std::atomic<std::uint32_t> waiting{0};
  std::atomic<std::uint32_t> alarms{0};
  std::atomic<std::uint32_t> recorders_active{0};
  std::atomic<std::uint32_t> clients{0};
  std::atomic<std::int64_t> paused_since_us{0};
  std::atomic<std::int64_t> changed_us{0};

  /// By the DN.
  template <class Value>
  static void set(std::atomic<Value>& place, Value now) noexcept {
    place.store(now, std::memory_order_relaxed);
  }

  dn_board(std::string name, dn_epoch epoch) : identity{std::move(name), epoch} {}
};
using dn_board_ptr = std::shared_ptr<dn_board>;

/// The board's identity, which keeps the board.
inline dn_identity_ptr identity_of(const dn_board_ptr& board) {
  return {board, &board->identity};
}

} // namespace ringdown
