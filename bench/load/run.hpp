// A run: producers send, receivers hear, every answer and delivery is verified and timed. Closed
// loop: each producer keeps its window full. Open loop: events are due at times fixed in advance,
// and latency counts from these.
#pragma once

#include "bench/load/histogram.hpp"
#include "bench/load/link_set.hpp"
#include "bench/load/pacing.hpp"
#include "bench/load/verifier.hpp"
#include "bench/speak/protocol.hpp"

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::bench {

/// What happened in one stretch of a run.
struct sample {
  std::chrono::nanoseconds at{0}; ///< its end, from the start of the measured time
  std::chrono::nanoseconds length{0};
  std::uint64_t acked = 0;
  std::uint64_t delivered = 0;
  std::uint64_t refused = 0;
  std::uint64_t ack_p50_ns = 0;
  std::uint64_t ack_p99_ns = 0;
  std::uint64_t outstanding = 0; ///< at its end; due and not yet sent ones included
  std::optional<std::uint64_t> resident_bytes;
};

/// What all kinds of run have in common.
struct run_options {
  link_set::options links;
  protocol_factory speak;       ///< empty: Ringdown
  std::string credentials = {}; ///< of its sign-ons
  std::string dn_prefix = "bench";
  std::optional<pid_t> broker_pid;
  /// The broker runs in this process: its CPU is the process's without this thread's.
  bool embedded = false;
  std::chrono::milliseconds seconds{5'000};
  /// For bringing everything up.
  std::chrono::milliseconds patience{60'000};
  /// Deliveries that have not come after so long without any are lost.
  std::chrono::milliseconds silence_max{5'000};
  std::function<bool()> stopped;
  /// Of a run with others beside it: told once whether its links are up, it waits for the others
  /// and says whether all are.
  std::function<bool(bool up)> meet;
  std::function<void(const sample&)> on_sample;
  /// The measured time begins (true), and is over (false).
  std::function<void(bool)> on_measuring;

  /// The broker's CPU time so far, and its resident memory; nothing if its process is not known.
  std::optional<std::chrono::nanoseconds> broker_cpu() const;
  std::optional<std::uint64_t> broker_resident_bytes() const;
};

struct load_options : run_options {
  /// That load the broker, each with its share of producers, receivers and DNs.
  std::uint32_t threads = 1;
  std::uint32_t producers = 16;
  std::uint32_t window = 64; ///< requests outstanding, for each producer
  std::uint32_t dns = 10'000;
  std::uint32_t receivers = 1;
  std::uint32_t fan_out = 1; ///< receivers of each DN
  std::size_t user_data_bytes = 150;
  capture_verb command = capture_verb::none; ///< what each event commands
  std::chrono::milliseconds warmup{1'000};
  std::optional<pace> open_loop; ///< none: closed loop
  /// Send beyond what the broker grants: for measuring how it refuses.
  bool exceed_window = false;
  /// So many receivers read no faster than this; 0: not at all. The latency of deliveries is that
  /// of the others.
  std::uint32_t slow_receivers = 0;
  std::size_t slow_bytes_per_second = 64 * 1024;
  /// Open loop: events due that may wait for a producer, 8 bytes each; beyond it they are never
  /// sent.
  std::size_t backlog_max = 4'000'000;
};

/// This program had no time left and the broker had: the figures are not the broker's.
bool used_up_by_client(std::chrono::nanoseconds own_cpu,
                       std::optional<std::chrono::nanoseconds> broker_cpu,
                       std::chrono::nanoseconds measured) noexcept;

struct load_result {
  std::string trouble; ///< why there are no figures; empty if there are
  findings found;      ///< of the whole run, warm-up included
  std::string broker;  ///< as it names itself
  std::string tls;     ///< what was agreed on with it; empty: it was spoken to in plain
  bool drained = false;
  /// To requests that nobody made, or a second time.
  std::uint64_t stray_answers = 0;
  /// Deliveries to a receiver that has not asked for them.
  std::uint64_t stray_deliveries = 0;
  std::map<std::uint32_t, std::uint64_t> errors; ///< EventErrors by code
  std::size_t slow_receivers_lost = 0;
  std::uint64_t unsent = 0; ///< due in the open loop and never sent, for want of room

  // Of the measured time.
  std::chrono::nanoseconds measured{0};
  std::uint64_t offered = 0; ///< due (open loop) or sent (closed loop)
  std::uint64_t acked = 0;
  std::uint64_t delivered = 0;
  std::uint64_t reads = 0;
  std::uint64_t frames = 0;
  std::optional<std::chrono::nanoseconds> broker_cpu;
  std::chrono::nanoseconds own_cpu{0};          ///< of all threads
  std::uint32_t cores = 1;                      ///< that its threads could use at once
  std::optional<std::uint64_t> resident_before; ///< before the first connection
  std::optional<std::uint64_t> resident_start;  ///< when the measured time begins
  std::optional<std::uint64_t> resident_end;
  histogram ack_latency;      ///< nanoseconds, from the intended send time
  histogram delivery_latency; ///< the same
  std::vector<sample> samples;

  bool good() const noexcept {
    return trouble.empty() && drained && stray_answers == 0 && stray_deliveries == 0 &&
           found.faults() == 0;
  }
  /// Events that were accepted and delivered to all in the measured time: of both counts the
  /// lesser.
  std::uint64_t done(std::uint32_t fan_out) const noexcept {
    return std::min(acked, delivered / fan_out);
  }
  bool client_was_the_limit() const noexcept {
    return used_up_by_client(own_cpu / cores, broker_cpu, measured);
  }
};

double per_second(std::uint64_t count, std::chrono::nanoseconds time);

/// Nothing, or why these options make no run.
std::optional<std::string> unusable(const load_options& options);
/// With several threads the latencies of a sample are those of the slowest.
load_result run_load(const load_options& options);

} // namespace ringdown::bench
