// Which latencies a result has, by name: for histogram files and plots. Pure.
#pragma once

#include "bench/load/capture.hpp"
#include "bench/load/idle.hpp"
#include "bench/load/knee.hpp"
#include "bench/load/logins.hpp"
#include "bench/load/run.hpp"
#include "bench/tell/overload.hpp"

#include <string>
#include <vector>

namespace ringdown::bench {

struct named_latency {
  std::string name;  ///< as a part of a file's name
  std::string label; ///< in a plot
  histogram latency;
};

std::vector<named_latency> latencies_of(const load_result& r);
std::vector<named_latency> latencies_of(const capture_result& r);
std::vector<named_latency> latencies_of(const idle_result& r);
/// Of each step, under its rate: "20000.ack".
std::vector<named_latency> latencies_of(const knee_result& r);
/// Of the pauses beside the load.
std::vector<named_latency> latencies_of(const overload_result& r);
/// Of the agents' commands, beside no storm and beside either.
std::vector<named_latency> latencies_of(const logins_result& r);

} // namespace ringdown::bench
