// Keeps what repeats ten thousand times a second from filling the disk. The same component's same
// message passes a few times in each second, whatever else is logged. Beyond that a warning or an
// error is only counted; another line passes as long as the second's bytes are not spent. So a
// client that makes one kind of line without end silences no other kind. Pure: time is an
// argument. Not thread-safe; the logger holds it under its mutex.
#pragma once

#include "broker/logging/level.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::logging {

/// How many different messages are told apart at a time. Messages are fixed sentences of ours, so
/// this many do not repeat within one second; the bound is for the day they do.
inline constexpr std::size_t repeat_kinds_max = 128;

class repeat_filter {
public:
  using time_point = std::chrono::system_clock::time_point;

  /// What was left out of one message in one second.
  struct summary {
    component from = component::broker;
    level at = level::warn;
    std::string message;
    std::uint64_t suppressed = 0;
  };

  /// Of each kind `per_second_max` lines pass in a second, of those below `warn` more until
  /// `bytes_per_second_max` bytes of all kinds have been written in it. 0: no such bound.
  explicit repeat_filter(std::size_t per_second_max, std::size_t bytes_per_second_max = 0)
    : per_second_max_{per_second_max}, bytes_per_second_max_{bytes_per_second_max} {}

  /// True if the message may be written now; otherwise it is counted.
  bool admit(component c, level l, std::string_view message, time_point now);
  /// A line that was admitted had so many bytes.
  void count(std::size_t bytes) noexcept { bytes_ += bytes; }
  void set_bytes_per_second_max(std::size_t bytes) noexcept { bytes_per_second_max_ = bytes; }
  /// Appends to `out` what was left out in seconds that are over, and forgets these. A clock that
  /// was set back ends a second too.
  void collect(time_point now, std::vector<summary>& out);
  /// The same for all, at the end.
  void collect_all(std::vector<summary>& out);

private:
  struct entry {
    summary counted;
    time_point since;
    std::size_t written = 0;
  };
  entry& find_or_make(component c, level l, std::string_view message, time_point now);

  std::size_t per_second_max_;
  std::size_t bytes_per_second_max_;
  std::size_t bytes_ = 0; ///< written since `bytes_since_`
  time_point bytes_since_{};
  std::vector<entry> entries_;
  std::vector<summary> evicted_;
};

} // namespace ringdown::logging
