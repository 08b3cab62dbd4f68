// The capture session's decisions: every state with every event, and random lives against a model.
#include "actors/session_step.hpp"

#include <rapidcheck/catch.h>

#include <string>
#include <vector>

using namespace ringdown;

using effects = std::vector<session_effect>;

namespace {

constexpr client_id recorder_a{70};
constexpr client_id recorder_b{71};
constexpr steady_ms idle_max{1000};
constexpr steady_ms heard_at{500};

limits bounds() {
  limits b;
  b.session_idle_max = idle_max;
  return b;
}

constexpr capture_verb verbs[] = {capture_verb::start, capture_verb::stop, capture_verb::pause,
                                  capture_verb::resume, capture_verb::query};
constexpr capture_state lights[] = {capture_state::enabled, capture_state::disabled,
                                    capture_state::paused};

std::vector<session_state> every_state() {
  std::vector<session_state> all;
  using maybe = std::optional<capture_state>;
  for (auto life : {session_life::live, session_life::ended})
    for (auto desired : {maybe{}, maybe{capture_state::enabled}, maybe{capture_state::disabled},
                         maybe{capture_state::paused}}) {
      session_state state;
      state.connection = {0x17};
      state.life = life;
      state.desired = desired;
      state.version = {desired ? 4u : 0u};
      state.last_event = heard_at;
      all.push_back(state);
      for (auto light : lights)
        for (auto by : {recorder_a, recorder_b}) {
          state.observed = light;
          state.observed_by = by;
          all.push_back(state);
        }
    }
  return all;
}

std::vector<session_event> every_event() {
  std::vector<session_event> all{tick_due{}, room_needed{}, recorder_registered{recorder_a}};
  for (auto verb : verbs)
    all.push_back(command_admitted{verb, {9}});
  for (auto light : lights)
    for (auto by : {recorder_a, recorder_b})
      all.push_back(indication_heard{light, by});
  for (auto gone : {recorder_a, recorder_b})
    for (std::size_t left : {0, 1, 2})
      all.push_back(recorder_gone{gone, left});
  return all;
}

bool ends(const session_result& result) {
  return !result.effects.empty() && std::holds_alternative<end_session>(result.effects.back());
}

/// Whether the doubt is told: the light was known, and nobody stands behind it any more.
bool loses_the_light(const session_state& before, const recorder_gone& event) {
  return before.observed != capture_state::unknown &&
         (event.active_left == 0 || before.observed_by == event.recorder);
}

} // namespace

TEST_CASE("an ended session stays ended, and does nothing") {
  for (auto& state : every_state())
    for (auto& event : every_event())
      for (auto now : {steady_ms{0}, heard_at, heard_at + idle_max}) {
        if (state.life != session_life::ended)
          continue;
        auto result = step(state, event, now, bounds());
        CHECK(result.state == state);
        CHECK(result.effects.empty());
      }
}

TEST_CASE("whatever happens to a live session, its ends and doubts are told") {
  for (auto& state : every_state())
    for (auto& event : every_event())
      for (auto now : {heard_at, heard_at + idle_max - steady_ms{1}, heard_at + idle_max}) {
        if (state.life != session_life::live)
          continue;
        auto result = step(state, event, now, bounds());
        INFO("event " << event.index() << " now " << now.count());
        CHECK(result.state.connection == state.connection);
        CHECK((result.state.life == session_life::ended) == ends(result));
        bool told = std::any_of(result.effects.begin(), result.effects.end(), [](auto& effect) {
          return std::holds_alternative<say_unknown>(effect);
        });
        // Unknown is said exactly when it becomes so, and at every forced end.
        bool became_unknown = state.observed != capture_state::unknown &&
                              result.state.observed == capture_state::unknown;
        bool forced = ends(result) && std::get<end_session>(result.effects.back()).forced;
        CHECK(told == (became_unknown || forced));
        if (result.state.observed == capture_state::unknown)
          CHECK_FALSE(result.state.observed_by);
        CHECK(result.effects.size() <= 2);
      }
}

TEST_CASE("desired state and version follow the commands, and a query changes neither") {
  for (auto& state : every_state()) {
    if (state.life != session_life::live)
      continue;
    auto after = [&](capture_verb verb) {
      auto result = step(state, command_admitted{verb, {9}}, steady_ms{700}, bounds());
      CHECK(result.effects.empty());
      CHECK(result.state.observed == state.observed);
      CHECK(result.state.last_event == steady_ms{700});
      return std::pair{result.state.desired, result.state.version.value};
    };
    CHECK(after(capture_verb::start) == std::pair{std::optional{capture_state::enabled}, 9ul});
    CHECK(after(capture_verb::resume) == std::pair{std::optional{capture_state::enabled}, 9ul});
    CHECK(after(capture_verb::pause) == std::pair{std::optional{capture_state::paused}, 9ul});
    CHECK(after(capture_verb::stop) == std::pair{std::optional{capture_state::disabled}, 9ul});
    CHECK(after(capture_verb::query) == std::pair{state.desired, state.version.value});
  }
}

TEST_CASE("an indication is observed, and a stop is confirmed by disabled alone") {
  for (auto& state : every_state())
    for (auto light : lights) {
      if (state.life != session_life::live)
        continue;
      auto result = step(state, indication_heard{light, recorder_b}, steady_ms{700}, bounds());
      CHECK(result.state.observed == light);
      CHECK(result.state.observed_by == recorder_b);
      CHECK(result.state.desired == state.desired);
      CHECK(result.state.version == state.version);
      bool confirmed = state.desired == capture_state::disabled && light == capture_state::disabled;
      CHECK(result.effects == (confirmed ? effects{end_session{false}} : effects{}));
    }
}

