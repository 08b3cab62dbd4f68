// What really happened in a run: the DNs' events and the commands' outcomes as the witness hears
// them, who is a recorder of what, and when nothing ran. Everything that any client hears is held
// against it, and it against the promises (promises.hpp). It shares no code with the actors.
#pragma once

#include <ringdown/v1/ringdown.pb.h>

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

/// A client on a DN; a program on a DN, the DN first.
using client_on = std::pair<std::uint64_t, std::string>;
using program_on = std::pair<std::string, std::string>;
/// From when to when.
using interval = std::pair<std::int64_t, std::int64_t>;

/// A recorder, registered and active.
struct standing {
  std::uint64_t from = 0; ///< counts for what comes behind this place
  bool stands = true;
  bool exact = false;
};

class history {
public:
  // ---- what the world does -------------------------------------------------------------------
  void stood_still(std::int64_t from_us, std::int64_t to_us) {
    still_.emplace_back(from_us, to_us);
  }
  void happened(mishap what, std::int64_t from_us, std::int64_t to_us) {
    faults_.emplace_back(what, interval{from_us, to_us});
  }
  /// The broker shuts down: what is open by then may become unknown.
  void drains();
  bool is_draining() const { return is_draining_; }
  /// The witness's link ended before others, which may hear something yet.
  void witness_left() { has_witness_ = false; }
  bool has_witness() const { return has_witness_; }
  /// It happened when the broker had begun to shut down.
  bool is_of_the_end(const v1::EventUserEvent& event) const;
  /// A program that gives commands: holders of pauses are programs.
  void is_called(std::uint64_t client, const std::string& application) {
    applications_[client] = application;
  }
  /// A program of this application is on the DN no more, or again.
  void desktop_left(const std::string& application, const std::string& dn, std::int64_t at_us);
  void desktop_back(const std::string& application, const std::string& dn, std::int64_t at_us);
  void merged(const std::string& dn, std::uint64_t from, std::uint64_t into);
  void call_ended(const std::string& dn, std::uint64_t call);
  void said(std::uint64_t recorder, const std::string& dn, const std::string& event) {
    said_.insert({recorder, dn + event});
  }
  /// An active recorder, from this place of the DN's order on.
  void recorder_stands(std::uint64_t id, const std::string& dn, std::uint64_t from, bool exact);
  void recorder_left(std::uint64_t id, const std::string& dn);

  // ---- what the witness hears ----------------------------------------------------------------
  void add(const v1::EventUserEvent& event);
  void add(const v1::EventOutcome& outcome);

  // ---- what can be asked of what was said ----------------------------------------------------
  const v1::EventUserEvent* find(const std::string& dn, std::uint64_t sequence) const;
  std::uint64_t last(const std::string& dn) const { return events(dn).size(); }
  const command_life* command(const place& where) const;
  /// What the witness was told, of the same order or release.
  const v1::EventOutcome* told(const v1::EventOutcome& outcome) const;
  bool has_command_id(const std::string& id) const { return ids_.contains(id); }
  bool has_said(std::uint64_t recorder, const v1::Event& event) const {
    return said_.contains({recorder, event.this_dn() + event.SerializeAsString()});
  }
  bool all_decided() const;
  /// What was held was let go, or overtaken; where nothing holds it any more.
  bool all_released(const std::string& dn) const;
  void count(cells& into) const;
  const std::vector<v1::EventUserEvent>& events(const std::string& dn) const;
  const std::map<place, command_life>& commands() const { return commands_; }
  /// Each recorder's last word.
  const std::map<client_on, std::string>& last_words() const { return last_words_; }

  // ---- ... of who was there, and of calls ----------------------------------------------------
  const std::map<client_on, standing>& recorders() const { return recorders_; }
  std::string application_of(std::uint64_t client) const;
  /// When a program was not there.
  std::vector<interval> absences(const std::string& application, const std::string& dn) const;
  const std::vector<interval>& still() const { return still_; }
  /// Something was stopped, or a call ended, on this DN.
  bool may_be_over(const std::string& dn) const { return over_.contains(dn); }
  bool has_merged(const std::string& dn) const { return has_merged_.contains(dn); }
  bool has_ended(const std::string& dn, std::uint64_t call) const {
    return ended_.contains({dn, call});
  }
  /// The same, under whatever ConnID.
  bool has_ended_by_now(const std::string& dn, std::uint64_t call) const;

private:
  void note_word(const v1::EventUserEvent& event);
  std::uint64_t call_now(const std::string& dn, std::uint64_t call) const;

  bool is_draining_ = false;
  bool has_witness_ = true;
  std::map<std::string, std::uint64_t> last_before_end_;
  std::map<std::string, std::vector<v1::EventUserEvent>> events_;
  std::map<place, command_life> commands_;
  std::map<place, v1::EventOutcome> releases_; ///< by the held command
  std::set<std::string> ids_;
  std::set<client_on> said_;
  std::map<client_on, std::string> last_words_;
  std::map<client_on, standing> recorders_;
  std::map<std::uint64_t, std::string> applications_;
  std::map<program_on, std::vector<interval>> absent_;
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> merged_;
  std::set<std::pair<std::string, std::uint64_t>> ended_;
  std::set<std::string> over_;
  std::set<std::string> has_merged_;
  std::vector<interval> still_;
  std::vector<std::pair<mishap, interval>> faults_;
};

} // namespace ringdown::sim
