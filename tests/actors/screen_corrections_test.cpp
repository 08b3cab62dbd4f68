// How often a recorder that leaves what is desired is corrected, and told of: each for itself, and
// within bounds. Who refuses is treated as who is silent. Who is left when a recorder goes is
// asked.
#include "tests/actors/screen_life.hpp"
#include "tests/actors/screen_parties.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr steady_ms calm_time = 15 * timeout;
constexpr steady_ms instant{1};

const std::string corrected = "alarm (drift) of 70; order pause 71 (drift) for 70";

confirm_rules any_confirms() {
  confirm_rules c;
  c.pause = c.start = c.resume = c.stop = confirm_policy::any;
  return c;
}

/// A plain and an exact recorder that are recorded by command.
screen_life both_record(confirm_rules rules = {}) {
  screen_life life{test_rules(rules)};
  life.comes(plain, false);
  life.comes(exact, true);
  life.says(plain, disabled);
  life.says(exact, disabled);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.says(exact, enabled, 1);
  return life;
}

screen_life both_paused(confirm_rules rules = {}) {
  auto life = both_record(rules);
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  life.says(exact, paused, 2);
  return life;
}

bool has_drift_alarm(const screen_life& life) {
  for (auto& a : life.now_shown.alarms)
    if (a.reason == broker_reason::drift)
      return true;
  return false;
}

struct counts {
  std::size_t orders = 0;
  std::size_t alarms = 0;
};

/// The plain recorder leaves the pause and comes back, so often.
counts flaps(screen_life& life, int times, steady_ms apart = steady_ms{2}) {
  counts seen;
  for (int i = 0; i < times; ++i) {
    life.says(plain, enabled);
    seen.orders += all_of<send_order>(life.effects).size();
    seen.alarms += all_of<raise_alarm>(life.effects).size();
    life.says(plain, paused);
    life.passes(apart);
  }
  return seen;
}

} // namespace

// ---- corrections -------------------------------------------------------------------------------

TEST_CASE("a recorder that came back and leaves again is corrected at once, again and again") {
  auto life = both_paused();
  for (int i = 0; i < corrections_max; ++i) {
    CHECK(life.says(plain, enabled) == corrected);
    life.says(plain, paused);
    CHECK(life.after(steady_ms{3000}) == "");
  }
  CHECK(life.says(plain, enabled) == "alarm (drift) of 70"); // no more within the calm time
  CHECK(life.after(calm_time * 3) == "");
}

TEST_CASE("a recorder that has been calm is corrected again") {
  auto life = both_paused();
  flaps(life, corrections_max);
  life.passes(calm_time - steady_ms{10});
  CHECK(life.says(plain, enabled) == "alarm (drift) of 70");
  life.says(plain, paused);
  life.passes(calm_time);
  CHECK(life.says(plain, enabled) == corrected);
}

TEST_CASE("corrections are counted anew after a calm time, also of one that goes on leaving") {
  auto life = both_paused();
  flaps(life, corrections_max);
  CHECK(flaps(life, 30, steady_ms{1000}).orders == 0);
  CHECK(flaps(life, 2, steady_ms{1000}).orders == 2);
}

TEST_CASE("one recorder does not spend the other's corrections") {
  auto life = both_paused();
  flaps(life, 10);
  CHECK(life.says(exact, enabled) == "alarm (drift) of 71; order pause 71 (drift) for 71");
}

TEST_CASE("one recorder's failed correction does not delay the other's") {
  auto life = both_paused();
  life.says(plain, enabled);
  life.says(plain, enabled); // it does not listen
  life.passes(timeout);
  CHECK(life.says(exact, enabled) == "alarm (drift) of 71; order pause 71 (drift) for 71");
  life.says(exact, paused, life.version);
  CHECK(life.after(5 * timeout) == "order pause 71 (drift) for 70");
}

TEST_CASE("where something else is desired corrections are counted anew") {
  auto life = both_paused();
  flaps(life, 10);
  life.asks(verb::resume, 71);
  life.says(plain, enabled);
  life.says(exact, enabled, life.version);
  CHECK_FALSE(has_drift_alarm(life));
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  life.says(exact, paused, life.version);
  CHECK(life.says(plain, enabled) == corrected);
}

TEST_CASE("after a correction that failed a recorder that comes back begins anew") {
  auto life = both_paused();
  life.says(plain, enabled);
  life.says(plain, enabled); // it does not listen
  life.passes(timeout);      // and the next one is due in five deadlines
  life.says(plain, paused);
  CHECK(life.says(plain, enabled) == corrected);
  life.says(plain, enabled);
  CHECK(life.after(timeout) == "alarm (recorder_unconfirmed) of 70; #4 own pause timed_out");
  CHECK(life.after(5 * timeout - instant) == "");
  CHECK(life.after(instant) == "order pause 71 (drift) for 70"); // the third, and the last
  life.says(plain, enabled);
  life.passes(timeout);
  CHECK(life.after(calm_time * 5) == "");
  CHECK(has_drift_alarm(life));
}

