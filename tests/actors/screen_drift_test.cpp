// What follows when a recorder leaves what is desired, and who is asked, or ordered, when it comes.
#include "tests/actors/screen_life.hpp"
#include "tests/actors/screen_parties.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// One recorder that has said that it is off.
screen_life with(client_id recorder, confirm_rules rules = {}) {
  screen_life life{test_rules(rules)};
  life.comes(recorder, recorder == exact);
  life.says(recorder, disabled);
  return life;
}

screen_life with_both(confirm_rules rules = {}) {
  auto life = with(plain, rules);
  life.comes(exact, true);
  life.says(exact, disabled);
  return life;
}

/// A plain recorder that does as it is told: recording, then paused.
screen_life paused_by_command(confirm_rules rules = {}) {
  auto life = with(plain, rules);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  return life;
}

confirm_rules drift(drift_policy policy) {
  confirm_rules c;
  c.drift_paused = c.drift_disabled = c.drift_enabled = policy;
  return c;
}

} // namespace

// ---- drift -------------------------------------------------------------------------------------

TEST_CASE("recorded while paused is desired: ordered again at once, and an alarm") {
  auto life = paused_by_command();
  CHECK(life.says(plain, enabled) == "alarm (drift) of 70; order pause 71 (drift) for 70");
  CHECK(life.now_shown.alarms.size() == 1);
  CHECK(life.says(plain, paused) == "#3 own pause confirmed");
  CHECK(life.now_shown.alarms.empty());
}

TEST_CASE("drift is corrected, told or ignored, as the configuration says") {
  CHECK(with(plain, drift(drift_policy::ignore)).says(plain, enabled) == "");
  auto told = paused_by_command(drift(drift_policy::alarm));
  CHECK(told.says(plain, enabled) == "alarm (drift) of 70");
  auto ignored = paused_by_command(drift(drift_policy::ignore));
  CHECK(ignored.says(plain, enabled) == "");
  CHECK(light(ignored.now_shown) == enabled);
}

TEST_CASE("off while paused is desired is no drift") {
  auto life = paused_by_command();
  CHECK(life.says(plain, disabled) == "");
}

TEST_CASE("paused or off while recording is desired is told") {
  for (auto word : {paused, disabled}) {
    auto life = with(plain);
    life.asks(verb::start, 71);
    life.says(plain, enabled);
    CHECK(life.says(plain, word) == "alarm (drift) of 70");
    auto corrected = with(plain, drift(drift_policy::correct));
    corrected.asks(verb::start, 71);
    corrected.says(plain, enabled);
    CHECK(corrected.says(plain, word) == "alarm (drift) of 70; order start 71 (drift) for 70");
  }
}

TEST_CASE("recorded while off is desired is told of the stopped call or of none, of no other") {
  auto stopped = [] {
    auto life = with(plain);
    life.asks(verb::start, 71);
    life.says(plain, enabled);
    life.asks(verb::pause, 72);
    life.says(plain, paused);
    life.asks(verb::resume, 72);
    life.says(plain, enabled);
    life.asks(verb::stop, 71);
    life.says(plain, disabled);
    return life;
  };
  CHECK(stopped().says(plain, enabled, 0, 71) == "alarm (drift) of 70");
  CHECK(stopped().says(plain, enabled, 0, 0) == "alarm (drift) of 70");
  CHECK(stopped().says(plain, enabled, 0, 73) == "");
  CHECK(stopped().says(plain, enabled, 0, 72) == ""); // known, and never stopped
  auto anew = stopped();
  anew.says(plain, enabled, 0, 71);
  anew.says(plain, enabled, 0, 73); // what it records now is another
  anew.asks(verb::pause, 73);
  anew.says(plain, paused);
  CHECK(anew.asks(verb::resume, 73) == "");
  CHECK(desired(anew.now_shown) == enabled);
}

TEST_CASE("an answer is no drift, and drift is seen again once nothing is owed") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  CHECK(life.says(plain, enabled) == "");
  life.says(plain, paused);
  CHECK(life.says(plain, enabled) == "alarm (drift) of 70; order pause 71 (drift) for 70");
}

TEST_CASE("drift of a recorder that never answered is seen, too") {
  auto life = with(plain);
  life.asks(verb::pause, 71);
  CHECK(life.after(timeout * 3) == "order query 0 (asked) for 70; #1 pause timed_out; "
                                   "#2 own query timed_out unknown");
  CHECK(life.says(plain, enabled) == "alarm (drift) of 70; order pause 71 (drift) for 70");
}

