#include "client/roles.hpp"

#include <algorithm>
#include <utility>

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

void recorder_model::session::take(capture_state ordered, command_version by) {
  state = ordered;
  if (by)
    version = by;
  answered = false;
}

indication recorder_model::session::says(const std::string& dn, dn_epoch epoch) const {
  return {dn, connection, state, version, {}, {}, epoch};
}

/// In another epoch versions start again.
void recorder_model::dn_state::count_in(dn_epoch now) {
  if (now == epoch)
    return;
  epoch = now;
  for_all = {};
  for (auto& s : sessions)
    s.version = {};
}

recorder_model::session* recorder_model::dn_state::find(conn_id connection) {
  auto same = [&](const session& s) { return s.connection == connection; };
  auto found = std::find_if(sessions.begin(), sessions.end(), same);
  return found == sessions.end() ? nullptr : &*found;
}

capture_state recorder_model::dn_state::state_of(conn_id connection) const {
  auto without_call = capture_state::disabled;
  for (auto& s : sessions) {
    if (s.connection == connection)
      return s.state;
    if (!s.connection)
      without_call = s.state;
  }
  return without_call;
}

/// The session of a ConnID; a new one is in the state that `state_of` says.
recorder_model::session& recorder_model::dn_state::session_of(conn_id connection) {
  if (auto* known = find(connection))
    return *known;
  session fresh{connection, state_of(connection), for_all};
  if (sessions.size() >= sessions_per_dn_max) {
    auto disabled = [](const session& s) { return s.state == capture_state::disabled; };
    auto victim = std::find_if(sessions.begin(), sessions.end(), disabled);
    sessions.erase(victim == sessions.end() ? sessions.begin() : victim);
  }
  // What is said without a ConnID is for all: it must not be said behind the others.
  return *sessions.insert(connection ? sessions.end() : sessions.begin(), fresh);
}

namespace {

bool outdated(command_version by, command_version known) {
  return by && by <= known;
}

/// A command that asks for this of a session which may be in another state: never begins one that
/// was stopped.
capture_verb command_for(capture_state desired) {
  switch (desired) {
  case capture_state::enabled: return capture_verb::resume;
  case capture_state::disabled: return capture_verb::stop;
  case capture_state::paused: return capture_verb::pause;
  case capture_state::unknown: break;
  }
  return capture_verb::none;
}

/// What the last commands of a snapshot ask for, in their order.
std::vector<session_snapshot> desired_in(const dn_snapshot& snapshot) {
  auto all = snapshot.sessions;
  std::erase_if(all, [](const session_snapshot& s) {
    return !s.desired || *s.desired == capture_state::unknown;
  });
  std::stable_sort(
    all.begin(), all.end(),
    [](const session_snapshot& a, const session_snapshot& b) { return a.version < b.version; });
  return all;
}

} // namespace

std::vector<indication> recorder_model::on_event(const event_user_event& e) {
  if (e.reason == broker_reason::session_ended) {
    if (auto dn = dns_.find(e.this_dn); dn != dns_.end())
      std::erase_if(dn->second.sessions,
                    [&](const session& s) { return s.connection == e.connection; });
    return {};
  }
  if (!is_command(e.verb) || e.held)
    return {};
  auto& dn = dns_[e.this_dn];
  dn.count_in(e.epoch);
  bool query = e.verb == capture_verb::query; // asks for nothing, and so is no order
  auto answer = [&](const session& s) {
    return indication{e.this_dn, s.connection, s.state,
                      e.version, e.command,    query ? e.origin : client_id{},
                      e.epoch};
  };
  if (e.connection || dn.sessions.empty())
    dn.session_of(e.connection);
  std::vector<indication> answers;
  for (auto& s : dn.sessions) {
    if (e.connection && s.connection != e.connection)
      continue;
    if (!query && outdated(e.version, s.version))
      continue; // a snapshot brought it, or a newer one
    if (!query)
      s.take(after_command(s.state, e.verb), e.version);
    answers.push_back(answer(s));
  }
  if (!e.connection && !query && !outdated(e.version, dn.for_all))
    dn.for_all = e.version;
  auto same = [&](const indication& i) { return i.state == answers.front().state; };
  if (!e.connection && answers.size() == dn.sessions.size() &&
      std::all_of(answers.begin(), answers.end(), same)) {
    answers.resize(1);
    answers.front().connection = {};
  }
  return answers;
}

recorder_model::catch_up recorder_model::on_snapshot(const std::string& name,
                                                     const dn_snapshot& snapshot) {
  auto& dn = dns_[name];
  dn.count_in(snapshot.epoch);
  for (auto& wish : desired_in(snapshot)) {
    auto* known = dn.find(wish.connection);
    if (wish.held) { // its version is that of the resume to come
      auto present = dn.state_of(wish.connection);
      if (known == nullptr || present != capture_state::paused)
        dn.session_of(wish.connection).take(capture_state::paused, {});
      continue;
    }
    if (outdated(wish.version, known != nullptr ? known->version : dn.for_all))
      continue;
    if (!wish.connection) {
      for (auto& s : dn.sessions)
        if (!outdated(wish.version, s.version))
          s.take(after_command(s.state, command_for(*wish.desired)), wish.version);
      dn.for_all = wish.version;
    }
    dn.session_of(wish.connection).take(*wish.desired, wish.version);
  }
  catch_up result;
  for (auto& seen : snapshot.sessions)
    if (auto* s = dn.find(seen.connection);
        s != nullptr && s->answered && s->state != seen.observed)
      result.untold.push_back(s->says(name, dn.epoch));
  // An order for all sessions takes with it those that are to stay otherwise: they follow.
  bool for_all =
    !dn.sessions.empty() && !dn.sessions.front().connection && !dn.sessions.front().answered;
  for (auto& s : dn.sessions)
    if (for_all || !s.answered)
      result.orders.push_back(s.says(name, dn.epoch));
  return result;
}

