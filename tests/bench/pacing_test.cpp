// When an open loop sends: pure, in its own time.
#include "bench/load/pacing.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <vector>

using namespace ringdown::bench;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

/// The intended times before `end`.
std::vector<nanoseconds> times(const pace& p, nanoseconds end) {
  std::vector<nanoseconds> all;
  for (pacer next{p}; next.next() < end; next.advance())
    all.push_back(next.next());
  return all;
}

pace at(arrival kind, double per_second) {
  pace p;
  p.kind = kind;
  p.per_second = per_second;
  return p;
}

} // namespace

TEST_CASE("a constant pace begins at once and does not drift") {
  auto all = times(at(arrival::constant, 3), 1000s);
  REQUIRE(all.size() == 3000);
  CHECK(all[0] == 0ns);
  CHECK(all[3] == 1s);
  CHECK(all[2997] == 999s);
}

TEST_CASE("a Poisson pace has its rate, its spread, and the same times for the same seed") {
  auto p = at(arrival::poisson, 1000);
  auto all = times(p, 100s);
  CHECK(all.size() > 99'000); // three deviations of 316 would be 99,051
  CHECK(all.size() < 101'000);
  std::size_t within_mean = 0;
  for (std::size_t i = 1; i < all.size(); ++i)
    within_mean += all[i] - all[i - 1] < 1ms;
  auto share = static_cast<double>(within_mean) / static_cast<double>(all.size());
  CHECK(share == Approx(0.632).margin(0.01)); // 1 - 1/e
  CHECK(times(p, 1s) == times(p, 1s));
  p.seed = 2;
  CHECK(times(p, 1s) != times(at(arrival::poisson, 1000), 1s));
}

TEST_CASE("a ramp grows evenly to its rate and stays there") {
  auto p = at(arrival::ramp, 1000);
  p.from_per_second = 200;
  p.ramp_time = 10s;
  auto all = times(p, 12s);
  CHECK(all.size() == Approx(6000 + 2000).margin(2));
  auto between = [&](nanoseconds from, nanoseconds to) {
    return std::count_if(all.begin(), all.end(), [&](auto t) { return t >= from && t < to; });
  };
  CHECK(between(0s, 1s) == Approx(240).margin(2));
  CHECK(between(9s, 10s) == Approx(960).margin(2));
  CHECK(between(11s, 12s) == Approx(1000).margin(2));
  CHECK(std::is_sorted(all.begin(), all.end()));
}

TEST_CASE("a ramp between equal rates is a constant pace") {
  auto p = at(arrival::ramp, 100);
  p.from_per_second = 100;
  p.ramp_time = 1s;
  CHECK(times(p, 500ms) == times(at(arrival::constant, 100), 500ms));
}

TEST_CASE("bursts come whole and keep the rate on average") {
  auto p = at(arrival::burst, 1000);
  p.burst_events = 250;
  auto all = times(p, 1s);
  REQUIRE(all.size() == 1000);
  CHECK(all[0] == all[249]);
  CHECK(all[250] == 250ms);
  CHECK(all[999] == 750ms);
}

TEST_CASE("a pace that never sends is refused with the flag's name") {
  CHECK(at(arrival::constant, 0).fault()->find("--rate") == 0);
  CHECK(at(arrival::constant, -1).fault());
  auto p = at(arrival::ramp, 10);
  p.from_per_second = -1;
  CHECK(p.fault()->find("--rate-from") == 0);
  p = at(arrival::burst, 10);
  p.burst_events = 0;
  CHECK(p.fault()->find("--burst") == 0);
  CHECK_FALSE(at(arrival::poisson, 10).fault());
}

TEST_CASE("arrivals are known by name") {
  CHECK(arrival_of("poisson") == arrival::poisson);
  CHECK(arrival_of("burst") == arrival::burst);
  CHECK_FALSE(arrival_of("Poisson"));
}

TEST_CASE("many have their turns evenly within a time, and none at its end") {
  std::map<std::chrono::nanoseconds, int> turns;
  for (std::size_t i = 0; i < 10 * turns_of_time; ++i)
    ++turns[turn_within(1s, i)];
  REQUIRE(turns.size() == turns_of_time);
  CHECK(turns.begin()->first == 0s);
  CHECK(turns.rbegin()->first == 1s - nanoseconds{1s} / turns_of_time);
  CHECK(std::ranges::all_of(turns, [](auto& one) { return one.second == 10; }));
}
