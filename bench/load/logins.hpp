// Agents at work while others sign on as fast as they can: by the plain door and by that for TLS,
// in turns, with rests between them. How long the agents' commands take to be acknowledged, beside
// either storm and beside none.
#pragma once

#include "bench/load/idle.hpp"
#include "bench/load/pause_probe.hpp"

#include <vector>

namespace ringdown::bench {

struct logins_options {
  idle_options plain;   ///< a storm by the plain door
  idle_options by_tls;  ///< the same by the other
  probe_options agents; ///< who is at work meanwhile
  unsigned rounds = 5;  ///< each a rest and both storms
  /// Of each round, for figures without a storm.
  std::chrono::milliseconds rest{2'000};
  /// Behind a storm, in which what it left is cleared away: in no figure.
  std::chrono::milliseconds ebb{500};
};

/// The storms of one kind, of all rounds.
struct storms {
  std::vector<std::chrono::nanoseconds> all_in;     ///< of each, from the first connect
  std::vector<std::chrono::nanoseconds> broker_cpu; ///< of each, if it is known
  histogram opening_times;                          ///< of each login, in nanoseconds
  std::uint64_t refused = 0;                        ///< logins that had to come again
  std::string tls;                                  ///< what was agreed on; empty: plain
  bool client_was_the_limit = false;
  probe_figures agents; ///< beside them
};

struct logins_result {
  std::string trouble; ///< why it ended before its time; empty if it did not
  std::string broker;  ///< as it names itself
  probe_figures alone; ///< the agents', beside no storm
  storms plain;
  storms by_tls;
  bool agents_run_first = false; ///< before this program's other threads
  bool agents_are_good = false;  ///< each command was answered, and nothing else came
};

/// Nothing, or why these options make no run.
std::optional<std::string> unusable(const logins_options& options);
/// `on_round` hears of each that is over, and how many there were.
logins_result run_logins(const logins_options& options,
                         const std::function<void(unsigned, const logins_result&)>& on_round = {});

} // namespace ringdown::bench
