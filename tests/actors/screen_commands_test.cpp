// The table of commands, row by row: what each changes, and what of it reaches the recorders.
#include "tests/actors/screen_life.hpp"
#include "tests/actors/screen_parties.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// A DN with one recorder that says what is so, with or without a call source.
screen_life desk(bool calls_are_told = true, confirm_rules rules = {}) {
  screen_life life{test_rules(rules)};
  life.calls_are_told = calls_are_told;
  life.comes(plain, false);
  life.says(plain, disabled);
  return life;
}

confirm_rules each_holder() {
  confirm_rules c;
  c.ownership = pause_ownership::all_holders;
  return c;
}

confirm_rules calls_lift() {
  confirm_rules c;
  c.new_call = new_call_policy::lifts;
  return c;
}

/// 71, paused by crm after it was recorded.
screen_life paused_desk(bool calls_are_told = true, confirm_rules rules = {}) {
  auto life = desk(calls_are_told, rules);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  return life;
}

std::string pauses(const screen_life& life) {
  std::string all;
  for (auto& p : life.now_shown.pauses)
    all += (all.empty() ? "" : " ") + std::to_string(p.covers.value) + p.holder.application;
  return all;
}

bool wants(const screen_life& life, std::uint64_t call) {
  auto* known = find_call(life.now_shown, {call});
  return known != nullptr && known->wants != wish::none;
}

} // namespace

// ---- pause -------------------------------------------------------------------------------------

TEST_CASE("a pause stands from its command on, also where nothing is recorded, and goes out") {
  auto life = desk();
  CHECK_FALSE(desired(life.now_shown));
  CHECK(life.asks(verb::pause, 71) == "");
  CHECK(life.told[plain].back().verb == verb::pause);
  CHECK(desired(life.now_shown) == paused);
  CHECK(light(life.now_shown) == disabled); // the light is the recorder's
  CHECK(life.says(plain, paused) == "#1 pause confirmed");
  CHECK(light(life.now_shown) == paused);
}

TEST_CASE("pauses of a call, of the whole screen and of other holders stand side by side") {
  auto life = desk();
  life.asks(verb::pause, 71);
  life.asks(verb::pause, 0);
  life.asks(verb::pause, 71, "bot");
  CHECK(pauses(life) == "71crm 0crm 71bot");
  life.asks(verb::pause, 71);
  CHECK(pauses(life) == "0crm 71bot 71crm"); // one holder's pause of a call is one
}

TEST_CASE("a pause that is asked for again keeps its age, its reason and its agent") {
  auto life = desk();
  life.commands(life.command_of(verb::pause, 71, "crm", "Ann"), steady_ms{2000}, "card");
  auto since = life.now_shown.pauses.front().since_us;
  life.passes(steady_ms{7000});
  life.asks(verb::pause, 71);
  REQUIRE(life.now_shown.pauses.size() == 1);
  auto& p = life.now_shown.pauses.front();
  CHECK(p.since_us == since);
  CHECK(p.reason == "card");
  CHECK(p.holder.agent_id == "Ann");
  CHECK(p.version.value == 2);
}

// ---- resume ------------------------------------------------------------------------------------

TEST_CASE("a resume lifts the pauses of its call and of the whole screen, and no others") {
  auto life = paused_desk();
  life.asks(verb::pause, 0);
  life.asks(verb::pause, 72);
  CHECK(life.asks(verb::resume, 71) == "#5 resume held by 72 of crm");
  CHECK(pauses(life) == "72crm");
  CHECK(desired(life.now_shown) == paused);
}

TEST_CASE("without a call source a resume lifts the pauses of all calls") {
  auto life = paused_desk(false);
  life.asks(verb::pause, 72);
  life.says(plain, paused);
  CHECK(life.asks(verb::resume, 73) == "");
  CHECK(life.told[plain].back().verb == verb::resume);
  CHECK(desired(life.now_shown) == enabled);
}

