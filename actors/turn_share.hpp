// Where an event for many receivers is written once: their outboxes note where it stands, and each
// of their sockets is sent from there. So a hundred receivers cost the memory, and the cache, of
// one. Only where one thread runs everything: then a turn ends with all sent, or copied.
#pragma once

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
  std::string_view put(std::string_view head, std::string_view tail) {
    if (head.size() + tail.size() > bytes_max - used_)
      return {};
    if (!bytes_)
      bytes_ = std::make_unique_for_overwrite<char[]>(bytes_max);
    auto* at = bytes_.get() + used_;
    std::copy(tail.begin(), tail.end(), std::copy(head.begin(), head.end(), at));
    used_ += head.size() + tail.size();
    return {at, head.size() + tail.size()};
  }

  /// Nobody refers to what was put.
  void end_turn() noexcept { used_ = 0; }

private:
  std::unique_ptr<char[]> bytes_; // from the first use on
  std::size_t used_ = 0;
};

} // namespace ringdown
