#include "tests/simulation/expectations.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::sim {

// ---- requests ------------------------------------------------------------------------------

void expectations::begins(std::uint64_t client) {
  client_ = client;
  clients_.insert(client);
  outstanding_.clear();
  heard_to_.clear();
  missed_to_.clear();
  acknowledged_.clear();
  outcomes_heard_.clear();
  unheard_.clear();
  was_slow_ = false;
}

void expectations::has_sent(std::uint32_t reference, const std::string& dn,
                            const v1::Frame& request) {
  bool is_known = around_.past.has_command_id(request.request_send_event().command_id());
  outstanding_[reference] = {dn, request, is_known};
}

expectations::request_sent expectations::take_request(const v1::Frame& frame) {
  auto known = outstanding_.find(frame.reference_id());
  if (known == outstanding_.end())
    broken("a request is answered once", who_.name + " hears " + frame.ShortDebugString());
  auto request = std::move(known->second);
  outstanding_.erase(known);
  return request;
}

void expectations::ack(const v1::Frame& frame) {
  auto [dn, request, was_known] = take_request(frame);
  if (!request.has_request_send_event())
    return;
  auto& said = frame.event_ack();
  auto& asked = request.request_send_event();
  if (is_unwitnessed(dn, said.dn_sequence()))
    return;
  auto* event = around_.past.find(dn, said.dn_sequence());
  if (event == nullptr || !clients_.contains(event->origin_client_id()) ||
      event->event().SerializeAsString() != asked.event().SerializeAsString() ||
      event->command_id() != asked.command_id())
    broken("EventACK names the sender's own event",
           who_.name + " " + request.ShortDebugString() + " " + said.ShortDebugString());
  if (!asked.command_id().empty()) {
    auto same = said;
    same.clear_time_us();
    auto words = same.ShortDebugString();
    auto [first, is_new] = answers_.emplace(asked.command_id(), words);
    if (!is_new && first->second != words)
      broken("the same command id has the same answer", first->second + " and then " + words);
  }
  place where{dn, said.dn_sequence()};
  if (around_.past.command(where) == nullptr)
    return;
  ++acknowledged_[where];
  if (!outcomes_heard_.contains(where))
    unheard_.insert(where);
}

void expectations::error(const v1::Frame& frame) {
  auto& error = frame.event_error();
  auto request = take_request(frame);
  ++around_.seen["refused " + std::to_string(error.error_code())];
  if (!is_expected(error, request))
    broken("nothing is refused without a reason", who_.name + " " +
                                                    request.frame.ShortDebugString() + " hears " +
                                                    error.ShortDebugString());
}

bool expectations::is_expected(const v1::EventError& error, const request_sent& request) const {
  auto& past = around_.past;
  auto& asked = request.frame.request_send_event();
  auto verb = verb_of(asked.event());
  bool known = past.has_command_id(asked.command_id());
  bool is_call = request.frame.has_request_merge_calls() || request.frame.has_request_end_call();
  bool is_strict = around_.promised.is_strict();
  switch (error.error_code()) {
  case 53: return is_call || answers_.contains(asked.command_id()) || known;
  case 57: return asked.retry() && !request.is_known && wanted_by(verb) == "enabled";
  case 43: return is_strict && wanted_by(verb) == "enabled";
  case 58: return past.is_draining();
  case 118: return verb == "query";
  case 185:
    return (asked.has_if_version() && asked.if_version() != error.version()) ||
           (verb == "resume" && (is_strict || past.may_be_over(request.dn)));
  case 238: return around_.is_tight && is_command(verb);
  case 1186: return is_call;
  default: return false;
  }
}

// ---- events --------------------------------------------------------------------------------

/// Its own events are not for it, nor for a recorder what is held or another's.
bool expectations::is_left_out(const v1::EventUserEvent& event) const {
  auto only = event.for_recorder_client_id();
  bool is_kept = event.kept_from_recorders() || (only != 0 && only != client_);
  return event.origin_client_id() == client_ || (is_recorder() && is_kept);
}

/// It happened when the broker had begun to shut down, and the witness's link had ended.
bool expectations::is_unwitnessed(const std::string& dn, std::uint64_t sequence) const {
  return !around_.past.has_witness() && sequence > around_.past.last(dn);
}

/// ... and what happened behind the end of its own link, when the broker had begun to shut down:
/// links of several loops do not end at once.
bool expectations::may_miss(const v1::EventUserEvent& event) const {
  return is_left_out(event) || (has_heard_goodbye_ && around_.past.is_of_the_end(event));
}