bool recorder_model::answer(const indication& done) {
  auto found = dns_.find(done.this_dn);
  if (found == dns_.end() || found->second.epoch != done.epoch)
    return false;
  bool newer = false;
  bool taken = false;
  for (auto& s : found->second.sessions) {
    if (done.connection && s.connection != done.connection)
      continue;
    if (done.version && done.version < s.version) {
      newer = true;
      continue;
    }
    taken = true;
    if (done.asked_by && !s.answered)
      continue; // a query's answer says what is so, not that the order before it is done
    s.state = done.state;
    s.answered = true;
  }
  return taken || !newer;
}

bool recorder_model::still_so(const indication& said) const {
  auto found = dns_.find(said.this_dn);
  if (found == dns_.end() || (said.version && found->second.epoch != said.epoch))
    return false;
  auto& all = found->second.sessions;
  return std::all_of(all.begin(), all.end(), [&](const session& s) {
    bool about = !said.connection || s.connection == said.connection;
    bool newer = said.version && said.version < s.version;
    return !about || (s.answered && s.state == said.state && !newer);
  });
}

void recorder_model::set(const std::string& dn, conn_id connection, capture_state state) {
  auto& known = dns_[dn];
  if (connection || known.sessions.empty())
    known.session_of(connection);
  for (auto& s : known.sessions)
    if (!connection || s.connection == connection) {
      s.state = state;
      s.answered = true;
    }
}

void recorder_model::forget(const std::string& dn) {
  dns_.erase(dn);
}

capture_state recorder_model::state(const std::string& dn, conn_id connection) const {
  auto found = dns_.find(dn);
  return found == dns_.end() ? capture_state::disabled : found->second.state_of(connection);
}

capture_state recorder_model::screen(const std::string& dn) const {
  auto found = dns_.find(dn);
  if (found == dns_.end())
    return capture_state::disabled;
  auto& all = found->second.sessions;
  for (auto first : {capture_state::paused, capture_state::enabled, capture_state::unknown})
    if (std::any_of(all.begin(), all.end(), [&](const session& s) { return s.state == first; }))
      return first;
  return capture_state::disabled;
}

std::size_t recorder_model::sessions(const std::string& dn) const {
  auto found = dns_.find(dn);
  return found == dns_.end() ? 0 : found->second.sessions.size();
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
  if (alarm_at_ && l != light::unknown && l != *alarm_at_)
    alarm_at_.reset();
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
  bool changed = false;
  if (is_indication(e.verb)) { // a command is a wish; the light shows facts
    needs_snapshot_ = false;
    bool by_recorder = e.verb != capture_verb::unknown;
    changed = by_recorder && std::exchange(alarm_at_, std::nullopt).has_value();
    changed |= show(light_of(e.effective_state));
  }
  if (e.alarm) {
    changed |= !alarm_at_;
    alarm_at_ = shown_;
  }
  return changed;
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

void command_ledger::sent(event_outcome what, outcome_handler done) {
  auto id = what.command;
  owed_.insert_or_assign(id, entry{{std::move(done), std::move(what)}, std::nullopt, 0});
}

bool command_ledger::acknowledged(const command_id& id, const event_ack& ack,
                                  std::optional<time> deadline) {
  auto found = owed_.find(id);
  if (found == owed_.end())
    return false;
  auto& e = found->second;
  e.command.what.epoch = ack.epoch;
  e.command.what.sequence = ack.sequence;
  e.command.what.version = ack.version;
  e.deadline = deadline;
  e.number = ++acknowledged_;
  return true;
}

finished_command command_ledger::take(entries::iterator which) {
  auto finished = std::move(which->second.command);
  owed_.erase(which);
  return finished;
}

std::optional<finished_command> command_ledger::on_outcome(const event_outcome& e) {
  auto found = owed_.find(e.command);
  if (found == owed_.end())
    return std::nullopt;
  auto finished = take(found);
  finished.what = e;
  return finished;
}

std::optional<finished_command> command_ledger::in_doubt(const command_id& id) {
  auto found = owed_.find(id);
  if (found == owed_.end())
    return std::nullopt;
  return take(found); // says `unknown` from the start
}

std::vector<finished_command> command_ledger::all_in_doubt() {
  std::vector<finished_command> all;
  for (auto i = owed_.begin(); i != owed_.end();) {
    auto which = i++;
    if (which->second.number != 0)
      all.push_back(take(which));
  }
  std::sort(all.begin(), all.end(), [](const finished_command& a, const finished_command& b) {
    return a.what.sequence < b.what.sequence;
  });
  return all;
}

std::vector<command_id> command_ledger::open() const {
  std::vector<command_id> all;
  for (auto& [id, e] : owed_)
    if (e.number != 0)
      all.push_back(id);
  return all;
}

std::optional<pending_command> command_ledger::newest() const {
  const entry* newest = nullptr;
  for (auto& [id, e] : owed_)
    if (e.number != 0 && (newest == nullptr || e.number > newest->number))
      newest = &e;
  if (newest == nullptr)
    return std::nullopt;
  auto& what = newest->command.what;
  return pending_command{what.verb, what.connection, what.command, newest->deadline};
}

} // namespace ringdown::client