TEST_CASE("a resume of no call lifts all that its sender may lift, of any call") {
  auto life = paused_desk(true, each_holder());
  life.asks(verb::pause, 72);
  life.asks(verb::pause, 72, "bot");
  CHECK(life.asks(verb::resume, 0).find("held by 72 of bot") != std::string::npos);
  CHECK(pauses(life) == "72bot");
}

TEST_CASE("a resume records what was to be recorded before the pause") {
  auto life = paused_desk();
  CHECK(life.asks(verb::resume, 71) == "");
  CHECK(desired(life.now_shown) == enabled);
  CHECK(life.says(plain, enabled) == "#3 resume confirmed");
}

TEST_CASE("a resume records what was started during the pause") {
  auto life = desk();
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  CHECK(life.asks(verb::start, 72) == "#2 start held by 71 of crm");
  CHECK(life.asks(verb::resume, 71) == "order start 72 (hold_released), releases #2");
  CHECK(life.told[plain].back().verb == verb::start);
}

TEST_CASE("a resume records again what a recorder had begun by itself") {
  for (auto call : {0, 71}) {
    auto life = desk();
    life.says(plain, enabled, 0, 71);
    CHECK_FALSE(desired(life.now_shown));
    life.asks(verb::pause, call);
    life.says(plain, paused);
    CHECK(life.asks(verb::resume, call) == "");
    CHECK(life.told[plain].back().verb == verb::resume);
    CHECK(desired(life.now_shown) == enabled);
  }
}

TEST_CASE("what begins by itself after an earlier pause is recorded again, too") {
  for (auto call : {0, 71}) { // with ConnIDs and without
    auto life = desk();
    life.asks(verb::pause, call); // before the recording begins
    life.says(plain, paused);
    CHECK(life.asks(verb::resume, call) == "#2 resume confirmed");
    CHECK(life.says(plain, enabled, 0, call) == ""); // no drift: nobody has stopped anything
    CHECK(life.now_shown.alarms.empty());
    life.asks(verb::pause, call);
    life.says(plain, paused);
    CHECK(life.asks(verb::resume, call) == "");
    CHECK(life.told[plain].back().verb == verb::resume);
  }
}

TEST_CASE("a resume never records what was not, and is confirmed at once") {
  auto life = desk();
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  auto told = life.told[plain].size();
  CHECK(life.asks(verb::resume, 71) == "#2 resume confirmed");
  CHECK(life.told[plain].size() == told);
  CHECK(desired(life.now_shown) == disabled);
}

TEST_CASE("a resume of a call that was stopped, or is over, is refused where no pause is of it") {
  for (bool by_end : {false, true}) {
    auto life = desk();
    life.asks(verb::start, 71);
    if (by_end)
      life.hears(call_ended{{71}});
    else
      life.asks(verb::stop, 71);
    CHECK(life.asks(verb::resume, 71) == "refused");
    life.asks(verb::pause, 72); // elsewhere: there is nothing of 71 to wait for
    CHECK(life.asks(verb::resume, 71) == "refused");
    life.asks(verb::pause, 0); // of every call
    CHECK(life.asks(verb::resume, 71).find("resume held by 72 of crm") != std::string::npos);
    CHECK_FALSE(wants(life, 71));
  }
}

TEST_CASE("a call that is over stays over, whatever resume was held meanwhile") {
  auto life = desk();
  life.asks(verb::start, 71);
  life.hears(call_ended{{71}});
  life.asks(verb::pause, 0);
  life.says(plain, paused);
  life.asks(verb::resume, 71); // lifts the pause; there is nothing to record
  CHECK(life.asks(verb::resume, 71) == "refused");
}

TEST_CASE("without a call source a stop of any call is known of all") {
  auto life = paused_desk(false);
  life.asks(verb::stop, 72);
  life.asks(verb::resume, 71); // its pause stood
  CHECK(life.asks(verb::resume, 71) == "refused");
  CHECK(life.asks(verb::resume, 73) == "refused");
  CHECK(life.asks(verb::resume, 0) == "refused");
}

