// What a comparison found: as a table for a terminal, as tables for a document, as JSON for
// programs. Pure.
#pragma once

#include "bench/load/compare.hpp"
#include "bench/load/idle.hpp"
#include "bench/tell/report.hpp"
#include "bench/tell/statistics.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace ringdown::bench {

/// The figures of one broker under one load, a value for each round.
struct figures {
  std::vector<double> rate;            ///< events, or registrations, a second
  std::vector<double> cpu_us;          ///< the broker's for each of these
  std::vector<double> delivery_cpu_us; ///< the same for each delivery
  /// Of a request to its ACK; of a connect to its registration.
  std::vector<double> p50_us, p99_us, p999_us;
  std::vector<double> delivery_p50_us, delivery_p99_us;
  std::vector<double> connection_bytes; ///< the broker's memory for each connection
  std::vector<double> own_cpu_percent;  ///< of a core, this program's
  bool client_was_the_limit = false;
  bool was_disturbed = false;    ///< by other programs, or its processor was stolen
  bool fell_behind = false;      ///< it answered well ahead of what it delivered
  std::uint64_t told_missed = 0; ///< deliveries that EventMissed stands for
  std::string failure;           ///< why there are no figures; empty if there are
};
void note(figures& f, const load_options& o, const load_result& r);
void note(figures& f, const idle_options& o, const idle_result& r);
/// This broker has no figures under this load: those of earlier rounds do not count either.
void note_failure(figures& f, std::string why);

struct comparison_result {
  struct member {
    std::string name;
    std::string version;  ///< empty: it is not installed
    std::string tls = {}; ///< what was agreed on with it; empty: it was spoken to in plain
  };
  std::vector<named_load> loads;
  std::vector<member> members;
  unsigned rounds = 0;
  double seconds = 0;
  std::vector<figures> all; ///< of each load those of each member

  figures& at(std::size_t load, std::size_t index) { return all[load * members.size() + index]; }
  const figures& at(std::size_t load, std::size_t index) const {
    return all[load * members.size() + index];
  }
};
/// What makes the figures of a broker under a load doubtful; empty if nothing does.
std::string doubts(const figures& f);

json to_json(const comparison_result& c);
std::string text_of(const comparison_result& c);
/// Tables in Markdown, as docs/benchmarks.md has them: a load a row for CPU and rates, a broker a
/// row for latencies and connections; what is missing or doubtful is said below.
std::string markdown_of(const comparison_result& c);

} // namespace ringdown::bench
