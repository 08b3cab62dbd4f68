// When an operator hears of a slow client.
#include "broker/edge/slow_watch.hpp"

#include <catch2/catch.hpp>

using namespace ringdown::edge;
using namespace std::chrono_literals;
using kind = slow_watch::news::kind;

namespace {

/// A link that is looked at as time passes.
struct looked_at {
  slow_watch watch;
  slow_watch::time_point now{1h};
  std::uint64_t missed = 0;

  slow_watch::news after(std::chrono::milliseconds time, bool is_high, bool has_gap = false) {
    now += time;
    return watch.look(now, is_high, has_gap, missed);
  }
};

} // namespace

TEST_CASE("a burst that is taken within a second is no news") {
  looked_at link;
  for (int i = 0; i < 10; ++i) {
    CHECK(link.after(500ms, true).what == kind::none);
    CHECK(link.after(499ms, true).what == kind::none);
    CHECK(link.after(1ms, false).what == kind::none);
  }
}

TEST_CASE("a client that stays above high water is told of once, and when it has caught up") {
  looked_at link;
  CHECK(link.after(0ms, true).what == kind::none);
  auto begins = link.after(1s, true);
  CHECK(begins.what == kind::slow);
  CHECK(begins.lasted == 1s);
  CHECK(begins.missed == 0);
  CHECK(link.after(5s, true).what == kind::none);
  CHECK(link.after(1ms, false).what == kind::none);
  CHECK(link.after(9998ms, false).what == kind::none);
  auto over = link.after(1ms, false);
  CHECK(over.what == kind::caught_up);
  CHECK(over.lasted == 6s);
  CHECK(link.after(1h, false).what == kind::none);
}

TEST_CASE("a client that misses events is slow at once, and what it missed is counted") {
  looked_at link;
  link.missed = 3;
  CHECK(link.after(10ms, false, true).what == kind::slow);
  link.missed = 7;
  CHECK(link.after(10ms, true).what == kind::none);
  CHECK(link.after(10s, true).what == kind::none);
  auto over = link.after(10s, false);
  CHECK(over.what == kind::caught_up);
  CHECK(over.missed == 7);
  link.missed = 8; // again, and seen only when its gap had closed
  auto again = link.after(10ms, false);
  CHECK(again.what == kind::slow);
  CHECK(again.missed == 1);
}

TEST_CASE("a client that is slow again and again has two lines in ten seconds at most") {
  looked_at link;
  int told = 0;
  for (int i = 0; i < 1000; ++i) {
    link.missed += i % 2 == 0 ? 1u : 0u;
    told += link.after(100ms, false).what != kind::none ? 1 : 0;
  }
  CHECK(told == 1); // it is slow all the time
}
