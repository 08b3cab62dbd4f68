// One DN's screen in a test: events go in, and what the DN would do about the effects is done, in
// their order. Each step is asked whether it kept the promises of docs/confirmed-control.md,
// whatever the screen was before.
#pragma once

#include "actors/screen/step.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace ringdown::test {

/// What a recorder was told and has not done.
struct told_order {
  capture_verb verb = capture_verb::query;
  conn_id connection;
  command_version version;
  capture_state desired = capture_state::unknown;
};

/// What the step broke, in words; empty if nothing. It sees one step alone.
std::string broken_promise(const screen& before, const screen_event& event, moment at,
                           const screen_rules& rules, const screen_result& result);

template <class Effect>
std::vector<Effect> all_of(const std::vector<screen_effect>& effects) {
  std::vector<Effect> found;
  for (auto& effect : effects)
    if (auto* one = std::get_if<Effect>(&effect))
      found.push_back(*one);
  return found;
}

/// What is to be done, as people say it: "#3 resume held by 71; order start 72 (hold released)".
std::string in_words(const std::vector<screen_effect>& effects);

/// The daemon's own rules, but for times that a test can count.
inline screen_rules test_rules(confirm_rules c = {}) {
  limits b;
  b.confirm_timeout = steady_ms{2000};
  c.dead_desktop_after = steady_ms{5000};
  return {b, c};
}

class screen_life {
public:
  explicit screen_life(screen_rules r = test_rules()) : rules(std::move(r)) {}

  screen_rules rules;
  screen now_shown;
  steady_ms now{0};
  std::uint64_t sequence = 0;
  std::uint64_t version = 0;
  bool calls_are_told = true;
  /// Of the last event, and of all that followed it at once.
  std::vector<screen_effect> effects;
  /// What the active recorders got, the oldest first.
  std::map<client_id, std::deque<told_order>> told;
  /// The next order finds no room at these.
  std::vector<client_id> full;
  /// The first promise that was broken; it stays.
  std::string broken;

  void hears(const screen_event& event);
  screen_command command_of(capture_verb verb, std::uint64_t call, std::string application,
                            std::string agent = {}) const;
  /// As a DN does: judged, delivered, admitted.
  way commands(const screen_command& command, steady_ms timeout, std::string reason = {});
  void comes(client_id recorder, bool exact, bool per_call = false);
  void goes(client_id recorder, bool is_standby = false);
  /// A command of an application, and what followed in words; "refused" if it was.
  std::string asks(capture_verb verb, std::uint64_t call, const std::string& application = "crm");
  /// A recorder's word, and what followed.
  std::string says(client_id recorder, capture_state what, std::uint64_t echoed = 0,
                   std::uint64_t call = 0);
  std::string fails(client_id recorder, std::uint64_t echoed = 0);
  std::string after(steady_ms time) {
    passes(time);
    return in_words(effects);
  }
  std::string happens(const screen_event& event) {
    hears(event);
    return in_words(effects);
  }
  /// Time passes, and each armed tick comes at its time.
  void passes(steady_ms time);
  /// Time passes, and nothing is heard of it before its end.
  void sleeps(steady_ms time);
  /// Whether the books are closed: all that was accepted has its one outcome, or still waits.
  std::string unpaid() const;

  std::int64_t utc_us() const { return 1'700'000'000'000'000 + now.count() * 1000; }

private:
  void step_once(const screen_event& event);
  void book(const screen_event& event, const std::vector<screen_effect>& made);
  void carry_out(const send_order& what);
  std::vector<awaited_recorder> deliver(const told_order& order, client_id only);
  void complain(const std::string& wrong) {
    if (broken.empty())
      broken = wrong;
  }

  std::deque<screen_effect> due_;
  std::map<std::uint64_t, int> outcomes_owed_; ///< by sequence
  std::map<std::uint64_t, int> releases_owed_; ///< of held commands, by sequence
  std::optional<steady_ms> armed_;
};

} // namespace ringdown::test
