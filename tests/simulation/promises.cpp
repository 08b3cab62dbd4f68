// What must be so whatever else: each event and outcome that the witness hears is held against what
// was before.
#include "tests/simulation/history.hpp"

#include "actors/screen/step.hpp"
#include "messages/limits.hpp"

#include <algorithm>

namespace ringdown::sim {

namespace {

std::string words(v1::Outcome outcome) {
  return v1::Outcome_Name(outcome);
}

} // namespace

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
  // The links of a broker that drains do not all end at once.
  if (command.kept || command.only != 0 || is_draining_)
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

} // namespace ringdown::sim
