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

TEST_CASE("a closing connection lingers for its last frames and no longer") {
  auto watch = established_at(start);
  watch.closing(start + 1s);
  CHECK(watch.is_closing());
  CHECK(watch.sweep(start + 1s + bounds.linger_timeout - 1ms, {}) == link_due::nothing);
  CHECK(watch.sweep(start + 1s + bounds.linger_timeout, {}) == link_due::linger_over);
  SECTION("asking again does not begin the linger anew") {
    watch.closing(start + 10s);
    CHECK(watch.sweep(start + 1s + bounds.linger_timeout, {}) == link_due::linger_over);
  }
  SECTION("a sign-on that comes too late changes nothing") {
    watch.established(start + 2s, 2s, 5s);
    CHECK(watch.is_closing());
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
