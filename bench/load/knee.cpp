#include "bench/load/knee.hpp"

#include "bench/load/workload.hpp"

#include <algorithm>

namespace ringdown::bench {

double knee_step::achieved_per_s() const {
  return per_second(load.acked, load.measured);
}

bool knee_result::good() const {
  return closed.good() && !steps.empty() &&
         std::all_of(steps.begin(), steps.end(), [](auto& s) { return s.load.good(); });
}

const knee_step* knee_result::knee() const {
  const knee_step* highest = nullptr;
  for (auto& s : steps)
    if (s.keeps_up() && (highest == nullptr || s.achieved_per_s() >= highest->achieved_per_s()))
      highest = &s;
  return highest;
}

double knee_result::knee_per_s() const {
  auto* step = knee();
  return step != nullptr ? step->achieved_per_s() : 0;
}

knee_result run_knee(const knee_options& options,
                     const std::function<void(const knee_step&)>& on_step) {
  knee_result result;
  result.closed = run_load(options.load);
  if (!result.closed.good())
    return result;
  auto capacity = per_second(result.closed.acked, result.closed.measured);
  auto load = options.load;
  load.window = std::max(load.window, open_window);
  for (unsigned i = 1; i <= options.steps; ++i) {
    auto rate = capacity * options.up_to * i / options.steps;
    load.open_loop.emplace().per_second = rate;
    result.steps.push_back({rate, run_load(load)});
    if (on_step)
      on_step(result.steps.back());
    if (!result.steps.back().load.good())
      break;
  }
  return result;
}

} // namespace ringdown::bench
