// The desktop's light and what stands, every state with every event.
#include "client/light_model.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace ringdown;
using namespace ringdown::client;

namespace {

using enum capture_state;

constexpr std::array all_states{unknown, enabled, disabled, paused};
constexpr std::array all_verbs{capture_verb::none,    capture_verb::start,    capture_verb::stop,
                               capture_verb::pause,   capture_verb::resume,   capture_verb::query,
                               capture_verb::enabled, capture_verb::disabled, capture_verb::paused,
                               capture_verb::failed,  capture_verb::unknown};

event_user_event said(capture_verb verb, capture_state effective, std::uint64_t sequence,
                      std::uint64_t epoch = 1) {
  event_user_event e;
  e.verb = verb;
  e.effective_state = effective;
  e.sequence = {sequence};
  e.epoch = {epoch};
  return e;
}

event_user_event alarm(broker_reason cause, capture_verb verb, capture_state effective,
                       std::uint64_t sequence) {
  auto e = said(verb, effective, sequence);
  e.alarm = true;
  e.cause = cause;
  e.time_us = 7;
  return e;
}

dn_snapshot snapshot(capture_state effective, std::uint64_t sequence, std::uint64_t epoch = 1) {
  dn_snapshot s;
  s.sequence = {sequence};
  s.epoch = {epoch};
  s.effective_state = effective;
  return s;
}

std::vector<broker_reason> causes(const light_model& light) {
  std::vector<broker_reason> all;
  for (auto& a : light.alarms())
    all.push_back(a.cause);
  return all;
}

} // namespace

TEST_CASE("the light shows the effective state of every word, of no command and of no failure") {
  for (auto verb : all_verbs)
    for (auto effective : all_states) {
      light_model light;
      light.on_event(said(capture_verb::enabled, enabled, 1));
      light.on_event(said(verb, effective, 2));
      bool is_word = is_indication(verb) && verb != capture_verb::failed;
      INFO(to_string(verb) << " with " << to_string(effective));
      CHECK(light.shown() == (is_word ? light_of(effective) : light::recording));
    }
}

TEST_CASE("what is older than the light does not turn it back") {
  light_model light;
  CHECK(light.shown() == light::unknown);
  light.on_event(said(capture_verb::paused, paused, 9));
  light.on_snapshot(snapshot(enabled, 8));
  light.on_event(said(capture_verb::enabled, enabled, 7));
  CHECK(light.shown() == light::paused);
  // In a DN that was reborn, sequences start again.
  light.on_event(said(capture_verb::enabled, enabled, 1, 2));
  CHECK(light.shown() == light::recording);
  light.on_snapshot(snapshot(paused, 1, 3));
  CHECK(light.shown() == light::paused);
}

TEST_CASE("after missed events or a lost link the light is unknown until it hears again") {
  light_model light;
  light.on_snapshot(snapshot(paused, 3));
  CHECK(light.is_current());
  CHECK_FALSE(light.needs_snapshot());
  light.on_missed({"7001", {4}, {6}, {1}});
  CHECK(light.shown() == light::unknown);
  CHECK(light.needs_snapshot());
  CHECK_FALSE(light.is_current());
  light.on_event(said(capture_verb::enabled, enabled, 7));
  CHECK(light.shown() == light::recording);
  CHECK(light.needs_snapshot()); // what stands may have changed meanwhile
  light.on_snapshot(snapshot(enabled, 7));
  CHECK(light.is_current());
  light.on_lost();
  CHECK(light.shown() == light::unknown);
  CHECK(light.needs_snapshot());
  CHECK_FALSE(light.is_current());
}

TEST_CASE("a light that is unknown says why, and one that is known has no reason") {
  using enum unknown_because;
  light_model light;
  CHECK(light.why_unknown() == no_link);
  light.on_link();
  CHECK(light.why_unknown() == not_registered);
  light.on_snapshot(snapshot(unknown, 1));
  CHECK(light.why_unknown() == no_recorder);
  auto now = snapshot(unknown, 2);
  now.recorders_active = 1;
  light.on_snapshot(now);
  CHECK(light.why_unknown() == recorder_silent);
  light.on_event(said(capture_verb::enabled, enabled, 3));
  CHECK(light.why_unknown() == it_is_known);
  light.on_event(alarm(broker_reason::recorder_lost, capture_verb::unknown, unknown, 4));
  CHECK(light.why_unknown() == recorder_lost);
  now = snapshot(unknown, 5);
  now.session.emplace().alarms = {{broker_reason::pause_long}, {broker_reason::recorder_lost}};
  light.on_snapshot(now); // which is more than that there is none
  CHECK(light.why_unknown() == recorder_lost);
  light.on_event(said(capture_verb::enabled, unknown, 6)); // another has said nothing yet
  CHECK(light.why_unknown() == recorder_silent);
  light.on_event(alarm(broker_reason::internal_error, capture_verb::unknown, unknown, 7));
  CHECK(light.why_unknown() == broker_fault);
  light.on_missed({"7001", {8}, {9}, {1}});
  CHECK(light.why_unknown() == events_missed);
  light.on_unregistered();
  CHECK(light.why_unknown() == not_registered);
  light.on_lost();
  light.on_unregistered(); // with the link
  CHECK(light.why_unknown() == no_link);
}