/// From the last place it heard of a DN to this one it missed nothing.
void expectations::walk(const std::string& dn, std::uint64_t until) {
  auto& at = heard_to_.at(dn);
  for (++at; at < until; ++at)
    if (auto* missed = around_.past.find(dn, at);
        at > missed_to_[dn] && !is_unwitnessed(dn, at) && (missed == nullptr || !may_miss(*missed)))
      broken("nothing accepted is silently dropped",
             who_.name + " did not hear " + dn + " #" + std::to_string(at));
}

/// What did not find room; the newest indications among it follow.
void expectations::missed(const v1::EventMissed& missed) {
  auto& dn = missed.this_dn();
  auto where = who_.name + " misses " + dn + " #" + std::to_string(missed.from_sequence()) +
               " to #" + std::to_string(missed.to_sequence());
  around_.note("  " + where);
  ++around_.seen["missed"];
  if (!was_slow_)
    broken("only who does not read misses anything", where);
  walk(dn, missed.from_sequence());
  missed_to_[dn] = missed.to_sequence();
  --heard_to_.at(dn);
}

bool expectations::event(const v1::EventUserEvent& event) {
  auto& dn = event.event().this_dn();
  auto where = who_.name + " hears " + dn + " #" + std::to_string(event.dn_sequence());
  if (!is_registered(dn))
    broken("only who is registered hears of a DN", where);
  if (event.dn_sequence() <= heard_to_.at(dn))
    broken("all see a DN's events in rising order", where);
  walk(dn, event.dn_sequence());
  if (is_unwitnessed(dn, event.dn_sequence()))
    return false;
  auto* truth = around_.past.find(dn, event.dn_sequence());
  if (truth == nullptr || is_left_out(event))
    broken("what is held, or its own, a client does not hear", where);
  auto same = event;
  same.clear_directed_reference_id();
  if (same.SerializeAsString() != truth->SerializeAsString())
    broken("all clients hear the same event", where);
  return true;
}

// ---- outcomes ------------------------------------------------------------------------------

bool expectations::wants_outcomes() const {
  auto& all = who_.abilities;
  return std::find(all.begin(), all.end(), v1::CAPABILITY_OUTCOMES) != all.end();
}

void expectations::outcome(const v1::EventOutcome& outcome) {
  place where{outcome.this_dn(), outcome.dn_sequence()};
  auto words = who_.name + " hears of " + where.first + " #" + std::to_string(where.second) + " " +
               v1::Outcome_Name(outcome.outcome());
  if (is_unwitnessed(where.first, where.second))
    return;
  auto* told = around_.past.told(outcome);
  if (told == nullptr && !around_.past.has_witness())
    return; // decided behind the end of the witness's link
  if (told == nullptr || told->SerializeAsString() != outcome.SerializeAsString())
    broken("all who hear an outcome hear the same", words);
  bool is_own = outcome.released_sequence() != 0 || outcome.broker_reason() != 0;
  auto origin = is_own ? outcome.origin_client_id()
                       : around_.past.find(where.first, where.second)->origin_client_id();
  if (!who_.hear_outcomes && !(wants_outcomes() && clients_.contains(origin)))
    broken("outcomes go to those who asked for them", words);
  if (!is_own)
    count_outcome(where, origin, words);
}

void expectations::count_outcome(const place& where, std::uint64_t origin,
                                 const std::string& words) {
  auto acknowledged = acknowledged_[where];
  if (origin == client_ && acknowledged == 0)
    broken("an outcome follows its ACK", words);
  // A command sent again has its outcome so far again.
  auto most = acknowledged + (origin == client_ ? 0 : 1);
  unheard_.erase(where);
  if (++outcomes_heard_[where] > most)
    broken("an outcome is told once", words);
}

// ---- at the end ----------------------------------------------------------------------------

void expectations::goodbye() {
  outstanding_.clear(); // the broker did not read these any more
  has_heard_goodbye_ = true;
}

void expectations::check_complete() {
  for (auto& [reference, request] : outstanding_)
    broken("each request is answered", who_.name + " " + request.frame.ShortDebugString());
  for (auto& [dn, at] : heard_to_) {
    walk(dn, around_.past.last(dn) + 1);
    --at; // it stands at the last event now
  }
  for (auto& where : unheard_)
    if (wants_outcomes() && around_.past.command(where)->outcome)
      broken("who asked for outcomes hears each",
             who_.name + " and the command " + where.first + " #" + std::to_string(where.second));
}

} // namespace ringdown::sim
