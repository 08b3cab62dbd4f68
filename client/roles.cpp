#include "client/roles.hpp"

#include <algorithm>

namespace ringdown::client {

capture_state after_command(capture_state present, capture_verb command) noexcept {
  switch (command) {
  case capture_verb::start: return capture_state::enabled;
  case capture_verb::stop: return capture_state::disabled;
  case capture_verb::pause:
    return present == capture_state::enabled ? capture_state::paused : present;
  case capture_verb::resume:
    return present == capture_state::paused ? capture_state::enabled : present;
  case capture_verb::query:
  case capture_verb::none:
  case capture_verb::enabled:
  case capture_verb::disabled:
  case capture_verb::paused:
  case capture_verb::unknown: return present;
  }
  return present;
}

// ---- recorder ------------------------------------------------------------------------------

capture_state recorder_model::state_in(const sessions_of_dn& sessions, conn_id connection) {
  auto without_call = capture_state::disabled;
  for (auto& s : sessions) {
    if (s.connection == connection)
      return s.state;
    if (!s.connection)
      without_call = s.state;
  }
  return without_call;
}

/// The session of a ConnID; a new one is in the state that `state_in` says.
recorder_model::session& recorder_model::session_of(sessions_of_dn& sessions, conn_id connection) {
  for (auto& s : sessions)
    if (s.connection == connection)
      return s;
  auto state = state_in(sessions, connection);
  if (sessions.size() >= sessions_per_dn_max) {
    auto disabled = [](const session& s) { return s.state == capture_state::disabled; };
    auto victim = std::find_if(sessions.begin(), sessions.end(), disabled);
    sessions.erase(victim == sessions.end() ? sessions.begin() : victim);
  }
  return sessions.emplace_back(session{connection, state});
}

std::vector<indication> recorder_model::on_event(const event_user_event& e) {
  if (e.reason == broker_reason::session_ended) {
    if (auto dn = dns_.find(e.this_dn); dn != dns_.end())
      std::erase_if(dn->second, [&](const session& s) { return s.connection == e.connection; });
    return {};
  }
  if (!is_command(e.verb))
    return {};
  auto& sessions = dns_[e.this_dn];
  auto asked_by = e.verb == capture_verb::query ? e.origin : client_id{};
  auto answer = [&](conn_id connection, capture_state state) {
    return indication{e.this_dn, connection, state, e.version, e.command, asked_by};
  };
  if (e.connection) {
    auto& s = session_of(sessions, e.connection);
    s.state = after_command(s.state, e.verb);
    return {answer(s.connection, s.state)};
  }
  if (sessions.empty())
    session_of(sessions, {});
  std::vector<indication> answers;
  for (auto& s : sessions) {
    s.state = after_command(s.state, e.verb);
    answers.push_back(answer(s.connection, s.state));
  }
  auto same = [&](const indication& i) { return i.state == answers.front().state; };
  if (std::all_of(answers.begin(), answers.end(), same))
    return {answer({}, answers.front().state)};
  return answers;
}

std::vector<indication> recorder_model::on_snapshot(const std::string& dn,
                                                    const dn_snapshot& snapshot) {
  std::vector<indication> answers;
  for (auto& known : snapshot.sessions) {
    if (!known.desired || *known.desired == capture_state::unknown)
      continue;
    session_of(dns_[dn], known.connection).state = *known.desired;
    answers.push_back({dn, known.connection, *known.desired, known.version, {}, {}});
  }
  return answers;
}

void recorder_model::set(const std::string& dn, conn_id connection, capture_state state) {
  auto& sessions = dns_[dn];
  if (connection || sessions.empty())
    session_of(sessions, connection).state = state;
  if (!connection)
    for (auto& s : sessions)
      s.state = state;
}

void recorder_model::forget(const std::string& dn) {
  dns_.erase(dn);
}

capture_state recorder_model::state(const std::string& dn, conn_id connection) const {
  auto found = dns_.find(dn);
  return found == dns_.end() ? capture_state::disabled : state_in(found->second, connection);
}

std::size_t recorder_model::sessions(const std::string& dn) const {
  auto found = dns_.find(dn);
  return found == dns_.end() ? 0 : found->second.size();
}

// ---- desktop -------------------------------------------------------------------------------

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

bool light_model::show(light l) noexcept {
  bool changed = shown_ != l;
  shown_ = l;
  return changed;
}

bool light_model::on_snapshot(const dn_snapshot& snapshot) noexcept {
  if (snapshot.epoch == epoch_ && snapshot.sequence < sequence_)
    return false; // older than what we have seen
  epoch_ = snapshot.epoch;
  sequence_ = snapshot.sequence;
  needs_snapshot_ = false;
  return show(light_of(snapshot.effective_state));
}

bool light_model::on_event(const event_user_event& e) noexcept {
  if (e.epoch == epoch_ && e.sequence < sequence_)
    return false;
  epoch_ = e.epoch;
  sequence_ = e.sequence;
  if (!is_indication(e.verb))
    return false; // a command is a wish; the light shows facts
  needs_snapshot_ = false;
  return show(light_of(e.effective_state));
}

bool light_model::on_missed(const event_missed& missed) noexcept {
  if (missed.epoch == epoch_ && missed.to < sequence_)
    return false;
  epoch_ = missed.epoch;
  sequence_ = missed.to;
  needs_snapshot_ = true;
  return show(light::unknown);
}

bool light_model::on_lost() noexcept {
  epoch_ = {};
  sequence_ = {};
  needs_snapshot_ = true;
  return show(light::unknown);
}

} // namespace ringdown::client
