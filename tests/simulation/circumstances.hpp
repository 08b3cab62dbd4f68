// What the seed draws before anybody comes: the broker's rules and limits, what it runs on, how it
// ends.
#pragma once

#include "messages/confirm_rules.hpp"
#include "messages/limits.hpp"
#include "tests/actors/office.hpp"
#include "tests/simulation/chance.hpp"

#include <chrono>
#include <vector>

namespace ringdown::sim {

/// What kind of broker a run has, and how it ends.
struct circumstances {
  using stage = test::stage;
  using runs_on = test::runs_on;

  explicit circumstances(chance& luck) {
    using policy = confirm_policy;
    static std::vector<policy> starts{policy::any, policy::any, policy::all, policy::quorum};
    static std::vector<policy> pauses{policy::all, policy::all, policy::quorum};
    rules.start = luck.of(starts);
    rules.resume = luck.of(starts);
    rules.pause = luck.of(pauses);
    rules.stop = luck.of(pauses);
    rules.strict = luck.one_in(6);
    if (luck.one_in(3))
      rules.ownership = pause_ownership::all_holders;
    if (luck.one_in(4))
      rules.new_call = new_call_policy::lifts;
    static std::vector<dead_desktop_policy> absences{
      dead_desktop_policy::stay, dead_desktop_policy::stay, dead_desktop_policy::alarm,
      dead_desktop_policy::resume};
    rules.dead_desktop = luck.of(absences);
    rules.dead_desktop_after = std::chrono::milliseconds{luck.between(1000, 6000)};
    static std::vector<drift_policy> drifts{drift_policy::correct, drift_policy::correct,
                                            drift_policy::alarm, drift_policy::ignore};
    rules.drift_paused = luck.of(drifts);
    rules.drift_disabled = luck.of(drifts);
    rules.drift_enabled = luck.of(drifts);
    if (luck.one_in(4))
      rules.pause_remind_after = std::chrono::milliseconds{luck.between(500, 5000)};
    is_tight = luck.one_in(2);
    drains = luck.one_in(4);
    is_choppy = luck.one_in(2);
    is_busy = luck.one_in(2);
    static std::vector<stage> stages{{runs_on::virtual_time, 1},
                                     {runs_on::virtual_time, 1},
                                     {runs_on::virtual_time, 2},
                                     {runs_on::virtual_time, 4},
                                     test::message_by_message};
    where = luck.of(stages);
    if (is_tight) {
      bounds.outbox_bytes_max = 64 * 1024;
      bounds.outbox_high_water_bytes = 32 * 1024;
      bounds.outbox_low_water_bytes = 8 * 1024;
    }
  }

  confirm_rules rules;
  limits bounds;
  bool is_tight = false;  ///< a client that does not read misses something soon
  bool drains = false;    ///< the broker shuts down in the middle of the work
  bool is_choppy = false; ///< the network cuts and joins what clients and broker write
  bool is_busy = false;   ///< turns end before all is done
  stage where;            ///< what the actors and links run on
};

} // namespace ringdown::sim
