// Latency against rate: what a broker can take in a closed loop, then open loops at rising rates up
// to that and a little beyond. Where latency turns upwards is the knee.
#pragma once

#include "bench/load/run.hpp"

namespace ringdown::bench {

struct knee_options {
  load_options load; ///< the closed loop; the steps differ from it in rate and window alone
  unsigned steps = 10;
  /// The last step's rate, as a share of what the closed loop reached: a deeper window takes more.
  double up_to = 1.5;
};

struct knee_step {
  double offered_per_s = 0;
  load_result load;

  double achieved_per_s() const;
  /// It took what it was offered.
  bool keeps_up() const { return achieved_per_s() >= keeps_up_share * offered_per_s; }

  static constexpr double keeps_up_share = 0.95;
};

struct knee_result {
  load_result closed; ///< how the capacity was found
  std::vector<knee_step> steps;

  bool good() const;
  /// The step with the highest rate that was kept up with; null if none was.
  const knee_step* knee() const;
  /// Its rate; 0 if there is none.
  double knee_per_s() const;
};

/// `on_step` hears of each step when it is over. Ends early when a run is no good.
knee_result run_knee(const knee_options& options,
                     const std::function<void(const knee_step&)>& on_step = {});

} // namespace ringdown::bench