// ---- alarms ------------------------------------------------------------------------------------

TEST_CASE("a recorder that flaps a thousand times makes a bounded number of alarms") {
  confirm_rules told;
  told.drift_paused = drift_policy::alarm;
  for (auto& rules : {confirm_rules{}, told}) {
    auto life = both_paused(rules);
    auto seen = flaps(life, 1000);
    CHECK(seen.alarms == corrections_max + 1);
    CHECK(seen.orders == (rules.drift_paused == drift_policy::alarm ? 0 : corrections_max));
    CHECK(has_drift_alarm(life)); // though it is paused just now
    CHECK(life.broken == "");
  }
}

TEST_CASE("the alarm about a recorder that flapped ends once it has been calm") {
  auto life = both_paused();
  flaps(life, 20);
  life.passes(calm_time - steady_ms{10});
  CHECK(has_drift_alarm(life));
  life.passes(steady_ms{10});
  CHECK_FALSE(has_drift_alarm(life));
  CHECK(life.says(plain, enabled) == corrected);
}

TEST_CASE("an alarm about a recorder that does not come back stands after the calm time, too") {
  auto life = both_paused();
  flaps(life, 20);
  life.says(plain, enabled);
  life.passes(calm_time * 3);
  CHECK(has_drift_alarm(life));
  life.says(plain, paused);
  CHECK_FALSE(has_drift_alarm(life));
}

TEST_CASE("that a recorder is lost ends as an alarm when nothing is wanted of one any more") {
  auto lost = [] {
    auto life = both_record();
    life.goes(plain);
    life.goes(exact);
    CHECK(life.now_shown.alarms.size() == 1);
    return life;
  };
  auto stopped = lost();
  stopped.asks(verb::stop, 71);
  CHECK(stopped.now_shown.alarms.empty());
  auto ended = lost();
  ended.hears(call_ended{{71}});
  CHECK(ended.now_shown.alarms.empty());
  auto pausing = lost();
  pausing.asks(verb::pause, 71);
  CHECK(pausing.now_shown.alarms.size() == 1);
}

// ---- who refuses -------------------------------------------------------------------------------

TEST_CASE("who refuses what another's word was enough for is corrected at once, early or late") {
  for (bool refuses_first : {true, false})
    for (bool says_failed : {true, false}) {
      auto life = both_record(any_confirms());
      life.asks(verb::pause, 71);
      auto refuses = [&] {
        return says_failed ? life.fails(exact, 2) : life.says(exact, enabled, 2);
      };
      auto last = refuses_first ? refuses() : life.says(plain, paused);
      CHECK(last == (refuses_first ? "" : "#2 pause confirmed"));
      last = refuses_first ? life.says(plain, paused) : refuses();
      std::string done = refuses_first ? "#2 pause confirmed; " : "";
      CHECK(last == done + "alarm (drift) of 71; order pause 71 (drift) for 71");
      CHECK(life.says(exact, paused, 3) == "#3 own pause confirmed");
      CHECK(life.now_shown.alarms.empty());
    }
}

TEST_CASE("a plain recorder that says failed is corrected as one that is silent") {
  auto life = both_record(any_confirms());
  life.asks(verb::pause, 71);
  life.says(exact, paused, 2);
  CHECK(life.fails(plain) == corrected);
}

TEST_CASE("a recorder that another's word was enough for, and that had no room, is corrected") {
  auto life = both_record(any_confirms());
  life.full = {plain};
  life.asks(verb::pause, 71);
  life.full = {};
  CHECK(life.says(exact, paused, 2) == "#2 pause confirmed; " + corrected);
}

TEST_CASE("who refuses to record what another records is told of, and once") {
  auto life = both_paused();
  life.asks(verb::resume, 71);
  life.says(plain, enabled);
  CHECK(life.fails(exact, 3) == "alarm (drift) of 71");
  CHECK(life.after(calm_time) == "");
}

TEST_CASE("who refuses and does what is desired all the same is left alone") {
  auto life = both_paused(any_confirms());
  life.asks(verb::pause, 72);
  life.says(plain, paused);
  CHECK(life.fails(exact, 3) == "");
  CHECK(life.after(calm_time) == "");
}

TEST_CASE("an answer to the broker's question is no excuse for leaving what is desired") {
  auto life = both_paused();
  life.goes(exact);
  CHECK(life.after(timeout / 2) == "order query 0 (asked) for 70");
  CHECK(life.says(plain, enabled) == corrected + "; #3 own query confirmed enabled");
}
