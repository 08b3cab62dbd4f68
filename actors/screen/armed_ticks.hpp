// When a session is woken. An armed tick cannot be taken back: it stands until its time, and keeps
// its actor in memory, an ended one too. Whoever commands chooses deadlines, so each must not bring
// a tick of its own up:
//
//   none stands               one at the time itself
//   one stands before it      it serves: at an early tick the session asks for the next
//   all that stand are later  one at a power of two of milliseconds from now, before the time
//
// Each that is put before others is of a lower power than the one behind it: so few stand, whatever
// deadlines come, and who gives usual commands has one.
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace ringdown {

/// The ticks of one session that are armed and have not come. One thread at a time.
class armed_ticks {
public:
  using milliseconds = std::chrono::milliseconds;

  /// A distant time is reached in steps.
  static constexpr milliseconds ahead_max{60'000};
  /// The first one, each power of two below it, and one that is due at once.
  static constexpr std::size_t count_max =
    2 + std::bit_width(static_cast<unsigned>(ahead_max.count()));

  /// One is to come at `due`, or before. When to arm another; nothing if one of those serves.
  std::optional<milliseconds> ask_for(milliseconds due, milliseconds now) {
    auto ahead = std::clamp(due - now, milliseconds{0}, ahead_max);
    if (!at_.empty()) {
      if (at_.back() <= now + ahead)
        return std::nullopt;
      ahead = milliseconds{std::bit_floor(static_cast<unsigned>(ahead.count()))};
    }
    at_.push_back(now + ahead);
    return at_.back();
  }

  /// The next of them has come.
  void came() noexcept { at_.pop_back(); }
  std::size_t size() const noexcept { return at_.size(); }

private:
  std::vector<milliseconds> at_; // the next one last
};

} // namespace ringdown
