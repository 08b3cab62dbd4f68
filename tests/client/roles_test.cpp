// The recorder's capture state and the desktop's light, every state with every event.
#include "client/roles.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace ringdown;
using namespace ringdown::client;

namespace {

constexpr std::array all_states{capture_state::unknown, capture_state::enabled,
                                capture_state::disabled, capture_state::paused};
constexpr std::array all_verbs{capture_verb::none,    capture_verb::start,    capture_verb::stop,
                               capture_verb::pause,   capture_verb::resume,   capture_verb::query,
                               capture_verb::enabled, capture_verb::disabled, capture_verb::paused,
                               capture_verb::unknown};
constexpr conn_id call{0x1f};
constexpr conn_id other_call{0x2f};

event_user_event command(capture_verb verb, conn_id connection = {}) {
  event_user_event e;
  e.this_dn = "7001";
  e.connection = connection;
  e.verb = verb;
  e.origin = {42};
  e.version = {7};
  e.command.bytes[0] = 1;
  return e;
}

/// The state of the single answer.
capture_state answer(recorder_model& model, capture_verb verb, conn_id connection = {}) {
  auto answers = model.on_event(command(verb, connection));
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].this_dn == "7001");
  return answers[0].state;
}

dn_snapshot snapshot_of(std::vector<session_snapshot> sessions) {
  dn_snapshot s;
  s.sessions = std::move(sessions);
  return s;
}

} // namespace

TEST_CASE("every state with every verb has the state that follows") {
  using enum capture_state;
  // Rows: the present state. Columns: start, stop, pause, resume, query.
  constexpr std::array<std::array<capture_state, 5>, 4> follows{{
    {enabled, disabled, unknown, unknown, unknown},    // unknown
    {enabled, disabled, paused, enabled, enabled},     // enabled
    {enabled, disabled, disabled, disabled, disabled}, // disabled
    {enabled, disabled, paused, enabled, paused},      // paused
  }};
  for (auto state : all_states)
    for (auto verb : all_verbs) {
      auto expected = state;
      if (is_command(verb))
        expected = follows[static_cast<std::size_t>(state)][static_cast<std::size_t>(verb) - 1];
      INFO(to_string(state) << " and " << to_string(verb));
      CHECK(after_command(state, verb) == expected);
    }
}

TEST_CASE("a recorder answers each command with its state and nothing else with anything") {
  for (auto connection : {conn_id{}, call})
    for (auto before : {capture_verb::stop, capture_verb::start, capture_verb::pause})
      for (auto verb : all_verbs) {
        recorder_model model;
        if (before == capture_verb::pause)
          answer(model, capture_verb::start, connection);
        auto present = answer(model, before, connection);
        auto answers = model.on_event(command(verb, connection));
        INFO(to_string(before) << " then " << to_string(verb));
        REQUIRE(answers.size() == (is_command(verb) ? 1u : 0u));
        CHECK(model.state("7001", connection) == after_command(present, verb));
        if (!answers.empty()) {
          CHECK(answers[0].state == after_command(present, verb));
          CHECK(answers[0].connection == connection);
          CHECK(answers[0].version == command_version{7});
          CHECK(answers[0].command.bytes[0] == 1);
          CHECK(answers[0].asked_by == client_id{verb == capture_verb::query ? 42u : 0u});
        }
      }
}

TEST_CASE("a pause without a call pauses every call's session") {
  recorder_model model;
  answer(model, capture_verb::start, call);
  answer(model, capture_verb::start, other_call);
  auto answers = model.on_event(command(capture_verb::pause));
  REQUIRE(answers.size() == 1); // all agree, so one answer speaks for all
  CHECK(answers[0].connection == conn_id{});
  CHECK(answers[0].state == capture_state::paused);
  CHECK(model.state("7001", call) == capture_state::paused);
  CHECK(model.state("7001", other_call) == capture_state::paused);
}

TEST_CASE("a command without a call that leaves sessions apart is answered for each") {
  recorder_model model;
  answer(model, capture_verb::start, call);
  answer(model, capture_verb::stop, other_call);
  auto answers = model.on_event(command(capture_verb::pause));
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].connection == call);
  CHECK(answers[0].state == capture_state::paused);
  CHECK(answers[1].connection == other_call);
  CHECK(answers[1].state == capture_state::disabled);
}

TEST_CASE("a call that begins while the screen is captured without one is captured too") {
  recorder_model model;
  answer(model, capture_verb::start);
  CHECK(model.state("7001", call) == capture_state::enabled);
  CHECK(answer(model, capture_verb::pause, call) == capture_state::paused);
  CHECK(model.state("7001") == capture_state::enabled);
}

