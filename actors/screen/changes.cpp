#include "actors/screen/changes.hpp"

#include "actors/screen/newest.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

// ---- calls ---------------------------------------------------------------------------------

namespace {

void make_room_for_call(screen& s, std::size_t calls_max) {
  if (s.calls.size() < calls_max)
    return;
  auto idle = std::find_if(s.calls.begin(), s.calls.end(),
                           [](const screen_call& c) { return c.wants == wish::none; });
  s.calls.erase(idle == s.calls.end() ? s.calls.begin() : idle);
}

/// Of a call that was forgotten a pause may still stand.
screen_call known_of(const screen& s, conn_id connection) {
  if (auto* known = find_call(s, connection))
    return *known;
  screen_call forgotten;
  forgotten.connection = connection;
  return forgotten;
}

void remember_ended(screen& s, conn_id connection) {
  if (!connection)
    return;
  std::erase(s.ended, connection);
  add_newest(s.ended, ended_calls_max, connection);
}

} // namespace

screen_call& newest_call(screen& s, conn_id connection, command_version version,
                         std::size_t calls_max) {
  auto found = std::find_if(s.calls.begin(), s.calls.end(),
                            [&](const screen_call& c) { return c.is_of(connection); });
  if (found != s.calls.end()) {
    std::rotate(found, found + 1, s.calls.end());
  } else {
    make_room_for_call(s, calls_max);
    s.calls.emplace_back().connection = connection;
    std::erase(s.ended, connection);
  }
  s.calls.back().version = version;
  return s.calls.back();
}

screen_call end_call(screen& s, conn_id connection) {
  auto ended = known_of(s, connection);
  std::erase_if(s.calls, [&](const screen_call& c) { return c.is_of(connection); });
  std::erase_if(s.pauses, [&](const screen_pause& p) { return p.covers && ended.is_of(p.covers); });
  for (auto former : ended.former)
    remember_ended(s, former);
  remember_ended(s, ended.connection);
  return ended;
}

void unite_calls(screen& s, conn_id from, conn_id into, std::size_t calls_max) {
  if (!is_known(s, from))
    return;
  bool is_forgotten = find_call(s, from) == nullptr; // a pause alone knows it
  auto old = known_of(s, from);
  std::erase_if(s.calls, [&](const screen_call& c) { return c.connection == old.connection; });
  auto* known = find_call(s, into);
  bool is_renamed = known == nullptr;
  auto version = is_renamed ? old.version : std::max(known->version, old.version);
  auto& united = newest_call(s, into, version, calls_max);
  united.wants = std::max(united.wants, old.wants);
  if (!is_forgotten) // nobody has stopped one that is
    united.stopped = is_renamed ? old.stopped : united.stopped && old.stopped;
  united.former.insert(united.former.end(), old.former.begin(), old.former.end());
  united.former.push_back(old.connection);
  auto rename = [&, name = united.connection](conn_id& one) {
    if (one && old.is_of(one))
      one = name;
  };
  for (auto& p : s.pauses)
    rename(p.covers);
  for (auto& h : s.held)
    rename(h.connection);
  for (auto& r : s.recorders)
    for (auto& word : r.calls)
      rename(word.connection);
}

// ---- orders --------------------------------------------------------------------------------

void remember_given(screen& s, given_order order) {
  add_newest(s.given, given_max, order);
}

// ---- pauses --------------------------------------------------------------------------------

void add_pause(screen& s, const command_admitted& event, steady_ms now, const screen_rules& rules) {
  auto& command = event.command;
  screen_pause p;
  p.covers = command.connection;
  p.holder = command.from;
  p.reason = event.reason;
  p.since_us = event.time_us;
  p.version = event.version;
  if (rules.confirm.pause_remind_after.count() > 0)
    p.remind_at = now + rules.confirm.pause_remind_after;
  auto known = std::find_if(s.pauses.begin(), s.pauses.end(), [&](const screen_pause& other) {
    return other.covers == command.connection && other.holder.is_same(command.from);
  });
  if (known != s.pauses.end()) {
    p.since_us = known->since_us;
    p.remind_at = known->remind_at;
    if (p.reason.empty())
      p.reason = known->reason;
    if (p.holder.agent_id.empty()) // who says no agent gives nobody else's pause away
      p.holder.agent_id = known->holder.agent_id;
    s.pauses.erase(known);
  }
  s.pauses.push_back(std::move(p));
}

