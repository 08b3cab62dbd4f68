// A desktop and its recorder beside a load, or many of them, on connections and in a thread of
// their own: how long a `pause` takes to be acknowledged while the broker is busy with others. The
// recorders confirm at once; a `resume` follows half-way to the next pause.
#pragma once

#include "bench/load/histogram.hpp"
#include "bench/load/link_set.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace ringdown::bench {

struct probe_options {
  link_set::options links;
  std::string credentials = {};
  std::uint32_t pairs = 1; ///< desktops, each with a recorder and a DN; they command in turns
  std::chrono::microseconds every{5'000}; ///< from one pause to the next, of all
  bool times_resumes = false;             ///< too, not pauses alone
  std::chrono::milliseconds patience{30'000};
};

/// What became of the pauses, or of all that is timed, that were due in one phase.
struct probe_figures {
  std::uint64_t sent = 0;
  std::map<std::string, std::uint64_t> outcomes; ///< that came meanwhile
  std::map<std::uint32_t, std::uint64_t> errors;
  histogram ack; ///< nanoseconds, from the intended time
};

class pause_probe {
public:
  enum class phase : std::uint8_t { aside, unloaded, loaded, loaded_by_tls };

  explicit pause_probe(probe_options o) : options_(std::move(o)) {}
  ~pause_probe() { stop(); }
  pause_probe(const pause_probe&) = delete;
  pause_probe& operator=(const pause_probe&) = delete;

  /// Pauses begin once both links are up. The caller's thread is not to be in its way: where the
  /// system allows it, the probe's runs before all others.
  void start();
  /// The first command was sent, or there will be none. Any thread.
  bool has_begun() const noexcept { return has_begun_; }
  /// Pauses that are due from now on belong to this phase.
  void enter(phase p) noexcept { phase_ = p; }
  /// Waits for what is outstanding, no longer than `patience`, and ends.
  void stop();

  // ---- after `stop`
  const probe_figures& of(phase p) const noexcept { return figures_[static_cast<std::size_t>(p)]; }
  /// Empty, or why there are no more figures.
  const std::string& trouble() const noexcept { return trouble_; }
  /// Every command was answered, and nothing came that was not asked for.
  bool good() const noexcept { return trouble_.empty() && is_complete_; }
  /// Its thread runs before others; else their turns are in its figures.
  bool runs_first() const noexcept { return runs_first_; }

private:
  class run;

  probe_options options_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> has_begun_{false};
  std::atomic<phase> phase_{phase::aside};
  std::array<probe_figures, 4> figures_;
  std::string trouble_;
  bool is_complete_ = false;
  bool runs_first_ = false;
};

} // namespace ringdown::bench
