// How much of one client's input has its turn at once. Bytes and frames do not say what a read
// costs: 64 KiB are a thousand events, and an event to a thousand receivers is a thousand
// deliveries. So a read with many frames is heard in parts, a part is as large as the ones before
// it let expect, and when the client's time is used the rest waits for a later turn: those of all
// others come between. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace ringdown::edge {

class work_share {
public:
  /// What a turn may take of everybody's time for one client: sixteen that flood a DN of a thousand
  /// receivers delay others' `pause` by some tenths of a second.
  static constexpr std::chrono::nanoseconds time_max = std::chrono::milliseconds{2};
  /// Frames of a part, at most: 50 ms for a client whose events have come to cost a tenth of a
  /// millisecond each since the part before. Smaller parts have fewer events for each DN, and each
  /// DN is called more often.
  static constexpr std::size_t frames_max = 512;
  /// Of the first part, when nothing is known.
  static constexpr std::size_t frames_at_first = 8;

  /// Frames that the next part may have.
  std::size_t frames() const noexcept { return frames_; }

  /// A part of so many frames, one at least, took so long. Room comes back in steps, as work gets
  /// less.
  void took(std::size_t frames, std::chrono::nanoseconds time) noexcept {
    if (time <= time_max) {
      frames_ = std::min(frames_max, frames_ * 2);
      return;
    }
    auto each = time / static_cast<std::chrono::nanoseconds::rep>(frames);
    frames_ = std::clamp(static_cast<std::size_t>(time_max / each), std::size_t{1}, frames_max);
  }

private:
  std::size_t frames_ = frames_at_first;
};

} // namespace ringdown::edge
