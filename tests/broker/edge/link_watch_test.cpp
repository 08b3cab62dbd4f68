#include "broker/edge/link_watch.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::edge;
using namespace std::chrono_literals;

namespace {

const limits bounds;
const steady_time start{1h};

link_watch established_at(steady_time now) {
  link_watch watch{bounds, now};
  watch.established(now, 2s, 5s);
  return watch;
}

} // namespace

TEST_CASE("a client that does not sign on in time is told so") {
  link_watch watch{bounds, start};
  CHECK(watch.sweep(start + bounds.sign_on_timeout - 1ms, {}) == link_due::nothing);
  CHECK(watch.sweep(start + bounds.sign_on_timeout, {}) == link_due::sign_on_late);
  CHECK_FALSE(watch.is_established());
}

TEST_CASE("before sign-on no heartbeat is due, however long it takes") {
  link_watch watch{bounds, start};
  CHECK(watch.sweep(start + bounds.sign_on_timeout - 1ms, {}) == link_due::nothing);
}

TEST_CASE("the broker says a heartbeat when it had nothing else to say for an interval") {
  auto watch = established_at(start);
  CHECK(watch.sweep(start + 1999ms, {}) == link_due::nothing);
  CHECK(watch.sweep(start + 2s, {}) == link_due::say_heartbeat);
  watch.said(start + 2s);
  watch.heard(start + 2s);
  CHECK(watch.sweep(start + 3999ms, {}) == link_due::nothing);
  CHECK(watch.sweep(start + 4s, {}) == link_due::say_heartbeat);
}

TEST_CASE("while something waits to be sent a heartbeat adds nothing") {
  auto watch = established_at(start);
  CHECK(watch.sweep(start + 3s, {.sending = true}) == link_due::nothing);
}

TEST_CASE("a client that is silent for the timeout is asked after, and not before") {
  auto watch = established_at(start);
  watch.said(start + 5s);
  CHECK(watch.sweep(start + 4999ms, {}) == link_due::nothing);
  CHECK(watch.sweep(start + 5s, {}) == link_due::peer_silent);
  watch.heard(start + 5s);
  CHECK(watch.sweep(start + 5s, {}) == link_due::nothing);
}

TEST_CASE("the heartbeat clock stands still while the broker itself does not read") {
  auto watch = established_at(start);
  for (auto now = start; now < start + 1min; now += 1s) {
    watch.said(now);
    REQUIRE(watch.sweep(now, {.reading_paused = true}) == link_due::nothing);
  }
  watch.said(start + 1min + 4s);
  CHECK(watch.sweep(start + 1min + 3s, {}) == link_due::nothing);
  CHECK(watch.sweep(start + 1min + 4s, {}) == link_due::peer_silent);
}

TEST_CASE("a receiver above high water for too long is slow; one that recovers is not") {
  auto watch = established_at(start);
  auto at = [&](steady_time now, bool above) {
    watch.heard(now);
    watch.said(now);
    return watch.sweep(now, {.above_high_water = above, .sending = true});
  };
  CHECK(at(start, true) == link_due::nothing);
  CHECK(at(start + bounds.slow_consumer_timeout - 1ms, true) == link_due::nothing);
  CHECK(at(start + bounds.slow_consumer_timeout - 1ms, false) == link_due::nothing);
  CHECK(at(start + bounds.slow_consumer_timeout, true) == link_due::nothing);
  CHECK(at(start + 2 * bounds.slow_consumer_timeout, true) == link_due::slow_consumer);
}

TEST_CASE("a receiver that takes all, and is behind again at each look, is not slow") {
  auto watch = established_at(start);
  for (auto now = start; now < start + 3 * bounds.slow_consumer_timeout; now += 1s) {
    watch.heard(now);
    watch.said(now);
    REQUIRE(watch.sweep(now, {.above_high_water = true, .sending = true}) == link_due::nothing);
    watch.caught_up();
  }
}

TEST_CASE("a receiver that takes nothing for too long is slow, however little waits") {
  auto watch = established_at(start);
  auto at = [&](steady_time now, bool waits) {
    watch.heard(now);
    return watch.sweep(now, {.sending = waits});
  };
  auto patience = bounds.slow_consumer_timeout;
  CHECK(at(start + 1s, false) == link_due::nothing);
  watch.said(start + 30s);
  CHECK(at(start + 30s, true) == link_due::nothing); // it waits from now on, not for 30 s
  CHECK(at(start + 30s + patience - 1ms, true) == link_due::nothing);
  watch.said(start + 30s + patience - 1ms); // it has taken something
  CHECK(at(start + 30s + patience, true) == link_due::nothing);
  CHECK(at(start + 30s + 2 * patience - 2ms, true) == link_due::nothing);
  CHECK(at(start + 30s + 2 * patience - 1ms, true) == link_due::slow_consumer);
}

