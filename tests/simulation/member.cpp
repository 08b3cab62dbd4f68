#include "tests/simulation/member.hpp"

#include <limits>
#include <utility>

namespace ringdown::sim {

using namespace ringdown::test;

void surroundings::note(const std::string& what) {
  auto ms = (now_us() - 1'700'000'000'000'000) / 1000;
  steps.push_back(std::to_string(ms) + " ms: " + what);
  heard.add(steps.back());
}

member::member(surroundings& around, member_options how)
  : around_(around), how_(std::move(how)), relies_(around, how_),
    wire_(around.planted, how_.role == v1::ROLE_RECORDER) {}

// ---- life of a connection ------------------------------------------------------------------

void member::connect() {
  if (link_ != nullptr)
    former_.push_back(link_); // half open: the broker will end it
  if (is_recorder() && link_ != nullptr)
    for (auto& dn : how_.dns)
      around_.past.recorder_left(link_->id(), dn);
  around_.note(name() + " signs on");
  link_ = &around_.o.join(how_.name, how_.role, how_.abilities);
  around_.past.is_called(link_->id(), name());
  if (!is_recorder())
    for (auto& dn : how_.dns)
      around_.past.desktop_back(name(), dn, around_.now_us());
  references_ = 1;
  relies_.begins(link_->id());
  missed_.clear();
  slow_until_us_ = 0;
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
  stands(dn, std::numeric_limits<std::uint64_t>::max()); // from where on, its answer says
  ask(dn, request, "registers on " + dn);
}

/// It counts as a recorder from this place on, if it is an active one.
void member::stands(const std::string& dn, std::uint64_t from) {
  if (is_recorder() && !how_.standby)
    around_.past.recorder_stands(link_->id(), dn, from, !how_.abilities.empty());
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
  relies_.has_sent(references_, dn, request);
}

// ---- what it hears -------------------------------------------------------------------------

void member::heed_snapshot(const std::string& dn, const v1::Snapshot& snapshot) {
  snapshots_[dn] = snapshot;
  lights_[dn] = snapshot.effective_state();
  on_snapshot(dn, snapshot);
}

void member::catch_up() {
  if (link_ == nullptr)
    return;
  for (auto& dn : std::exchange(missed_, {}))
    if (is_registered(dn))
      ask(dn, query_address(0, dn), "asks what it missed of " + dn);
}

void member::heed(const v1::Frame& frame) {
  switch (frame.body_case()) {
  case v1::Frame::kEventAck: return relies_.ack(frame);
  case v1::Frame::kEventError: return relies_.error(frame);
  case v1::Frame::kEventUserEvent: {
    auto& event = frame.event_user_event();
    // As a desktop does: a command is a wish, and the light shows facts.
    if (relies_.event(event) && is_indication(verb_of(event.event())))
      lights_[event.event().this_dn()] = event.effective_state();
    return on_event(event);
  }
  case v1::Frame::kEventOutcome:
    relies_.outcome(frame.event_outcome());
    return on_outcome(frame.event_outcome());
  case v1::Frame::kEventMissed:
    relies_.missed(frame.event_missed());
    missed_.insert(frame.event_missed().this_dn());
    return;
  case v1::Frame::kEventRegistered: {
    auto dn = relies_.answered(frame);
    auto& snapshot = frame.event_registered().snapshot();
    relies_.registered(dn, snapshot.dn_sequence());
    stands(dn, snapshot.dn_sequence());
    return heed_snapshot(dn, snapshot);
  }
  case v1::Frame::kEventUnregistered: return relies_.unregistered(relies_.answered(frame));
  case v1::Frame::kEventAddressInfo:
    return heed_snapshot(relies_.answered(frame), frame.event_address_info().snapshot());
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
  relies_.reads_slowly();
  link_->reads_only(around_.luck.below(40));
}

void member::hear() {
  if (link_ == nullptr || is_slow())
    return;
  heard_at_us_ = around_.now_us();
  for (auto& frame : wire_.carry(link_->frames())) {
    around_.heard.add(name());
    around_.heard.add(frame.SerializeAsString());
    if (frame.has_event_link_disconnected() && around_.past.is_draining()) {
      relies_.goodbye();
      check_complete(); // all else that it is owed it was told before
      link_ = nullptr;
      return;
    }
    before(frame);
    heed(frame);
  }
}

void member::check_complete() {
  if (link_ != nullptr && !is_slow())
    relies_.check_complete();
}

void member::overhear(const v1::Frame& frame) {
  if (link_ != nullptr && is_registered(frame.event_user_event().event().this_dn()))
    wire_.overhear(frame);
}

} // namespace ringdown::sim
