// What a pause holds: how it goes out when none stands any more, and with what it ends before.
#include "tests/actors/screen_life.hpp"
#include "tests/actors/screen_parties.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// A DN with one recorder that says what is so, and a call source.
screen_life desk() {
  screen_life life{test_rules()};
  life.calls_are_told = true;
  life.comes(plain, false);
  life.says(plain, disabled);
  return life;
}

/// 71, paused by crm after it was recorded.
screen_life paused_desk() {
  auto life = desk();
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  return life;
}

} // namespace

TEST_CASE("what is held goes out once, in one order for each call") {
  auto life = paused_desk();
  life.asks(verb::start, 72);
  life.asks(verb::start, 72);
  life.asks(verb::start, 73);
  CHECK(life.asks(verb::stop, 71) == "order start 72 (hold_released), releases #3, releases #4; "
                                     "order start 73 (hold_released), releases #5");
  CHECK(life.now_shown.held.empty());
}

TEST_CASE("what is held and would record nothing any more is confirmed when no pause stands") {
  auto life = desk();
  life.asks(verb::pause, 71);
  life.asks(verb::pause, 72);
  CHECK(life.asks(verb::resume, 71) == "#3 resume held by 72 of crm");
  CHECK(life.asks(verb::resume, 72) == "#4 resume confirmed; #3 let go confirmed");
}

TEST_CASE("what is held ends with its call, and with a later stop or pause of it") {
  auto held = [] {
    auto life = paused_desk();
    life.asks(verb::pause, 72);
    life.asks(verb::resume, 71);
    return life;
  };
  CHECK(held().happens(call_ended{{71}}) == "#4 let go unknown");
  CHECK(held().asks(verb::stop, 71) == "#4 let go superseded");
  CHECK(held().asks(verb::pause, 71) == "#4 let go superseded");
  CHECK(held().asks(verb::pause, 73) == "");
}
