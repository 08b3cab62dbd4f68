// What a DN has at hand for each event: its order, who is registered, how events go out. The actor
// has it together in memory; the DN's side of the screen works on it too. Free of CAF.
#pragma once

#include "actors/context.hpp"
#include "actors/dn/board.hpp"
#include "actors/dn/delivery.hpp"
#include "actors/dn/roster.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace ringdown {

struct dn_state {
  // What each event needs, together. See `dn_lines` in connection/read_ahead.hpp.
  broker_context& context;
  meters& counts; ///< of where the DN lives
  const dn_epoch epoch;
  dn_sequence sequence;
  command_version version;
  capture_state light = capture_state::unknown; ///< the session's, as of its last step
  bool saw_closed = false;                      ///< a delivery found a connection closed
  delivery out;
  roster clients;
  const dn_board_ptr board;

  dn_state(broker_context& c, dn_board_ptr b, meters& at_home)
    : context(c), counts(at_home), epoch(b->identity.epoch), out(c, identity_of(b)),
      board(std::move(b)) {}

  const std::string& name() const noexcept { return out.dn().name; }
  std::int64_t now_us() const { return context.utc_now(); }
  /// On the board, for lists, and among what is counted.
  void show_roster() const noexcept {
    auto recorders = static_cast<std::uint32_t>(clients.recorders_active());
    auto before = board->recorders_active.load(std::memory_order_relaxed);
    counts.recorders_active.add(std::uint64_t{recorders} - before);
    if (recorders == 0 && before != 0)
      counts.dns_without_recorder.count();
    else if (recorders != 0 && before == 0)
      counts.dns_without_recorder.subtract(1);
    dn_board::set(board->clients, static_cast<std::uint32_t>(clients.size()));
    dn_board::set(board->recorders_active, recorders);
  }
  screen_rules rules() const { return {context.bounds, context.confirm}; }
};

} // namespace ringdown
