// What recorders' words confirm, and what the light makes of them.
#include "tests/actors/screen_life.hpp"
#include "tests/actors/screen_parties.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// One recorder that has said that it is off.
screen_life with(client_id recorder, confirm_rules rules = {}) {
  screen_life life{test_rules(rules)};
  life.comes(recorder, recorder == exact);
  life.says(recorder, disabled);
  return life;
}

screen_life with_both(confirm_rules rules = {}) {
  auto life = with(plain, rules);
  life.comes(exact, true);
  life.says(exact, disabled);
  return life;
}

/// A plain recorder that does as it is told: recording, then paused.
screen_life paused_by_command(confirm_rules rules = {}) {
  auto life = with(plain, rules);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  return life;
}

/// What the first outcome of the last event says of its recorders.
std::vector<awaited_recorder> results(const screen_life& life) {
  return all_of<decided>(life.effects).front().order.recorders;
}

} // namespace

// ---- what confirms -----------------------------------------------------------------------------

TEST_CASE("which word confirms which command") {
  struct row {
    capture_verb command;
    bool by_enabled, by_disabled, by_paused;
  };
  for (auto& r : {row{verb::start, true, false, false}, row{verb::resume, true, false, false},
                  row{verb::pause, false, true, true}, row{verb::stop, false, true, false},
                  row{verb::query, true, true, true}}) {
    CHECK(confirms(r.command, enabled) == r.by_enabled);
    CHECK(confirms(r.command, disabled) == r.by_disabled);
    CHECK(confirms(r.command, paused) == r.by_paused);
  }
}

TEST_CASE("a pause is confirmed by a recorder that is off, and its outcome says so") {
  auto life = with(plain);
  life.asks(verb::pause, 71);
  CHECK(life.says(plain, disabled) == "#1 pause confirmed");
  CHECK(results(life).front().said == disabled);
}

TEST_CASE("the first paused of a plain recorder answers the first of two pauses") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  CHECK(life.asks(verb::resume, 71) == "#2 pause superseded by v3");
  CHECK(life.asks(verb::pause, 71) == "#3 resume superseded by v4");
  CHECK(life.says(plain, paused) == ""); // of #2
  CHECK(life.says(plain, enabled) == "");
  CHECK(light(life.now_shown) == enabled);
  CHECK(life.says(plain, paused) == "#4 pause confirmed");
}

TEST_CASE("where a plain recorder skips words its last one is judged at the deadline") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  life.asks(verb::resume, 71);
  life.asks(verb::pause, 71);
  life.says(plain, paused); // only the last one is done
  CHECK(life.after(timeout - steady_ms{1}) == "");
  CHECK(life.after(steady_ms{1}) == "#4 pause confirmed");
}

TEST_CASE("a plain recorder's skipped words do not hide that its last one is wrong") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  life.says(plain, enabled); // its word crossed the pause
  CHECK(life.after(timeout) == "#2 pause timed_out");
  CHECK(results(life).front().verdict == recorder_verdict::otherwise);
}

TEST_CASE("an exact recorder confirms only what it echoes, or what came before that") {
  auto life = with(exact);
  life.asks(verb::pause, 71);
  life.asks(verb::pause, 72);
  CHECK(life.says(exact, paused) == "");
  CHECK(life.says(exact, paused, 1) == "#1 pause confirmed");
  CHECK(life.says(exact, paused, 1) == "");
  life.asks(verb::pause, 73);
  CHECK(life.says(exact, paused, 3) == "#2 pause confirmed; #3 pause confirmed");
}

TEST_CASE("an exact recorder's later word confirms the earlier order that it answered otherwise") {
  auto life = with(exact);
  life.asks(verb::pause, 71);
  life.asks(verb::pause, 72);
  life.asks(verb::pause, 73);
  CHECK(life.says(exact, enabled, 2) == "#2 pause failed"); // of #1 it says nothing final
  CHECK(life.says(exact, paused, 3) == "#1 pause confirmed; #3 pause confirmed");
}