TEST_CASE("a resume is passed on where the broker does not know") {
  auto life = desk();
  CHECK(life.asks(verb::resume, 71) == "");
  CHECK(life.told[plain].back().verb == verb::resume);
  CHECK(desired(life.now_shown) == enabled);
}

TEST_CASE("a resume is passed on where a recorder is paused and no pause is known") {
  auto life = desk();
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::stop, 71);
  life.says(plain, disabled);
  life.says(plain, paused); // by somebody at the recorder
  CHECK(life.asks(verb::resume, 71) == "");
  CHECK(life.says(plain, enabled) == "#3 resume confirmed");
  CHECK(life.now_shown.alarms.empty());
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  life.asks(verb::resume, 71);
  CHECK(life.asks(verb::resume, 71) == ""); // it is not a stopped call any more
}

TEST_CASE("a recorder that is still paused because of our pause does not undo a stop") {
  auto life = paused_desk();
  life.asks(verb::stop, 71); // its `disabled` is still on the way
  CHECK(life.asks(verb::resume, 71) == "refused");
}

// ---- start -------------------------------------------------------------------------------------

TEST_CASE("a start lifts no pause, nobody's: it waits until none stands") {
  for (auto call : {0, 71, 72})
    for (bool calls_are_told : {false, true}) {
      auto life = paused_desk(calls_are_told);
      CHECK(life.asks(verb::start, call) == "#3 start held by 71 of crm");
      CHECK(life.told[plain].empty() == false);
      CHECK(life.told[plain].back().verb == verb::pause);
      CHECK(desired(life.now_shown) == paused);
    }
}

TEST_CASE("where the configuration says so a start of a new call lifts the pauses of older ones") {
  auto life = paused_desk(false, calls_lift());
  CHECK(life.asks(verb::start, 72) == "");
  CHECK(pauses(life) == "");
  CHECK(life.told[plain].back().verb == verb::start);
}

TEST_CASE("no such start lifts a pause of the whole screen, of its own call, or of calls told of") {
  auto whole = paused_desk(false, calls_lift());
  whole.asks(verb::pause, 0);
  CHECK(whole.asks(verb::start, 72) == "#4 start held by 0 of crm");
  auto known = paused_desk(false, calls_lift());
  CHECK(known.asks(verb::start, 71) == "#3 start held by 71 of crm");
  auto none = paused_desk(false, calls_lift());
  CHECK(none.asks(verb::start, 0) == "#3 start held by 71 of crm");
  auto told = paused_desk(true, calls_lift());
  CHECK(told.asks(verb::start, 72) == "#3 start held by 71 of crm");
}

// ---- stop --------------------------------------------------------------------------------------

TEST_CASE("a stop ends its call's wish and its pauses, and goes out at once") {
  auto life = paused_desk();
  life.asks(verb::pause, 72);
  CHECK(life.asks(verb::stop, 71) == "");
  CHECK(pauses(life) == "72crm");
  CHECK_FALSE(wants(life, 71));
  CHECK(life.told[plain].back().verb == verb::stop);
}

TEST_CASE("a stop of no call ends all calls and all pauses") {
  auto life = paused_desk();
  life.asks(verb::pause, 0, "bot");
  life.asks(verb::start, 72);
  CHECK(life.asks(verb::stop, 0) == "#4 let go superseded");
  CHECK(pauses(life) == "");
  CHECK(desired(life.now_shown) == disabled);
}

TEST_CASE("without a call source a stop is of all calls, and lifts no pause but its call's") {
  auto life = paused_desk(false);
  life.asks(verb::pause, 0, "bot");
  CHECK(life.asks(verb::stop, 72) == ""); // an automatic one, while a card number is read out
  CHECK(pauses(life) == "71crm 0bot");
  CHECK_FALSE(wants(life, 71));
  CHECK(life.told[plain].back().verb == verb::stop);
  life.asks(verb::stop, 71);
  CHECK(pauses(life) == "0bot");
}

