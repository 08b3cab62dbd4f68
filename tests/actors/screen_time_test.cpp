// What time brings to a screen: absent holders, reminders, a process that stood still, the broker's
// end; and the bounds.
#include "tests/actors/screen_life.hpp"
#include "tests/actors/screen_parties.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr steady_ms dead_after{5000};

screen_life paused_desk(confirm_rules rules = {}) {
  screen_life life{test_rules(rules)};
  life.comes(plain, false);
  life.says(plain, disabled);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  return life;
}

confirm_rules if_dead(dead_desktop_policy policy) {
  confirm_rules c;
  c.dead_desktop = policy;
  return c;
}

} // namespace

// ---- holders -----------------------------------------------------------------------------------

TEST_CASE(
  "a desktop that paused and is gone leaves its pause, and an alarm if that is configured") {
  auto stays = paused_desk();
  stays.hears(desktop_gone{"crm", false});
  CHECK(stays.after(dead_after * 10) == "");
  auto told = paused_desk(if_dead(dead_desktop_policy::alarm));
  told.hears(desktop_gone{"crm", false});
  CHECK(told.after(dead_after - steady_ms{1}) == "");
  CHECK(told.after(steady_ms{1}) == "alarm (pause_holder_gone)");
  CHECK(told.after(dead_after * 10) == ""); // once
  CHECK(desired(told.now_shown) == paused);
  CHECK(told.now_shown.alarms.size() == 1);
  told.hears(desktop_came{"crm"});
  CHECK(told.now_shown.alarms.empty());
}

TEST_CASE("a desktop that is back in time, whatever its instance, brings no alarm") {
  auto life = paused_desk(if_dead(dead_desktop_policy::alarm));
  life.hears(desktop_gone{"crm", true}); // another window of it is there
  CHECK(life.after(dead_after * 2) == "");
  life.hears(desktop_gone{"crm", false});
  life.passes(dead_after - steady_ms{1});
  life.hears(desktop_came{"crm"});
  CHECK(life.after(dead_after * 2) == "");
  life.hears(desktop_gone{"bot", false}); // it holds nothing
  CHECK(life.after(dead_after * 2) == "");
}

TEST_CASE("where all must be recorded the broker resumes for a dead desktop") {
  auto life = paused_desk(if_dead(dead_desktop_policy::resume));
  life.hears(desktop_gone{"crm", false});
  CHECK(life.after(dead_after) == "order resume 71 (pause_holder_gone)");
  CHECK(life.says(plain, enabled) == "#3 own resume confirmed");
  auto fails = paused_desk(if_dead(dead_desktop_policy::resume));
  fails.hears(desktop_gone{"crm", false});
  CHECK(fails.after(dead_after + timeout).find("alarm (recorder_unconfirmed) of 70") !=
        std::string::npos);
}

TEST_CASE("a dead desktop's pause alone goes, and what waited for it is released") {
  auto life = paused_desk(if_dead(dead_desktop_policy::resume));
  life.asks(verb::pause, 72, "bot");
  life.says(plain, paused);
  life.asks(verb::start, 73, "bot");
  life.hears(desktop_gone{"crm", false});
  CHECK(life.after(dead_after) == "");
  CHECK(desired(life.now_shown) == paused);
  life.hears(desktop_gone{"bot", false});
  CHECK(life.after(dead_after) == "order start 73 (hold_released), releases #4");
}

