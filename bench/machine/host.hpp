// Which machine this is, and what time it is there: for reports.
#pragma once

#include <string>

namespace ringdown::bench {

struct host_facts {
  std::string name;
  std::string kernel;    ///< and its release
  std::string processor; ///< its model; empty if the kernel does not tell
  unsigned processors = 0;

  bool operator==(const host_facts&) const = default;
};
host_facts this_host();

/// Of the wall clock in UTC, such as 2026-11-30T18:42:06Z.
std::string date_and_time();

} // namespace ringdown::bench
