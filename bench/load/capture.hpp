// The capture mix: what agents, desktops and recorders really say, in their proportions. Each call
// of an agent is a start, a pause, a resume, a query and a stop; each is a command, its ACK, its
// delivery, the recorder's indication, that one's ACK and delivery, and the outcome. Latency counts
// from the time at which the agent was to press the button.
#pragma once

#include "bench/load/run.hpp"

namespace ringdown::bench {

/// start, pause, resume, query, stop.
inline constexpr std::uint64_t commands_of_call = 5;

struct capture_options : run_options {
  std::uint32_t agents = 1000;
  std::uint32_t agents_per_link = 1; ///< that share a desktop's and a recorder's link
  double calls_per_hour = 10;        ///< of one agent; the rest of the time it waits
  std::chrono::milliseconds call{10'000};
  std::uint64_t seed = 1; ///< of the calls' times

  std::size_t links_wanted() const noexcept {
    return std::size_t{2} * ((agents + agents_per_link - 1) / agents_per_link);
  }
};

struct capture_result {
  std::string trouble;
  std::string broker; ///< as it names itself
  std::uint64_t calls = 0;
  std::uint64_t calls_not_taken = 0; ///< due when every agent was busy
  std::uint64_t commands = 0;
  std::uint64_t commands_acked = 0;
  std::uint64_t commands_heard = 0; ///< by the recorder
  std::uint64_t indications = 0;
  std::uint64_t indications_acked = 0;
  std::uint64_t indications_heard = 0; ///< by the desktop
  std::map<std::string, std::uint64_t> outcomes;
  std::map<std::uint32_t, std::uint64_t> errors;
  std::uint64_t strays = 0; ///< answers, events and outcomes that belong to nothing

  // Of the measured time, in which calls begin.
  std::chrono::nanoseconds measured{0};
  std::uint64_t sends = 0; ///< commands and indications
  std::uint64_t acked = 0; ///< commands
  std::uint64_t reads = 0;
  std::uint64_t frames = 0;
  std::optional<std::chrono::nanoseconds> broker_cpu;
  std::chrono::nanoseconds own_cpu{0};
  std::optional<std::uint64_t> resident_before; ///< before the first connection
  std::optional<std::uint64_t> resident_start;  ///< when the measured time begins
  std::optional<std::uint64_t> resident_end;
  /// One a second: what was acked and heard of commands and indications, how long ACKs of commands
  /// took.
  std::vector<sample> samples;

  // To the end of the last call.
  histogram ack;     ///< command to EventACK
  histogram light;   ///< command to the recorder's indication at the desktop
  histogram outcome; ///< command to EventOutcome
  histogram pause;   ///< of these, pauses only

  /// Each call had its commands, and each of these was acked, heard once, indicated and confirmed.
  bool good() const noexcept;
  std::uint64_t calls_due() const noexcept { return calls + calls_not_taken; }
  bool client_was_the_limit() const noexcept {
    return used_up_by_client(own_cpu, broker_cpu, measured);
  }
};

std::optional<std::string> unusable(const capture_options& options);
capture_result run_capture(const capture_options& options);

} // namespace ringdown::bench
