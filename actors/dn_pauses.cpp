// Who keeps a DN's screen paused: another call, the desktops that paused it, one that is gone.
#include "actors/dn.hpp"

#include <algorithm>

namespace ringdown {

namespace {

bool is_same(const commander& one, const client_identity& who) noexcept {
  return one.application == who.application && one.instance == who.instance;
}

} // namespace

/// A call beside this one that is to be paused.
const session_record* dn_impl::paused_beside(conn_id connection) noexcept {
  for (auto& s : sessions_)
    if (!s.ending && s.state.desired == capture_state::paused && !s.is_of(connection))
      return &s;
  return nullptr;
}

/// There is one screen: a resume beside a paused call goes nowhere until that is over. Where all
/// that paused a call must resume it, neither does that of the first.
std::optional<hold> dn_impl::hold_for(conn_id connection, const t_client& client) noexcept {
  auto* own = find_session(connection);
  auto others = [&](const commander& one) { return !is_same(one, client.who); };
  if (own != nullptr && own->state.desired == capture_state::paused &&
      std::any_of(own->holders.begin(), own->holders.end(), others))
    return hold{own->state.connection, true};
  if (auto* paused = paused_beside(connection))
    return hold{paused->state.connection, false};
  return std::nullopt;
}

void dn_impl::note_holder(session_record& session, capture_verb verb, const client_identity& who) {
  if (context_.confirm.ownership != pause_ownership::all_holders || verb == capture_verb::query)
    return;
  auto& holders = session.holders;
  if (verb == capture_verb::start || verb == capture_verb::stop) {
    holders.clear();
    session.resume_waits = false;
    return;
  }
  std::erase_if(holders, [&](const commander& one) { return is_same(one, who); });
  if (verb == capture_verb::pause)
    holders.push_back({who.id, who.application, who.instance});
}

/// By nobody's command: the one that would give it is gone, or gave it before.
void dn_impl::resume_by_broker(session_record& session, broker_reason why) {
  session.holders.clear();
  session.resume_waits = false;
  session.state.desired = capture_state::enabled;
  session.state.version = {++version_.value};
  session.desired_time_us = session.changed_time_us = now_us();
  session.desired_by = {};
  tell(session, resumed{version_});
  session.held = paused_beside(session.state.connection) != nullptr;
  if (!session.held)
    for (auto& r : send_resume(session, why))
      tell(session, desired_told{r.recorder, r.exact});
  release_held();
}

/// Where no call is paused any more, resumes that waited for it go out.
void dn_impl::release_held() {
  for (auto& s : sessions_) {
    if (!s.held || s.ending || paused_beside(s.state.connection) != nullptr)
      continue;
    s.held = false;
    for (auto& r : send_resume(s, broker_reason::hold_released))
      tell(s, desired_told{r.recorder, r.exact});
  }
}

bool dn_impl::has_commander(const session_record& session) const noexcept {
  return std::any_of(registrations_.begin(), registrations_.end(), [&](const registration& r) {
    return is_same(session.desired_by, r.client->who);
  });
}

void dn_impl::commander_left(const t_client& client) {
  for (auto& s : sessions_) {
    if (s.desired_by.id == client.who.id)
      tell(s, commander_gone{});
    // Who is gone holds nothing.
    std::erase_if(s.holders, [&](const commander& one) { return one.id == client.who.id; });
    if (s.resume_waits && s.holders.empty() && !s.ending && !draining_ &&
        s.state.desired == capture_state::paused)
      resume_by_broker(s, broker_reason::hold_released);
  }
}

/// The same program, over another connection.
void dn_impl::commander_came(const t_client& client) {
  for (auto& s : sessions_) {
    for (auto& one : s.holders)
      if (is_same(one, client.who))
        one.id = client.who.id;
    if (s.state.desired && is_same(s.desired_by, client.who)) {
      s.desired_by.id = client.who.id;
      tell(s, commander_back{});
    }
  }
}

} // namespace ringdown