TEST_CASE("behind a stop another call goes on") {
  auto life = desk();
  life.asks(verb::start, 71);
  life.asks(verb::start, 72);
  life.says(plain, enabled);
  life.says(plain, enabled);
  CHECK(life.asks(verb::stop, 72) == "order start 71 (call_goes_on)");
  CHECK(life.says(plain, disabled) == "#3 stop confirmed"); // both are to be done
  CHECK(life.says(plain, enabled) == "#4 own start confirmed");
  auto untold = desk(false);
  untold.asks(verb::start, 71);
  untold.asks(verb::start, 72);
  CHECK(untold.asks(verb::stop, 72).find("order") == std::string::npos);
  CHECK(desired(untold.now_shown) == disabled);
}

TEST_CASE("what was held goes on behind a stop as a start, and does not take its place") {
  auto life = desk();
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.asks(verb::pause, 72, "bot");
  life.asks(verb::pause, 71);
  life.says(plain, paused);
  life.says(plain, paused);
  CHECK(life.asks(verb::resume, 71) == "#4 resume held by 72 of bot");
  // The recorder has stopped by then: a resume would find nothing to go on with.
  CHECK(life.asks(verb::stop, 72) == "order start 71 (hold_released), releases #4");
  CHECK(life.says(plain, disabled) == "#5 stop confirmed");
  CHECK(life.says(plain, enabled) == "#6 own start confirmed, releases #4");
}

// ---- query, a call's end, a merge --------------------------------------------------------------

TEST_CASE("a query goes out always and changes nothing") {
  auto life = paused_desk();
  auto before = desired(life.now_shown);
  CHECK(life.asks(verb::query, 71) == "");
  CHECK(life.told[plain].back().verb == verb::query);
  CHECK(desired(life.now_shown) == before);
  CHECK(life.version == 2);
  CHECK(life.says(plain, paused) == "#3 query confirmed paused");
}

