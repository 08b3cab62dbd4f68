// The load runs: events in a closed loop with every delivery verified, and idle connections.
#pragma once

#include "client/load/histogram.hpp"
#include "client/load/link_set.hpp"
#include "client/load/verifier.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace ringdown::load {

/// What both kinds of run have in common.
struct run_options {
  link_set::options links;
  std::string dn_prefix = "load";
  std::optional<pid_t> broker_pid;
  std::chrono::milliseconds seconds{5'000};
  /// For bringing everything up.
  std::chrono::milliseconds patience{60'000};
  /// Deliveries that have not come after so long without any are lost.
  std::chrono::milliseconds silence_max{5'000};
  std::function<bool()> stopped;
};

struct load_options : run_options {
  std::uint32_t producers = 16;
  std::uint32_t window = 64; ///< requests outstanding, for each producer
  std::uint32_t dns = 10'000;
  std::uint32_t receivers = 1;
  std::size_t user_data_bytes = 150;
  std::chrono::milliseconds warmup{1'000};
};

struct load_result {
  std::string trouble; ///< why there are no figures; empty if there are
  findings found;      ///< of the whole run, warm-up included
  bool drained = false;
  std::uint64_t missed = 0; ///< events that EventMissed named
  /// To requests that nobody made, or a second time.
  std::uint64_t stray_answers = 0;
  std::map<std::uint32_t, std::uint64_t> errors; ///< EventErrors by code

  // Of the measured time.
  std::chrono::nanoseconds measured{0};
  std::uint64_t acked = 0;
  std::uint64_t delivered = 0;
  std::uint64_t reads = 0;
  std::uint64_t frames = 0;
  std::optional<std::chrono::nanoseconds> broker_cpu;
  std::chrono::nanoseconds own_cpu{0};
  histogram ack_latency; ///< nanoseconds

  bool good() const noexcept {
    return trouble.empty() && drained && stray_answers == 0 && found.faults() == 0;
  }
};

/// Nothing, or why these options make no run.
std::optional<std::string> unusable(const load_options& options);
load_result run_load(const load_options& options);

struct idle_options : run_options {
  std::uint32_t connections = 10'000;
  std::uint32_t dns = 10'000;
};

struct idle_result {
  std::string trouble;
  std::chrono::nanoseconds opening{0}; ///< from the first connect to the last registration
  std::optional<std::uint64_t> resident_before;
  std::optional<std::uint64_t> resident_after;
  // Of the idle time that followed.
  std::chrono::nanoseconds measured{0};
  std::optional<std::chrono::nanoseconds> broker_cpu;
};
idle_result run_idle(const idle_options& options);

} // namespace ringdown::load
