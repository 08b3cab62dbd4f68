// What must be so whatever else: each event and outcome that the witness hears is held against what
// was before.
#include "tests/simulation/promises.hpp"

#include "actors/screen/step.hpp"
#include "messages/limits.hpp"

#include <algorithm>

namespace ringdown::sim {

namespace {

std::string words(v1::Outcome outcome) {
  return v1::Outcome_Name(outcome);
}

} // namespace

// ---- what the witness hears ----------------------------------------------------------------

void promises::hear(const v1::EventUserEvent& event) {
  check_place(event);
  note_pauses(event);
  past_.add(event);
  check_pauses(event);
  check_light(event);
}

void promises::hear(const v1::EventOutcome& outcome) {
  if (outcome.released_sequence() != 0)
    check_release(outcome);
  else
    check_outcome(outcome);
  past_.add(outcome);
}

void promises::check_place(const v1::EventUserEvent& event) const {
  auto& dn = event.event().this_dn();
  auto& all = past_.events(dn);
  place where{dn, event.dn_sequence()};
  if (event.dn_sequence() != all.size() + 1)
    broken("who hears all of a DN hears it without a gap",
           words(where) + " after " + std::to_string(all.size()));
  if (!all.empty() && all.front().dn_epoch() != event.dn_epoch())
    broken("a DN that is used keeps its epoch", words(where));
  if (event.origin_role() == v1::ROLE_RECORDER &&
      !past_.has_said(event.origin_client_id(), event.event()))
    broken("an indication is what its recorder said", words(where) + " " + verb_of(event.event()));
  if (!event.command_id().empty() && past_.has_command_id(event.command_id()))
    broken("a command id has one effect", words(where) + " " + event.command_id());
}

// ---- pauses, and the light -----------------------------------------------------------------

/// A pause stands from its event on. Whatever may have ended it takes it away: the promise is about
/// those that nothing can have ended.
void promises::note_pauses(const v1::EventUserEvent& event) {
  auto& dn = event.event().this_dn();
  auto& all = pauses_[dn];
  auto verb = verb_of(event.event());
  auto call = event.event().connection_id();
  bool by_broker = event.origin_role() == v1::ROLE_BROKER;
  auto application = by_broker ? "" : past_.application_of(event.origin_client_id());
  // Whether the end of its call, or its merge, comes before or behind it is not known here.
  bool is_sure = call == 0 || (!past_.has_ended(dn, call) && !past_.has_merged(dn));
  if (verb == "pause" && !by_broker && is_sure) {
    all.push_back({call, application});
  } else if (verb == "stop" && !by_broker) {
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

void promises::calls_change(const std::string& dn) {
  std::erase_if(pauses_[dn], [](auto& p) { return p.call != 0; });
}

/// For so long that its pauses may end without it.
bool promises::was_absent(const std::string& dn, const std::string& application,
                          std::int64_t at_us) const {
  auto all = past_.absences(application, dn);
  auto least = std::chrono::microseconds{rules_.dead_desktop_after}.count() - 5 * step_us;
  return std::any_of(all.begin(), all.end(),
                     [&](auto& one) { return std::min(at_us, one.second) - one.first >= least; });
}

/// No order to record reaches a recorder while a pause stands, and what is desired is `paused`.
void promises::check_pauses(const v1::EventUserEvent& event) const {
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

/// The light is neither off nor paused while a recorder's last word is that it records.
void promises::check_light(const v1::EventUserEvent& event) const {
  if (past_.is_draining())
    return; // links end one after the other: who has left does not count, and is not told of here
  auto& dn = event.event().this_dn();
  bool is_dark = event.effective_state() == v1::CAPTURE_STATE_DISABLED ||
                 event.effective_state() == v1::CAPTURE_STATE_PAUSED;
  for (auto& [who, word] : past_.last_words())
    if (who.second == dn && word == "enabled" && is_dark)
      broken("the light is not off or paused while a recorder says that it records",
             words({dn, event.dn_sequence()}) + " client " + std::to_string(who.first));
}

// ---- outcomes ------------------------------------------------------------------------------

void promises::check_outcome(const v1::EventOutcome& outcome) const {
  place where{outcome.this_dn(), outcome.dn_sequence()};
  auto* command = past_.command(where);
  if (command == nullptr)
    broken("an outcome is a command's", words(where));
  if (command->outcome)
    broken("a command has one outcome", words(where) + " " + words(outcome.outcome()));
  check_recorders(where, *command, outcome);
  check_result(where, *command, outcome);
}

/// What became of a held command when it was let go, by the order that did so.
void promises::check_release(const v1::EventOutcome& outcome) const {
  place held{outcome.this_dn(), outcome.released_sequence()};
  auto* command = past_.command(held);
  if (command == nullptr || !command->held)
    broken("only what was held is let go", words(held));
  if (past_.told(outcome) != nullptr)
    broken("a held command is let go once", words(held));
  place by{outcome.this_dn(), outcome.dn_sequence()};
  auto* order = past_.command(by);
  if (order == nullptr)
    broken("a held command is let go by an order", words(held) + " by " + words(by));
  if (by == held)
    return; // it was overtaken, and not ordered any more
  if (wanted_by(order->verb) != "enabled")
    broken("a held command is let go by an order to record", words(held) + " by " + words(by));
  if (!order->outcome && !order->application.empty())
    broken("an order's outcome is told before what it let go", words(by));
}

/// The recorders that a command waits for are those that were there.
void promises::check_recorders(const place& where, const command_life& command,
                               const v1::EventOutcome& outcome) const {
  std::set<std::uint64_t> asked;
  for (auto& r : outcome.recorders()) {
    asked.insert(r.client_id());
    auto known = past_.recorders().find({r.client_id(), where.first});
    if (known == past_.recorders().end())
      broken("a command waits for active recorders", words(where));
  }
  // The links of a broker that drains do not all end at once.
  if (command.kept || command.only != 0 || past_.is_draining())
    return;
  for (auto& [who, how] : past_.recorders())
    if (who.second == where.first && how.stands && how.from < where.second &&
        !asked.contains(who.first))
      broken("a command waits for every active recorder",
             words(where) + " without client " + std::to_string(who.first));
}

/// How many of the recorders asked must confirm.
std::size_t promises::needed(const std::string& verb, std::size_t asked) const {
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
bool promises::satisfied(const place& where, const command_life& command,
                         const v1::EventOutcome& outcome, std::int64_t until_us,
                         bool generous) const {
  auto wanted = wanted_by(command.verb);
  auto enough = needed(command.verb, static_cast<std::size_t>(outcome.recorders_size()));
  std::set<std::uint64_t> confirmed;
  auto& events = past_.events(where.first);
  for (auto i = where.second; i < events.size(); ++i) {
    auto& event = events[i];
    auto who = event.origin_client_id();
    auto known = past_.recorders().find({who, where.first});
    auto verb = verb_of(event.event());
    auto is_asked = [&](auto& r) {
      return r.client_id() == who && r.verdict() != v1::RECORDER_VERDICT_NOT_QUEUED &&
             r.verdict() != v1::RECORDER_VERDICT_LOST;
    };
    bool is_word = event.origin_role() == v1::ROLE_RECORDER && is_indication(verb);
    if (event.time_us() > outcome.time_us() || known == past_.recorders().end() || !is_word ||
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
bool promises::has_refused(const place& where, const command_life& command, std::uint64_t who,
                           std::int64_t until_us) const {
  auto wanted = wanted_by(command.verb);
  auto& events = past_.events(where.first);
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
bool promises::woke_late(const command_life& command, const v1::EventOutcome& outcome) const {
  auto deadline = command.time_us + command.timeout_us;
  auto woke = [&](auto& still) {
    auto to = still.second;
    return to + step_us >= deadline &&
           to - deadline < std::chrono::microseconds{overslept_min}.count() &&
           to <= outcome.time_us();
  };
  return std::any_of(past_.still().begin(), past_.still().end(), woke);
}

void promises::check_result(const place& where, const command_life& command,
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
    if (std::none_of(past_.commands().begin(), past_.commands().end(), later))
      broken("superseded names a later command that wants otherwise", name);
    return;
  }
  case v1::OUTCOME_HELD:
    if (wanted_by(command.verb) != "enabled" || !outcome.has_held_by())
      broken("held is a start or a resume, by a pause that is named", name);
    return;
  case v1::OUTCOME_RECORDER_LOST:
    for (auto& r : outcome.recorders())
      if (auto& known = past_.recorders().at({r.client_id(), where.first});
          r.verdict() != v1::RECORDER_VERDICT_NOT_QUEUED && known.stands &&
          known.from < where.second)
        broken("a recorder that stands is not lost", name);
    return;
  case v1::OUTCOME_UNKNOWN:
    if (!past_.is_draining() && !past_.has_ended_by_now(where.first, command.call))
      broken("unknown is only the outcome of a call that ended, or of the broker's end", name);
    return;
  default: broken("an outcome is one of the list", name);
  }
}

// ---- deadlines -----------------------------------------------------------------------------

/// Time in which nothing ran is given back, with a grace for what was not read yet.
std::int64_t promises::latest_us(const command_life& command) const {
  auto latest = command.time_us + command.timeout_us + step_us;
  for (auto& [from, to] : past_.still())
    if (to >= command.time_us && from <= latest)
      latest += to - from + std::chrono::microseconds{overslept_grace}.count() + step_us;
  return latest;
}

void promises::check_deadlines(std::int64_t now_us) const {
  for (auto& [where, command] : past_.commands()) {
    auto at = command.outcome ? command.outcome->time_us() : now_us;
    if (at > latest_us(command))
      broken("a command is decided by its deadline",
             words(where) + " " + command.verb +
               (command.outcome ? " decided " : " is undecided ") +
               std::to_string((at - command.time_us) / 1000) + " ms after its acceptance");
  }
}

} // namespace ringdown::sim
