#include "tests/simulation/history.hpp"

#include "messages/limits.hpp"

#include <algorithm>
#include <chrono>
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

void history::desktop_left(const std::string& application, const std::string& dn,
                           std::int64_t at_us) {
  absent_[{dn, application}].emplace_back(at_us, std::numeric_limits<std::int64_t>::max());
}

void history::desktop_back(const std::string& application, const std::string& dn,
                           std::int64_t at_us) {
  auto& all = absent_[{dn, application}];
  if (!all.empty())
    all.back().second = std::min(all.back().second, at_us);
}

void history::merged(const std::string& dn, std::uint64_t from, std::uint64_t into) {
  auto last = call_now(dn, into);
  auto old = call_now(dn, from);
  if (old != last)
    merged_[{dn, old}] = last;
  has_merged_.insert(dn);
  over_.insert(dn);
}

void history::call_ended(const std::string& dn, std::uint64_t call) {
  ended_.insert({dn, call});
  over_.insert(dn);
}

void history::recorder_stands(std::uint64_t id, const std::string& dn, std::uint64_t from,
                              bool exact) {
  recorders_[{id, dn}] = {from, true, exact};
  if (from == std::numeric_limits<std::uint64_t>::max())
    last_words_.erase({id, dn}); // which of its words the broker counts is not known meanwhile
}

void history::recorder_left(std::uint64_t id, const std::string& dn) {
  auto known = recorders_.find({id, dn});
  if (known != recorders_.end())
    known->second.stands = false;
  last_words_.erase({id, dn});
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

bool history::has_ended_by_now(const std::string& dn, std::uint64_t call) const {
  return std::any_of(ended_.begin(), ended_.end(), [&](auto& ended) {
    return ended.first == dn && call_now(dn, ended.second) == call_now(dn, call);
  });
}

// ---- what the witness hears ----------------------------------------------------------------

void history::add(const v1::EventUserEvent& event) {
  auto& dn = event.event().this_dn();
  auto verb = verb_of(event.event());
  bool is_own = event.origin_role() == v1::ROLE_BROKER;
  if (!event.command_id().empty())
    ids_.insert(event.command_id());
  if (is_command(verb)) {
    auto timeout = event.has_confirm_timeout_ms()
                     ? std::chrono::milliseconds{event.confirm_timeout_ms()}
                     : limits{}.confirm_timeout;
    commands_[{dn, event.dn_sequence()}] = {verb,
                                            event.event().connection_id(),
                                            event.version(),
                                            event.time_us(),
                                            std::chrono::microseconds{timeout}.count(),
                                            event.mark() == v1::EVENT_MARK_HELD,
                                            event.kept_from_recorders(),
                                            event.for_recorder_client_id(),
                                            is_own ? "" : application_of(event.origin_client_id()),
                                            {}};
  }
  if (verb == "stop" && !is_own)
    over_.insert(dn);
  events_[dn].push_back(event);
  note_word(event);
}

/// One recorder, one word.
void history::note_word(const v1::EventUserEvent& event) {
  auto verb = verb_of(event.event());
  auto known = recorders_.find({event.origin_client_id(), event.event().this_dn()});
  bool counts =
    known != recorders_.end() && known->second.stands && known->second.from < event.dn_sequence();
  if (counts && event.origin_role() == v1::ROLE_RECORDER && is_indication(verb))
    last_words_[known->first] = verb;
}

void history::add(const v1::EventOutcome& outcome) {
  auto order = commands_.find({outcome.this_dn(), outcome.dn_sequence()});
  bool is_release = outcome.released_sequence() != 0;
  if (is_release)
    releases_.emplace(place{outcome.this_dn(), outcome.released_sequence()}, outcome);
  // The outcome of the broker's own order is that of what it let go. What was overtaken was not
  // ordered any more.
  bool is_overtaken = outcome.released_sequence() == outcome.dn_sequence();
  if (!is_release || (!is_overtaken && order->second.application.empty()))
    order->second.outcome = outcome;
}

// ---- what can be asked ---------------------------------------------------------------------

const std::vector<v1::EventUserEvent>& history::events(const std::string& dn) const {
  static const std::vector<v1::EventUserEvent> none;
  auto all = events_.find(dn);
  return all == events_.end() ? none : all->second;
}

const v1::EventUserEvent* history::find(const std::string& dn, std::uint64_t sequence) const {
  auto& all = events(dn);
  return sequence == 0 || sequence > all.size() ? nullptr : &all[sequence - 1];
}

const command_life* history::command(const place& where) const {
  auto known = commands_.find(where);
  return known == commands_.end() ? nullptr : &known->second;
}

const v1::EventOutcome* history::told(const v1::EventOutcome& outcome) const {
  if (outcome.released_sequence() != 0) {
    auto known = releases_.find({outcome.this_dn(), outcome.released_sequence()});
    return known == releases_.end() ? nullptr : &known->second;
  }
  auto* known = command({outcome.this_dn(), outcome.dn_sequence()});
  return known == nullptr || !known->outcome ? nullptr : &*known->outcome;
}

std::string history::application_of(std::uint64_t client) const {
  auto known = applications_.find(client);
  return known == applications_.end() ? "" : known->second;
}

std::vector<interval> history::absences(const std::string& application,
                                        const std::string& dn) const {
  auto all = absent_.find({dn, application});
  return all == absent_.end() ? std::vector<interval>{} : all->second;
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

void history::count(cells& into) const {
  for (auto& [where, command] : commands_) {
    if (!command.outcome)
      continue;
    auto result = command.outcome->outcome();
    std::set<mishap> there;
    for (auto& f : faults_)
      if (f.second.first <= command.outcome->time_us() && f.second.second >= command.time_us)
        there.insert(f.first);
    if (there.empty())
      there.insert(mishap::none);
    for (auto f : there)
      ++into[{f, result}];
  }
}

} // namespace ringdown::sim
