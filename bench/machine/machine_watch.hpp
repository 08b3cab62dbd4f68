// What else the machine did during a run: time that its host took from it (steal), and what other
// programs than the broker and this one used. Figures of a machine that was disturbed are not the
// broker's.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

namespace ringdown::bench {

/// What all processors have done since the machine was started.
struct processor_times {
  std::chrono::nanoseconds busy{0};
  std::chrono::nanoseconds stolen{0};
};
/// Of /proc/stat, whose clock ticks so often a second; nothing if it is not that.
std::optional<processor_times> processor_times_in(std::string_view stat, long ticks_per_second);

/// What the processors did in a stretch of a run, beside the run itself.
struct machine_use {
  /// Above these a run counts as disturbed: shares of all processors' time. A machine that is left
  /// alone has some hundredths of a percent of steal, and below 2 % of everything else.
  static constexpr double stolen_max = 0.01;
  static constexpr double others_max = 0.05;

  std::chrono::nanoseconds at{0};       ///< its end, from the start of the watch
  std::chrono::nanoseconds capacity{0}; ///< all processors' time
  std::chrono::nanoseconds stolen{0};
  /// Of other programs; nothing if it is not known which process the broker is.
  std::optional<std::chrono::nanoseconds> others;

  double stolen_share() const noexcept;
  std::optional<double> others_share() const noexcept;
  bool is_disturbed() const noexcept;
  /// What another stretch adds.
  machine_use& operator+=(const machine_use& more) noexcept;
};

struct machine_history {
  machine_use whole;
  std::vector<machine_use> samples; ///< one a second
};

/// Looks once a second, in a thread of its own, which takes some microseconds for it.
class machine_watch {
public:
  static constexpr std::chrono::milliseconds look_every{1'000};

  /// `broker`: its process; this one, if the broker is in it.
  explicit machine_watch(std::optional<pid_t> broker);
  ~machine_watch();
  machine_watch(const machine_watch&) = delete;
  machine_watch& operator=(const machine_watch&) = delete;

  /// Ends the watch, while the broker still runs. To be called once.
  machine_history finish();

private:
  /// Totals at one time.
  struct look {
    std::chrono::steady_clock::time_point when;
    processor_times all;
    std::optional<std::chrono::nanoseconds> of_the_run; ///< the broker's and this program's
  };

  look look_now() const;
  machine_use between(const look& from, const look& to) const;
  void end_thread();

  const std::optional<pid_t> broker_;
  const look first_;
  look last_;
  std::vector<machine_use> samples_;
  std::mutex lock_;
  std::condition_variable ended_;
  bool ends_ = false;
  std::thread thread_;
};

} // namespace ringdown::bench
