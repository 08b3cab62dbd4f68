// How often somebody may fail before its failures are answered slowly, in virtual time.
#include "broker/security/failure_limiter.hpp"

#include <rapidcheck/catch.h>

#include <map>

using namespace ringdown::security;
using namespace std::chrono_literals;

namespace {

/// A limiter and the time.
struct door {
  explicit door(failure_limiter::rules of = {}) : limiter{of, 1} {}

  bool waits(std::string_view source) { return limiter.note_failure(source, now) == 1s; }
  /// How many of so many failures are answered at once.
  int at_once(std::string_view source, int failures) {
    int count = 0;
    for (int i = 0; i < failures; ++i)
      count += waits(source) ? 0 : 1;
    return count;
  }

  failure_limiter limiter;
  failure_limiter::clock::time_point now{1'000h};
};

} // namespace

TEST_CASE("a source fails ten times at once, and then once a second") {
  door d;
  CHECK(d.at_once("a", 50) == 10);
  d.now += 999ms;
  CHECK(d.at_once("a", 50) == 0);
  d.now += 1ms;
  CHECK(d.at_once("a", 50) == 1);
  d.now += 5s;
  CHECK(d.at_once("a", 50) == 5);
  d.now += 1h;
  CHECK(d.at_once("a", 50) == 10);
}

TEST_CASE("who goes on failing while it waits does not wait longer for it") {
  door d;
  CHECK(d.at_once("a", 100'000) == 10);
  d.now += 1s;
  CHECK_FALSE(d.waits("a"));
}

TEST_CASE("nobody waits for the failures of another source") {
  door d;
  CHECK(d.at_once("a", 10'000) == 10);
  CHECK(d.at_once("b", 50) == 10);
  CHECK(d.limiter.sources() == 2);
}

TEST_CASE("all sources together have so many a second") {
  door d{{.per_second_max = 200}};
  int at_once = 0;
  for (int i = 0; i < 1'000; ++i)
    at_once += d.waits("source " + std::to_string(i)) ? 0 : 1;
  CHECK(at_once == 200);
  d.now += 500ms;
  at_once = 0;
  for (int i = 0; i < 1'000; ++i)
    at_once += d.waits("other " + std::to_string(i)) ? 0 : 1;
  CHECK(at_once == 100);
}

TEST_CASE("a source that waits takes nothing of what all have together") {
  door d{{.per_second_max = 20}};
  CHECK(d.at_once("a", 1'000) == 10);
  CHECK(d.at_once("b", 1'000) == 10);
  CHECK(d.at_once("c", 1'000) == 0);
  d.now += 1s;
  CHECK(d.at_once("a", 1'000) == 1);
  CHECK(d.at_once("c", 1'000) == 10);
}

TEST_CASE("who comes from nowhere counts for all alone") {
  door d;
  CHECK(d.at_once("", 1'000) == 200);
  CHECK(d.limiter.sources() == 0);
  CHECK(d.waits("a"));
}

TEST_CASE("so many sources are remembered, and the one that failed longest ago goes") {
  door d{{.source_burst = 1, .sources_max = 3, .per_second_max = 1'000}};
  for (auto* source : {"a", "b", "c"})
    CHECK_FALSE(d.waits(source));
  CHECK(d.waits("a")); // known, and now the newest
  CHECK_FALSE(d.waits("d"));
  CHECK(d.limiter.sources() == 3);
  CHECK(d.waits("a"));
  CHECK(d.waits("c"));
  CHECK_FALSE(d.waits("b")); // forgotten
}

TEST_CASE("a limiter without room or rate still answers") {
  door none{{.source_burst = 0, .sources_max = 0, .per_second_max = 0}};
  CHECK(none.waits("a"));
  CHECK(none.waits("b"));
  CHECK(none.limiter.sources() == 1);
}

TEST_CASE("a source is answered at once as often as a plain count of its seconds says") {
  rc::prop("any times, few sources", [] {
    door d{{.per_second_max = 1'000'000}};
    struct count {
      std::int64_t left_ms = 10'000; // a failure takes a thousand
      failure_limiter::clock::time_point at{1'000h};
    };
    std::map<std::string, count> model;
    for (int i = 0; i < 200; ++i) {
      d.now += std::chrono::milliseconds{*rc::gen::inRange(0, 700)};
      const auto source = std::string(1, *rc::gen::element('a', 'b', 'c'));
      auto& one = model[source];
      one.left_ms = std::min<std::int64_t>(
        10'000, one.left_ms +
                  std::chrono::duration_cast<std::chrono::milliseconds>(d.now - one.at).count());
      one.at = d.now;
      const bool has_room = one.left_ms >= 1'000;
      if (has_room)
        one.left_ms -= 1'000;
      RC_ASSERT(d.waits(source) == !has_room);
    }
  });
}
