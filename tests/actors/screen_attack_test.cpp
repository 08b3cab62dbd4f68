// What attackers who read the page found in the step, one test each: where the broker said what it
// did not know, or let a card number be recorded.
#include "tests/actors/screen_life.hpp"
#include "tests/actors/screen_parties.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

screen_life with(client_id recorder) {
  screen_life life;
  life.comes(recorder, recorder == exact);
  return life;
}

} // namespace

// ---- what goes on after a pause ----------------------------------------------------------------

TEST_CASE("a recorder found paused that is paused again was recording, and goes on") {
  for (bool is_asked : {false, true}) {
    INFO(is_asked);
    auto life = with(plain); // the broker is new, the recorder is not
    if (is_asked)
      life.passes(timeout / 2);
    life.says(plain, paused);
    life.asks(verb::pause, 71);
    life.says(plain, paused);
    CHECK(life.asks(verb::resume, 71) == "");
    CHECK(life.says(plain, enabled).find("resume confirmed") != std::string::npos);
  }
}

TEST_CASE("what a recorder began by itself outlives the end of the call that was paused") {
  auto life = with(plain);
  life.says(plain, enabled, 0, 71);
  life.asks(verb::pause, 72);
  life.says(plain, paused);
  CHECK(life.happens(call_ended{{72}}) == "order resume 71 (call_ended)");
  CHECK(life.says(plain, enabled).find("confirmed") != std::string::npos);
}

TEST_CASE("behind the end of all calls a resume of the screen is refused like one of a call") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.hears(call_ended{{71}});
  life.says(plain, disabled);
  CHECK(life.asks(verb::resume, 71) == "refused");
  CHECK(life.asks(verb::resume, 0) == "refused");
  life.says(plain, paused); // which the broker cannot explain
  CHECK(life.asks(verb::resume, 0) == "");
}

TEST_CASE("a first word that crossed a stop, too, brings nothing back") {
  auto life = with(plain);
  life.calls_are_told = false; // so that a stop is of all calls
  life.asks(verb::pause, 71);
  life.asks(verb::stop, 72);
  life.says(plain, enabled);
  life.says(plain, disabled);
  CHECK(life.asks(verb::resume, 71).find("resume confirmed") != std::string::npos);
  CHECK(desired(life.now_shown) == disabled);
}

TEST_CASE("what a recorder had paused by itself does not outlive a stop") {
  for (std::uint64_t stopped : {71, 0, 72}) {
    INFO(stopped);
    auto life = with(plain);
    life.says(plain, paused, 0, 71); // by somebody at the recorder
    life.asks(verb::stop, stopped);
    life.asks(verb::pause, stopped); // the recorder has not come to the stop yet
    bool is_another = stopped == 72;
    auto followed = life.asks(verb::resume, stopped);
    CHECK((followed.find("resume confirmed") == std::string::npos) == is_another);
    CHECK(desired(life.now_shown) == (is_another ? enabled : disabled));
  }
}

TEST_CASE("what a recorder had paused by itself does not outlive the end of its call") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.says(plain, enabled, 0, 71);
  life.says(plain, paused, 0, 71); // by somebody at the recorder
  life.happens(call_ended{{71}});
  life.asks(verb::pause, 72);
  life.says(plain, paused);
  CHECK(life.asks(verb::resume, 72).find("resume confirmed") != std::string::npos);
}

TEST_CASE("a stop of one call leaves the others alone that a recorder had paused by itself") {
  screen_life life;
  life.comes(exact, true, true); // it tells calls apart
  life.says(exact, paused, 0, 71);
  life.says(exact, paused, 0, 72);
  life.asks(verb::stop, 72);
  life.says(exact, disabled, 1, 72);
  CHECK(life.asks(verb::resume, 71) == "");
  CHECK(life.told[exact].back().verb == verb::resume);
}

TEST_CASE("a held resume of what was stopped is not ordered because another call goes on") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.asks(verb::start, 72);
  life.says(plain, enabled);
  life.asks(verb::stop, 72);
  life.asks(verb::pause, 72);
  life.asks(verb::pause, 71);
  CHECK(life.asks(verb::resume, 72).find("held") != std::string::npos);
  auto followed = life.asks(verb::resume, 71);
  CHECK(followed.find("order") == std::string::npos);
  CHECK(followed.find("confirmed") != std::string::npos);
  life.says(plain, enabled);
  CHECK(life.unpaid() == "");
}

// ---- what a word answers -----------------------------------------------------------------------

TEST_CASE("an exact recorder that failed one order has failed no other") {
  auto life = with(exact);
  life.says(exact, enabled);
  life.asks(verb::pause, 0, "crm");
  life.asks(verb::pause, 0, "ivr");
  CHECK(life.fails(exact, 2) == "#2 pause failed");
  CHECK(life.says(exact, paused, 1) == "#1 pause confirmed");
}

TEST_CASE("a late answer is of the pause that it was late for, not of the next") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  life.passes(timeout);
  life.asks(verb::resume, 71);
  life.asks(verb::pause, 71);
  CHECK(life.says(plain, paused).find("pause confirmed") == std::string::npos); // of the first
  life.says(plain, enabled);
  CHECK(life.says(plain, paused).find("pause confirmed") != std::string::npos);
}

TEST_CASE("a recorder that never answered the first pause is not waited for twice") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  life.passes(timeout);
  life.asks(verb::pause, 71);
  CHECK(life.says(plain, paused).find("pause confirmed") != std::string::npos);
  CHECK(find_recorder(life.now_shown, plain)->late.empty());
}

TEST_CASE("no more late orders of a recorder are remembered than there is room for") {
  auto life = with(plain);
  for (std::size_t i = 0; i < 2 * late_max; ++i) {
    life.asks(verb::pause, 71);
    life.passes(timeout);
  }
  CHECK(find_recorder(life.now_shown, plain)->late.size() == late_max);
}

// ---- recorders that tell calls apart -----------------------------------------------------------

TEST_CASE("a recorder that tells calls apart is corrected for all of them") {
  screen_life life;
  life.comes(exact, true, true);
  life.asks(verb::start, 1);
  life.says(exact, enabled, 1, 1);
  life.asks(verb::start, 2);
  life.says(exact, enabled, 2, 2);
  life.asks(verb::pause, 1);
  life.says(exact, paused, 3, 1); // and goes on with call 2
  auto ordered = life.after(timeout);
  CHECK(ordered.find("order pause 0") == std::string::npos); // corrected after a while, and then
  for (int i = 0; i < 20 && ordered.find("order pause") == std::string::npos; ++i)
    ordered = life.after(timeout);
  CHECK(ordered.find("order pause 0") != std::string::npos);
}

// ---- bounds ------------------------------------------------------------------------------------

TEST_CASE("the versions that went to single recorders are remembered, the newest of them") {
  screen_life life;
  life.asks(verb::pause, 71);
  for (std::size_t i = 0; i < 2 * given_max; ++i) {
    life.comes({100 + i}, true);
    life.says({100 + i}, paused, life.version);
  }
  CHECK(life.now_shown.given.size() == given_max);
  CHECK(life.now_shown.given.back().version.value == life.version);
}
