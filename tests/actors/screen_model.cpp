#include "tests/actors/screen_model.hpp"

#include <algorithm>

namespace ringdown::test {

namespace {

bool is_same(const std::string& one, const std::string& one_agent, const std::string& other,
             const std::string& other_agent) {
  if (one != other)
    return false;
  return one_agent.empty() || other_agent.empty() || one_agent == other_agent;
}

int nearness_to_recording(capture_state s) {
  if (s == capture_state::enabled)
    return 3;
  if (s == capture_state::unknown)
    return 2;
  return s == capture_state::paused ? 1 : 0;
}

} // namespace

// ---- questions
// -----------------------------------------------------------------------------------

std::uint64_t screen_model::now_named(std::uint64_t call) const {
  for (auto found = merged_into_.find(call); found != merged_into_.end();
       found = merged_into_.find(call))
    call = found->second;
  return call;
}

bool screen_model::wants(std::uint64_t call) const {
  auto found = calls_.find(now_named(call));
  return found != calls_.end() && found->second.wants;
}

bool screen_model::anything_wants() const {
  return std::any_of(calls_.begin(), calls_.end(), [](auto& c) { return c.second.wants; });
}

std::optional<capture_state> screen_model::desired() const {
  if (!pauses_.empty())
    return capture_state::paused;
  if (anything_wants())
    return capture_state::enabled;
  if (asked_)
    return capture_state::disabled;
  return std::nullopt;
}

capture_state screen_model::light() const {
  bool in_doubt = lost_ || recorders_.empty();
  bool recording = false;
  bool paused = false;
  for (auto& [id, r] : recorders_) {
    in_doubt = in_doubt || !r.word || r.word == capture_state::unknown;
    recording = recording || r.word == capture_state::enabled;
    paused = paused || r.word == capture_state::paused;
  }
  if (recording)
    return capture_state::enabled;
  if (in_doubt)
    return capture_state::unknown;
  return paused ? capture_state::paused : capture_state::disabled;
}

std::multiset<std::pair<std::uint64_t, std::string>> screen_model::pauses_by_name() const {
  std::multiset<std::pair<std::uint64_t, std::string>> all;
  for (auto& p : pauses_)
    all.emplace(p.scope, p.application);
  return all;
}

bool screen_model::may_lift(const screen_command& c, const model_pause& p, steady_ms now) const {
  if (rules_.ownership == pause_ownership::anyone)
    return true;
  if (is_same(c.from.application, c.from.agent_id, p.application, p.agent))
    return true;
  return p.gone_since && now - *p.gone_since >= rules_.dead_desktop_after;
}

/// Whether a resume is about this pause, whoever may lift it.
bool screen_model::is_there(const screen_command& c, const model_pause& p) const {
  auto call = now_named(c.connection.value);
  return call == 0 || !c.calls_are_told || p.scope == call || p.scope == 0;
}

bool screen_model::lifts(const screen_command& c, const model_pause& p, steady_ms now) const {
  auto call = now_named(c.connection.value);
  switch (c.verb) {
  case capture_verb::resume: return is_there(c, p) && may_lift(c, p, now);
  case capture_verb::stop: return call == 0 || p.scope == call;
  case capture_verb::start:
    return rules_.new_call == new_call_policy::lifts && !c.calls_are_told && call != 0 &&
           calls_.count(call) == 0 && p.scope != 0 && p.scope != call;
  default: return false;
  }
}

/// Known to be stopped or ended.
may screen_model::is_over(const screen_command& c) const {
  auto call = now_named(c.connection.value);
  auto found = calls_.find(call);
  if (found != calls_.end() && call != 0)
    return found->second.stopped ? may::yes : may::no;
  if (ended_.count(call) != 0)
    return may::yes;
  // Of all calls, or of one that nothing was said of: a `stop` without a call source was of all
  // calls.
  bool some_stopped =
    std::any_of(calls_.begin(), calls_.end(), [](auto& known) { return known.second.stopped; });
  bool some_over = some_stopped || !ended_.empty();
  return some_over && !anything_wants() ? may::either : may::no;
}

std::set<way> screen_model::ways_of_resume(const screen_command& c, steady_ms now) const {
  bool lifts_one = false;
  bool one_stays = false;
  bool one_is_there = false;
  for (auto& p : pauses_) {
    bool goes = lifts(c, p, now);
    lifts_one = lifts_one || goes;
    one_stays = one_stays || !goes;
    one_is_there = one_is_there || is_there(c, p);
  }
  bool one_paused_itself = std::any_of(recorders_.begin(), recorders_.end(),
                                       [](auto& r) { return r.second.paused_itself; });
  auto over = one_is_there ? may::no : is_over(c);
  if (pauses_.empty() && one_paused_itself)
    return {way::recorders};
  if (over == may::yes)
    return {way::refused};
  std::set<way> all;
  if (over == may::either)
    all.insert(way::refused);
  if (one_stays)
    all.insert(way::held);
  else if (anything_wants() || (!lifts_one && !asked_))
    all.insert(way::recorders);
  else
    all.insert(way::nowhere);
  return all;
}

std::set<way> screen_model::ways(const screen_command& c, steady_ms now) const {
  switch (c.verb) {
  case capture_verb::resume: return ways_of_resume(c, now);
  case capture_verb::start: {
    bool one_stays =
      std::any_of(pauses_.begin(), pauses_.end(), [&](auto& p) { return !lifts(c, p, now); });
    return {one_stays ? way::held : way::recorders};
  }
  default: return {way::recorders};
  }
}

// ---- commands
// ------------------------------------------------------------------------------------

void screen_model::pause(const screen_command& c) {
  auto call = now_named(c.connection.value);
  bool is_asked = !pauses_.empty() || anything_wants();
  for (auto& [id, r] : recorders_) { // what was before the pause is after it, too
    if (is_asked || (!r.started_itself && !r.paused_itself))
      continue;
    auto of = now_named(r.word_of);
    bool is_its_own = c.calls_are_told && of != 0 && ended_.count(of) == 0;
    calls_[is_its_own ? of : call].wants = true;
  }
  for (auto& [id, r] : recorders_)
    r.started_itself = false;
  ended_.erase(call);
  calls_[call];
  auto same = std::find_if(pauses_.begin(), pauses_.end(), [&](auto& p) {
    return p.scope == call && is_same(p.application, p.agent, c.from.application, c.from.agent_id);
  });
  model_pause p{call, c.from.application, c.from.agent_id, {}};
  if (same != pauses_.end()) { // it stands on; who says no agent takes none away
    if (p.agent.empty())
      p.agent = same->agent;
    pauses_.erase(same);
  }
  pauses_.push_back(p);
}

bool screen_model::is_paused_in(const model_recorder& r, std::uint64_t call) const {
  if (!r.per_call)
    return r.word_of != 0 && now_named(r.word_of) == call;
  return std::none_of(r.words_of_calls.begin(), r.words_of_calls.end(), [&](auto& one) {
    return one.second == capture_state::paused && (one.first == 0 || now_named(one.first) != call);
  });
}

void screen_model::stop(const screen_command& c) {
  auto call = now_named(c.connection.value);
  ended_.erase(call); // it is known again, as stopped
  calls_[call];
  for (auto& [id, known] : calls_)
    if (id == call || call == 0 || !c.calls_are_told)
      known = {false, true};
  for (auto& [id, r] : recorders_) {
    bool is_of_all = call == 0 || !c.calls_are_told;
    r.paused_itself = r.paused_itself && !is_of_all && !is_paused_in(r, call);
    r.started_itself = false;
  }
}

void screen_model::commanded(const screen_command& c, way went, steady_ms now) {
  if (c.verb == capture_verb::query || went == way::refused || went == way::no_room)
    return;
  bool is_unknown_resume = c.verb == capture_verb::resume && went == way::recorders &&
                           pauses_.empty() && !anything_wants();
  pauses_.remove_if([&](auto& p) { return lifts(c, p, now); });
  auto call = now_named(c.connection.value);
  if (c.verb == capture_verb::pause)
    pause(c);
  if (c.verb == capture_verb::stop)
    stop(c);
  if (c.verb == capture_verb::start || is_unknown_resume) {
    calls_[call] = {true, false};
    ended_.erase(call);
  }
  if (ended_.count(call) == 0)
    calls_[call]; // something was said of it
  asked_ = true;
}

// ---- recorders
// -----------------------------------------------------------------------------------

void screen_model::told(std::uint64_t recorder, bool is_query, steady_ms deadline) {
  auto& r = recorders_.at(recorder);
  if (is_query) {
    r.asked_until = std::max(r.asked_until, deadline);
    return;
  }
  r.owes_until = std::max(r.owes_until, deadline);
  r.spoke_since_told = false;
}

may screen_model::is_unasked(std::uint64_t recorder, steady_ms now) const {
  auto& r = recorders_.at(recorder);
  if (r.owes_until <= now)
    return r.asked_until > now ? may::either : may::yes;
  return r.spoke_since_told ? may::either : may::no;
}

may screen_model::starts_itself(std::uint64_t recorder, std::uint64_t call, steady_ms now) const {
  if (desired() == capture_state::enabled || !pauses_.empty())
    return may::no;
  // Against a stop it is drift, and the page does not say what a pause makes of that.
  auto known = calls_.find(now_named(call));
  bool any_stopped =
    std::any_of(calls_.begin(), calls_.end(), [](auto& one) { return one.second.stopped; });
  bool is_stopped = known != calls_.end() ? known->second.stopped : ended_.count(call) != 0;
  if (is_stopped || (call == 0 && (any_stopped || !ended_.empty())))
    return may::either;
  return is_unasked(recorder, now);
}

void screen_model::said(std::uint64_t recorder, capture_state what, std::uint64_t call,
                        bool started_itself, bool is_unasked) {
  auto& r = recorders_.at(recorder);
  bool was_paused = r.word == capture_state::paused;
  r.spoke_since_told = true;
  lost_ = false;
  r.word = what;
  r.word_of = now_named(call);
  if (r.per_call) {
    call = now_named(call);
    if (call == 0)
      r.words_of_calls.clear();
    r.words_of_calls[call] = what;
    for (auto& [id, word] : r.words_of_calls)
      if (nearness_to_recording(word) > nearness_to_recording(*r.word))
        r.word = word;
  }
  // What began so goes on being so, whatever is said again of it.
  bool itself = r.started_itself || started_itself;
  r.started_itself = r.word == capture_state::enabled && itself;
  itself = was_paused ? r.paused_itself : is_unasked;
  r.paused_itself = r.word == capture_state::paused && pauses_.empty() && itself;
}

void screen_model::adopt(std::uint64_t call, bool wants) {
  calls_[now_named(call)].wants = wants;
}

void screen_model::failed(std::uint64_t recorder) {
  recorders_.at(recorder).spoke_since_told = true;
}

void screen_model::came(std::uint64_t recorder, bool exact, bool per_call) {
  model_recorder fresh;
  fresh.exact = exact;
  fresh.per_call = per_call;
  recorders_[recorder] = fresh;
}

void screen_model::gone(std::uint64_t recorder, bool is_standby) {
  auto shown = light();
  recorders_.erase(recorder);
  if (!is_standby || recorders_.empty() || light() != shown)
    lost_ = true;
}

// ---- desktops, calls, time
// -----------------------------------------------------------------------

void screen_model::desktop_came(const std::string& application) {
  for (auto& p : pauses_)
    if (p.application == application)
      p.gone_since.reset();
}

void screen_model::desktop_gone(const std::string& application, steady_ms now) {
  for (auto& p : pauses_)
    if (p.application == application && !p.gone_since)
      p.gone_since = now;
}

void screen_model::call_ended(std::uint64_t call) {
  call = now_named(call);
  for (auto& [id, r] : recorders_)
    r.paused_itself = r.paused_itself && !is_paused_in(r, call);
  calls_.erase(call);
  if (call != 0)
    pauses_.remove_if([&](auto& p) { return p.scope == call; });
  ended_.insert(call);
  std::vector<std::uint64_t> former;
  for (auto& [from, into] : merged_into_)
    if (now_named(from) == call)
      former.push_back(from);
  for (auto one : former) {
    merged_into_.erase(one);
    ended_.insert(one);
  }
}

void screen_model::merged(std::uint64_t from, std::uint64_t into) {
  from = now_named(from);
  into = now_named(into);
  if (from == into)
    return;
  auto other = calls_.find(from);
  if (from == 0 || into == 0 || other == calls_.end())
    return; // nothing was said of it
  bool is_renamed = calls_.count(into) == 0;
  auto& one = calls_[into];
  one.stopped = is_renamed ? other->second.stopped : one.stopped && other->second.stopped;
  one.wants = one.wants || other->second.wants;
  calls_.erase(from);
  ended_.erase(into);
  for (auto& p : pauses_)
    if (p.scope == from)
      p.scope = into;
  for (auto& [id, r] : recorders_) {
    auto old = r.words_of_calls.find(from);
    if (old == r.words_of_calls.end())
      continue;
    auto word = old->second;
    r.words_of_calls.erase(old);
    auto& united = r.words_of_calls.emplace(into, word).first->second;
    if (nearness_to_recording(word) > nearness_to_recording(united))
      united = word;
  }
  merged_into_[from] = into;
}

void screen_model::time_is(steady_ms now) {
  if (rules_.dead_desktop == dead_desktop_policy::resume)
    pauses_.remove_if(
      [&](auto& p) { return p.gone_since && now - *p.gone_since >= rules_.dead_desktop_after; });
}

} // namespace ringdown::test