TEST_CASE("a pause that lasts is told of again and again, and nothing is resumed for it") {
  confirm_rules c;
  c.pause_remind_after = steady_ms{60'000};
  auto life = paused_desk(c);
  CHECK(life.after(steady_ms{59'999}) == "");
  CHECK(life.after(steady_ms{1}) == "alarm (pause_long)");
  CHECK(life.after(steady_ms{120'000}) == "alarm (pause_long); alarm (pause_long)");
  CHECK(desired(life.now_shown) == paused);
  CHECK(life.now_shown.alarms.size() == 1);
  life.asks(verb::resume, 71);
  CHECK(life.now_shown.alarms.empty());
  CHECK(life.after(steady_ms{120'000}).find("pause_long") == std::string::npos);
}

// ---- a process that stood still ----------------------------------------------------------------

TEST_CASE("time that passed while the process stood still is given back") {
  auto life = paused_desk();
  life.asks(verb::resume, 71);
  life.sleeps(steady_ms{60'000});
  CHECK(in_words(life.effects) == "");
  CHECK(life.says(plain, enabled) == "#3 resume confirmed"); // it had been in the socket
  life.asks(verb::pause, 71);
  life.sleeps(steady_ms{60'000});
  CHECK(in_words(life.effects) == "");
  CHECK(life.after(overslept_grace).find("#4 pause timed_out") != std::string::npos);
}

TEST_CASE("a tick that is a little late is no sleep") {
  auto life = paused_desk();
  life.asks(verb::resume, 71);
  life.passes(timeout / 2);
  life.sleeps(timeout / 2 + overslept_min - steady_ms{1});
  CHECK(in_words(life.effects).find("#3 resume timed_out") != std::string::npos);
}

TEST_CASE("what is asked after the process stood still has its own deadline and no grace") {
  auto life = paused_desk();
  life.asks(verb::resume, 71);
  life.sleeps(timeout + steady_ms{1000});
  life.commands(life.command_of(verb::query, 71, "crm"), steady_ms{50});
  CHECK(life.after(steady_ms{50}) == "#4 query timed_out unknown");
  CHECK(life.after(overslept_grace - steady_ms{50}).find("#3 resume timed_out") !=
        std::string::npos);
}

TEST_CASE("a process that stands still again and again comes to a decision nevertheless") {
  auto life = paused_desk();
  life.asks(verb::resume, 71);
  int sleeps = 0;
  while (!life.now_shown.orders.empty() && ++sleeps < 20)
    life.sleeps(timeout + steady_ms{1000});
  CHECK(sleeps == graces_max + 1);
}

TEST_CASE("a desktop that came back while the process stood still has not lost its pause") {
  auto life = paused_desk(if_dead(dead_desktop_policy::resume));
  life.hears(desktop_gone{"crm", false});
  life.sleeps(dead_after * 10);
  CHECK(in_words(life.effects) == "");
  life.hears(desktop_came{"crm"}); // it had been in the socket
  CHECK(life.after(dead_after) == "");
  CHECK(desired(life.now_shown) == paused);
}

TEST_CASE("a distant time is reached in steps, and an early tick is no time") {
  auto life = paused_desk();
  life.asks(verb::resume, 71);
  auto armed = life.now_shown.tick_at;
  CHECK(life.happens(tick_due{}) == "");
  CHECK(life.now_shown.tick_at == armed);
}

// ---- the broker's end --------------------------------------------------------------------------

TEST_CASE("a broker that drains waits for recorders and for nobody else") {
  auto life = paused_desk();
  life.asks(verb::resume, 71);
  CHECK(life.happens(draining{}) == "");
  CHECK(life.says(plain, enabled) == "#3 resume confirmed");
  screen_life alone;
  alone.asks(verb::pause, 71);
  CHECK(alone.happens(draining{}) == "#1 pause unknown");
}

TEST_CASE("at the broker's end all that is open, or held, is unknown") {
  auto life = paused_desk();
  life.asks(verb::start, 72);
  life.asks(verb::query, 71);
  CHECK(life.happens(draining{}) == "#3 let go unknown"); // nobody can lift the pause any more
  CHECK(life.asks(verb::start, 73) == "#5 start held by 71 of crm; #5 let go unknown");
  CHECK(life.happens(draining{true}) == "#4 query unknown unknown");
  CHECK(life.now_shown.orders.empty());
  CHECK(life.unpaid() == "");
}

// ---- what is kept ------------------------------------------------------------------------------

TEST_CASE("a screen is forgotten soon where nothing is wanted, else after a shift") {
  auto life = paused_desk();
  auto shift = life.rules.session_idle_max;
  auto soon = life.rules.dn_idle_timeout;
  CHECK_FALSE(may_end(life.now_shown, life.now + shift - steady_ms{1}, life.rules));
  CHECK(may_end(life.now_shown, life.now + shift, life.rules));
  life.asks(verb::stop, 0);
  CHECK_FALSE(may_end(life.now_shown, life.now + shift, life.rules)); // an outcome is owed
  life.says(plain, disabled);
  CHECK_FALSE(may_end(life.now_shown, life.now + soon - steady_ms{1}, life.rules));
  CHECK(may_end(life.now_shown, life.now + soon, life.rules));
}

// ---- bounds ------------------------------------------------------------------------------------

TEST_CASE("of too many calls the oldest that wants nothing is forgotten, and no pause") {
  auto life = paused_desk();
  life.rules.calls_max = 3;
  for (std::uint64_t call = 81; call < 90; ++call)
    life.asks(verb::pause, call);
  CHECK(life.now_shown.calls.size() == 3);
  CHECK(find_call(life.now_shown, {71}) != nullptr); // it is to be recorded
  CHECK(life.now_shown.pauses.size() == 10);
  CHECK(life.broken == "");
}

TEST_CASE("above pauses_max a new pause is refused, and one that stands may be said again") {
  screen_life life;
  for (std::uint64_t call = 1; call <= pauses_max; ++call)
    CHECK(life.asks(verb::pause, call) != "no room");
  CHECK(life.asks(verb::pause, pauses_max + 1) == "no room");
  CHECK(life.asks(verb::pause, 1) != "no room");
  CHECK(life.asks(verb::stop, 1) != "no room");
  CHECK(life.asks(verb::pause, pauses_max + 1) != "no room");
}

TEST_CASE("above held_max the oldest that waits ends as superseded") {
  auto life = paused_desk();
  for (std::size_t i = 0; i < held_max; ++i)
    CHECK(life.asks(verb::start, 72).find("let go") == std::string::npos);
  CHECK(life.asks(verb::start, 72).find("#3 let go superseded") != std::string::npos);
  CHECK(life.now_shown.held.size() == held_max);
  CHECK(life.unpaid() == "");
}

TEST_CASE("above owed_max a recorder's oldest answer is waited for no more") {
  screen_life life;
  life.comes(plain, false);
  for (std::size_t i = 0; i < owed_max + 5; ++i)
    life.asks(verb::pause, 71);
  CHECK(find_recorder(life.now_shown, plain)->owes.size() == owed_max);
  CHECK(life.broken == "");
}

TEST_CASE("alarms that stand are bounded, and each is one of its reason and recorder") {
  auto life = paused_desk();
  for (std::uint64_t i = 0; i < alarms_max + 5; ++i) {
    client_id recorder{200 + i};
    life.comes(recorder, false);
    life.says(recorder, paused);
    life.says(recorder, enabled);
    life.says(recorder, paused);
    life.says(recorder, enabled);
  }
  CHECK(life.now_shown.alarms.size() == alarms_max);
}

TEST_CASE("so many ended calls are known as over") {
  screen_life life;
  for (std::uint64_t call = 1; call <= ended_calls_max; ++call)
    life.hears(call_ended{{call}});
  CHECK(life.asks(verb::resume, 1) == "refused");
  for (int i = 0; i < 3; ++i)
    life.hears(call_ended{{1}}); // told again, it takes one place
  CHECK(life.asks(verb::resume, 2) == "refused");
  life.hears(call_ended{{ended_calls_max + 1}});
  CHECK(life.now_shown.ended.size() == ended_calls_max);
}

TEST_CASE("a recorder that tells calls apart is remembered by a bounded number of them") {
  screen_life life;
  life.comes(plain, false, true);
  life.says(plain, enabled, 0, 1);
  for (std::uint64_t call = 2; call < 100; ++call)
    life.says(plain, disabled, 0, call);
  CHECK(find_recorder(life.now_shown, plain)->calls.size() <= 32);
  CHECK(light(life.now_shown) == enabled); // what is recorded is forgotten last
}
