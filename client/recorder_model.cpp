#include "client/recorder_model.hpp"

#include <algorithm>

namespace ringdown::client {

capture_state recorder_order::of_call() const noexcept {
  auto commanded = desired_by(verb).value_or(screen);
  bool is_bound = screen != capture_state::enabled && commanded == capture_state::enabled;
  return is_bound ? screen : commanded;
}

/// In another epoch versions start again, and who ordered something in the last is gone.
void recorder_model::screen::count_in(dn_epoch now) {
  if (now == epoch)
    return;
  count_anew();
  epoch = now;
}

void recorder_model::screen::count_anew() {
  epoch = {};
  version = {};
  ordered = false;
  answered = true;
}

capture_state recorder_model::screen::state_of(conn_id call) const {
  for (auto& c : calls)
    if (c.connection == call)
      return c.state;
  return state;
}

void recorder_model::screen::make_room() {
  if (calls.size() < calls_max)
    return;
  auto disabled = [](const call_state& c) { return c.state == capture_state::disabled; };
  auto victim = std::find_if(calls.begin(), calls.end(), disabled);
  calls.erase(victim == calls.end() ? calls.begin() : victim);
}

/// Without a call it is so of all of them.
void recorder_model::screen::set(conn_id call, capture_state to) {
  told = true;
  if (!call) {
    state = to;
    for (auto& c : calls)
      c.state = to;
    return;
  }
  for (auto& c : calls)
    if (c.connection == call) {
      c.state = to;
      return;
    }
  make_room();
  calls.push_back({call, to});
}

namespace {

/// What the screen is to be. An event of an older broker does not say: then it is what the command
/// asks for.
std::optional<capture_state> wanted_by(const event_user_event& e) {
  bool said = e.desired && *e.desired != capture_state::unknown;
  return said ? e.desired : desired_by(e.verb);
}

std::optional<capture_state> wanted_by(const dn_snapshot& snapshot) {
  bool said = snapshot.session &&
              snapshot.session->desired.value_or(capture_state::unknown) != capture_state::unknown;
  return said ? snapshot.session->desired : std::nullopt;
}

/// What the broker takes this recorder to have said.
std::optional<capture_state> word_of(client_id self, const dn_snapshot& snapshot) {
  if (self && snapshot.session)
    for (auto& word : snapshot.session->recorders)
      if (word.recorder == self)
        return word.said;
  return std::nullopt;
}

} // namespace

/// One for all calls if they are in the same state, else one for each. `as`: what they answer.
std::vector<indication> recorder_model::words(const std::string& dn, const screen& of,
                                              const indication& as) const {
  auto says = [&](conn_id call, capture_state state) {
    auto word = as;
    word.this_dn = dn;
    word.connection = call;
    word.verb = indication_of(state);
    word.epoch = of.epoch;
    return word;
  };
  if (!per_call_ || as.connection)
    return {says(as.connection, of.state_of(key_of(as.connection)))};
  auto& all = of.calls;
  bool alike = std::all_of(all.begin(), all.end(),
                           [&](const call_state& c) { return c.state == all.front().state; });
  if (alike)
    return {says({}, all.empty() ? of.state : all.front().state)};
  std::vector<indication> each;
  for (auto& c : all)
    each.push_back(says(c.connection, c.state));
  return each;
}

recorder_model::reaction recorder_model::on_event(const event_user_event& e, client_id self) {
  if (!is_command(e.verb) || e.held || e.kept_from_recorders)
    return {};
  if (e.for_recorder && e.for_recorder != self)
    return {};
  auto& known = dns_[e.this_dn];
  known.count_in(e.epoch);
  if (e.verb == capture_verb::query) {
    indication as;
    as.connection = e.connection;
    as.version = e.version;
    as.command = e.command;
    as.asked_by = e.origin;
    return {std::nullopt, words(e.this_dn, known, as)};
  }
  if (e.version && e.version <= known.version)
    return {}; // a snapshot brought it, or a newer one
  if (e.version)
    known.version = e.version;
  known.ordered = true;
  known.answered = false;
  return {recorder_order{e.this_dn, *wanted_by(e), e.verb, e.connection, e.version, e.command,
                         e.epoch, e.cause, e.reason, e.agent_id, e.for_recorder},
          {}};
}

/// What is so until the order is done, where it is something else and the broker has no word of
/// this link: a pause that came before the recorder must not hide what it interrupts.
std::vector<indication> recorder_model::words_before(const std::string& dn, const screen& of,
                                                     const dn_snapshot& snapshot,
                                                     client_id self) const {
  if (!of.told ||
      word_of(self, snapshot).value_or(capture_state::unknown) != capture_state::unknown)
    return {};
  auto now = words(dn, of, {});
  std::erase_if(
    now, [&](const indication& word) { return state_of(word.verb) == snapshot.session->desired; });
  return now;
}

recorder_model::reaction recorder_model::on_snapshot(const std::string& dn,
                                                     const dn_snapshot& snapshot, client_id self) {
  auto& known = dns_[dn];
  known.count_in(snapshot.epoch);
  auto wanted = wanted_by(snapshot);
  auto version = wanted ? snapshot.session->version : command_version{};
  bool is_new = version > known.version || (!version && wanted != known.state);
  if (wanted && (is_new || (!known.answered && version == known.version))) {
    known.version = version;
    known.ordered = true;
    known.answered = false;
    recorder_order order{dn, *wanted};
    order.connection = snapshot.session->connection;
    order.version = version;
    order.epoch = snapshot.epoch;
    return {std::move(order), words_before(dn, known, snapshot, self)};
  }
  if (!known.told || !known.answered)
    return {};
  indication again;
  again.version = known.version;
  auto now = words(dn, known, again);
  bool is_known = now.size() == 1 && word_of(self, snapshot) == state_of(now.front().verb);
  return {std::nullopt, is_known ? std::vector<indication>{} : std::move(now)};
}

std::optional<indication> recorder_model::answer(const recorder_order& done,
                                                 const recorder_answer& what) {
  auto is_so = what.is_so.value_or(capture_state::unknown);
  bool says_nothing = is_so == capture_state::unknown && !what.failure;
  auto found = dns_.find(done.this_dn);
  if (says_nothing || found == dns_.end())
    return std::nullopt;
  auto& known = found->second;
  if (done.epoch != known.epoch)
    return known.ordered || is_so == capture_state::unknown
             ? std::nullopt
             : std::optional{set(done.this_dn, done.connection, is_so)};
  if (done.version < known.version)
    return std::nullopt;
  known.answered = true;
  bool of_all = per_call_ && is_so == done.screen && is_so != capture_state::enabled;
  auto call = of_all ? conn_id{} : done.connection;
  if (is_so != capture_state::unknown)
    known.set(key_of(call), is_so);
  indication said{done.this_dn, call, capture_verb::failed, what.failure,     done.version,
                  done.command, {},   done.epoch,           done.for_recorder};
  if (is_so != capture_state::unknown)
    said.verb = indication_of(is_so);
  return said;
}

indication recorder_model::set(const std::string& dn, conn_id call, capture_state state) {
  auto& known = dns_[dn];
  known.set(key_of(call), state);
  indication said{dn, call, indication_of(state)};
  said.epoch = known.epoch;
  return said;
}

bool recorder_model::still_so(const indication& said) const {
  auto found = dns_.find(said.this_dn);
  if (found == dns_.end())
    return false;
  auto& known = found->second;
  if (said.version && (said.epoch != known.epoch || said.version < known.version))
    return false;
  return said.verb == capture_verb::failed ||
         known.state_of(key_of(said.connection)) == state_of(said.verb);
}

void recorder_model::on_restart(const std::string& dn) {
  if (auto found = dns_.find(dn); found != dns_.end())
    found->second.count_anew();
}

void recorder_model::forget(const std::string& dn) {
  dns_.erase(dn);
}

capture_state recorder_model::state(const std::string& dn, conn_id call) const {
  auto found = dns_.find(dn);
  return found == dns_.end() ? capture_state::disabled : found->second.state_of(key_of(call));
}

std::size_t recorder_model::calls(const std::string& dn) const {
  auto found = dns_.find(dn);
  return found == dns_.end() ? 0 : found->second.calls.size();
}

} // namespace ringdown::client
