#include "tests/simulation/history.hpp"

#include "actors/screen/step.hpp"
#include "messages/limits.hpp"

#include <algorithm>
#include <limits>

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

// ---- what must be so whatever else -------------------------------------------------------------

/// A pause stands from its event on. Whatever may have ended it takes it away: the promise is about
/// those that nothing can have ended.
void history::note_pauses(const v1::EventUserEvent& event) {
  auto& dn = event.event().this_dn();
  auto& all = pauses_[dn];
  auto verb = verb_of(event.event());
  auto call = event.event().connection_id();
  bool by_broker = event.origin_role() == v1::ROLE_BROKER;
  auto application = by_broker ? "" : applications_[event.origin_client_id()];
  // Whether the end of its call, or its merge, comes before or behind it is not known here.
  bool is_sure = call == 0 || (!ended_.contains({dn, call}) && !has_merged_.contains(dn));
  if (verb == "pause" && !by_broker && is_sure) {
    all.push_back({call, application});
  } else if (verb == "stop" && !by_broker) {
    over_.insert(dn);
    std::erase_if(all, [&](auto& p) { return call == 0 || p.call == call; });
  } else if (verb == "resume" && !by_broker) {
    std::erase_if(all, [&](auto& p) {
      return rules_.ownership == pause_ownership::anyone || p.application == application ||
             was_absent(dn, p.application, event.time_us());
    });
  } else if (verb == "start" && !by_broker && rules_.new_call == new_call_policy::lifts) {
    std::erase_if(all, [&](auto& p) { return p.call != 0 && p.call != call; });
  }
  if (rules_.dead_desktop == dead_desktop_policy::resume)
    std::erase_if(all, [&](auto& p) { return was_absent(dn, p.application, event.time_us()); });
}

