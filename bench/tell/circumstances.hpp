// Under which circumstances a result came about: what makes it one that can be repeated, and
// whether it counts beside others. Pure.
#pragma once

#include "bench/machine/host.hpp"
#include "bench/machine/machine_watch.hpp"
#include "bench/tell/plots.hpp"
#include "bench/tell/report.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ringdown::bench {

struct circumstances {
  std::string date;
  host_facts host;
  std::string bench_version;
  std::string broker; ///< its name and version, as it says at sign-on; empty: it was not reached
  std::string verb;   ///< empty: the program has none
  std::string command;
  /// All options that have a value, given or by default, in the order of the help.
  std::vector<std::pair<std::string, std::string>> flags;
  machine_history machine;
};

json to_json(const circumstances& c);
/// What follows a result's figures.
std::string text_of(const circumstances& c);
/// The same as a block of a document.
std::string markdown_of(const circumstances& c);
/// What else the machine did, over time; nothing of a run below a second.
std::vector<named_plot> plots_of(const machine_history& h);

} // namespace ringdown::bench