TEST_CASE("a recorder that comes back adopts what was asked for and confirms it") {
  recorder_model model;
  auto answers = model.on_snapshot(
    "7001", snapshot_of({{call, capture_state::paused, capture_state::unknown, {9}, 0},
                         {other_call, std::nullopt, capture_state::enabled, {}, 0},
                         {{}, capture_state::disabled, capture_state::disabled, {3}, 0}}));
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].connection == call);
  CHECK(answers[0].state == capture_state::paused);
  CHECK(answers[0].version == command_version{9});
  CHECK(answers[1].state == capture_state::disabled);
  CHECK(model.state("7001", call) == capture_state::paused);
  CHECK(answer(model, capture_verb::resume, call) == capture_state::enabled);
}

TEST_CASE("a desired state that the broker does not know is not adopted") {
  recorder_model model;
  auto answers = model.on_snapshot(
    "7001", snapshot_of({{call, capture_state::unknown, capture_state::unknown, {9}, 0}}));
  CHECK(answers.empty());
  CHECK(model.sessions("7001") == 0);
}

TEST_CASE("sessions of a DN are bounded and a running one goes last") {
  recorder_model model;
  answer(model, capture_verb::start, call);
  for (std::uint64_t i = 100; i < 100 + 3 * recorder_model::sessions_per_dn_max; ++i)
    answer(model, capture_verb::stop, conn_id{i});
  CHECK(model.sessions("7001") == recorder_model::sessions_per_dn_max);
  CHECK(model.state("7001", call) == capture_state::enabled);
}

TEST_CASE("a session that the broker ended is forgotten, and so is a DN") {
  recorder_model model;
  answer(model, capture_verb::start, call);
  auto ended = command(capture_verb::unknown, call);
  ended.reason = broker_reason::session_ended;
  CHECK(model.on_event(ended).empty());
  CHECK(model.state("7001", call) == capture_state::disabled);
  answer(model, capture_verb::start);
  model.forget("7001");
  CHECK(model.sessions("7001") == 0);
  CHECK(model.state("7001") == capture_state::disabled);
}

TEST_CASE("DNs do not touch each other") {
  recorder_model model;
  answer(model, capture_verb::start);
  CHECK(model.state("7002") == capture_state::disabled);
}

// ---- the light -----------------------------------------------------------------------------

namespace {

event_user_event indication_event(capture_verb verb, capture_state effective,
                                  std::uint64_t sequence, std::uint64_t epoch = 1) {
  event_user_event e;
  e.verb = verb;
  e.effective_state = effective;
  e.sequence = {sequence};
  e.epoch = {epoch};
  return e;
}

} // namespace

TEST_CASE("the light shows the effective state of every indication and of no command") {
  for (auto verb : all_verbs)
    for (auto effective : all_states) {
      light_model light;
      REQUIRE(light.on_event(indication_event(capture_verb::enabled, capture_state::enabled, 1)));
      light.on_event(indication_event(verb, effective, 2));
      INFO(to_string(verb) << " with " << to_string(effective));
      CHECK(light.shown() == (is_indication(verb) ? light_of(effective) : light::recording));
    }
}

TEST_CASE("the light takes a snapshot, and tells a change from none") {
  light_model light;
  CHECK(light.shown() == light::unknown);
  auto s = snapshot_of({});
  s.sequence = {5};
  s.epoch = {1};
  s.effective_state = capture_state::paused;
  CHECK(light.on_snapshot(s));
  CHECK(light.shown() == light::paused);
  CHECK_FALSE(light.on_snapshot(s));
}

TEST_CASE("what is older than the light does not turn it back") {
  light_model light;
  light.on_event(indication_event(capture_verb::paused, capture_state::paused, 9));
  auto s = snapshot_of({});
  s.sequence = {8};
  s.epoch = {1};
  s.effective_state = capture_state::enabled;
  CHECK_FALSE(light.on_snapshot(s));
  CHECK_FALSE(light.on_event(indication_event(capture_verb::enabled, capture_state::enabled, 7)));
  CHECK(light.shown() == light::paused);
  // In a DN that was reborn, sequences start again.
  CHECK(light.on_event(indication_event(capture_verb::enabled, capture_state::enabled, 1, 2)));
  CHECK(light.shown() == light::recording);
}

TEST_CASE("after missed events or a lost link the light is unknown until it hears again") {
  light_model light;
  light.on_event(indication_event(capture_verb::paused, capture_state::paused, 3));
  CHECK(light.on_missed({"7001", {4}, {6}, {1}}));
  CHECK(light.shown() == light::unknown);
  CHECK(light.needs_snapshot());
  CHECK(light.on_event(indication_event(capture_verb::enabled, capture_state::enabled, 7)));
  CHECK_FALSE(light.needs_snapshot());
  CHECK(light.on_lost());
  CHECK(light.shown() == light::unknown);
  CHECK(light.needs_snapshot());
}
