// A DN's capture sessions: what it tells them, and what it does with what they report.
#include "actors/dn.hpp"

#include "actors/session.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace ringdown {

namespace {

/// A command that asks for this state.
capture_verb command_for(capture_state desired) {
  switch (desired) {
  case capture_state::enabled: return capture_verb::start;
  case capture_state::disabled: return capture_verb::stop;
  case capture_state::paused: return capture_verb::pause;
  case capture_state::unknown: break; // no command asks for it
  }
  return capture_verb::query;
}

} // namespace

session_record* dn_impl::find_session(conn_id connection) noexcept {
  for (auto& s : sessions_)
    if (s.state.connection == connection && !s.ending)
      return &s;
  return nullptr;
}

session_record& dn_impl::session_for(conn_id connection) {
  if (auto* known = find_session(connection))
    return *known;
  make_room_for_session();
  session_record record;
  record.serial = ++sessions_made_;
  record.state.connection = connection;
  record.changed_time_us = now_us();
  record.actor = spawn_session(system(), where(), context_, caf::actor_cast<dn_actor>(this),
                               connection, record.serial);
  monitor(record.actor.handle());
  return sessions_.emplace_back(std::move(record));
}

/// Ends the session that was silent longest, one that is not to be paused if there is one.
void dn_impl::make_room_for_session() {
  auto live = [](const session_record& s) { return !s.ending; };
  auto count = std::count_if(sessions_.begin(), sessions_.end(), live);
  if (static_cast<std::size_t>(count) < context_.bounds.sessions_per_dn_max)
    return;
  auto weight = [](const session_record& s) {
    bool paused = s.state.desired == capture_state::paused;
    return std::tuple{s.ending, paused, s.changed_time_us};
  };
  auto less = [&](const session_record& a, const session_record& b) {
    return weight(a) < weight(b);
  };
  auto victim = std::min_element(sessions_.begin(), sessions_.end(), less);
  victim->ending = true;
  context_.tells->tell("dn", observer::severity::warning, "capture session ended to make room",
                       {{"dn", identity_->name}, {"conn", to_string(victim->state.connection)}});
  tell(*victim, room_needed{});
}

void dn_impl::tell(session_record& session, const session_event& event) {
  runtime::deliver(session.actor, session_letter{event, ++session.letters});
}

void dn_impl::tell_all(const session_event& event) {
  for (auto& s : sessions_)
    tell(s, event);
}

/// After the delivery: the session hears of it, and a snapshot shows it.
void dn_impl::note_command(const send_event_view& request) {
  auto desired = desired_by(request.verb);
  if (!desired && find_session(request.connection) == nullptr)
    return; // a query changes nothing, and makes no session
  auto& session = session_for(request.connection);
  if (desired) {
    session.state.desired = desired;
    session.state.version = version_;
    session.changed_time_us = now_us();
  }
  tell(session, command_admitted{request.verb, version_});
  session.command_letter = session.letters;
}

/// The light that an event shows: of a session that its command begins, nobody knows anything yet.
capture_state dn_impl::light_after(const send_event_view& request) {
  auto light = effective_state(sessions_, without_sessions_);
  bool begins = is_command(request.verb) && desired_by(request.verb) &&
                find_session(request.connection) == nullptr;
  return begins && light != capture_state::paused ? capture_state::unknown : light;
}

/// Before the delivery: the event shows the state that it makes. Without a ConnID an indication
/// speaks for all sessions; with one it confirms what was commanded without a ConnID, too.
void dn_impl::note_indication(const send_event_view& request, client_id recorder) {
  auto state = state_of(request.verb);
  bool for_all = !request.connection;
  if (sessions_.empty() ||
      (!for_all && find_session(request.connection) == nullptr && find_session({}) == nullptr))
    session_for(request.connection);
  for (auto& s : sessions_) {
    if (!for_all && s.state.connection != request.connection && s.state.connection)
      continue;
    if (s.state.observed != state)
      s.changed_time_us = now_us();
    s.state.observed = state;
    s.state.observed_by = recorder;
    tell(s, indication_heard{state, recorder});
    s.indication_letter = s.letters;
  }
}

void dn_impl::handle_report(const session_report& report) {
  auto same = [&](const session_record& s) { return s.serial == report.serial; };
  auto record = std::find_if(sessions_.begin(), sessions_.end(), same);
  if (record == sessions_.end())
    return;
  for (auto& effect : report.effects) {
    if (auto* unknown = std::get_if<ringdown::say_unknown>(&effect)) {
      if (report.letter < record->indication_letter)
        continue; // a recorder has spoken since: the doubt is over
      record->state.observed = capture_state::unknown;
      record->changed_time_us = now_us();
      say_unknown(record->state.connection, unknown->reason);
    } else if (auto* end = std::get_if<end_session>(&effect)) {
      if (end->forced)
        context_.tells->tell(
          "dn", observer::severity::warning, "capture session ended by force",
          {{"dn", identity_->name}, {"conn", to_string(report.state.connection)}});
      return finish(record, report); // nothing follows the end of a session
    }
  }
}

/// A session is over. What was told to it behind its end it did not read; a command among that must
/// not be lost with it.
void dn_impl::finish(std::vector<session_record>::iterator record, const session_report& report) {
  auto last = std::move(*record);
  demonitor(last.actor.handle().address());
  sessions_.erase(record);
  without_sessions_ = last.state.observed;
  if (!last.ending && last.command_letter > report.letter &&
      last.state.version > report.state.version)
    begin_again(last);
}

/// A new session of the same ConnID, which hears what the last one should have.
void dn_impl::begin_again(const session_record& last) {
  auto& next = session_for(last.state.connection);
  next.state = last.state;
  next.changed_time_us = last.changed_time_us;
  auto command = [&] {
    tell(next, command_admitted{command_for(*last.state.desired), last.state.version});
    next.command_letter = next.letters;
  };
  bool command_first = last.command_letter < last.indication_letter;
  if (command_first)
    command();
  if (last.state.observed != capture_state::unknown) {
    tell(next, indication_heard{last.state.observed, last.state.observed_by});
    next.indication_letter = next.letters;
  }
  if (!command_first)
    command();
}

/// A session's actor failed: its state is lost, and the clients are told so.
void dn_impl::session_died(const caf::down_msg& down) {
  for (auto record = sessions_.begin(); record != sessions_.end(); ++record) {
    if (record->actor.handle().address() != down.source)
      continue;
    auto connection = record->state.connection;
    context_.tells->tell("dn", observer::severity::error, "capture session failed",
                         {{"dn", identity_->name}, {"conn", to_string(connection)}});
    without_sessions_ = capture_state::unknown;
    sessions_.erase(record);
    return say_unknown(connection, broker_reason::internal_error);
  }
}

} // namespace ringdown
