#include "client/light_model.hpp"

#include <algorithm>
#include <iterator>

namespace ringdown::client {

std::string_view to_string(light l) noexcept {
  switch (l) {
  case light::unknown: return "unknown";
  case light::recording: return "recording";
  case light::paused: return "paused";
  case light::off: return "off";
  }
  return "unknown";
}

light light_of(capture_state effective) noexcept {
  switch (effective) {
  case capture_state::unknown: return light::unknown;
  case capture_state::enabled: return light::recording;
  case capture_state::disabled: return light::off;
  case capture_state::paused: return light::paused;
  }
  return light::unknown;
}

std::string_view to_string(unknown_because why) noexcept {
  switch (why) {
  case unknown_because::it_is_known: return "it_is_known";
  case unknown_because::no_link: return "no_link";
  case unknown_because::not_registered: return "not_registered";
  case unknown_because::events_missed: return "events_missed";
  case unknown_because::no_recorder: return "no_recorder";
  case unknown_because::recorder_lost: return "recorder_lost";
  case unknown_because::recorder_silent: return "recorder_silent";
  case unknown_because::broker_fault: return "broker_fault";
  }
  return "it_is_known";
}

namespace {

/// Of a light that the broker does not know. A recorder's own word leaves it unknown where another
/// has said nothing yet.
unknown_because reason_of(broker_reason cause) {
  if (cause == broker_reason::recorder_lost)
    return unknown_because::recorder_lost;
  if (cause == broker_reason::internal_error)
    return unknown_because::broker_fault;
  return unknown_because::recorder_silent;
}

unknown_because reason_in(const dn_snapshot& snapshot) {
  if (snapshot.session)
    for (auto& alarm : snapshot.session->alarms)
      if (auto why = reason_of(alarm.cause); why != unknown_because::recorder_silent)
        return why;
  return snapshot.recorders_active == 0 ? unknown_because::no_recorder
                                        : unknown_because::recorder_silent;
}

} // namespace

std::vector<standing_alarm> light_model::alarms() const {
  auto all = standing_;
  for (auto& raised : raised_) {
    auto same = [&](const standing_alarm& a) { return a.cause == raised.what.cause; };
    if (std::none_of(all.begin(), all.end(), same))
      all.push_back(raised.what);
  }
  return all;
}

void light_model::doubt_what_stands() noexcept {
  needs_snapshot_ = true;
  ++doubts_;
}

bool light_model::anything_stands() const noexcept {
  return !(pauses_.empty() && waiting_.empty() && standing_.empty() && raised_.empty());
}

void light_model::show(light l, unknown_because why) {
  shown_ = l;
  because_ = l == light::unknown ? why : unknown_because::it_is_known;
  if (l != light::unknown)
    std::erase_if(raised_, [l](const raised_alarm& a) { return a.at != l; });
}

void light_model::raise(const event_user_event& e) {
  std::erase_if(raised_, [&](const raised_alarm& a) { return a.what.cause == e.cause; });
  raised_.push_back({{e.cause, e.time_us, {}}, shown_});
}

void light_model::on_snapshot(const dn_snapshot& snapshot) {
  if (snapshot.epoch == epoch_ && snapshot.sequence < sequence_)
    return; // older than what we have seen
  epoch_ = snapshot.epoch;
  sequence_ = snapshot.sequence;
  needs_snapshot_ = false;
  is_current_ = true;
  show(light_of(snapshot.effective_state), reason_in(snapshot));
  auto now = snapshot.session.value_or(session_snapshot{});
  pauses_ = std::move(now.pauses);
  standing_ = std::move(now.alarms);
  std::erase_if(now.orders, [](const open_order& o) { return !o.held; });
  waiting_ = std::move(now.orders);
}

void light_model::on_event(const event_user_event& e) {
  if (e.epoch == epoch_ && e.sequence < sequence_)
    return;
  epoch_ = e.epoch;
  sequence_ = e.sequence;
  bool says_state = is_indication(e.verb) && e.verb != capture_verb::failed;
  if (says_state) { // a command is a wish; the light shows facts
    if (e.verb != capture_verb::unknown)
      raised_.clear(); // a recorder has spoken
    show(light_of(e.effective_state), reason_of(e.cause));
    if (!standing_.empty())
      doubt_what_stands();
  }
  if (e.alarm)
    raise(e);
  bool changes_what_stands = is_command(e.verb) && e.verb != capture_verb::query;
  if (e.alarm || changes_what_stands)
    doubt_what_stands();
}

void light_model::on_missed(const event_missed& missed) {
  if (missed.epoch == epoch_ && missed.to < sequence_)
    return;
  epoch_ = missed.epoch;
  sequence_ = missed.to;
  doubt_what_stands();
  is_current_ = false;
  show(light::unknown, unknown_because::events_missed);
}

void light_model::on_link() {
  if (because_ == unknown_because::no_link)
    because_ = unknown_because::not_registered;
}

void light_model::on_lost() {
  forget(unknown_because::no_link);
}

void light_model::on_unregistered() {
  bool has_link = because_ != unknown_because::no_link;
  forget(has_link ? unknown_because::not_registered : unknown_because::no_link);
}

/// What stands is not over because nobody hears of it.
void light_model::forget(unknown_because why) {
  epoch_ = {};
  sequence_ = {};
  doubt_what_stands();
  is_current_ = false;
  show(light::unknown, why);
}

} // namespace ringdown::client
