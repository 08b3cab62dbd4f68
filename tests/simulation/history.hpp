// What really happened in a run: the DNs' events and the commands' outcomes as the witness hears
// them, who is a recorder of what, and when nothing ran. Everything that any client hears is held
// against it, and it against the promises. It shares no code with the actors.
#pragma once

#include "messages/confirm_rules.hpp"
#include "tests/simulation/promise.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::sim {

/// The value of `screen-capture`; empty without one.
std::string verb_of(const v1::Event& event);
/// What a command asks of a recorder: "enabled" of start; empty if nothing.
std::string wanted_by(const std::string& verb);
bool is_command(const std::string& verb);
/// enabled, disabled, paused, unknown: what the light follows.
bool is_indication(const std::string& verb);
std::string word_of(v1::CaptureState state);

/// What can go wrong, or is unusual, while a command waits. The rows of the table of cells.
enum class mishap : std::uint8_t {
  none,
  delay,        ///< a recorder confirms late
  loss,         ///< a recorder's link breaks, and the program comes back
  crash,        ///< a recorder forgets all and comes back after a while
  lie,          ///< a recorder says another state
  silence,      ///< a recorder says nothing
  desktop_loss, ///< a desktop's link breaks, and it comes back and repeats itself
  take_over,    ///< a program signs on while its old connection still stands
  slow,         ///< a client does not read
  stand_still,  ///< the process stands still
  call_end,     ///< a call ends
  call_merge,   ///< two calls become one
  leave,        ///< a recorder unregisters and registers again
  drift,        ///< a recorder leaves what is desired, unasked
  refusal,      ///< a recorder says that it cannot
};
inline constexpr std::size_t mishap_count = 15;
const char* name_of(mishap f);

/// A DN's event and its place.
using place = std::pair<std::string, std::uint64_t>;
std::string words(const place& where);

/// Virtual time goes in steps of at most this; so late can be what is in time.
inline constexpr std::int64_t step_us = 100'000;

/// A command that was accepted.
struct command_life {
  std::string verb;
  std::uint64_t call = 0;
  std::uint64_t version = 0;
  std::int64_t time_us = 0;
  std::int64_t timeout_us = 0;
  bool held = false;
  bool kept = false;         ///< no recorder gets it
  std::uint64_t only = 0;    ///< the one recorder that gets it
  std::string application{}; ///< empty: the broker's own
  std::optional<v1::EventOutcome> outcome;
};

/// How often each outcome was reached while each fault was there.
using cells = std::map<std::pair<mishap, v1::Outcome>, std::uint64_t>;

/// What else happened, and how often: "refused 238", "missed", "not queued".
using rarities = std::map<std::string, std::uint64_t>;

class history {
public:
  explicit history(const confirm_rules& rules) : rules_(rules) {}

  // ---- what the world does -------------------------------------------------------------------
  void stood_still(std::int64_t from_us, std::int64_t to_us) {
    still_.emplace_back(from_us, to_us);
  }
  void happened(mishap what, std::int64_t from_us, std::int64_t to_us) {
    faults_.push_back({what, from_us, to_us});
  }
  /// The broker shuts down: what is open by then may become unknown.
  void drains();
  bool is_draining() const { return is_draining_; }
  /// The witness's link ended before others, which may hear something yet.
  void witness_left() { has_witness_ = false; }
  bool has_witness() const { return has_witness_; }
  /// It happened when the broker had begun to shut down.
  bool is_of_the_end(const v1::EventUserEvent& event) const;
  bool is_strict() const { return rules_.strict; }
  /// A program that gives commands: holders of pauses are programs.
  void is_called(std::uint64_t client, const std::string& application) {
    applications_[client] = application;
  }
  /// A program of this application is on the DN no more, or again.
  void desktop_left(const std::string& application, const std::string& dn, std::int64_t at_us);
  void desktop_back(const std::string& application, const std::string& dn, std::int64_t at_us);
  /// Something was stopped, or a call ended, on this DN.
  bool may_be_over(const std::string& dn) const { return over_.contains(dn); }
  void merged(const std::string& dn, std::uint64_t from, std::uint64_t into);
  void call_ended(const std::string& dn, std::uint64_t call);
  void said(std::uint64_t recorder, const std::string& dn, const std::string& event) {
    said_.insert({recorder, dn + event});
  }
  /// An active recorder, from this place of the DN's order on.
  void recorder_stands(std::uint64_t id, const std::string& dn, std::uint64_t from, bool exact);
  void recorder_left(std::uint64_t id, const std::string& dn);

