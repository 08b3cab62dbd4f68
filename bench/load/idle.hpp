// Idle connections, each registered on a DN: how fast they come up and what they cost.
#pragma once

#include "bench/load/run.hpp"

namespace ringdown::bench {

struct idle_options : run_options {
  std::uint32_t connections = 10'000;
  std::uint32_t dns = 10'000;
  std::optional<std::chrono::milliseconds> heartbeat_interval; ///< of ours alone
  /// The first connect is about to be made (true); the last is up, or they have failed (false).
  std::function<void(bool)> on_coming_up;
};

struct idle_result {
  std::string trouble;
  std::string broker;                  ///< as it names itself
  std::string tls;                     ///< what was agreed on with it; empty: plain
  std::chrono::nanoseconds opening{0}; ///< from the first connect to the last registration
  histogram opening_times;             ///< of each link, in nanoseconds, refusals included
  histogram sign_on_times;             ///< from the sign-on that was admitted to the registration
  link_set::refusals refused;          ///< with `links.come_again`
  std::optional<std::chrono::nanoseconds> opening_cpu; ///< the broker's
  std::chrono::nanoseconds own_opening_cpu{0};
  std::optional<std::uint64_t> resident_before;
  std::optional<std::uint64_t> resident_after;
  // Of the idle time that followed.
  std::chrono::nanoseconds measured{0};
  std::optional<std::chrono::nanoseconds> broker_cpu;

  /// This program had no time left while it opened them, and the broker had.
  bool client_was_the_limit() const noexcept {
    return used_up_by_client(own_opening_cpu, opening_cpu, opening);
  }
};
idle_result run_idle(const idle_options& options);

} // namespace ringdown::bench