TEST_CASE(
  "pauses and what waits are those of the snapshot, and stay as heard when the link is lost") {
  light_model light;
  CHECK_FALSE(light.anything_stands());
  auto now = snapshot(paused, 3);
  now.session.emplace();
  now.session->pauses = {{{0x71}, "agent-desktop"}, {{}, "pause-on-hold"}};
  now.session->orders = {{{1}, capture_verb::pause}, {{2}, capture_verb::start}};
  now.session->orders[1].held = true;
  light.on_snapshot(now);
  CHECK(light.pauses() == now.session->pauses);
  CHECK(light.waiting() == std::vector{now.session->orders[1]}); // the pause is on its way
  CHECK(light.anything_stands());
  light.on_lost();
  CHECK(light.pauses().size() == 2);
  light.on_snapshot(snapshot(enabled, 1, 2));
  CHECK(light.pauses().empty());
  CHECK(light.waiting().empty());
  CHECK_FALSE(light.anything_stands());
}

TEST_CASE("the snapshot is asked for where what stands may have changed, and nowhere else") {
  for (auto verb : all_verbs) {
    light_model light;
    light.on_snapshot(snapshot(enabled, 1));
    light.on_event(said(verb, enabled, 2));
    INFO(to_string(verb));
    CHECK(light.needs_snapshot() == (is_command(verb) && verb != capture_verb::query));
  }
  light_model light;
  auto now = snapshot(enabled, 1);
  now.session.emplace();
  now.session->alarms = {{broker_reason::drift, 5}};
  light.on_snapshot(now);
  CHECK_FALSE(light.needs_snapshot());
  light.on_event(said(capture_verb::paused, paused, 2)); // which may be the end of the alarm
  CHECK(light.needs_snapshot());
  light.on_snapshot(snapshot(paused, 2));
  auto doubts = light.doubts();
  light.doubt_what_stands();
  CHECK(light.needs_snapshot());
  CHECK(light.doubts() == doubts + 1);
  light.on_event(said(capture_verb::stop, paused, 3)); // behind a question that is under way
  CHECK(light.doubts() == doubts + 2);
}

TEST_CASE("an alarm stands until a recorder speaks") {
  light_model light;
  light.on_event(said(capture_verb::paused, paused, 1));
  CHECK(causes(light).empty());
  light.on_event(alarm(broker_reason::pause_holder_gone, capture_verb::none, paused, 2));
  CHECK(light.alarms() == std::vector{standing_alarm{broker_reason::pause_holder_gone, 7}});
  CHECK(light.needs_snapshot());
  CHECK(light.shown() == light::paused);
  light.on_event(said(capture_verb::resume, paused, 3)); // a wish
  light.on_event(said(capture_verb::failed, paused, 4)); // says nothing of the screen
  CHECK(causes(light).size() == 1);
  light.on_event(said(capture_verb::paused, paused, 5));
  CHECK(causes(light).empty());
}

TEST_CASE("an alarm that the broker says stands, stands until it does not, and is shown once") {
  light_model light;
  light.on_event(said(capture_verb::enabled, enabled, 1));
  light.on_event(alarm(broker_reason::drift, capture_verb::none, enabled, 2));
  light.on_event(alarm(broker_reason::drift, capture_verb::none, enabled, 3));
  light.on_event(alarm(broker_reason::pause_long, capture_verb::none, enabled, 4));
  CHECK(causes(light) == std::vector{broker_reason::drift, broker_reason::pause_long});
  auto now = snapshot(enabled, 4);
  now.session.emplace();
  now.session->alarms = {{broker_reason::drift, 5, {42}}};
  light.on_snapshot(now);
  CHECK(light.alarms() == std::vector<standing_alarm>{{broker_reason::drift, 5, {42}},
                                                      {broker_reason::pause_long, 7}});
  light.on_event(said(capture_verb::enabled, enabled, 5));
  CHECK(causes(light) == std::vector{broker_reason::drift});
  light.on_snapshot(snapshot(enabled, 5));
  CHECK(causes(light).empty());
}

TEST_CASE("an alarm outlives a lost link, and ends with a light that is known to be another") {
  for (auto [at, other] : {std::pair{unknown, paused}, {paused, enabled}}) {
    light_model light;
    light.on_event(said(capture_verb::enabled, enabled, 1));
    light.on_event(alarm(broker_reason::recorder_lost, capture_verb::unknown, at, 2));
    light.on_lost();
    CHECK(causes(light).size() == 1);
    light.on_snapshot(snapshot(at, 5));
    CHECK(causes(light).size() == 1);
    light.on_snapshot(snapshot(other, 6));
    CHECK(causes(light).empty());
  }
}