  // ---- what the witness hears ----------------------------------------------------------------
  void event(const v1::EventUserEvent& event);
  void outcome(const v1::EventOutcome& outcome);

  // ---- what can be asked ---------------------------------------------------------------------
  const v1::EventUserEvent* find(const std::string& dn, std::uint64_t sequence) const;
  std::uint64_t last(const std::string& dn) const;
  const command_life* command(const place& where) const;
  /// What the witness was told, of the same order or release.
  const v1::EventOutcome* told(const v1::EventOutcome& outcome) const;
  bool has_command_id(const std::string& id) const { return ids_.contains(id); }
  bool all_decided() const;
  /// What was held was let go, or overtaken; where nothing holds it any more.
  bool all_released(const std::string& dn) const;

  /// Each command is decided by its deadline.
  void check_deadlines(std::int64_t now_us) const;
  void count(cells& into) const;

private:
  struct standing {
    std::uint64_t from = 0;
    bool stands = true;
    bool exact = false;
  };
  struct interval {
    mishap what;
    std::int64_t from_us, to_us;
  };

  struct standing_pause {
    std::uint64_t call;
    std::string application;
  };

  void note_pauses(const v1::EventUserEvent& event);
  void check_pauses(const v1::EventUserEvent& event) const;
  void note_word(const v1::EventUserEvent& event);
  void check_light(const v1::EventUserEvent& event) const;
  void check_release(const v1::EventOutcome& outcome);
  bool has_refused(const place& where, const command_life& command, std::uint64_t who,
                   std::int64_t until_us) const;
  std::uint64_t call_now(const std::string& dn, std::uint64_t call) const;
  bool was_absent(const std::string& dn, const std::string& application, std::int64_t at_us) const;
  std::int64_t latest_us(const command_life& command) const;
  bool satisfied(const place& where, const command_life& command, const v1::EventOutcome& outcome,
                 std::int64_t until_us, bool generous) const;
  bool woke_late(const command_life& command, const v1::EventOutcome& outcome) const;
  void check_recorders(const place& where, const command_life& command,
                       const v1::EventOutcome& outcome) const;
  void check_result(const place& where, const command_life& command,
                    const v1::EventOutcome& outcome) const;

  std::size_t needed(const std::string& verb, std::size_t asked) const;

  const confirm_rules rules_;
  bool is_draining_ = false;
  bool has_witness_ = true;
  std::map<std::string, std::uint64_t> last_before_end_;
  std::map<std::string, std::vector<v1::EventUserEvent>> events_;
  std::map<place, command_life> commands_;
  std::set<std::string> ids_;
  std::set<std::pair<std::uint64_t, std::string>> said_;
  std::map<std::pair<std::uint64_t, std::string>, standing> recorders_;
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> merged_;
  std::set<std::pair<std::string, std::uint64_t>> ended_;
  std::vector<std::pair<std::int64_t, std::int64_t>> still_;
  std::vector<interval> faults_;
  std::map<std::uint64_t, std::string> applications_;
  /// From when to when a program was not there.
  std::map<std::pair<std::string, std::string>, std::vector<std::pair<std::int64_t, std::int64_t>>>
    absent_;
  std::set<std::string> over_;
  std::set<std::string> has_merged_;
  /// Pauses that nothing can have ended: what may have ended one takes it away here.
  std::map<std::string, std::vector<standing_pause>> pauses_;
  /// Each recorder's last word.
  std::map<std::pair<std::uint64_t, std::string>, std::string> said_last_;
  std::map<place, v1::EventOutcome> releases_; ///< by the held command
};

} // namespace ringdown::sim
