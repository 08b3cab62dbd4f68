#include "tests/simulation/history.hpp"

#include "actors/screen/step.hpp"
#include "messages/limits.hpp"

#include <algorithm>
#include <limits>

namespace ringdown::sim {

std::string words(const place& where) {
  return where.first + " #" + std::to_string(where.second);
}

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

bool is_indication(const std::string& verb) {
  return verb == "enabled" || verb == "disabled" || verb == "paused" || verb == "unknown";
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
    "none",     "delay",        "loss",      "crash", "lie",
    "silence",  "desktop-loss", "take-over", "slow",  "stand-still",
    "call-end", "call-merge",   "leave",     "drift", "refusal"};
  return names[static_cast<std::size_t>(f)];
}

// ---- what the world does -------------------------------------------------------------------

void history::drains() {
  is_draining_ = true;
  for (auto& [dn, events] : events_)
    last_before_end_[dn] = events.size();
}

bool history::is_of_the_end(const v1::EventUserEvent& event) const {
  auto last = last_before_end_.find(event.event().this_dn());
  return is_draining_ && (last == last_before_end_.end() || event.dn_sequence() > last->second);
}

void history::merged(const std::string& dn, std::uint64_t from, std::uint64_t into) {
  auto last = call_now(dn, into);
  auto old = call_now(dn, from);
  if (old != last)
    merged_[{dn, old}] = last;
  has_merged_.insert(dn);
  // When the broker hears of it is not known here: who paused which call may be another now.
  std::erase_if(pauses_[dn], [](auto& p) { return p.call != 0; });
  over_.insert(dn);
}

void history::call_ended(const std::string& dn, std::uint64_t call) {
  ended_.insert({dn, call});
  std::erase_if(pauses_[dn], [](auto& p) { return p.call != 0; });
  over_.insert(dn);
}

void history::recorder_stands(std::uint64_t id, const std::string& dn, std::uint64_t from,
                              bool exact) {
  recorders_[{id, dn}] = {from, true, exact};
  if (from == std::numeric_limits<std::uint64_t>::max())
    said_last_.erase({id, dn}); // which of its words the broker counts is not known meanwhile
}

void history::recorder_left(std::uint64_t id, const std::string& dn) {
  auto known = recorders_.find({id, dn});
  if (known != recorders_.end())
    known->second.stands = false;
  said_last_.erase({id, dn});
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
  if (is_command(verb)) {
    bool is_own = event.origin_role() == v1::ROLE_BROKER;
    auto timeout = event.has_confirm_timeout_ms()
                     ? std::chrono::milliseconds{event.confirm_timeout_ms()}
                     : limits{}.confirm_timeout;
    commands_[where] = {verb,
                        event.event().connection_id(),
                        event.version(),
                        event.time_us(),
                        std::chrono::microseconds{timeout}.count(),
                        event.mark() == v1::EVENT_MARK_HELD,
                        event.kept_from_recorders(),
                        event.for_recorder_client_id(),
                        is_own ? "" : applications_[event.origin_client_id()],
                        {}};
  }
  note_pauses(event);
  all.push_back(event);
  note_word(event);
  check_pauses(event);
  check_light(event);
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

bool history::all_released(const std::string& dn) const {
  return std::all_of(commands_.begin(), commands_.end(), [&](auto& one) {
    return one.first.first != dn || !one.second.held || releases_.contains(one.first);
  });
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