/// For so long that its pauses may end without it.
bool history::was_absent(const std::string& dn, const std::string& application,
                         std::int64_t at_us) const {
  auto all = absent_.find({dn, application});
  if (all == absent_.end())
    return false;
  auto least = std::chrono::microseconds{rules_.dead_desktop_after}.count() - 5 * step_us;
  return std::any_of(all->second.begin(), all->second.end(),
                     [&](auto& one) { return std::min(at_us, one.second) - one.first >= least; });
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

/// No order to record reaches a recorder while a pause stands, and what is desired is `paused`.
void history::check_pauses(const v1::EventUserEvent& event) const {
  auto& dn = event.event().this_dn();
  auto all = pauses_.find(dn);
  if (all == pauses_.end() || all->second.empty())
    return;
  auto& one = all->second.front();
  place where{dn, event.dn_sequence()};
  auto whose = " during the pause of " + one.application + ", call " + std::to_string(one.call);
  if (wanted_by(verb_of(event.event())) == "enabled" && !event.kept_from_recorders())
    broken("no order to record reaches a recorder while a pause stands", words(where) + whose);
  bool is_stop = verb_of(event.event()) == "stop";
  if (event.has_desired() && event.desired() != v1::CAPTURE_STATE_PAUSED && !is_stop)
    broken("a pause ends only by what may end it", words(where) + whose);
}

/// One recorder, one word.
void history::note_word(const v1::EventUserEvent& event) {
  auto& dn = event.event().this_dn();
  auto verb = verb_of(event.event());
  auto known = recorders_.find({event.origin_client_id(), dn});
  bool counts =
    known != recorders_.end() && known->second.stands && known->second.from < event.dn_sequence();
  if (counts && event.origin_role() == v1::ROLE_RECORDER && is_indication(verb))
    said_last_[known->first] = verb;
}

/// The light is neither off nor paused while a recorder's last word is that it records.
void history::check_light(const v1::EventUserEvent& event) const {
  auto& dn = event.event().this_dn();
  bool is_dark = event.effective_state() == v1::CAPTURE_STATE_DISABLED ||
                 event.effective_state() == v1::CAPTURE_STATE_PAUSED;
  for (auto& [who, word] : said_last_)
    if (who.second == dn && word == "enabled" && is_dark)
      broken("the light is not off or paused while a recorder says that it records",
             words({dn, event.dn_sequence()}) + " client " + std::to_string(who.first));
}

void history::outcome(const v1::EventOutcome& outcome) {
  if (outcome.released_sequence() != 0)
    return check_release(outcome);
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

/// What became of a held command when it was let go, by the order that did so.
void history::check_release(const v1::EventOutcome& outcome) {
  place held{outcome.this_dn(), outcome.released_sequence()};
  auto command = commands_.find(held);
  if (command == commands_.end() || !command->second.held)
    broken("only what was held is let go", words(held));
  if (!releases_.emplace(held, outcome).second)
    broken("a held command is let go once", words(held));
  place by{outcome.this_dn(), outcome.dn_sequence()};
  auto order = commands_.find(by);
  if (order == commands_.end())
    broken("a held command is let go by an order", words(held) + " by " + words(by));
  if (by == held)
    return; // it was overtaken, and not ordered any more
  auto& life = order->second;
  if (wanted_by(life.verb) != "enabled")
    broken("a held command is let go by an order to record", words(held) + " by " + words(by));
  if (!life.outcome && !life.application.empty())
    broken("an order's outcome is told before what it let go", words(by));
  if (life.application.empty())
    life.outcome = outcome;
}

const v1::EventOutcome* history::told(const v1::EventOutcome& outcome) const {
  if (outcome.released_sequence() != 0) {
    auto known = releases_.find({outcome.this_dn(), outcome.released_sequence()});
    return known == releases_.end() ? nullptr : &known->second;
  }
  auto* known = command({outcome.this_dn(), outcome.dn_sequence()});
  return known == nullptr || !known->outcome ? nullptr : &*known->outcome;
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
  if (command.kept || command.only != 0)
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

namespace {

/// Whether a word is what a command asks for. `pause`: nothing is recorded.
bool does(const std::string& wanted, const std::string& word) {
  return wanted.empty() || word == wanted || (wanted == "paused" && word == "disabled");
}

} // namespace

/// Whether the recorders' own words, up to this time, confirm the command. Which of a plain
/// recorder's words answers which order is not known here: who is generous takes any that fits, who
/// is not only its last, and none of who has refused.
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
    auto known = recorders_.find({who, where.first});
    auto verb = verb_of(event.event());
    auto is_asked = [&](auto& r) {
      return r.client_id() == who && r.verdict() != v1::RECORDER_VERDICT_NOT_QUEUED &&
             r.verdict() != v1::RECORDER_VERDICT_LOST;
    };
    bool is_word = event.origin_role() == v1::ROLE_RECORDER && is_indication(verb);
    if (event.time_us() > outcome.time_us() || known == recorders_.end() || !is_word ||
        std::none_of(outcome.recorders().begin(), outcome.recorders().end(), is_asked))
      continue;
    if (!wanted.empty() && known->second.exact && event.version() < command.version)
      continue;
    if (does(wanted, verb) && event.time_us() <= until_us)
      confirmed.insert(who);
    else if (!generous && !known->second.exact && !does(wanted, verb))
      confirmed.erase(who);
  }
  if (!generous)
    std::erase_if(confirmed,
                  [&](auto who) { return has_refused(where, command, who, outcome.time_us()); });
  return outcome.recorders_size() != 0 && confirmed.size() >= enough;
}

/// It said that it did not do just this, or could not do something.
bool history::has_refused(const place& where, const command_life& command, std::uint64_t who,
                          std::int64_t until_us) const {
  auto wanted = wanted_by(command.verb);
  auto& events = events_.at(where.first);
  return std::any_of(events.begin() + static_cast<std::ptrdiff_t>(where.second), events.end(),
                     [&](const v1::EventUserEvent& event) {
                       auto verb = verb_of(event.event());
                       bool is_its = event.origin_client_id() == who && event.time_us() <= until_us;
                       bool refuses = verb == "failed" ||
                                      (event.version() == command.version && !does(wanted, verb));
                       return is_its && refuses && !verb.empty();
                     });
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
  if (command.kept && !command.held) { // there was nothing to do
    if (outcome.outcome() != v1::OUTCOME_CONFIRMED)
      broken("where there is nothing to do, that is confirmed", name);
    return;
  }
  switch (outcome.outcome()) {
  case v1::OUTCOME_CONFIRMED:
    if (!satisfied(where, command, outcome, outcome.time_us(), true))
      broken("confirmed is only what the recorders confirmed",
             name + " " + outcome.ShortDebugString());
    return;
  case v1::OUTCOME_TIMED_OUT:
  case v1::OUTCOME_PARTIAL:
  case v1::OUTCOME_FAILED:
    if (!woke_late(command, outcome) &&
        satisfied(where, command, outcome, outcome.time_us() - step_us, false))
      broken("what the recorders confirmed is confirmed", name + " " + outcome.ShortDebugString());
    if (outcome.outcome() == v1::OUTCOME_TIMED_OUT &&
        outcome.time_us() + step_us < command.time_us + command.timeout_us)
      broken("a command has all of its time", name);
    if (outcome.outcome() == v1::OUTCOME_FAILED &&
        std::none_of(outcome.recorders().begin(), outcome.recorders().end(), [&](auto& r) {
          return has_refused(where, command, r.client_id(), outcome.time_us());
        }))
      broken("failed is only what a recorder said that it did not do", name);
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
    if (wanted_by(command.verb) != "enabled" || !outcome.has_held_by())
      broken("held is a start or a resume, by a pause that is named", name);
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
