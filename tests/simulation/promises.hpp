// What must be so whatever else. Each event and outcome that the witness hears is held against what
// was before, and becomes part of it.
#pragma once

#include "messages/confirm_rules.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/promise.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ringdown::sim {

/// Virtual time goes in steps of at most this; so late can be what is in time.
inline constexpr std::int64_t step_us = 100'000;

class promises {
public:
  promises(history& past, const confirm_rules& rules) : past_(past), rules_(rules) {}

  bool is_strict() const { return rules_.strict; }
  void hear(const v1::EventUserEvent& event);
  void hear(const v1::EventOutcome& outcome);
  /// A call ends or is merged. When the broker hears of it is not known here: who paused which call
  /// may be another now.
  void calls_change(const std::string& dn);
  /// Each command is decided by its deadline.
  void check_deadlines(std::int64_t now_us) const;

private:
  struct standing_pause {
    std::uint64_t call;
    std::string application;
  };

  void check_place(const v1::EventUserEvent& event) const;
  void note_pauses(const v1::EventUserEvent& event);
  bool was_absent(const std::string& dn, const std::string& application, std::int64_t at_us) const;
  void check_pauses(const v1::EventUserEvent& event) const;
  void check_light(const v1::EventUserEvent& event) const;

  void check_outcome(const v1::EventOutcome& outcome) const;
  void check_release(const v1::EventOutcome& outcome) const;
  void check_recorders(const place& where, const command_life& command,
                       const v1::EventOutcome& outcome) const;
  void check_result(const place& where, const command_life& command,
                    const v1::EventOutcome& outcome) const;
  bool satisfied(const place& where, const command_life& command, const v1::EventOutcome& outcome,
                 std::int64_t until_us, bool generous) const;
  bool has_refused(const place& where, const command_life& command, std::uint64_t who,
                   std::int64_t until_us) const;
  std::size_t needed(const std::string& verb, std::size_t asked) const;

  bool woke_late(const command_life& command, const v1::EventOutcome& outcome) const;
  std::int64_t latest_us(const command_life& command) const;

  history& past_;
  const confirm_rules rules_;
  /// Pauses that nothing can have ended: what may have ended one takes it away here.
  std::map<std::string, std::vector<standing_pause>> pauses_;
};

} // namespace ringdown::sim
