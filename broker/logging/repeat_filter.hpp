// Keeps a fault that repeats ten thousand times a second from filling the disk: the same
// component's same message passes a few times in a second, then it is only counted. Pure: time is
// an argument. Not thread-safe; the logger holds it under its mutex.
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

  /// 0: everything passes.
  explicit repeat_filter(std::size_t per_second_max) : per_second_max_{per_second_max} {}

  /// True if the message may be written now; otherwise it is counted.
  bool admit(component c, level l, std::string_view message, time_point now);
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
  std::vector<entry> entries_;
  std::vector<summary> evicted_;
};

} // namespace ringdown::logging
