#include "tests/simulation/history.hpp"

#include "actors/session_step.hpp"
#include "messages/limits.hpp"

#include <algorithm>

namespace ringdown::sim {

namespace {

/// Virtual time goes in steps of at most this; so late can be what is in time.
constexpr std::int64_t step_us = 100'000;

std::string words(const place& where) {
  return where.first + " #" + std::to_string(where.second);
}

std::string words(v1::Outcome outcome) {
  return v1::Outcome_Name(outcome);
}

} // namespace

std::string verb_of(const v1::Event& event) {
  for (auto& pair : event.user_data().pairs())
    if (pair.key() == "screen-capture")
      return pair.string_value();
  return {};
}

std::string wanted_by(const std::string& verb) {
  if (verb == "start" || verb == "resume")
    return "enabled";
  if (verb == "pause")
    return "paused";
  return verb == "stop" ? "disabled" : "";
}

bool is_command(const std::string& verb) {
  return verb == "query" || !wanted_by(verb).empty();
}

std::string word_of(v1::CaptureState state) {
  switch (state) {
  case v1::CAPTURE_STATE_ENABLED: return "enabled";
  case v1::CAPTURE_STATE_DISABLED: return "disabled";
  case v1::CAPTURE_STATE_PAUSED: return "paused";
  default: return "unknown";
  }
}

const char* name_of(mishap f) {
  static constexpr const char* names[mishap_count] = {
    "none",      "delay", "loss",        "crash",    "lie",        "silence", "desktop-loss",
    "take-over", "slow",  "stand-still", "call-end", "call-merge", "leave"};
  return names[static_cast<std::size_t>(f)];
}

// ---- what the world does -------------------------------------------------------------------

void history::merged(const std::string& dn, std::uint64_t from, std::uint64_t into) {
  auto last = call_now(dn, into);
  auto old = call_now(dn, from);
  std::erase_if(lit_[dn], [&](auto& one) { return one.second == last || one.second == old; });
  if (old != last)
    merged_[{dn, old}] = last;
}

void history::call_ended(const std::string& dn, std::uint64_t call) {
  ended_.insert({dn, call});
  std::erase_if(lit_[dn], [&](auto& one) { return one.second == call_now(dn, call); });
}

void history::recorder_stands(std::uint64_t id, const std::string& dn, std::uint64_t from,
                              bool exact) {
  recorders_[{id, dn}] = {from, true, exact};
}

void history::recorder_left(std::uint64_t id, const std::string& dn) {
  auto known = recorders_.find({id, dn});
  if (known != recorders_.end())
    known->second.stands = false;
  std::erase_if(lit_[dn], [&](auto& one) { return one.first == id; });
}

/// The call that this one is part of, however often it was merged.
std::uint64_t history::call_now(const std::string& dn, std::uint64_t call) const {
  for (;;) {
    auto next = merged_.find({dn, call});
    if (next == merged_.end())
      return call;
    call = next->second;
  }
}

bool history::concerns(const std::string& dn, std::uint64_t said, std::uint64_t asked) const {
  return said == 0 || asked == 0 || call_now(dn, said) == call_now(dn, asked);
}

// ---- what the witness hears ----------------------------------------------------------------

void history::event(const v1::EventUserEvent& event) {
  auto& dn = event.event().this_dn();
  auto& all = events_[dn];
  place where{dn, event.dn_sequence()};
  if (event.dn_sequence() != all.size() + 1)
    broken("who hears all of a DN hears it without a gap",
           words(where) + " after " + std::to_string(all.size()));
  if (!all.empty() && all.front().dn_epoch() != event.dn_epoch())
    broken("a DN that is used keeps its epoch", words(where));
  auto verb = verb_of(event.event());
  if (event.origin_role() == v1::ROLE_RECORDER &&
      !said_.contains({event.origin_client_id(), dn + event.event().SerializeAsString()}))
    broken("an indication is what its recorder said", words(where) + " " + verb);
  if (!event.command_id().empty() && !ids_.insert(event.command_id()).second)
    broken("a command id has one effect", words(where) + " " + event.command_id());
  if (event.origin_role() != v1::ROLE_BROKER && is_command(verb)) {
    auto timeout = event.has_confirm_timeout_ms()
                     ? std::chrono::milliseconds{event.confirm_timeout_ms()}
                     : limits{}.confirm_timeout;
    commands_[where] = {verb,
                        event.event().connection_id(),
                        event.version(),
                        event.time_us(),
                        std::chrono::microseconds{timeout}.count(),
                        event.mark() == v1::EVENT_MARK_HELD,
                        {}};
  }
  all.push_back(event);
  check_off(event);
}

bool history::is_wanted_without_call(const std::string& dn) const {
  auto wanted = wanted_without_call_.find(dn);
  return wanted != wanted_without_call_.end() && wanted->second != "disabled";
}

/// What was said last of each call, and of none. Where a recorder that stands has not taken back
/// that it records or has paused, the light is not off. What the broker may take for taken back is
/// left out: a call that ended or became another, and a `disabled` of one call where nothing is
/// wanted without a call.
void history::check_off(const v1::EventUserEvent& event) {
  auto& dn = event.event().this_dn();
  auto& lit = lit_[dn];
  auto verb = verb_of(event.event());
  auto call = call_now(dn, event.event().connection_id());
  auto who = event.origin_client_id();
  if (is_command(verb) && call == 0 && verb != "query")
    wanted_without_call_[dn] = wanted_by(verb);
  auto known = recorders_.find({who, dn});
  if (event.origin_role() == v1::ROLE_BROKER && verb == "unknown")
    std::erase_if(lit, [&](auto& one) { return one.second == call; });
  if (known != recorders_.end() && event.origin_role() == v1::ROLE_RECORDER && !verb.empty()) {
    bool is_off = verb == "disabled";
    std::erase_if(lit, [&](auto& one) {
      bool of_all = one.second == 0 && is_off && !is_wanted_without_call(dn);
      return one.first == who && (call == 0 || one.second == call || of_all);
    });
    if (!is_off && known->second.stands && known->second.from < event.dn_sequence())
      lit.insert({who, call});
  }
  std::erase_if(lit, [&](auto& one) { return !recorders_.at({one.first, dn}).stands; });
  if (event.effective_state() == v1::CAPTURE_STATE_DISABLED && !lit.empty())
    broken("the light is not off while a recorder says that it records",
           words({dn, event.dn_sequence()}) + " call " + std::to_string(lit.begin()->second));
}

void history::outcome(const v1::EventOutcome& outcome) {
  place where{outcome.this_dn(), outcome.dn_sequence()};
  auto known = commands_.find(where);
  if (known == commands_.end())
    broken("an outcome is a command's", words(where));
  auto& command = known->second;
  if (command.outcome)
    broken("a command has one outcome", words(where) + " " + words(outcome.outcome()));
  check_recorders(where, command, outcome);
  check_result(where, command, outcome);
  command.outcome = outcome;
}

/// The recorders that a command waits for are those that were there.
void history::check_recorders(const place& where, const command_life& command,
                              const v1::EventOutcome& outcome) const {
  std::set<std::uint64_t> asked;
  for (auto& r : outcome.recorders()) {
    asked.insert(r.client_id());
    auto known = recorders_.find({r.client_id(), where.first});
    if (known == recorders_.end())
      broken("a command waits for active recorders", words(where));
  }
  if (command.held)
    return;
  for (auto& [who, how] : recorders_)
    if (who.second == where.first && how.stands && how.from < where.second &&
        !asked.contains(who.first))
      broken("a command waits for every active recorder",
             words(where) + " without client " + std::to_string(who.first));
}

/// How many of the recorders asked must confirm.
std::size_t history::needed(const std::string& verb, std::size_t asked) const {
  auto policy = verb == "start"    ? rules_.start
                : verb == "resume" ? rules_.resume
                : verb == "pause"  ? rules_.pause
                : verb == "stop"   ? rules_.stop
                                   : confirm_policy::all;
  switch (policy) {
  case confirm_policy::any: return 1;
  case confirm_policy::quorum: return asked / 2 + 1;
  case confirm_policy::all: break;
  }
  return asked;
}

/// Whether the recorders' own words, up to this time, confirm the command. Whether a word said of a
/// call that became this one came late enough to count is not known here: who is generous takes it
/// for a confirmation and not for the opposite, who is not the other way round.
bool history::satisfied(const place& where, const command_life& command,
                        const v1::EventOutcome& outcome, std::int64_t until_us,
                        bool generous) const {
  auto wanted = wanted_by(command.verb);
  auto enough = needed(command.verb, static_cast<std::size_t>(outcome.recorders_size()));
  std::set<std::uint64_t> confirmed;
  auto& events = events_.at(where.first);
  for (auto i = where.second; i < events.size(); ++i) {
    auto& event = events[i];
    auto who = event.origin_client_id();
    auto call = event.event().connection_id();
    auto known = recorders_.find({who, where.first});
    auto is_asked = [&](auto& r) {
      return r.client_id() == who && r.verdict() != v1::RECORDER_VERDICT_NOT_QUEUED &&
             r.verdict() != v1::RECORDER_VERDICT_LOST;
    };
    auto verb = verb_of(event.event());
    if (event.time_us() > until_us || known == recorders_.end() ||
        event.origin_role() != v1::ROLE_RECORDER || is_command(verb) || verb.empty() ||
        std::none_of(outcome.recorders().begin(), outcome.recorders().end(), is_asked) ||
        !concerns(where.first, call, command.call))
      continue;
    if (!wanted.empty() && known->second.exact && event.version() < command.version)
      continue;
    bool is_same = call == 0 || command.call == 0 || call == command.call;
    bool confirms = wanted.empty() || verb == wanted;
    if (confirms && (generous || is_same))
      confirmed.insert(who);
    else if (!confirms && (!generous || is_same))
      confirmed.erase(who);
    if (confirmed.size() >= enough)
      return true;
  }
  return false;
}

/// The process woke so shortly before or after the deadline that it does not take itself to have
/// stood still: what was not read by then comes too late (`overslept_min`).
bool history::woke_late(const command_life& command, const v1::EventOutcome& outcome) const {
  auto deadline = command.time_us + command.timeout_us;
  auto woke = [&](auto& still) {
    auto to = still.second;
    return to + step_us >= deadline &&
           to - deadline < std::chrono::microseconds{overslept_min}.count() &&
           to <= outcome.time_us();
  };
  return std::any_of(still_.begin(), still_.end(), woke);
}

void history::check_result(const place& where, const command_life& command,
                           const v1::EventOutcome& outcome) const {
  auto name = words(where) + " " + command.verb + " " + words(outcome.outcome());
  if (outcome.version() != (command.verb == "query" ? 0 : command.version))
    broken("an outcome names its command's version", name);
  if ((outcome.outcome() == v1::OUTCOME_HELD) != command.held)
    broken("what is held, and only that, has the outcome held", name);
  switch (outcome.outcome()) {
  case v1::OUTCOME_CONFIRMED:
    if (!satisfied(where, command, outcome, outcome.time_us(), true))
      broken("confirmed is only what the recorders confirmed",
             name + " " + outcome.ShortDebugString());
    return;
  case v1::OUTCOME_TIMED_OUT:
  case v1::OUTCOME_PARTIAL:
    if (!woke_late(command, outcome) &&
        satisfied(where, command, outcome, outcome.time_us() - step_us, false))
      broken("what the recorders confirmed is confirmed", name + " " + outcome.ShortDebugString());
    if (outcome.outcome() == v1::OUTCOME_TIMED_OUT &&
        outcome.time_us() + step_us < command.time_us + command.timeout_us)
      broken("a command has all of its time", name);
    return;
  case v1::OUTCOME_SUPERSEDED: {
    auto later = [&](auto& other) {
      return other.first.first == where.first &&
             other.second.version == outcome.superseded_by_version() &&
             other.second.version > command.version &&
             wanted_by(other.second.verb) != wanted_by(command.verb) &&
             !wanted_by(other.second.verb).empty();
    };
    if (std::none_of(commands_.begin(), commands_.end(), later))
      broken("superseded names a later command that wants otherwise", name);
    return;
  }
  case v1::OUTCOME_HELD:
    if (command.verb != "resume" || outcome.held_by_connection_id() == command.call)
      broken("held is a resume, by another call", name);
    return;
  case v1::OUTCOME_RECORDER_LOST:
    for (auto& r : outcome.recorders())
      if (auto& known = recorders_.at({r.client_id(), where.first});
          r.verdict() != v1::RECORDER_VERDICT_NOT_QUEUED && known.stands &&
          known.from < where.second)
        broken("a recorder that stands is not lost", name);
    return;
  case v1::OUTCOME_UNKNOWN:
    if (!is_draining_ && std::none_of(ended_.begin(), ended_.end(), [&](auto& call) {
          return call.first == where.first &&
                 call_now(call.first, call.second) == call_now(call.first, command.call);
        }))
      broken("unknown is only the outcome of a call that ended, or of the broker's end", name);
    return;
  default: broken("an outcome is one of the list", name);
  }
}

// ---- what can be asked ---------------------------------------------------------------------

const v1::EventUserEvent* history::find(const std::string& dn, std::uint64_t sequence) const {
  auto all = events_.find(dn);
  if (all == events_.end() || sequence == 0 || sequence > all->second.size())
    return nullptr;
  return &all->second[sequence - 1];
}

std::uint64_t history::last(const std::string& dn) const {
  auto all = events_.find(dn);
  return all == events_.end() ? 0 : all->second.size();
}

const command_life* history::command(const place& where) const {
  auto known = commands_.find(where);
  return known == commands_.end() ? nullptr : &known->second;
}

bool history::all_decided() const {
  return std::all_of(commands_.begin(), commands_.end(),
                     [](auto& one) { return one.second.outcome.has_value(); });
}

/// Time in which nothing ran is given back, with a grace for what was not read yet.
std::int64_t history::latest_us(const command_life& command) const {
  auto latest = command.time_us + command.timeout_us + step_us;
  for (auto& [from, to] : still_)
    if (to >= command.time_us && from <= latest)
      latest += to - from + std::chrono::microseconds{overslept_grace}.count() + step_us;
  return latest;
}

void history::check_deadlines(std::int64_t now_us) const {
  for (auto& [where, command] : commands_) {
    auto at = command.outcome ? command.outcome->time_us() : now_us;
    if (at > latest_us(command))
      broken("a command is decided by its deadline",
             words(where) + " " + command.verb +
               (command.outcome ? " decided " : " is undecided ") +
               std::to_string((at - command.time_us) / 1000) + " ms after its acceptance");
  }
}

void history::count(cells& into) const {
  for (auto& [where, command] : commands_) {
    if (!command.outcome)
      continue;
    auto result = command.outcome->outcome();
    std::set<mishap> there;
    for (auto& f : faults_)
      if (f.from_us <= command.outcome->time_us() && f.to_us >= command.time_us)
        there.insert(f.what);
    if (there.empty())
      there.insert(mishap::none);
    for (auto f : there)
      ++into[{f, result}];
  }
}

} // namespace ringdown::sim
