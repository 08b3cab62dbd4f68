// Where an event for many receivers is written once: their outboxes note where it stands, and each
// of their sockets is sent from there. So a hundred receivers cost the memory, and the cache, of
// one. Only where one thread runs everything: then a turn ends with all sent, or copied. Why nobody
// refers to it behind that: an outbox that holds a piece of it is dirty, so its link is marked or
// waits for its socket; a marked link sends or copies (client_link::flush), and one that waits has
// told its outbox to copy at once (outbox::copy_shared); `end_turn` comes when no link is marked
// any more.
#pragma once

#include "messages/ensure.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>

namespace ringdown {

class turn_share {
public:
  /// What a turn shares at most; further events of it are copied for each receiver. What a read of
  /// 64 KiB causes fits with its heads, and it stays in the second cache level.
  static constexpr std::size_t bytes_max = 256 * 1024;

  /// The frame's two parts at one place, until the end of the turn. Frames that are put one after
  /// another stand so. Empty if there is no room.
  std::string_view put(std::string_view head, std::string_view tail) noexcept {
    if (head.size() + tail.size() > bytes_max - used_)
      return {};
    auto* at = bytes_.get() + used_;
    std::copy(tail.begin(), tail.end(), std::copy(head.begin(), head.end(), at));
    used_ += head.size() + tail.size();
    return {at, head.size() + tail.size()};
  }

  /// One more client is sent so much of it from there. If its socket does not take it, it is
  /// copied, and the memory budget hears of it then.
  void lend(std::size_t bytes) noexcept { lent_ += bytes; }
  /// In this turn, to all clients: what may come to be copied.
  std::size_t lent() const noexcept { return lent_; }

  /// Nobody refers to what was put. Who does is to be found: no frame begins with such bytes.
  void end_turn() noexcept {
    if constexpr (debug_checks)
      std::fill_n(bytes_.get(), used_, '\xff');
    used_ = 0;
    lent_ = 0;
  }

private:
  // Made at once: between an ACK and its delivery nothing may fail.
  std::unique_ptr<char[]> bytes_ = std::make_unique_for_overwrite<char[]>(bytes_max);
  std::size_t used_ = 0;
  std::size_t lent_ = 0;
};

} // namespace ringdown
