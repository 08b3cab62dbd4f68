#include "actors/screen/screen.hpp"

#include <algorithm>

namespace ringdown {

bool screen_call::is_of(conn_id any) const noexcept {
  return connection == any || std::find(former.begin(), former.end(), any) != former.end();
}

// ---- derived -------------------------------------------------------------------------------

const screen_call* find_call(const screen& s, conn_id connection) noexcept {
  auto found = std::find_if(s.calls.begin(), s.calls.end(),
                            [&](const screen_call& c) { return c.is_of(connection); });
  return found == s.calls.end() ? nullptr : &*found;
}

bool is_known(const screen& s, conn_id connection) noexcept {
  return find_call(s, connection) != nullptr ||
         std::any_of(s.pauses.begin(), s.pauses.end(),
                     [&](const screen_pause& p) { return p.covers == connection; });
}

bool is_one_call(const screen& s, conn_id one, conn_id other) noexcept {
  auto* call = find_call(s, one);
  return one == other || (call != nullptr && call->is_of(other));
}

const screen_call* wanting_call(const screen& s) noexcept {
  auto found = std::find_if(s.calls.rbegin(), s.calls.rend(),
                            [](const screen_call& c) { return c.wants != wish::none; });
  return found == s.calls.rend() ? nullptr : &*found;
}

const screen_recorder* find_recorder(const screen& s, client_id id) noexcept {
  auto found = std::find_if(s.recorders.begin(), s.recorders.end(),
                            [id](const screen_recorder& r) { return r.id == id; });
  return found == s.recorders.end() ? nullptr : &*found;
}

std::optional<capture_state> desired(const screen& s) noexcept {
  if (!s.pauses.empty())
    return capture_state::paused;
  if (wanting_call(s) != nullptr)
    return capture_state::enabled;
  if (s.was_asked)
    return capture_state::disabled;
  return std::nullopt;
}

capture_state light(const screen& s) noexcept {
  auto any = [&](std::optional<capture_state> word) {
    return std::any_of(s.recorders.begin(), s.recorders.end(),
                       [word](const screen_recorder& r) { return r.said == word; });
  };
  if (any(capture_state::enabled))
    return capture_state::enabled;
  if (s.recorders.empty() || s.has_lost || any(std::nullopt))
    return capture_state::unknown;
  return any(capture_state::paused) ? capture_state::paused : capture_state::disabled;
}

bool is_blank(const screen& s) noexcept {
  bool has_words = std::any_of(s.recorders.begin(), s.recorders.end(),
                               [](const screen_recorder& r) { return r.said.has_value(); });
  return !s.was_asked && !has_words && s.orders.empty() && s.calls.empty();
}

bool confirms(capture_verb order, capture_state word) noexcept {
  switch (order) {
  case capture_verb::start:
  case capture_verb::resume: return word == capture_state::enabled;
  case capture_verb::pause: return word == capture_state::paused || word == capture_state::disabled;
  case capture_verb::stop: return word == capture_state::disabled;
  case capture_verb::query: return true;
  case capture_verb::none:
  case capture_verb::enabled:
  case capture_verb::disabled:
  case capture_verb::paused:
  case capture_verb::failed:
  case capture_verb::unknown: return false;
  }
  return false;
}

bool leaves(std::optional<capture_state> desired, capture_state word) noexcept {
  if (!desired)
    return false;
  switch (*desired) {
  case capture_state::paused:
  case capture_state::disabled: return word == capture_state::enabled;
  case capture_state::enabled: return word != capture_state::enabled;
  case capture_state::unknown: break;
  }
  return false;
}

// ---- what becomes of a command -------------------------------------------------------------

namespace {

/// Its holder has been gone so long that anybody may lift it.
bool is_abandoned(const screen_pause& pause, steady_ms now, const screen_rules& rules) noexcept {
  return pause.gone_since && now - *pause.gone_since >= rules.confirm.dead_desktop_after;
}

bool may_lift(const screen_pause& pause, const screen_command& command, steady_ms now,
              const screen_rules& rules) noexcept {
  switch (rules.confirm.ownership) {
  case pause_ownership::anyone: return true;
  case pause_ownership::all_holders: break;
  }
  // A supervisor need not wait for a desktop that crashed.
  bool is_freed = command.by_supervisor && pause.gone_since;
  return pause.holder.is_same(command.from) || is_freed || is_abandoned(pause, now, rules);
}

/// Whether a pause of this scope is about the command's call. Where nobody tells of calls their
/// ConnIDs have no life of their own.
bool is_about(const screen& s, const screen_command& command, const screen_pause& pause) noexcept {
  if (!command.connection || !pause.covers || !command.calls_are_told)
    return true;
  return is_one_call(s, command.connection, pause.covers);
}

/// A `start` of a call that nobody has heard of, where the configuration takes it for the end of
/// those before.
bool begins_anew(const screen& s, const screen_command& command,
                 const screen_rules& rules) noexcept {
  return rules.confirm.new_call == new_call_policy::lifts && !command.calls_are_told &&
         command.connection && find_call(s, command.connection) == nullptr;
}

bool stop_lifts(const screen& s, const screen_command& command,
                const screen_pause& pause) noexcept {
  if (!command.connection)
    return true;
  return is_one_call(s, command.connection, pause.covers);
}

/// The call was stopped, or is over.
bool is_known_over(const screen& s, const screen_command& command) noexcept {
  if (std::find(s.ended.begin(), s.ended.end(), command.connection) != s.ended.end())
    return true;
  auto* call = find_call(s, command.connection);
  if (call != nullptr && command.connection)
    return call->stopped;
  bool any_stopped =
    std::any_of(s.calls.begin(), s.calls.end(), [](const screen_call& c) { return c.stopped; });
  bool all_ended = s.calls.empty() && !s.ended.empty();
  bool of_all = !command.connection || !command.calls_are_told;
  return of_all && (any_stopped || all_ended) && wanting_call(s) == nullptr;
}

judgement held_by_newest(std::vector<const screen_pause*> left) {
  return {way::held, *left.back()};
}

/// Pauses stand, but none that a resume of this call is about, and the call is over: there is
/// nothing to wait for.
bool is_over_elsewhere(const screen& s, const screen_command& command) noexcept {
  bool any_there = std::any_of(s.pauses.begin(), s.pauses.end(), [&](const screen_pause& pause) {
    return is_about(s, command, pause);
  });
  return !any_there && is_known_over(s, command);
}

judgement judge_resume(const screen& s, const screen_command& command, bool lifts_any) {
  bool unexplained = std::any_of(s.recorders.begin(), s.recorders.end(), [](auto& r) {
    return r.said == capture_state::paused && r.paused_by_itself;
  });
  if (unexplained && !lifts_any)
    return {way::recorders};
  if (!lifts_any && is_known_over(s, command))
    return {way::refused};
  if (wanting_call(s) != nullptr || !s.was_asked)
    return {way::recorders};
  return {way::nowhere};
}

} // namespace

bool lifts(const screen& s, const screen_command& command, const screen_pause& pause, steady_ms now,
           const screen_rules& rules) noexcept {
  switch (command.verb) {
  case capture_verb::resume:
    return is_about(s, command, pause) && may_lift(pause, command, now, rules);
  case capture_verb::start:
    return begins_anew(s, command, rules) && pause.covers && pause.covers != command.connection;
  case capture_verb::stop: return stop_lifts(s, command, pause);
  case capture_verb::pause:
  case capture_verb::query:
  case capture_verb::none:
  case capture_verb::enabled:
  case capture_verb::disabled:
  case capture_verb::paused:
  case capture_verb::failed:
  case capture_verb::unknown: return false;
  }
  return false;
}

judgement judge(const screen& s, const screen_command& command, steady_ms now,
                const screen_rules& rules) {
  std::vector<const screen_pause*> left;
  for (auto& pause : s.pauses)
    if (!lifts(s, command, pause, now, rules))
      left.push_back(&pause);
  switch (command.verb) {
  case capture_verb::start:
    return left.empty() ? judgement{way::recorders} : held_by_newest(std::move(left));
  case capture_verb::resume:
    if (!left.empty() && is_over_elsewhere(s, command))
      return {way::refused};
    if (!left.empty())
      return held_by_newest(std::move(left));
    return judge_resume(s, command, !s.pauses.empty());
  case capture_verb::pause: {
    auto is_its = [&](const screen_pause& p) {
      return p.covers == command.connection && p.holder.is_same(command.from);
    };
    bool is_known = std::any_of(s.pauses.begin(), s.pauses.end(), is_its);
    return {is_known || s.pauses.size() < pauses_max ? way::recorders : way::no_room};
  }
  case capture_verb::stop:
  case capture_verb::query:
  case capture_verb::none:
  case capture_verb::enabled:
  case capture_verb::disabled:
  case capture_verb::paused:
  case capture_verb::failed:
  case capture_verb::unknown: break;
  }
  return {way::recorders};
}

} // namespace ringdown