TEST_CASE("corrections are bounded and grow rarer; then the alarm stands") {
  auto life = paused_by_command();
  life.says(plain, enabled);
  std::vector<std::int64_t> sent{life.now.count()};
  for (int i = 0; i < 1200; ++i) { // two minutes
    life.passes(steady_ms{100});
    for (auto& o : all_of<send_order>(life.effects))
      if (o.cause == broker_reason::drift)
        sent.push_back(life.now.count());
    if (!life.told[plain].empty() && life.now_shown.recorders.front().said == enabled)
      life.says(plain, enabled); // it does not listen
  }
  REQUIRE(sent.size() == corrections_max);
  CHECK(sent[1] - sent[0] < sent[2] - sent[1]);
  CHECK(life.now_shown.orders.empty());
  CHECK_FALSE(life.now_shown.alarms.empty());
}

TEST_CASE("a pause that a recorder did not carry out is ordered again") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  CHECK(life.after(timeout * 2).find("order pause 71 (drift) for 70") != std::string::npos);
}

TEST_CASE("a recorder that goes on recording is brought back where another's pause is enough") {
  confirm_rules any;
  any.pause = confirm_policy::any;
  auto life = with_both(any);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.says(exact, enabled, 1);
  life.asks(verb::pause, 71);
  CHECK(life.says(exact, paused, 2) == "#2 pause confirmed");
  CHECK(life.after(timeout * 2).find("order pause 71 (drift) for 70") != std::string::npos);
}

TEST_CASE("a recording that a recorder began it may end") {
  auto life = with(plain);
  life.says(plain, enabled, 0, 71);
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  life.asks(verb::resume, 71);
  life.says(plain, enabled);
  CHECK(life.says(plain, disabled) == "");
  CHECK(desired(life.now_shown) == disabled);
}

TEST_CASE("a recorder that ends its recording does not end another's") {
  auto life = with_both();
  life.says(plain, enabled, 0, 71);
  life.says(exact, enabled, 0, 71);
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  life.says(exact, paused, 1);
  life.asks(verb::resume, 71);
  life.says(plain, enabled);
  life.says(exact, enabled, 2);
  life.says(plain, disabled);
  CHECK(desired(life.now_shown) == enabled);
}

// ---- asking, and recorders that come -----------------------------------------------------------

TEST_CASE("a recorder that registers and says nothing is asked") {
  screen_life life;
  life.comes(plain, false);
  CHECK(life.after(timeout / 2) == "order query 0 (asked) for 70");
  CHECK(life.says(plain, paused) == "#1 own query confirmed paused");
  CHECK(light(life.now_shown) == paused);
  CHECK(life.after(timeout * 10) == "");
}

TEST_CASE(
  "half-way to a deadline the silent are asked, and a plain one is confirmed by its answer") {
  auto life = with(plain);
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  life.asks(verb::pause, 72); // it does not repeat itself
  CHECK(life.after(timeout / 2 - steady_ms{1}) == "");
  CHECK(life.after(steady_ms{1}) == "order query 0 (asked) for 70");
  CHECK(life.says(plain, paused) == "#2 pause confirmed; #3 own query confirmed paused");
}

TEST_CASE("a recorder that was asked in vain is asked again at the next order") {
  auto life = with(plain);
  life.asks(verb::pause, 71);
  life.passes(timeout * 3);
  life.asks(verb::pause, 72);
  CHECK(life.after(timeout / 2) == "order query 0 (asked) for 70");
}

TEST_CASE("a recorder that comes is to do what is desired, by an order of its own") {
  auto life = paused_by_command();
  life.comes(exact, true);
  CHECK(in_words(life.effects) == "order pause 71 (recorder_came) for 71; unknown (recorder_came)");
  CHECK(life.told[plain].size() == 2);
  CHECK(life.says(exact, paused, 3) == "#3 own pause confirmed");
}

TEST_CASE("a recorder that comes and does not do what is desired brings an alarm") {
  auto life = paused_by_command();
  life.comes(exact, true);
  CHECK(life.after(timeout).find("alarm (recorder_unconfirmed) of 71; #3 own pause timed_out") !=
        std::string::npos);
}

TEST_CASE("an order of the broker's that found no room brings an alarm") {
  auto life = paused_by_command();
  life.full = {plain};
  CHECK(life.says(plain, enabled) == "alarm (drift) of 70; order pause 71 (drift) for 70");
  CHECK(life.after(timeout) == "alarm (recorder_unconfirmed) of 70; #3 own pause recorder_lost");
  life.full = {};
  CHECK(life.after(5 * timeout).find("order pause 71 (drift) for 70") != std::string::npos);
}