void lift_pauses(screen& s, const screen_command& command, steady_ms now,
                 const screen_rules& rules) {
  std::vector<screen_pause> left;
  for (auto& p : s.pauses)
    if (!lifts(s, command, p, now, rules))
      left.push_back(p);
  s.pauses = std::move(left);
}

std::optional<steady_ms> absence_due(const screen_pause& pause,
                                     const screen_rules& rules) noexcept {
  bool follows = rules.confirm.dead_desktop != dead_desktop_policy::stay;
  if (!follows || !pause.gone_since || pause.gone_told)
    return std::nullopt;
  return *pause.gone_since + rules.confirm.dead_desktop_after;
}

// ---- alarms --------------------------------------------------------------------------------

void stand_alarm(screen& s, broker_reason reason, client_id recorder, std::int64_t utc_us) {
  auto same = [&](const standing_alarm& a) { return a.reason == reason && a.recorder == recorder; };
  if (std::any_of(s.alarms.begin(), s.alarms.end(), same))
    return;
  add_newest(s.alarms, alarms_max, {reason, recorder, utc_us});
}

bool is_restless(const recorder_drift& drift) noexcept {
  return drift.told >= corrections_max || drift.corrections >= corrections_max;
}

void drop_alarms(screen& s) {
  if (s.alarms.empty())
    return;
  auto wanted = desired(s);
  bool none_needed = wanted.value_or(capture_state::disabled) == capture_state::disabled;
  auto is_well = [&](const screen_recorder& r) { return r.said && !leaves(wanted, *r.said); };
  bool all_well =
    !s.recorders.empty() && std::all_of(s.recorders.begin(), s.recorders.end(), is_well);
  bool any_gone = std::any_of(s.pauses.begin(), s.pauses.end(),
                              [](const screen_pause& p) { return p.gone_since.has_value(); });
  std::erase_if(s.alarms, [&](const standing_alarm& a) {
    if (a.reason == broker_reason::pause_holder_gone)
      return !any_gone;
    if (a.reason == broker_reason::pause_long)
      return s.pauses.empty();
    if (a.reason == broker_reason::recorder_lost)
      return all_well || none_needed;
    auto* r = find_recorder(s, a.recorder);
    if (a.reason == broker_reason::drift && r != nullptr && is_restless(r->drift))
      return false;
    return all_well;
  });
}

// ---- time ----------------------------------------------------------------------------------

steady_ms earliest_deadline(const screen& s) noexcept {
  auto due = steady_ms::max();
  for (auto& o : s.orders)
    due = std::min(due, o.deadline);
  return due;
}

steady_ms earliest_due(const screen& s, const screen_rules& rules) noexcept {
  auto due = earliest_deadline(s);
  auto consider = [&](std::optional<steady_ms> at) { due = std::min(due, at.value_or(due)); };
  for (auto& o : s.orders)
    consider(o.ask_at);
  for (auto& r : s.recorders) {
    consider(r.ask_at);
    consider(r.drift.correct_at);
    consider(r.drift.calm_at);
    for (auto& one : r.owes)
      consider(one.deadline);
  }
  for (auto& p : s.pauses) {
    consider(absence_due(p, rules));
    consider(p.remind_at);
  }
  return due;
}

void put_off(screen& s, steady_ms until, const screen_rules& rules) {
  auto later = [until](std::optional<steady_ms>& at) {
    if (at)
      at = std::max(*at, until);
  };
  for (auto& o : s.orders) {
    o.deadline = std::max(o.deadline, until);
    later(o.ask_at);
  }
  for (auto& r : s.recorders) {
    for (auto& one : r.owes)
      one.deadline = std::max(one.deadline, until);
    later(r.ask_at);
    later(r.drift.correct_at);
    later(r.drift.calm_at);
  }
  for (auto& p : s.pauses) {
    if (auto at = absence_due(p, rules); at && *at < until)
      p.gone_since = until - rules.confirm.dead_desktop_after;
    later(p.remind_at);
  }
}

} // namespace ringdown