TEST_CASE("what an exact recorder has confirmed its answer to a later order does not undo") {
  auto life = with_both();
  life.asks(verb::pause, 71); // the plain one is silent
  life.asks(verb::pause, 72);
  CHECK(life.says(exact, paused, 1) == "");
  CHECK(life.says(exact, enabled, 2).starts_with("#2 pause failed"));
  CHECK(life.says(plain, paused).starts_with("#1 pause confirmed"));
}

TEST_CASE("an exact recorder that echoes an order with another state is judged at once") {
  auto life = with(exact);
  life.asks(verb::pause, 71);
  CHECK(life.says(exact, enabled, 1) == "#1 pause failed");
  CHECK(results(life).front().verdict == recorder_verdict::otherwise);
  CHECK(life.after(timeout).find("#1") == std::string::npos);
}

TEST_CASE("failed is judged at once and says why, of a plain recorder by the oldest it owes") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  CHECK(life.fails(plain) == "#1 start failed");
  auto result = results(life).front();
  CHECK(result.verdict == recorder_verdict::failed);
  CHECK(result.failure_code == 7);
  CHECK(result.failure_text == "no licence");
  CHECK(light(life.now_shown) == disabled); // it says nothing of the screen
  auto sure = with(exact);
  sure.asks(verb::pause, 71);
  sure.asks(verb::pause, 72);
  CHECK(sure.fails(exact, 2) == "#2 pause failed"); // and says nothing of the first
  CHECK(sure.says(exact, paused, 1) == "#1 pause confirmed");
  sure.asks(verb::pause, 71);
  CHECK(sure.fails(exact) == "#3 pause failed"); // it names none: the oldest that it owes
}

TEST_CASE("failed is partial where another recorder has confirmed, as soon as that is sure") {
  auto life = with_both();
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  CHECK(life.fails(exact, 1) == "#1 pause partial");
  auto early = with_both();
  early.asks(verb::pause, 71);
  CHECK(early.fails(exact, 1) == "#1 pause failed"); // all must, whatever the other says
  auto any = with_both();
  any.asks(verb::start, 71);
  CHECK(any.fails(exact, 1) == ""); // the other may still
  CHECK(any.says(plain, enabled) == "#1 start confirmed; alarm (drift) of 71");
}

TEST_CASE("at the deadline the silent are told apart from those who confirmed") {
  auto life = with_both();
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  CHECK(life.after(timeout) == "order query 0 (asked) for 71; #1 pause partial");
  auto recorders = results(life);
  CHECK(recorders[0].verdict == recorder_verdict::confirmed);
  CHECK(recorders[1].verdict == recorder_verdict::silent);
}

TEST_CASE("a command that no recorder was there for times out") {
  screen_life life;
  life.asks(verb::pause, 71);
  CHECK(life.after(timeout) == "#1 pause timed_out");
  CHECK(desired(life.now_shown) == paused);
}

TEST_CASE("lost recorders decide what waits for them alone") {
  auto life = with_both();
  life.asks(verb::pause, 71);
  life.goes(plain);
  CHECK(in_words(life.effects) == "unknown (recorder_lost)");
  life.goes(exact);
  CHECK(in_words(life.effects) == "unknown (recorder_lost), alarm; #1 pause recorder_lost");
}

TEST_CASE("a command that found no room is not confirmed, whatever its recorder says") {
  auto life = with_both();
  life.full = {plain};
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  CHECK(life.says(exact, paused, 1) == "#1 pause partial");
}

TEST_CASE("a query hears every recorder, and says what they say together") {
  auto life = with_both();
  life.asks(verb::query, 0);
  life.says(plain, paused);
  CHECK(life.says(exact, enabled) == "#1 query confirmed mixed");
  CHECK_FALSE(desired(life.now_shown));
}

TEST_CASE("the words of a standby recorder, and of a stranger, count for nothing") {
  auto life = with(plain);
  life.asks(verb::pause, 71);
  CHECK(life.says({99}, paused) == "");
  CHECK(light(life.now_shown) == disabled);
}