TEST_CASE("a lost recorder makes a known light unknown, if it was the last or the one behind it") {
  for (auto& state : every_state())
    for (auto gone : {recorder_a, recorder_b})
      for (std::size_t left : {0, 1, 2}) {
        if (state.life != session_life::live)
          continue;
        recorder_gone event{gone, left};
        auto result = step(state, event, steady_ms{700}, bounds());
        bool lost = loses_the_light(state, event);
        CHECK(result.effects ==
              (lost ? effects{say_unknown{broker_reason::recorder_lost}} : effects{}));
        CHECK(result.state.observed == (lost ? capture_state::unknown : state.observed));
        CHECK(result.state.desired == state.desired); // what is wanted does not go with a recorder
        CHECK(result.state.version == state.version);
        CHECK(result.state.life == session_life::live);
      }
}

TEST_CASE("a session that nobody speaks to ends, and its clients are told") {
  for (auto& state : every_state()) {
    if (state.life != session_life::live)
      continue;
    auto due = heard_at + idle_max;
    auto early = step(state, tick_due{}, due - steady_ms{1}, bounds());
    CHECK(early.state == state);
    CHECK(early.effects == effects{arm_tick{due}});
    auto in_time = step(state, tick_due{}, due, bounds());
    CHECK(in_time.effects == effects{say_unknown{broker_reason::session_ended}, end_session{true}});
    CHECK(in_time.state.observed == capture_state::unknown);
    auto evicted = step(state, room_needed{}, heard_at, bounds());
    CHECK(evicted.effects == in_time.effects);
  }
}

TEST_CASE("a session begins with nothing known, and its tick armed") {
  auto begun = begin_session({0x17}, steady_ms{42}, bounds());
  CHECK(begun.state.connection == conn_id{0x17});
  CHECK(begun.state.life == session_life::live);
  CHECK_FALSE(begun.state.desired);
  CHECK_FALSE(begun.state.version);
  CHECK(begun.state.observed == capture_state::unknown);
  CHECK(begun.effects == effects{arm_tick{steady_ms{42} + idle_max}});
}

// ---- lives ---------------------------------------------------------------------------------

namespace {

/// A session as its history: what it must be is found by looking back.
struct told {
  session_event event;
  steady_ms at;
};

session_event pick_event() {
  auto recorder = *rc::gen::element(recorder_a, recorder_b);
  switch (*rc::gen::inRange(0, 12)) {
  case 0:
  case 1:
  case 2:
  case 3:
    return command_admitted{*rc::gen::elementOf(std::vector(std::begin(verbs), std::end(verbs))),
                            {}};
  case 4:
  case 5:
  case 6:
    return indication_heard{*rc::gen::elementOf(std::vector(std::begin(lights), std::end(lights))),
                            recorder};
  case 7: return recorder_registered{recorder};
  case 8: return recorder_gone{recorder, *rc::gen::inRange<std::size_t>(0, 3)};
  case 9: return *rc::gen::inRange(0, 6) == 0 ? session_event{room_needed{}} : tick_due{};
  default: return tick_due{};
  }
}

std::optional<capture_state> desired_after(const std::vector<told>& history) {
  for (auto entry = history.rbegin(); entry != history.rend(); ++entry)
    if (auto* command = std::get_if<command_admitted>(&entry->event))
      if (auto desired = desired_by(command->verb))
        return desired;
  return std::nullopt;
}

/// The last indication that no lost recorder has put in doubt since.
capture_state observed_after(const std::vector<told>& history) {
  for (auto entry = history.rbegin(); entry != history.rend(); ++entry) {
    auto* said = std::get_if<indication_heard>(&entry->event);
    if (said == nullptr)
      continue;
    for (auto later = entry.base(); later != history.end(); ++later)
      if (auto* gone = std::get_if<recorder_gone>(&later->event))
        if (gone->active_left == 0 || gone->recorder == said->recorder)
          return capture_state::unknown;
    return said->state;
  }
  return capture_state::unknown;
}

steady_ms last_heard(const std::vector<told>& history) {
  for (auto entry = history.rbegin(); entry != history.rend(); ++entry)
    if (!std::holds_alternative<tick_due>(entry->event))
      return entry->at;
  return steady_ms{0};
}

bool must_end(const std::vector<told>& before, const told& now) {
  if (std::holds_alternative<room_needed>(now.event))
    return true;
  if (std::holds_alternative<tick_due>(now.event))
    return now.at - last_heard(before) >= idle_max;
  auto* said = std::get_if<indication_heard>(&now.event);
  return said != nullptr && said->state == capture_state::disabled &&
         desired_after(before) == capture_state::disabled;
}

} // namespace

TEST_CASE("a session is at every moment what its history makes it") {
  rc::prop("session against its history", [] {
    auto state = begin_session({0x17}, steady_ms{0}, bounds()).state;
    std::vector<told> history;
    steady_ms now{0};
    command_version version;
    auto length = *rc::gen::inRange(0, 60);
    for (int i = 0; i < length; ++i) {
      now += steady_ms{*rc::gen::inRange(0, 400)};
      told next{pick_event(), now};
      if (auto* command = std::get_if<command_admitted>(&next.event))
        command->version = {++version.value};
      bool over = must_end(history, next);
      auto result = step(state, next.event, now, bounds());
      RC_ASSERT((result.state.life == session_life::ended) == over);
      state = result.state;
      history.push_back(next);
      RC_ASSERT((state.desired == desired_after(history)));
      if (over)
        break;
      RC_ASSERT((state.observed == observed_after(history)));
      RC_ASSERT((state.last_event == last_heard(history)));
    }
  });
}
