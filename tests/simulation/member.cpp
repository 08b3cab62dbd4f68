#include "tests/simulation/member.hpp"

#include <algorithm>
#include <limits>

namespace ringdown::sim {

using namespace ringdown::test;

void surroundings::note(const std::string& what) {
  auto ms = (now_us() - 1'700'000'000'000'000) / 1000;
  steps.push_back(std::to_string(ms) + " ms: " + what);
  heard.add(steps.back());
}

member::member(surroundings& around, member_options how)
  : around_(around), how_(std::move(how)), wire_(around.planted, how_.role == v1::ROLE_RECORDER) {}

// ---- life of a connection ------------------------------------------------------------------

void member::connect() {
  if (link_ != nullptr)
    former_.push_back(link_); // half open: the broker will end it
  if (is_recorder() && link_ != nullptr)
    for (auto& dn : how_.dns)
      around_.past.recorder_left(link_->id(), dn);
  around_.note(name() + " signs on");
  link_ = &around_.o.join(how_.name, how_.role, how_.abilities);
  ids_.insert(link_->id());
  around_.past.is_called(link_->id(), name());
  if (!is_recorder())
    for (auto& dn : how_.dns)
      around_.past.desktop_back(name(), dn, around_.now_us());
  references_ = 1;
  outstanding_.clear();
  heard_to_.clear();
  acknowledged_.clear();
  outcomes_heard_.clear();
  missed_to_.clear();
  missed_.clear();
  slow_until_us_ = 0;
  was_slow_ = false;
  on_lost();
  for (auto& dn : how_.dns)
    register_on(dn);
}

void member::lose() {
  if (link_ == nullptr)
    return;
  around_.note(name() + " loses its link");
  if (is_recorder())
    for (auto& dn : how_.dns)
      around_.past.recorder_left(link_->id(), dn);
  else
    for (auto& dn : how_.dns)
      around_.past.desktop_left(name(), dn, around_.now_us());
  // What it never read is passed over; what it said last may be lost with it.
  if (around_.luck.one_in(2))
    link_->vanishes();
  else
    link_->is_cut_off();
  former_.push_back(link_);
  link_ = nullptr;
  lights_.clear();
  on_lost();
}

void member::register_on(const std::string& dn) {
  auto request = test::register_on(0, {dn});
  request.mutable_request_register_address()->set_standby(how_.standby);
  request.mutable_request_register_address()->set_hear_outcomes(how_.hear_outcomes);
  if (is_recorder() && !how_.standby) // from which place on, its answer says
    around_.past.recorder_stands(link_->id(), dn, std::numeric_limits<std::uint64_t>::max(),
                                 !how_.abilities.empty());
  ask(dn, request, "registers on " + dn);
}

void member::register_again(const std::string& dn, bool leave_first) {
  if (leave_first) {
    if (is_recorder())
      around_.past.recorder_left(link_->id(), dn);
    ask(dn, unregister(0, {dn}), "leaves " + dn);
  }
  register_on(dn);
}

// ---- requests ------------------------------------------------------------------------------

void member::ask(const std::string& dn, v1::Frame request, const std::string& what) {
  request.set_reference_id(++references_);
  around_.note(name() + " " + what);
  link_->says(request);
  around_.heard.add(request.SerializeAsString());
  bool is_known = around_.past.has_command_id(request.request_send_event().command_id());
  outstanding_[references_] = {dn, std::move(request), is_known};
}

member::request_sent member::answered(const v1::Frame& frame) {
  auto known = outstanding_.find(frame.reference_id());
  if (known == outstanding_.end())
    broken("a request is answered once", name() + " hears " + frame.ShortDebugString());
  auto request = std::move(known->second);
  outstanding_.erase(known);
  return request;
}

void member::heed_ack(const v1::Frame& frame) {
  auto [dn, request, was_known] = answered(frame);
  if (!request.has_request_send_event())
    return;
  auto& ack = frame.event_ack();
  auto& asked = request.request_send_event();
  if (is_unwitnessed(dn, ack.dn_sequence()))
    return;
  auto* event = around_.past.find(dn, ack.dn_sequence());
  if (event == nullptr || !ids_.contains(event->origin_client_id()) ||
      event->event().SerializeAsString() != asked.event().SerializeAsString() ||
      event->command_id() != asked.command_id())
    broken("EventACK names the sender's own event",
           name() + " " + request.ShortDebugString() + " " + ack.ShortDebugString());
  if (!asked.command_id().empty()) {
    auto same = ack;
    same.clear_time_us();
    auto words = same.ShortDebugString();
    auto [first, is_new] = answers_.emplace(asked.command_id(), words);
    if (!is_new && first->second != words)
      broken("the same command id has the same answer", first->second + " and then " + words);
  }
  if (around_.past.command({dn, ack.dn_sequence()}) != nullptr)
    ++acknowledged_[{dn, ack.dn_sequence()}];
}

void member::heed_error(const v1::Frame& frame) {
  auto& error = frame.event_error();
  auto [dn, request, was_known] = answered(frame);
  auto& asked = request.request_send_event();
  auto verb = verb_of(asked.event());
  bool known = around_.past.has_command_id(asked.command_id());
  bool is_call = request.has_request_merge_calls() || request.has_request_end_call();
  bool expected = false;
  switch (error.error_code()) {
  case 53: expected = is_call || answers_.contains(asked.command_id()) || known; break;
  case 57: expected = asked.retry() && !was_known && wanted_by(verb) == "enabled"; break;
  case 43: expected = around_.past.is_strict() && wanted_by(verb) == "enabled"; break;
  case 58: expected = around_.past.is_draining(); break;
  case 118: expected = verb == "query"; break;
  case 185:
    expected = (asked.has_if_version() && asked.if_version() != error.version()) ||
               (verb == "resume" && around_.past.may_be_over(dn)) ||
               (around_.past.is_strict() && verb == "resume");
    break;
  case 238: expected = around_.is_tight && is_command(verb); break;
  case 1186: expected = is_call; break;
  default: break;
  }
  ++around_.seen["refused " + std::to_string(error.error_code())];
  if (!expected)
    broken("nothing is refused without a reason",
           name() + " " + request.ShortDebugString() + " hears " + error.ShortDebugString());
}

// ---- what it hears -------------------------------------------------------------------------

void member::heed_snapshot(const std::string& dn, const v1::Snapshot& snapshot) {
  snapshots_[dn] = snapshot;
  lights_[dn] = snapshot.effective_state();
  on_snapshot(dn, snapshot);
}

/// Its own events are not for it, nor for a recorder what is held or another's.
bool member::is_left_out(const v1::EventUserEvent& event) const {
  auto only = event.for_recorder_client_id();
  bool is_kept = event.kept_from_recorders() || (only != 0 && only != link_->id());
  return event.origin_client_id() == link_->id() || (is_recorder() && is_kept);
}

/// It happened when the broker had begun to shut down, and the witness's link had ended.
bool member::is_unwitnessed(const std::string& dn, std::uint64_t sequence) const {
  return !around_.past.has_witness() && sequence > around_.past.last(dn);
}

/// ... and what happened behind the end of its own link, when the broker had begun to shut down:
/// links of several loops do not end at once.
bool member::may_miss(const v1::EventUserEvent& event) const {
  return is_left_out(event) || (has_heard_goodbye_ && around_.past.is_of_the_end(event));
}

/// From the last place it heard of a DN to this one it missed nothing.
void member::walk(const std::string& dn, std::uint64_t until) {
  auto& at = heard_to_.at(dn);
  for (++at; at < until; ++at)
    if (auto* missed = around_.past.find(dn, at);
        at > missed_to_[dn] && !is_unwitnessed(dn, at) && (missed == nullptr || !may_miss(*missed)))
      broken("nothing accepted is silently dropped",
             name() + " did not hear " + dn + " #" + std::to_string(at));
}

/// What did not find room; the newest indications among it follow.
void member::heed_missed(const v1::EventMissed& missed) {
  auto& dn = missed.this_dn();
  auto where = name() + " misses " + dn + " #" + std::to_string(missed.from_sequence()) + " to #" +
               std::to_string(missed.to_sequence());
  around_.note("  " + where);
  ++around_.seen["missed"];
  if (!was_slow_)
    broken("only who does not read misses anything", where);
  walk(dn, missed.from_sequence());
  missed_to_[dn] = missed.to_sequence();
  --heard_to_.at(dn);
  missed_.insert(dn);
}

void member::catch_up() {
  if (link_ == nullptr)
    return;
  for (auto& dn : std::exchange(missed_, {}))
    if (is_registered(dn))
      ask(dn, query_address(0, dn), "asks what it missed of " + dn);
}

void member::heed_event(const v1::EventUserEvent& event) {
  auto& dn = event.event().this_dn();
  auto where = name() + " hears " + dn + " #" + std::to_string(event.dn_sequence());
  if (!is_registered(dn))
    broken("only who is registered hears of a DN", where);
  if (event.dn_sequence() <= heard_to_.at(dn))
    broken("all see a DN's events in rising order", where);
  walk(dn, event.dn_sequence());
  if (is_unwitnessed(dn, event.dn_sequence()))
    return on_event(event);
  auto* truth = around_.past.find(dn, event.dn_sequence());
  if (truth == nullptr || is_left_out(event))
    broken("what is held, or its own, a client does not hear", where);
  auto same = event;
  same.clear_directed_reference_id();
  if (same.SerializeAsString() != truth->SerializeAsString())
    broken("all clients hear the same event", where);
  // As a desktop does: a command is a wish, and the light shows facts.
  if (is_indication(verb_of(event.event())))
    lights_[dn] = event.effective_state();
  on_event(event);
}

void member::heed_outcome(const v1::EventOutcome& outcome) {
  place where{outcome.this_dn(), outcome.dn_sequence()};
  auto words = name() + " hears of " + where.first + " #" + std::to_string(where.second) + " " +
               v1::Outcome_Name(outcome.outcome());
  if (is_unwitnessed(where.first, where.second))
    return on_outcome(outcome);
  auto* told = around_.past.told(outcome);
  if (told == nullptr && !around_.past.has_witness())
    return on_outcome(outcome); // decided behind the end of the witness's link
  if (told == nullptr || told->SerializeAsString() != outcome.SerializeAsString())
    broken("all who hear an outcome hear the same", words);
  bool wants = std::count(how_.abilities.begin(), how_.abilities.end(), v1::CAPABILITY_OUTCOMES);
  bool is_release = outcome.released_sequence() != 0;
  auto origin = is_release || outcome.broker_reason() != 0
                  ? outcome.origin_client_id()
                  : around_.past.find(where.first, where.second)->origin_client_id();
  if (!how_.hear_outcomes && !(wants && ids_.contains(origin)))
    broken("outcomes go to those who asked for them", words);
  if (is_release || outcome.broker_reason() != 0)
    return on_outcome(outcome);
  auto acknowledged = acknowledged_[where];
  if (origin == link_->id() && acknowledged == 0)
    broken("an outcome follows its ACK", words);
  // A command sent again has its outcome so far again.
  auto most = acknowledged + (origin == link_->id() ? 0 : 1);
  if (++outcomes_heard_[where] > most)
    broken("an outcome is told once", words);
  on_outcome(outcome);
}

void member::heed(const v1::Frame& frame) {
  switch (frame.body_case()) {
  case v1::Frame::kEventAck: return heed_ack(frame);
  case v1::Frame::kEventError: return heed_error(frame);
  case v1::Frame::kEventUserEvent: return heed_event(frame.event_user_event());
  case v1::Frame::kEventOutcome: return heed_outcome(frame.event_outcome());
  case v1::Frame::kEventMissed: return heed_missed(frame.event_missed());
  case v1::Frame::kEventRegistered: {
    auto dn = answered(frame).dn;
    auto& snapshot = frame.event_registered().snapshot();
    heard_to_[dn] = snapshot.dn_sequence();
    if (is_recorder() && !how_.standby)
      around_.past.recorder_stands(link_->id(), dn, snapshot.dn_sequence(),
                                   !how_.abilities.empty());
    return heed_snapshot(dn, snapshot);
  }
  case v1::Frame::kEventUnregistered: heard_to_.erase(answered(frame).dn); return;
  case v1::Frame::kEventAddressInfo:
    return heed_snapshot(answered(frame).dn, frame.event_address_info().snapshot());
  default: broken("a client hears what it asked for", name() + " " + frame.ShortDebugString());
  }
}

/// A broker that was not read from goes on reading: that happens before anybody hears.
void member::wake_up() {
  for (auto* one : former_)
    static_cast<void>(one->frames());
  if (link_ == nullptr)
    return;
  if (!is_slow())
    return link_->reads_all();
  was_slow_ = true;
  link_->reads_only(around_.luck.below(40));
}

void member::hear() {
  if (link_ == nullptr || is_slow())
    return;
  for (auto& frame : wire_.carry(link_->frames())) {
    around_.heard.add(name());
    around_.heard.add(frame.SerializeAsString());
    if (frame.has_event_link_disconnected() && around_.past.is_draining()) {
      outstanding_.clear(); // the broker did not read these any more
      has_heard_goodbye_ = true;
      check_complete(); // all else that it is owed it was told before
      link_ = nullptr;
      return;
    }
    before(frame);
    heed(frame);
  }
}

void member::check_complete() {
  if (link_ == nullptr || is_slow())
    return;
  for (auto& [reference, request] : outstanding_)
    broken("each request is answered", name() + " " + request.frame.ShortDebugString());
  for (auto& [dn, at] : heard_to_) {
    walk(dn, around_.past.last(dn) + 1);
    --at; // it stands at the last event now
  }
  bool wants = std::count(how_.abilities.begin(), how_.abilities.end(), v1::CAPABILITY_OUTCOMES);
  for (auto& [where, count] : acknowledged_)
    if (wants && around_.past.command(where)->outcome && outcomes_heard_[where] == 0)
      broken("who asked for outcomes hears each",
             name() + " and the command " + where.first + " #" + std::to_string(where.second));
}

void member::overhear(const v1::Frame& frame) {
  if (link_ != nullptr && is_registered(frame.event_user_event().event().this_dn()))
    wire_.overhear(frame);
}

} // namespace ringdown::sim
