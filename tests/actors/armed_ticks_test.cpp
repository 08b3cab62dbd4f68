// The ticks of a session: one comes in time, whatever deadlines are chosen, and few stand.
#include "actors/screen/armed_ticks.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>

using namespace ringdown;
using namespace std::chrono_literals;

namespace {

using milliseconds = std::chrono::milliseconds;

/// A clock whose delayed messages cannot be taken back.
struct session_clock {
  armed_ticks ticks;
  std::multiset<milliseconds> armed;
  milliseconds now{1'000'000};
  std::size_t most = 0;

  void ask_for(milliseconds due) {
    if (auto at = ticks.ask_for(due, now))
      armed.insert(*at);
    most = std::max(most, armed.size());
  }
  bool comes_by(milliseconds due) const {
    return !armed.empty() && *armed.begin() <= std::min(due, now + armed_ticks::ahead_max);
  }
  void pass(milliseconds time) {
    for (now += time; !armed.empty() && *armed.begin() <= now; ticks.came())
      armed.erase(armed.begin());
  }
};

} // namespace

TEST_CASE("one tick comes at the time itself, and serves for later times") {
  session_clock c;
  c.ask_for(c.now + 1999ms);
  CHECK(c.armed == std::multiset{c.now + 1999ms});
  c.ask_for(c.now + 1999ms);
  c.ask_for(c.now + 5s);
  CHECK(c.armed.size() == 1);
}

TEST_CASE("a distant time is reached in steps of a minute, a time that is over at once") {
  session_clock c;
  c.ask_for(c.now + 1h);
  CHECK(c.armed == std::multiset{c.now + 1min});
  c.ask_for(c.now - 1s);
  CHECK(*c.armed.begin() == c.now);
}

TEST_CASE("deadlines that come ever earlier leave few ticks") {
  session_clock c;
  for (auto ahead = 60'000ms; ahead >= 0ms; --ahead) {
    c.ask_for(c.now + ahead);
    REQUIRE(c.comes_by(c.now + ahead));
  }
  CHECK(c.armed.size() <= armed_ticks::count_max);
}

TEST_CASE("short deadlines between long ones leave few ticks") {
  session_clock c;
  for (int i = 0; i < 30'000; ++i) {
    c.ask_for(c.now + 60s);
    c.ask_for(c.now + 1ms);
    c.pass(2ms);
  }
  CHECK(c.most <= armed_ticks::count_max);
}

TEST_CASE("whatever deadlines come, a tick comes by each, and few stand") {
  auto seed = GENERATE(range(1u, 20u));
  INFO("seed " << seed);
  std::mt19937 random{seed};
  session_clock c;
  for (int i = 0; i < 20'000; ++i) {
    auto due = c.now + milliseconds{random() % (std::size_t{1} << random() % 18)};
    c.ask_for(due);
    REQUIRE(c.comes_by(due));
    REQUIRE(c.ticks.size() == c.armed.size());
    if (random() % 4 == 0)
      c.pass(milliseconds{random() % (std::size_t{1} << random() % 14)});
  }
  CHECK(c.most <= armed_ticks::count_max);
}