TEST_CASE("with a call its pauses go, and the newest call that wants it goes on") {
  auto life = desk();
  life.asks(verb::start, 72);
  life.asks(verb::start, 71);
  life.says(plain, enabled);
  life.says(plain, enabled);
  life.asks(verb::pause, 71);
  CHECK(life.says(plain, paused) == "#3 pause confirmed");
  CHECK(life.happens(call_ended{{71}}) == "order resume 72 (call_ended)");
  CHECK(life.says(plain, enabled) == "#4 own resume confirmed");
  CHECK(life.after(steady_ms{60'000}) == "");
}

TEST_CASE("an order that follows a call's end has a deadline and an alarm") {
  auto life = paused_desk();
  life.asks(verb::start, 72);
  life.hears(call_ended{{71}});
  CHECK(life.after(steady_ms{2000}) == "order query 0 (asked) for 70; "
                                       "alarm (recorder_unconfirmed) of 70; "
                                       "#4 own start timed_out, releases #3");
}

TEST_CASE("where no call is left nothing is ordered, and the light stays what the words say") {
  auto life = paused_desk();
  CHECK(life.happens(call_ended{{71}}) == "");
  CHECK(light(life.now_shown) == paused);
  CHECK(pauses(life) == "");
}

TEST_CASE("a pause of the whole screen outlives a call") {
  auto life = paused_desk();
  life.asks(verb::pause, 0);
  life.hears(call_ended{{71}});
  CHECK(pauses(life) == "0crm");
}

TEST_CASE("what is open of a call that ends is unknown") {
  auto life = desk();
  life.asks(verb::start, 71);
  life.asks(verb::pause, 72);
  CHECK(life.happens(call_ended{{72}}) == "#2 pause unknown; order start 71 (call_ended)");
}

TEST_CASE("merged calls want recording if either did, and the pauses of both stand") {
  auto life = desk();
  life.asks(verb::start, 71);
  life.asks(verb::pause, 71);
  life.asks(verb::pause, 72, "bot");
  life.hears(calls_merged{{71}, {72}});
  CHECK(pauses(life) == "72crm 72bot");
  CHECK(wants(life, 71));
  CHECK(wants(life, 72));
  CHECK(life.now_shown.calls.size() == 1);
  life.asks(verb::resume, 71); // by its old name
  CHECK(pauses(life) == "");
}

TEST_CASE("a call that only a pause still knows takes its pause along") {
  auto life = desk();
  life.rules.calls_max = 2;
  life.asks(verb::pause, 71);
  life.asks(verb::start, 72);
  life.asks(verb::start, 73);
  REQUIRE(find_call(life.now_shown, {71}) == nullptr);
  life.hears(calls_merged{{71}, {72}});
  CHECK(pauses(life) == "72crm");
  CHECK(wants(life, 72));
  life.asks(verb::resume, 72);
  CHECK(pauses(life) == "");
}

TEST_CASE("nobody has stopped a call that only a pause still knows, whatever its name is") {
  auto life = desk();
  life.rules.calls_max = 2;
  life.asks(verb::pause, 71);
  life.asks(verb::start, 72);
  life.asks(verb::start, 73);
  REQUIRE(find_call(life.now_shown, {71}) == nullptr);
  life.hears(calls_merged{{71}, {74}});
  REQUIRE(find_call(life.now_shown, {74}) != nullptr);
  CHECK_FALSE(find_call(life.now_shown, {74})->stopped);
  life.asks(verb::resume, 74);
  CHECK(pauses(life) == "");
  CHECK(life.asks(verb::resume, 74) != "refused");
}

TEST_CASE("what is held of a call that was merged is overtaken under either name") {
  for (auto name : {71, 72})
    for (auto later : {verb::pause, verb::stop}) {
      auto life = desk();
      life.asks(verb::start, 71);
      life.asks(verb::pause, 0, "bot");
      life.asks(verb::pause, 73);
      life.hears(calls_merged{{71}, {72}});
      life.asks(verb::resume, 71); // held by 73
      REQUIRE(life.now_shown.held.size() == 1);
      CHECK(life.asks(later, static_cast<std::uint64_t>(name)).find("#4 let go superseded") !=
            std::string::npos);
    }
}

// ---- who may lift what, and what waits ---------------------------------------------------------

TEST_CASE("where each holder lifts its own, a resume of another is held and lifts nothing") {
  auto life = paused_desk(true, each_holder());
  CHECK(life.asks(verb::resume, 71, "bot") == "#3 resume held by 71 of crm");
  CHECK(pauses(life) == "71crm");
  CHECK(life.asks(verb::resume, 71) == "");
  CHECK(life.now_shown.held.empty());
  CHECK(life.says(plain, enabled) == "#4 resume confirmed, releases #3");
}

TEST_CASE("agents of one application are told apart where both are named") {
  auto life = desk(true, each_holder());
  life.commands(life.command_of(verb::pause, 71, "crm", "Ann"), steady_ms{2000});
  CHECK(life.commands(life.command_of(verb::resume, 71, "crm", "Bob"), steady_ms{2000}) ==
        way::held);
  life.commands(life.command_of(verb::pause, 71, "crm"), steady_ms{2000}); // gives Ann's not away
  CHECK(life.commands(life.command_of(verb::resume, 71, "crm", "Bob"), steady_ms{2000}) ==
        way::held);
  CHECK(life.commands(life.command_of(verb::resume, 71, "crm"), steady_ms{2000}) == way::nowhere);
}

TEST_CASE("a pause of a holder that has been gone for long anybody may lift, and not before") {
  auto life = paused_desk(true, each_holder());
  life.hears(desktop_gone{"crm", false});
  life.passes(steady_ms{4999});
  CHECK(life.asks(verb::resume, 71, "bot").find("held") != std::string::npos);
  CHECK(pauses(life) == "71crm"); // a lost link alone lifts nothing
  life.passes(steady_ms{1});
  CHECK(life.asks(verb::resume, 71, "bot") == "");
  CHECK(pauses(life) == "");
}
