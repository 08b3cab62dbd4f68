#include "broker/admin/health.hpp"
#include "tests/broker/admin/fake_view.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::admin;
using namespace ringdown::test;

namespace {

void at_once(const std::function<void()>& what) {
  what();
}

} // namespace

TEST_CASE("who asks for health hears when each loop has turned") {
  fake_view broker;
  broker.loop_count = 3;
  broker.loops_turn = false;
  loop_health health{broker, at_once};
  int answers = 0;
  health.ask([&] { ++answers; });
  REQUIRE(broker.waiting.size() == 3);
  broker.waiting[2]();
  broker.waiting[0]();
  CHECK(answers == 0);
  broker.waiting[1]();
  CHECK(answers == 1);
}

TEST_CASE("a loop that stands still is asked once, however many want to know") {
  fake_view broker;
  broker.loops_turn = false;
  loop_health health{broker, at_once};
  int answers = 0;
  for (int i = 0; i < 1000; ++i)
    health.ask([&] { ++answers; });
  CHECK(broker.probed.size() == 1);
  broker.waiting.front()();
  CHECK(answers == static_cast<int>(loop_health::waiting_max)); // the others have gone long ago
  health.ask([] {});
  CHECK(broker.probed.size() == 2);
}

TEST_CASE("a loop is dead when it has not turned for two seconds, and alive when it does again") {
  fake_view broker;
  broker.loop_count = 2;
  broker.loops_turn = false;
  loop_health health{broker, at_once};
  health.ask([] {});
  auto now = loop_health::clock::now();
  CHECK(health.is_alive(now));
  broker.waiting[0]();
  auto later = now + loop_health::patience;
  CHECK_FALSE(health.is_alive(later));
  CHECK(health.json(later).find("\"alive\":false") != std::string::npos);
  CHECK(health.json(later).find("\"loop\":1,\"turned\":false") != std::string::npos);
  broker.waiting[1]();
  CHECK(health.is_alive(later));
}