TEST_CASE("an order for one recorder leaves open what others are to do") {
  auto life = paused_by_command();
  life.asks(verb::pause, 0);
  life.says(plain, paused);
  life.asks(verb::stop, 71); // a pause stands on
  life.comes(exact, true);
  CHECK(in_words(life.effects).find("superseded") == std::string::npos);
  life.says(exact, paused, life.version);
  CHECK(life.says(plain, disabled) == "#4 stop confirmed");
}

TEST_CASE("a recorder that registers again and is well is left alone") {
  auto life = paused_by_command();
  life.comes(plain, false);
  CHECK(in_words(life.effects) == "");
  CHECK(light(life.now_shown) == paused);
}

TEST_CASE("a recorder that registers again goes on with a recording that nobody stopped") {
  auto life = with(plain);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::stop, 71);
  life.says(plain, disabled);
  life.says(plain, enabled, 0, 72); // the site's own rule
  life.comes(plain, false);
  CHECK(in_words(life.effects) == "");
  life.says(plain, enabled, 0, 71); // but not with one that was stopped
  life.says(plain, disabled);
  life.says(plain, enabled, 0, 71);
  life.comes(plain, false);
  CHECK(in_words(life.effects) == "order stop 0 (recorder_came) for 70");
}

TEST_CASE("a silent recorder that registers again and again has one order, and one alarm of it") {
  auto life = paused_by_command();
  std::size_t orders = 0;
  for (int i = 0; i < 50; ++i) {
    life.comes(exact, true);
    orders += all_of<send_order>(life.effects).size();
  }
  CHECK(orders == 1);
  CHECK(life.now_shown.orders.size() == 1);
  life.passes(timeout);
  CHECK(all_of<raise_alarm>(life.effects).size() == 1);
}

TEST_CASE("a recorder that registers again and again is asked none the later") {
  screen_life life;
  std::size_t asked = 0;
  for (int i = 0; i < 30; ++i) {
    life.comes(plain, false);
    life.passes(steady_ms{100});
    asked += all_of<send_order>(life.effects).size();
  }
  CHECK(asked == 1);
}

// ---- recorders that go -------------------------------------------------------------------------

TEST_CASE("when a recorder is lost those that are left are asked, and the light is known again") {
  auto life = with_both();
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  life.says(exact, paused, 1);
  life.goes(plain);
  CHECK(in_words(life.effects) == "unknown (recorder_lost)");
  CHECK(life.after(timeout / 2) == "order query 0 (asked) for 71");
  life.says(exact, paused);
  CHECK(light(life.now_shown) == paused);
  CHECK(life.after(timeout * 10) == "");
}

TEST_CASE("of those that are left who says something by itself is not asked, and none at the end") {
  auto life = with_both();
  life.asks(verb::pause, 71);
  life.goes(plain);
  life.says(exact, paused, 1);
  CHECK(light(life.now_shown) == paused);
  CHECK(life.after(timeout * 2) == "");
  auto drains = with_both();
  drains.hears(draining{});
  drains.goes(plain);
  CHECK(drains.after(timeout * 2) == "");
}

TEST_CASE("who is silent is asked also where the order that would have asked has ended") {
  auto life = with_both();
  life.goes(exact);
  life.asks(verb::stop, 71);
  life.hears(call_ended{{71}}); // a recorder that is off already says nothing to the stop
  CHECK(life.after(timeout / 2) == "order query 0 (asked) for 70");
}

TEST_CASE("a recorder that steps down is no loss where the others say what was shown") {
  auto life = with_both();
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  life.says(exact, paused, 1);
  life.goes(plain, true);
  CHECK(in_words(life.effects) == "");
  CHECK(light(life.now_shown) == paused);
  life.goes(exact, true); // and nobody is left
  CHECK(in_words(life.effects) == "unknown (recorder_lost), alarm");
}

TEST_CASE("a recorder that steps down with another word than the others' leaves them to be asked") {
  auto life = with_both();
  life.says(plain, enabled);
  life.goes(plain, true);
  CHECK(in_words(life.effects) == "unknown (recorder_lost)");
  CHECK(life.after(timeout / 2) == "order query 0 (asked) for 71");
  life.says(exact, disabled);
  CHECK(light(life.now_shown) == disabled);
}
