// One run: a contact center and its troubles, all of it from one seed.
#pragma once

#include "tests/simulation/roles.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ringdown::sim {

/// What a run found and reached.
struct verdict {
  std::string broken; ///< the promise; empty: all kept
  std::string circumstances;
  std::vector<std::string> steps;
  std::size_t requests = 0;
  std::size_t faults = 0;
  rarities seen;
  std::uint64_t hash = 0; ///< of all that was said and heard
};

/// Runs one seed; what was reached is counted in `reached`.
verdict run_seed(std::uint64_t seed, plant planted, cells& reached);

} // namespace ringdown::sim
