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
using enum capture_state;
constexpr conn_id call{0x1f};
constexpr conn_id other_call{0x2f};

/// Without a version it is always taken.
event_user_event command(capture_verb verb, conn_id connection = {}, std::uint64_t version = 0) {
  event_user_event e;
  e.this_dn = "7001";
  e.connection = connection;
  e.verb = verb;
  e.origin = {42};
  e.version = {version};
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
        auto answers = model.on_event(command(verb, connection, 7));
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

TEST_CASE("a recorder that comes back adopts what was asked for") {
  recorder_model model;
  auto orders = model
                  .on_snapshot("7001", snapshot_of({{call, paused, unknown, {9}, 0},
                                                    {other_call, std::nullopt, enabled, {}, 0},
                                                    {{}, disabled, disabled, {3}, 0}}))
                  .orders;
  REQUIRE(orders.size() == 2);
  CHECK(orders[0].connection == conn_id{}); // for all: before the one that is otherwise
  CHECK(orders[0].state == disabled);
  CHECK(orders[1].connection == call);
  CHECK(orders[1].state == paused);
  CHECK(orders[1].version == command_version{9});
  CHECK(model.state("7001", call) == paused);
  CHECK(answer(model, capture_verb::resume, call) == enabled);
}

TEST_CASE("a pause without a call in a snapshot is for all sessions but those ordered since") {
  for (bool known : {false, true}) { // the recorder came back, or is a new one
    recorder_model model;
    if (known)
      for (auto connection : {call, other_call})
        for (auto& order : model.on_event(command(capture_verb::start, connection, 1)))
          CHECK(model.answer(order));
    auto now = model.on_snapshot("7001", snapshot_of({{call, enabled, unknown, {1}, 0},
                                                      {{}, paused, unknown, {4}, 0},
                                                      {other_call, enabled, unknown, {5}, 0}}));
    CHECK(now.untold.empty());
    REQUIRE(now.orders.size() == 3);
    CHECK(now.orders[0].connection == conn_id{});
    CHECK(now.orders[0].state == paused);
    CHECK(now.orders[0].version == command_version{4});
    CHECK(model.state("7001", call) == paused);
    CHECK(model.state("7001", other_call) == enabled);
    CHECK(now.orders[2].connection == other_call);
    CHECK(now.orders[2].state == enabled);
  }
}

TEST_CASE("what a snapshot asks for was missed only if its version is new") {
  recorder_model model;
  for (auto& order : model.on_event(command(capture_verb::start, call, 1)))
    CHECK(model.answer(order));
  for (auto& order : model.on_event(command(capture_verb::pause, {}, 2)))
    CHECK(model.answer(order));
  auto snapshot = snapshot_of({{call, enabled, paused, {1}, 0}, {{}, paused, paused, {2}, 0}});
  auto now = model.on_snapshot("7001", snapshot);
  CHECK(now.orders.empty());
  CHECK(now.untold.empty());
  snapshot.sessions[0].observed = unknown; // the broker had lost the recorder
  now = model.on_snapshot("7001", snapshot);
  CHECK(now.orders.empty());
  REQUIRE(now.untold.size() == 1);
  CHECK(now.untold[0].connection == call);
  CHECK(now.untold[0].state == paused);
  CHECK(now.untold[0].version == command_version{2});
  snapshot.epoch = {2}; // the DN was reborn: versions start again
  CHECK(model.on_snapshot("7001", snapshot).orders.size() == 2);
}

TEST_CASE("a command that a snapshot brought already is not carried out twice") {
  recorder_model model;
  model.on_snapshot("7001", snapshot_of({{call, paused, unknown, {3}, 0}}));
  CHECK(model.on_event(command(capture_verb::start, call, 2)).empty());
  CHECK(model.on_event(command(capture_verb::pause, call, 3)).empty());
  CHECK(model.state("7001", call) == paused);
  CHECK(model.on_event(command(capture_verb::resume, call, 4)).size() == 1);
  CHECK(model.state("7001", call) == enabled);
}

TEST_CASE("an order without an answer comes again with a snapshot, whatever a query was told") {
  recorder_model model;
  auto snapshot = snapshot_of({{call, enabled, unknown, {1}, 0}});
  auto order = model.on_event(command(capture_verb::start, call, 1));
  REQUIRE(order.size() == 1);
  auto asked = model.on_event(command(capture_verb::query, call, 1));
  REQUIRE(asked.size() == 1);
  asked[0].state = disabled; // not yet
  CHECK(model.answer(asked[0]));
  CHECK(model.state("7001", call) == enabled);
  CHECK(model.on_snapshot("7001", snapshot).orders == std::vector{[&] {
          auto again = order[0];
          again.command = {};
          return again;
        }()});
  CHECK(model.answer(order[0]));
  CHECK(model.on_snapshot("7001", snapshot).orders.empty());
}

TEST_CASE("an answer to an older order, of another epoch or of a DN that was left does not count") {
  recorder_model model;
  auto first = model.on_event(command(capture_verb::start, call, 1)).at(0);
  auto second = model.on_event(command(capture_verb::pause, call, 2)).at(0);
  CHECK(model.answer(second));
  CHECK_FALSE(model.answer(first));
  CHECK(model.state("7001", call) == paused);
  auto reborn = command(capture_verb::start, call, 1);
  reborn.epoch = {2};
  CHECK(model.on_event(reborn).size() == 1);
  CHECK_FALSE(model.answer(second));
  CHECK(model.state("7001", call) == enabled);
  model.forget("7001");
  CHECK_FALSE(model.answer(second));
  CHECK(model.sessions("7001") == 0);
}

TEST_CASE("a held resume asks for nothing until it is let go") {
  for (bool missed_the_pause : {false, true}) {
    recorder_model model;
    for (auto& order : model.on_event(command(capture_verb::start, call, 1)))
      CHECK(model.answer(order));
    if (!missed_the_pause)
      for (auto& order : model.on_event(command(capture_verb::pause, call, 2)))
        CHECK(model.answer(order));
    auto resume = command(capture_verb::resume, call, 3);
    resume.held = true;
    CHECK(model.on_event(resume).empty());
    session_snapshot held{call, enabled, paused, {3}, 0};
    held.held = true;
    auto now = model.on_snapshot("7001", snapshot_of({held}));
    CHECK(now.orders.size() == (missed_the_pause ? 1u : 0u));
    for (auto& order : now.orders) {
      CHECK(order.state == paused);
      CHECK(order.version == command_version{1}); // not the resume's, which is still to come
    }
    CHECK(model.state("7001", call) == paused);
    resume.held = false;
    CHECK(model.on_event(resume).size() == 1); // let go
    CHECK(model.state("7001", call) == enabled);
  }
}

TEST_CASE("a held session is paused to a recorder that knows nothing of it") {
  recorder_model model;
  session_snapshot held{call, enabled, unknown, {3}, 0};
  held.held = true;
  auto now = model.on_snapshot("7001", snapshot_of({held}));
  REQUIRE(now.orders.size() == 1);
  CHECK(now.orders[0].state == paused);
  CHECK(now.orders[0].version == command_version{});
  auto resume = model.on_event(command(capture_verb::resume, call, 3));
  REQUIRE(resume.size() == 1);
  CHECK(resume[0].state == enabled);
  CHECK(resume[0].version == command_version{3});
}

TEST_CASE("there is one screen: it is paused if any session is") {
  recorder_model model;
  CHECK(model.screen("7001") == disabled);
  answer(model, capture_verb::start, call);
  CHECK(model.screen("7001") == enabled);
  answer(model, capture_verb::start, other_call);
  answer(model, capture_verb::pause, other_call);
  CHECK(model.screen("7001") == paused);
  answer(model, capture_verb::stop, other_call);
  CHECK(model.screen("7001") == enabled);
  answer(model, capture_verb::stop, call);
  CHECK(model.screen("7001") == disabled);
}

TEST_CASE("a desired state that the broker does not know is not adopted") {
  recorder_model model;
  auto now = model.on_snapshot("7001", snapshot_of({{call, unknown, unknown, {9}, 0}}));
  CHECK(now.orders.empty());
  CHECK(now.untold.empty());
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

// ---- the alarm -----------------------------------------------------------------------------

namespace {

event_user_event alarm_event(capture_verb verb, capture_state effective, std::uint64_t sequence) {
  auto e = indication_event(verb, effective, sequence);
  e.alarm = true;
  return e;
}

} // namespace

TEST_CASE("an alarm stands until a recorder speaks") {
  light_model light;
  light.on_event(indication_event(capture_verb::paused, paused, 1));
  CHECK_FALSE(light.alarm());
  CHECK(light.on_event(alarm_event(capture_verb::none, paused, 2))); // who paused is gone
  CHECK(light.alarm());
  CHECK(light.shown() == light::paused);
  CHECK_FALSE(light.on_event(indication_event(capture_verb::resume, paused, 3))); // a wish
  CHECK(light.alarm());
  CHECK(light.on_event(indication_event(capture_verb::paused, paused, 4)));
  CHECK_FALSE(light.alarm());
}

TEST_CASE("an alarm outlives a lost link, and ends with a light that is known to be another") {
  for (auto [at, same, other] : {std::array{unknown, unknown, paused}, {paused, paused, enabled}}) {
    light_model light;
    light.on_event(indication_event(capture_verb::enabled, enabled, 1));
    CHECK(light.on_event(
      alarm_event(at == unknown ? capture_verb::unknown : capture_verb::none, at, 2)));
    if (at == paused)
      light.on_event(alarm_event(capture_verb::unknown, paused, 3));
    light.on_lost();
    CHECK(light.alarm());
    auto s = snapshot_of({});
    s.epoch = {1};
    s.sequence = {5};
    s.effective_state = same;
    light.on_snapshot(s);
    CHECK(light.alarm());
    s.effective_state = other;
    CHECK(light.on_snapshot(s));
    CHECK_FALSE(light.alarm());
  }
}

// ---- the commands whose outcome is owed ------------------------------------------------------

namespace {

event_outcome the_command(std::uint8_t id, capture_verb verb) {
  event_outcome e;
  e.this_dn = "7001";
  e.command.bytes[0] = id;
  e.connection = call;
  e.verb = verb;
  return e;
}

event_outcome the_outcome(std::uint8_t id, outcome result) {
  auto e = the_command(id, capture_verb::pause);
  e.result = result;
  e.time_us = 5;
  return e;
}

event_ack the_ack(std::uint64_t sequence) {
  event_ack a;
  a.epoch = {1};
  a.sequence = {sequence};
  a.version = {sequence};
  return a;
}

constexpr command_ledger::time deadline{std::chrono::seconds{7}};

} // namespace

TEST_CASE("each command has one outcome: the broker's, or unknown") {
  command_ledger ledger;
  int called = 0;
  auto id = the_command(1, capture_verb::pause).command;
  ledger.sent(the_command(1, capture_verb::pause), [&](const event_outcome&) { ++called; });
  CHECK_FALSE(ledger.on_outcome(the_outcome(2, outcome::confirmed))); // somebody else's
  CHECK(ledger.acknowledged(id, the_ack(3), deadline));
  auto told = ledger.on_outcome(the_outcome(1, outcome::timed_out));
  REQUIRE(told);
  CHECK(told->what.result == outcome::timed_out);
  told->done(told->what);
  CHECK(called == 1);
  CHECK_FALSE(ledger.on_outcome(the_outcome(1, outcome::confirmed)));
  CHECK_FALSE(ledger.in_doubt(id));

  ledger.sent(the_command(1, capture_verb::stop), {});
  CHECK(ledger.acknowledged(id, the_ack(4), deadline));
  told = ledger.in_doubt(id);
  REQUIRE(told);
  CHECK(told->what.result == outcome::unknown);
  CHECK(told->what.verb == capture_verb::stop);
  CHECK(told->what.connection == call);
  CHECK(told->what.sequence == dn_sequence{4});
  CHECK(told->what.time_us == 0);
  CHECK_FALSE(ledger.on_outcome(the_outcome(1, outcome::confirmed)));
}

TEST_CASE("an outcome that comes before the answer is told, and the answer brings none") {
  command_ledger ledger;
  auto id = the_command(1, capture_verb::pause).command;
  ledger.sent(the_command(1, capture_verb::pause), {});
  CHECK(ledger.on_outcome(the_outcome(1, outcome::confirmed)));
  CHECK_FALSE(ledger.acknowledged(id, the_ack(1), deadline));
  CHECK_FALSE(ledger.newest());
}

TEST_CASE("a command that was refused has no outcome") {
  command_ledger ledger;
  auto id = the_command(1, capture_verb::pause).command;
  ledger.sent(the_command(1, capture_verb::pause), {});
  ledger.withdrawn(id);
  CHECK_FALSE(ledger.in_doubt(id));
  CHECK_FALSE(ledger.on_outcome(the_outcome(1, outcome::confirmed)));
}

TEST_CASE("where no outcome can come any more, only commands without an answer still wait") {
  command_ledger ledger;
  for (std::uint8_t i = 1; i <= 3; ++i)
    ledger.sent(the_command(i, capture_verb::pause), {});
  for (std::uint8_t i : {std::uint8_t{3}, std::uint8_t{1}})
    ledger.acknowledged(the_command(i, capture_verb::pause).command, the_ack(10u + i), deadline);
  auto all = ledger.all_in_doubt();
  REQUIRE(all.size() == 2);
  CHECK(all[0].what.command.bytes[0] == 1); // in the DN's order
  CHECK(all[1].what.command.bytes[0] == 3);
  CHECK(ledger.all_in_doubt().empty());
  CHECK(ledger.in_doubt(the_command(2, capture_verb::pause).command));
}

TEST_CASE("what is pending is the newest command that was acknowledged") {
  command_ledger ledger;
  auto pause = the_command(9, capture_verb::pause);
  auto resume = the_command(1, capture_verb::resume);
  ledger.sent(pause, {});
  CHECK_FALSE(ledger.newest()); // not accepted yet
  ledger.acknowledged(pause.command, the_ack(1), deadline);
  ledger.sent(resume, {});
  ledger.acknowledged(resume.command, the_ack(2), deadline);
  CHECK(ledger.newest() == pending_command{capture_verb::resume, call, resume.command, deadline});
  ledger.on_outcome(the_outcome(1, outcome::held));
  CHECK(ledger.newest() == pending_command{capture_verb::pause, call, pause.command, deadline});
  ledger.on_outcome(the_outcome(9, outcome::confirmed));
  CHECK_FALSE(ledger.newest());
}
