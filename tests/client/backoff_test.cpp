// When and where a lost client tries again, as a pure plan.
#include "client/backoff.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <random>
#include <set>

using namespace ringdown::client;
using namespace std::chrono_literals;

namespace {

constexpr auto longest = std::numeric_limits<std::uint64_t>::max();
const steady_time start{1h};

backoff_bounds bounds_of(std::chrono::milliseconds first, std::chrono::milliseconds most) {
  backoff_bounds b;
  b.first_max = first;
  b.delay_max = most;
  return b;
}

/// The number for which `random % (most + 1)` is `most`.
std::uint64_t full(std::chrono::milliseconds most) {
  return static_cast<std::uint64_t>(most.count());
}

} // namespace

TEST_CASE("the longest wait doubles with each round, up to a bound") {
  reconnect_plan plan{1, bounds_of(100ms, 500ms)};
  auto at = start;
  for (auto expected : {100ms, 200ms, 400ms, 500ms, 500ms}) {
    auto next = plan.after_failure(at, full(expected));
    CHECK(next == reconnect_plan::attempt{0, at + expected});
    at = next.when;
  }
}

TEST_CASE("a wait is anything from nothing to the longest") {
  std::mt19937_64 random{20261122};
  std::vector<steady_time> waits;
  for (int i = 0; i < 1000; ++i) {
    reconnect_plan plan{1, bounds_of(1000ms, 1000ms)};
    waits.push_back(plan.after_failure(start, random()).when);
  }
  auto [least, most] = std::minmax_element(waits.begin(), waits.end());
  CHECK(*least >= start);
  CHECK(*least < start + 50ms);
  CHECK(*most <= start + 1000ms);
  CHECK(*most > start + 950ms);
}

TEST_CASE("every place of the list gets its turn before the wait grows") {
  reconnect_plan plan{3, bounds_of(100ms, 10s)};
  CHECK(plan.now(start).place == 0);
  std::vector<std::size_t> places;
  for (int i = 0; i < 6; ++i)
    places.push_back(plan.after_failure(start, 0).place);
  CHECK(places == std::vector<std::size_t>{1, 2, 0, 1, 2, 0});
  CHECK(plan.after_failure(start, full(400ms)).when == start + 400ms); // the third round
}

TEST_CASE("a link that stood long is tried again at its own place, and the waits begin anew") {
  reconnect_plan plan{2, bounds_of(100ms, 10s)};
  for (int i = 0; i < 9; ++i)
    plan.after_failure(start, 0);
  auto place = plan.place();
  plan.link_stands(start);
  auto next = plan.after_failure(start + 10s, full(100ms));
  CHECK(next == reconnect_plan::attempt{place, start + 10s + 100ms});
  CHECK(plan.after_failure(next.when, 0).place != place);
}

TEST_CASE("a broker that accepts and drops at once is backed away from") {
  reconnect_plan plan{1, bounds_of(100ms, 10s)};
  auto at = start;
  for (auto expected : {100ms, 200ms, 400ms}) {
    plan.link_stands(at);
    at = plan.after_failure(at + 1ms, full(expected)).when;
    CHECK(plan.failures() > 0);
  }
}

TEST_CASE("a broker that asks for time gets it, and another is tried meanwhile") {
  auto waits = bounds_of(100ms, 10s);
  reconnect_plan alone{1, waits};
  CHECK(alone.after_failure(start, 0, 1000ms).when == start + 1000ms);
  CHECK(alone.after_failure(start, longest, 0ms).when <= start + 10s);

  reconnect_plan two{2, waits};
  two.link_stands(start);
  auto next = two.after_failure(start + 60s, 0, 1000ms);
  CHECK(next == reconnect_plan::attempt{1, start + 60s});
  // Both have asked: the one that may be asked first.
  next = two.after_failure(start + 60s, 0, 5000ms);
  CHECK(next == reconnect_plan::attempt{0, start + 61s});
}

TEST_CASE("clients that were all asked for the same time do not come back at the same moment") {
  std::set<steady_time> times;
  for (std::uint64_t client = 0; client < 10; ++client) {
    reconnect_plan plan{1, bounds_of(500ms, 10s)};
    auto when = plan.after_failure(start, client * 37, 1000ms).when;
    CHECK(when >= start + 1000ms);
    CHECK(when <= start + 1500ms);
    times.insert(when);
  }
  CHECK(times.size() == 10);
}

TEST_CASE("a broker cannot send a client away for ever") {
  auto waits = bounds_of(100ms, 10s);
  reconnect_plan plan{1, waits};
  CHECK(plan.after_failure(start, 0, std::chrono::milliseconds{0xffffffff}).when ==
        start + waits.retry_after_max);
}

TEST_CASE("bounds that make no sense do not make the plan spin or overflow") {
  reconnect_plan none{0, bounds_of(-5ms, -5ms)};
  CHECK(none.after_failure(start, longest).when == start);
  reconnect_plan huge{1, bounds_of(24h * 365, 24h * 3650)};
  for (int i = 0; i < 100; ++i)
    CHECK(huge.after_failure(start, longest).when <= start + 24h * 3650);
}
