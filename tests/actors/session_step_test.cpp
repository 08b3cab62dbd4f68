// The capture session's decisions: every state with every event, every sequence of a small life,
// and random lives with two recorders; then each rule by example.
#include "tests/actors/session_life.hpp"

#include <rapidcheck/catch.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;

using effects = std::vector<session_effect>;

namespace {

constexpr client_id plain{70};
constexpr client_id exact{71};
constexpr steady_ms idle_max{100'000};
constexpr steady_ms timeout{2000};

session_rules rules(dead_desktop_policy dead = dead_desktop_policy::alarm) {
  limits b;
  b.session_idle_max = idle_max;
  b.confirm_timeout = timeout;
  confirm_rules c;
  c.dead_desktop = dead;
  c.dead_desktop_after = steady_ms{5000};
  return {b, c};
}

constexpr capture_verb verbs[] = {capture_verb::start, capture_verb::stop, capture_verb::pause,
                                  capture_verb::resume, capture_verb::query};
constexpr capture_state lights[] = {capture_state::enabled, capture_state::disabled,
                                    capture_state::paused};

std::vector<awaited_recorder> both() {
  return {{plain, false, recorder_verdict::silent, {}},
          {exact, true, recorder_verdict::silent, {}}};
}

session_state new_session() {
  session_state fresh;
  fresh.connection = {0x17};
  return fresh;
}

/// A session in the course of a test, which checks every step.
struct living {
  session_rules by = rules();
  steady_ms now{0};
  session_state state = begin_session(new_session(), steady_ms{0}, by).state;
  std::uint64_t number = 0;
  session_result last;

  living& hears(const session_event& event) {
    auto before = state;
    last = step(std::move(state), event, now, by);
    state = last.state;
    INFO("event " << event.index() << " at " << now.count());
    CHECK(broken_promise(before, event, now, by, last) == "");
    return *this;
  }
  living& command(capture_verb verb, std::vector<awaited_recorder> recorders = both()) {
    return hears(admitted(verb, ++number, now + timeout, std::move(recorders)));
  }
  living& says(client_id who, capture_state what, std::uint64_t echoed = 0) {
    return hears(indication_heard{what, who, {echoed}});
  }
  living& passes(steady_ms time) {
    now += time;
    return hears(tick_due{});
  }
  /// "1 confirmed, 2 superseded by 3"
  std::string outcomes() const {
    std::string text;
    for (auto& d : outcomes_in(last)) {
      text += (text.empty() ? "" : ", ") + std::to_string(d.command.sequence.value) + " " +
              std::string{to_string(d.result)};
      if (d.superseded_by)
        text += " by " + std::to_string(d.superseded_by.value);
      if (d.aggregate != capture_aggregate::none)
        text += " " + std::string{to_string(d.aggregate)};
    }
    return text;
  }
  bool ended() const { return state.life == session_life::ended; }
};

constexpr auto enabled = capture_state::enabled;
constexpr auto disabled = capture_state::disabled;
constexpr auto paused = capture_state::paused;

std::vector<session_event> alphabet(std::uint64_t number, steady_ms now) {
  std::vector<session_event> all;
  for (auto verb :
       {capture_verb::start, capture_verb::stop, capture_verb::pause, capture_verb::query})
    all.push_back(admitted(verb, number, now + timeout, both()));
  for (auto light : {enabled, paused, disabled}) {
    all.push_back(indication_heard{light, plain, {}});
    all.push_back(indication_heard{light, exact, {number - 1}});
  }
  all.push_back(indication_heard{disabled, plain, {}, true});
  all.push_back(recorder_gone{plain, 1, true});
  all.push_back(recorder_gone{exact, 0, true});
  all.push_back(desired_told{plain, false});
  all.push_back(resumed{{number}});
  all.push_back(tick_due{});
  return all;
}

/// Every sequence of `left` further events; after each some time passes.
std::size_t live_all(const session_state& state, std::uint64_t number, steady_ms now, int left,
                     std::string& wrong) {
  if (left == 0 || state.life == session_life::ended || !wrong.empty())
    return 1;
  std::size_t lives = 0;
  static const auto by = rules();
  for (auto& event : alphabet(number, now)) {
    auto result = step(state, event, now, by);
    wrong = broken_promise(state, event, now, by, result);
    if (!wrong.empty())
      return lives;
    lives += live_all(result.state, number + 1, now + steady_ms{700}, left - 1, wrong);
  }
  return lives;
}

std::vector<session_state> every_state() {
  std::vector<session_state> all;
  using maybe = std::optional<capture_state>;
  for (auto life : {session_life::live, session_life::ended})
    for (auto desired : {maybe{}, maybe{enabled}, maybe{disabled}, maybe{paused}})
      for (int spoken = 0; spoken < 4; ++spoken)
        for (int pending = 0; pending < 3; ++pending)
          for (bool rechecks : {false, true}) {
            session_state state;
            state.connection = {0x17};
            state.life = life;
            state.desired = desired;
            state.version = {desired ? 4u : 0u};
            state.last_event = steady_ms{500};
            state.tick_at = steady_ms{2500};
            if (spoken & 1)
              note_word(state, plain, paused);
            if (spoken & 2)
              note_word(state, exact, enabled);
            if (pending > 0)
              state.pending.push_back(
                admitted(capture_verb::query, 2, steady_ms{2500}, both()).command);
            if (pending > 1 && desired)
              state.pending.push_back(
                admitted(*desired == paused ? capture_verb::pause : capture_verb::start, 4,
                         steady_ms{2600}, both())
                  .command);
            if (rechecks && desired)
              state.rechecks.push_back({plain, false, steady_ms{2700}});
            all.push_back(state);
          }
  return all;
}

std::vector<session_event> every_event() {
  session_state other;
  other.desired = paused;
  other.version = {7};
  other.pending.push_back(admitted(capture_verb::pause, 7, steady_ms{3000}, both()).command);
  note_word(other, plain, paused);
  std::vector<session_event> all{tick_due{},       room_needed{}, draining{},      draining{true},
                                 call_ended{},     merged_away{}, renamed{{0x18}}, commander_gone{},
                                 commander_back{}, resumed{{9}},  merged_in{other}};
  for (auto verb : verbs) {
    all.push_back(admitted(verb, 9, steady_ms{3000}, both()));
    all.push_back(admitted(verb, 9, steady_ms{3000}, {}));
  }
  auto held = admitted(capture_verb::resume, 9, steady_ms{3000}, {});
  held.held = true;
  all.push_back(held);
  for (auto light : lights)
    for (auto by : {plain, exact})
      for (std::uint64_t echoed : {0, 2, 4, 9})
        all.push_back(indication_heard{light, by, {echoed}});
  for (auto who : {plain, exact}) {
    all.push_back(desired_told{who, who == exact});
    for (std::size_t left : {0, 1, 2})
      for (bool was_active : {false, true})
        all.push_back(recorder_gone{who, left, was_active});
  }
  return all;
}

} // namespace

TEST_CASE("whatever happens in whatever state, no promise is broken") {
  auto by = rules();
  std::size_t pairs = 0;
  for (auto& state : every_state())
    for (auto& event : every_event())
      for (auto now : {steady_ms{500}, steady_ms{2500}, steady_ms{2650}, steady_ms{9000},
                       steady_ms{500} + idle_max}) {
        auto result = step(state, event, now, by);
        INFO("event " << event.index() << " now " << now.count());
        REQUIRE(broken_promise(state, event, now, by, result) == "");
        ++pairs;
      }
  CHECK(pairs > 30'000);
}

TEST_CASE("no sequence of five events breaks a promise") {
  std::string wrong;
  auto state = begin_session(new_session(), steady_ms{0}, rules()).state;
  auto lives = live_all(state, 1, steady_ms{0}, 5, wrong);
  CHECK(wrong == "");
  CHECK(lives > 100'000);
}

TEST_CASE("every command of a random life gets one outcome, by its deadline") {
  rc::prop("one outcome each", [] {
    auto by = rules();
    auto state = begin_session(new_session(), steady_ms{0}, by).state;
    steady_ms now{0};
    std::uint64_t number = 0;
    std::size_t outcomes = 0;
    std::map<std::uint64_t, steady_ms> promised; // a command's own deadline
    auto run = [&](const session_event& event) {
      if (auto* command = std::get_if<command_admitted>(&event))
        promised[command->command.sequence.value] = command->command.deadline;
      auto result = step(state, event, now, by);
      RC_ASSERT(broken_promise(state, event, now, by, result) == "");
      for (auto& d : outcomes_in(result))
        RC_ASSERT(now <= promised[d.command.sequence.value]);
      outcomes += outcomes_in(result).size();
      state = std::move(result.state);
    };
    std::size_t commands = 0;
    auto length = *rc::gen::inRange(0, 80);
    for (int i = 0; i < length && state.life == session_life::live; ++i) {
      auto until = now + steady_ms{*rc::gen::inRange(0, 1500)};
      while (state.life == session_life::live && state.tick_at && *state.tick_at <= until) {
        now = std::max(now, *state.tick_at);
        run(tick_due{});
      }
      now = until;
      if (state.life == session_life::ended)
        break;
      auto all = alphabet(++number, now);
      auto event = *rc::gen::elementOf(all);
      commands += std::holds_alternative<command_admitted>(event) ? 1 : 0;
      run(event);
    }
    if (state.life == session_life::live)
      run(draining{true});
    RC_ASSERT(outcomes == commands);
  });
}

// ---- the rules, one by one -----------------------------------------------------------------

TEST_CASE("a pause is confirmed by all active recorders, and by nobody else") {
  living s;
  s.command(capture_verb::pause);
  CHECK(s.says(plain, paused).outcomes() == "");
  CHECK(s.says({99}, paused).outcomes() == "");
  CHECK(s.says(exact, paused, 1).outcomes() == "1 confirmed");
  CHECK(s.state.desired == paused);
  CHECK(s.state.observed == paused);
}

TEST_CASE("a start is confirmed by any recorder") {
  living s;
  CHECK(s.command(capture_verb::start).says(plain, enabled).outcomes() == "1 confirmed");
  CHECK(s.says(exact, enabled, 1).outcomes() == "");
}

TEST_CASE("an exact recorder confirms only what it echoes, or what came after it") {
  living s;
  s.command(capture_verb::start, {{exact, true, recorder_verdict::silent, {}}});
  s.command(capture_verb::pause, {{exact, true, recorder_verdict::silent, {}}});
  CHECK(s.outcomes() == "1 superseded by 2");
  s.command(capture_verb::pause, {{exact, true, recorder_verdict::silent, {}}});
  CHECK(s.outcomes() == ""); // it joins
  CHECK(s.says(exact, paused, 0).outcomes() == "");
  CHECK(s.says(exact, paused, 1).outcomes() == "");
  CHECK(s.says(exact, paused, 3).outcomes() == "2 confirmed, 3 confirmed");
}

TEST_CASE("at the deadline the silent are told apart from those who confirmed") {
  living s;
  s.command(capture_verb::pause).says(plain, paused);
  CHECK(s.passes(timeout - steady_ms{1}).outcomes() == "");
  CHECK(s.passes(steady_ms{1}).outcomes() == "1 partial");
  auto recorders = outcomes_in(s.last).front().command.recorders;
  CHECK(recorders[0].verdict == recorder_verdict::confirmed);
  CHECK(recorders[1].verdict == recorder_verdict::silent);
  s.command(capture_verb::stop);
  s.says(plain, enabled);
  CHECK(s.passes(timeout).outcomes() == "2 timed_out");
  CHECK(outcomes_in(s.last).front().command.recorders[0].verdict == recorder_verdict::otherwise);
}

TEST_CASE("a command that no recorder was there for times out, and a late word changes nothing") {
  living s;
  s.command(capture_verb::pause, {});
  CHECK(s.says(plain, paused).outcomes() == "");
  CHECK(s.passes(timeout).outcomes() == "1 timed_out");
  CHECK(s.says(plain, paused).outcomes() == "");
  CHECK_FALSE(s.ended());
}

TEST_CASE("lost recorders decide what waits for them alone") {
  living s;
  s.command(capture_verb::pause);
  s.hears(recorder_gone{plain, 1, true});
  CHECK(s.outcomes() == "");
  s.hears(recorder_gone{exact, 0, true});
  CHECK(s.outcomes() == "1 recorder_lost");
  s.command(capture_verb::pause).says(plain, paused).hears(recorder_gone{exact, 1, true});
  CHECK(s.outcomes() == "2 partial");
}

TEST_CASE("a full outbox is a verdict of its own, whatever its recorder says later") {
  living s;
  s.command(capture_verb::pause, {{plain, false, recorder_verdict::not_queued, {}},
                                  {exact, true, recorder_verdict::silent, {}}});
  s.says(plain, paused);
  CHECK(s.says(exact, paused, 1).outcomes() == "1 partial");
}

TEST_CASE("a query hears every recorder, and says what they say together") {
  living s;
  s.command(capture_verb::query).says(plain, paused);
  CHECK(s.says(exact, enabled).outcomes() == "1 confirmed mixed");
  s.command(capture_verb::query).says(plain, paused);
  CHECK(s.says(exact, paused).outcomes() == "2 confirmed paused");
  s.command(capture_verb::query).says(plain, paused);
  CHECK(s.passes(timeout).outcomes() == "3 partial unknown");
  CHECK_FALSE(s.state.desired);
}

TEST_CASE("a session for nothing but a query ends with its outcome") {
  living s;
  s.command(capture_verb::query);
  CHECK(s.passes(timeout).outcomes() == "1 timed_out unknown");
  CHECK(s.ended());
}

TEST_CASE("a stop ends the session once all that must have confirmed it") {
  living s;
  s.command(capture_verb::stop).says(plain, disabled);
  CHECK_FALSE(s.ended());
  s.says(exact, disabled, 1);
  CHECK(s.outcomes() == "1 confirmed");
  CHECK(s.ended());
}

TEST_CASE("what is said of another call confirms, and is not this session's light") {
  living s;
  s.command(capture_verb::start).says(plain, enabled).says(exact, enabled, 1);
  s.command(capture_verb::query);
  s.hears(indication_heard{disabled, plain, {}, true});
  s.hears(indication_heard{disabled, exact, {}, true});
  CHECK(s.outcomes() == "2 confirmed disabled");
  CHECK(s.state.observed == enabled);
}

TEST_CASE("a session that nobody commanded ends when nothing is recorded any more") {
  living s;
  s.says(plain, enabled);
  CHECK_FALSE(s.ended());
  s.says(exact, disabled);
  CHECK_FALSE(s.ended());
  s.says(plain, disabled);
  CHECK(s.ended());
}

TEST_CASE("of two calls that become one, a recorder's word nearer to recording counts") {
  for (auto a : lights)
    for (auto b : lights) {
      living from;
      living into;
      from.command(capture_verb::start).says(plain, a);
      into.command(capture_verb::start).says(plain, b);
      into.hears(merged_in{from.state});
      auto one_is = [&](capture_state wanted) { return a == wanted || b == wanted; };
      CHECK(into.state.observed == (one_is(enabled)  ? enabled
                                    : one_is(paused) ? paused
                                                     : disabled));
    }
}

TEST_CASE("one recorder that records is enough for the light") {
  living s;
  s.command(capture_verb::pause).says(plain, paused).says(exact, enabled, 1);
  CHECK(s.state.observed == enabled);
  s.says(exact, paused, 1);
  CHECK(s.state.observed == paused);
}

TEST_CASE(
  "a lost recorder makes the light unknown, and the last one is an alarm while it matters") {
  living s;
  s.command(capture_verb::pause).says(plain, paused).says(exact, paused, 1);
  s.hears(recorder_gone{plain, 1, true});
  CHECK(s.last.effects.front() == session_effect{say_unknown{broker_reason::recorder_lost, false}});
  s.hears(recorder_gone{exact, 0, true});
  CHECK(s.last.effects.front() == session_effect{say_unknown{broker_reason::recorder_lost, true}});
  CHECK(s.state.desired == paused);       // what is desired survives
  s.hears(recorder_gone{{99}, 0, false}); // a standby one
  CHECK(s.last.effects.empty());
}

TEST_CASE("a recorder that comes must confirm what is desired") {
  living s;
  s.command(capture_verb::pause, {}).passes(timeout);
  s.hears(desired_told{exact, true});
  s.says(exact, paused); // answers nothing in particular
  CHECK(s.state.rechecks.size() == 1);
  s.says(exact, paused, 1);
  CHECK(s.state.rechecks.empty());
  s.hears(desired_told{plain, false}).says(plain, enabled);
  s.passes(timeout);
  CHECK(s.last.effects.front() ==
        session_effect{say_unknown{broker_reason::recorder_unconfirmed, true}});
  CHECK(s.state.observed == capture_state::unknown);
}

TEST_CASE("a held resume is desired, asks nobody and is decided at once") {
  living s;
  s.command(capture_verb::pause);
  auto held = admitted(capture_verb::resume, ++s.number, s.now + timeout, {});
  held.held = true;
  CHECK(s.hears(held).outcomes() == "1 superseded by 2, 2 held");
  CHECK(s.state.desired == enabled);
}

TEST_CASE("merged sessions go on with the newer command and owe what both owed") {
  living older;
  older.command(capture_verb::pause);
  living newer;
  newer.number = 1;
  newer.command(capture_verb::start);
  auto other = older.hears(merged_away{}).state;
  CHECK(older.ended());
  newer.hears(merged_in{other});
  CHECK(newer.outcomes() == "1 superseded by 2");
  CHECK(newer.state.desired == enabled);
  CHECK(newer.says(plain, enabled).outcomes() == "2 confirmed");
}

TEST_CASE("a call's end ends the session, and nobody is left in the dark") {
  living s;
  s.command(capture_verb::pause).hears(call_ended{});
  CHECK(s.outcomes() == "1 unknown");
  CHECK(s.ended());
  CHECK(s.last.effects[1] == session_effect{say_unknown{broker_reason::call_ended, false}});
}

TEST_CASE("the desktop that paused and is gone is told of, if the policy wants it") {
  living s;
  s.command(capture_verb::pause, {}).passes(timeout);
  s.hears(commander_gone{});
  s.passes(steady_ms{5000});
  CHECK(s.last.effects.front() == session_effect{raise_alarm{broker_reason::pause_holder_gone}});
  s.hears(commander_gone{}).hears(commander_back{});
  CHECK_FALSE(s.state.alarm_at);
  living resumes;
  resumes.by = rules(dead_desktop_policy::resume);
  resumes.command(capture_verb::pause).hears(commander_gone{});
  resumes.passes(timeout).passes(steady_ms{5000} - timeout);
  CHECK(resumes.last.effects.front() == session_effect{resume_for_gone{}});
  resumes.command(capture_verb::pause).hears(resumed{{3}});
  CHECK(resumes.outcomes() == "2 superseded by 3");
  CHECK(resumes.state.desired == enabled);
  living stays;
  stays.by = rules(dead_desktop_policy::stay);
  stays.command(capture_verb::pause, {}).hears(commander_gone{});
  CHECK_FALSE(stays.state.alarm_at);
}

TEST_CASE("time that passed while the process stood still is given back") {
  living s;
  s.command(capture_verb::pause, {{plain, false, recorder_verdict::silent, {}}});
  CHECK(s.passes(steady_ms{60'000}).outcomes() == "");      // stopped for a minute
  CHECK(s.says(plain, paused).outcomes() == "1 confirmed"); // it had been in the socket
  s.command(capture_verb::pause);
  s.passes(steady_ms{60'000});
  CHECK(s.passes(overslept_grace).outcomes() == "2 timed_out");
}

TEST_CASE("what is asked after the process stood still has its own deadline and no grace") {
  living s;
  s.command(capture_verb::pause).passes(timeout + steady_ms{1000});
  s.hears(admitted(capture_verb::query, 2, s.now + steady_ms{50}, both()));
  CHECK(s.passes(steady_ms{50}).outcomes() == "2 timed_out unknown");
  CHECK(s.passes(overslept_grace - steady_ms{50}).outcomes() == "1 timed_out");
}

TEST_CASE("a session that stood still for long is not idle before it has listened again") {
  living s;
  s.command(capture_verb::pause).passes(2 * idle_max);
  CHECK(s.state.tick_at == s.now + overslept_grace);
  CHECK(s.passes(overslept_grace).outcomes() == "1 timed_out");
}

TEST_CASE("a process that stands still again gives back that time, too, but not for ever") {
  living s;
  s.command(capture_verb::pause);
  CHECK(s.passes(timeout + steady_ms{1000}).outcomes() == "");
  s.command(capture_verb::pause); // its deadline passes while nobody can listen
  for (int i = 1; i < graces_max; ++i)
    CHECK(s.passes(timeout + steady_ms{1000}).outcomes() == "");
  CHECK(s.passes(timeout + steady_ms{1000}).outcomes() == "1 timed_out, 2 timed_out");
  CHECK(s.state.graces == 0);
}

TEST_CASE("a session that is idle too long ends by force and is told") {
  living s;
  s.command(capture_verb::start, {}).passes(timeout);
  s.passes(idle_max - timeout - steady_ms{1});
  CHECK_FALSE(s.ended());
  s.passes(steady_ms{1});
  CHECK(s.last.effects == effects{say_unknown{broker_reason::session_ended}, end_session{true}});
}