TEST_CASE("what begins to wait behind a long silence is not late at once") {
  auto watch = established_at(start);
  auto late = start + 10 * bounds.slow_consumer_timeout;
  watch.heard(late);
  CHECK(watch.sweep(late, {.sending = true}) == link_due::nothing);
}

TEST_CASE("a frame that is begun must be whole in time, and the next has its own time") {
  auto watch = established_at(start);
  auto at = [&](steady_time now, link_facts facts = {}) {
    watch.heard(now);
    watch.said(now);
    return watch.sweep(now, facts);
  };
  watch.frame_begins(start);
  CHECK(watch.frame_age(start + 3s) == 3s);
  CHECK(at(start + bounds.frame_timeout - 1ms) == link_due::nothing);
  CHECK(watch.next_look(start + bounds.frame_timeout - 1ms) == start + bounds.frame_timeout);
  SECTION("late") {
    CHECK(at(start + bounds.frame_timeout) == link_due::frame_late);
  }
  SECTION("whole") {
    watch.frame_is_whole();
    CHECK(watch.frame_age(start + 1min) == 0s);
    CHECK(at(start + 1min) == link_due::nothing);
  }
  SECTION("another one") {
    watch.frame_begins(start + 5s);
    CHECK(at(start + bounds.frame_timeout) == link_due::nothing);
    CHECK(at(start + 5s + bounds.frame_timeout) == link_due::frame_late);
  }
  SECTION("not read by the broker") {
    CHECK(at(start + bounds.frame_timeout, {.frame_may_wait = true}) == link_due::nothing);
    CHECK(at(start + bounds.frame_timeout + 1s) == link_due::nothing);
  }
}

TEST_CASE("a closing connection lingers for its last frames and no longer") {
  auto watch = established_at(start);
  watch.closing(start + 1s);
  CHECK_FALSE(watch.is_established());
  CHECK(watch.sweep(start + 1s + bounds.linger_timeout - 1ms, {}) == link_due::nothing);
  CHECK(watch.sweep(start + 1s + bounds.linger_timeout, {}) == link_due::linger_over);
  SECTION("asking again does not begin the linger anew") {
    watch.closing(start + 10s);
    CHECK(watch.sweep(start + 1s + bounds.linger_timeout, {}) == link_due::linger_over);
  }
  SECTION("a sign-on that comes too late changes nothing") {
    watch.established(start + 2s, 2s, 5s);
    CHECK_FALSE(watch.is_established());
  }
}

TEST_CASE("nothing is due before the next look") {
  auto watch = established_at(start);
  auto heard = GENERATE(0ms, 300ms, 4200ms);
  auto said = GENERATE(0ms, 100ms, 1999ms);
  watch.heard(start + heard);
  watch.said(start + said);
  for (auto now = start + 4200ms; now < start + 12s;) {
    auto next = watch.next_look(now);
    auto due = watch.sweep(now, {});
    if (due != link_due::nothing) {
      if (due == link_due::peer_silent)
        break;
      watch.said(now);
      continue;
    }
    REQUIRE(next > now);
    REQUIRE(next <= now + 1s);
    for (auto between = now; between < next; between += 7ms)
      REQUIRE(link_watch{watch}.sweep(between, {}) == link_due::nothing);
    now = next;
  }
}

TEST_CASE("a connection that is not signed on is looked at by its deadline") {
  link_watch watch{bounds, start};
  CHECK(watch.next_look(start) == start + 1s);
  CHECK(watch.next_look(start + bounds.sign_on_timeout - 10ms) == start + bounds.sign_on_timeout);
}

TEST_CASE("while the broker stands still no client's time runs") {
  constexpr auto still = 1h;
  auto patience = bounds.slow_consumer_timeout;
  SECTION("of what it takes") {
    auto facts =
      GENERATE(link_facts{.above_high_water = true, .sending = true}, link_facts{.sending = true});
    auto watch = established_at(start);
    CHECK(watch.sweep(start + 1s, facts) == link_due::nothing);
    auto awake = start + 1s + still;
    watch.stood_still(still, awake);
    watch.heard(awake);
    CHECK(watch.sweep(awake, facts) == link_due::nothing);
    watch.heard(awake + patience);
    CHECK(watch.sweep(awake + patience, facts) == link_due::slow_consumer);
  }
  SECTION("of a frame that was begun") {
    auto watch = established_at(start);
    watch.frame_begins(start);
    watch.said(start + still);
    watch.heard(start + still);
    watch.stood_still(still, start + still);
    CHECK(watch.sweep(start + still, {}) == link_due::nothing);
    CHECK(watch.frame_age(start + still + bounds.frame_timeout) == bounds.frame_timeout);
  }
  SECTION("of a sign-on") {
    link_watch watch{bounds, start};
    watch.stood_still(still, start + still);
    CHECK(watch.sweep(start + still, {}) == link_due::nothing);
    CHECK(watch.sweep(start + still + bounds.sign_on_timeout, {}) == link_due::sign_on_late);
  }
}