// ---- one recorder, one word --------------------------------------------------------------------

TEST_CASE("a recorder's word is what it said last, of whatever call") {
  auto life = with(plain);
  life.says(plain, enabled, 0, 71);
  life.says(plain, paused, 0, 72);
  CHECK(light(life.now_shown) == paused);
}

TEST_CASE("of a recorder that tells calls apart the word nearest to recording counts") {
  screen_life life;
  life.comes(exact, true, true);
  life.says(exact, enabled, 0, 71);
  life.says(exact, paused, 0, 72);
  CHECK(light(life.now_shown) == enabled);
  life.says(exact, disabled, 0, 71);
  CHECK(light(life.now_shown) == paused);
  life.says(exact, disabled); // of all
  CHECK(light(life.now_shown) == disabled);
}

TEST_CASE("a pause is not confirmed while a recorder that tells calls apart records another") {
  for (bool is_exact : {true, false}) {
    screen_life life;
    life.comes(exact, is_exact, true);
    life.says(exact, enabled, 0, 71);
    life.says(exact, enabled, 0, 72);
    life.asks(verb::pause, 72);
    CHECK(life.says(exact, paused, is_exact ? 1 : 0, 72) == "");
    CHECK(light(life.now_shown) == enabled);
    CHECK(life.after(timeout).find("#1 pause timed_out") != std::string::npos);
    life.asks(verb::pause, 72, "bot");
    life.says(exact, paused, is_exact ? life.version : 0, 72);
    life.says(exact, paused, is_exact ? life.version : 0, 71);
    life.passes(timeout);
    bool confirmed = false;
    for (auto& d : all_of<decided>(life.effects))
      confirmed |= !d.order.is_own() && d.result == outcome::confirmed;
    CHECK((confirmed || life.now_shown.orders.empty()));
    CHECK(light(life.now_shown) == paused);
  }
}

TEST_CASE("a plain word of one call does not confirm the order of another") {
  screen_life life;
  life.comes(plain, false, true);
  life.says(plain, disabled);
  life.asks(verb::stop, 71);
  life.asks(verb::stop, 72);
  CHECK(life.says(plain, disabled, 0, 72) == "#2 stop confirmed");
  CHECK(life.says(plain, disabled, 0, 71) == "#1 stop confirmed");
}

TEST_CASE("what a recorder said of merged calls it said of one") {
  screen_life life;
  life.comes(exact, true, true);
  life.asks(verb::start, 71);
  life.says(exact, enabled, 1, 71);
  life.hears(calls_merged{{71}, {72}});
  life.says(exact, paused, 0, 72);
  CHECK(light(life.now_shown) == paused);
}

// ---- the light ---------------------------------------------------------------------------------

TEST_CASE("any recording shows, then any doubt, then any pause") {
  auto life = with_both();
  life.says(exact, paused);
  CHECK(light(life.now_shown) == paused);
  life.comes({72}, false);
  CHECK(in_words(life.effects) == "unknown (recorder_came)"); // it is silent
  life.says(plain, enabled);
  CHECK(light(life.now_shown) == enabled);
  life.says(plain, disabled);
  life.says({72}, disabled);
  CHECK(light(life.now_shown) == paused);
  life.goes({72});
  CHECK(in_words(life.effects) == "unknown (recorder_lost)");
  life.says(plain, disabled);
  CHECK(light(life.now_shown) == paused);
}

TEST_CASE("when the last recorder is lost somebody is called if it mattered") {
  auto idle = with(plain);
  idle.goes(plain);
  CHECK(in_words(idle.effects) == "unknown (recorder_lost)");
  auto life = paused_by_command();
  life.goes(plain);
  CHECK(in_words(life.effects) == "unknown (recorder_lost), alarm");
  REQUIRE(life.now_shown.alarms.size() == 1);
  life.comes(plain, false);
  life.says(plain, paused);
  CHECK(life.now_shown.alarms.empty());
}
