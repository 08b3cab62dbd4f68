// The pure function as a whole: every sequence of a small alphabet, and every event on every kind
// of screen. The promises are those of screen_life.cpp, asked after each step.
#include "tests/actors/screen_life.hpp"

#include <rapidcheck/catch.h>

#include <functional>

using namespace ringdown;
using namespace ringdown::test;

namespace {

using verb = capture_verb;

constexpr client_id plain{101};
constexpr client_id exact{102};

/// One letter: something that may happen to a life.
struct letter {
  std::string name;
  std::function<void(screen_life&)> happens;
};

letter command(verb what, std::uint64_t call, const std::string& who) {
  auto name = std::string{to_string(what)} + " " + std::to_string(call) + " " + who;
  return {name, [=](screen_life& life) {
            static_cast<void>(life.commands(life.command_of(what, call, who), steady_ms{2000}));
          }};
}

/// The recorder's word: an exact one echoes the newest version.
letter word(client_id who, capture_state what) {
  auto name = std::to_string(who.value) + " says " + std::string{to_string(what)};
  return {name, [=](screen_life& life) {
            auto echoed = who == exact ? life.version : 0;
            static_cast<void>(life.says(who, what, echoed, 71));
          }};
}

letter failed(client_id who) {
  return {std::to_string(who.value) + " failed", [=](screen_life& life) {
            static_cast<void>(life.fails(who, who == exact ? life.version : 0));
          }};
}

/// It comes, or goes if it is there.
letter flaps(client_id who) {
  return {std::to_string(who.value) + " comes or goes", [=](screen_life& life) {
            if (life.told.count(who) != 0)
              life.goes(who);
            else
              life.comes(who, who == exact);
          }};
}

letter event(std::string name, const screen_event& what) {
  return {std::move(name), [=](screen_life& life) { life.hears(what); }};
}

letter time(std::int64_t ms) {
  return {std::to_string(ms) + " ms", [=](screen_life& life) { life.passes(steady_ms{ms}); }};
}

/// What decides: commands of two calls and two holders, two recorders.
std::vector<letter> small_alphabet() {
  return {command(verb::start, 71, "crm"),
          command(verb::stop, 71, "crm"),
          command(verb::pause, 71, "crm"),
          command(verb::resume, 71, "crm"),
          command(verb::pause, 72, "bot"),
          command(verb::resume, 72, "bot"),
          word(plain, capture_state::enabled),
          word(exact, capture_state::paused),
          flaps(plain)};
}

std::vector<letter> alphabet() {
  std::vector<letter> all;
  for (std::uint64_t call : {71, 72})
    for (auto who : {"crm", "bot"})
      for (auto what : {verb::pause, verb::resume})
        all.push_back(command(what, call, who));
  for (std::uint64_t call : {71, 72})
    for (auto what : {verb::start, verb::stop})
      all.push_back(command(what, call, "crm"));
  for (auto what : {verb::pause, verb::resume, verb::stop, verb::query})
    all.push_back(command(what, 0, "crm"));
  for (auto who : {plain, exact}) {
    for (auto what : {capture_state::enabled, capture_state::disabled, capture_state::paused})
      all.push_back(word(who, what));
    all.push_back(failed(who));
    all.push_back(flaps(who));
  }
  all.push_back(event("crm is gone", desktop_gone{"crm", false}));
  all.push_back(event("crm is back", desktop_came{"crm"}));
  all.push_back(event("71 ends", call_ended{{71}}));
  all.push_back(event("71 is merged", calls_merged{{71}, {72}}));
  all.push_back(time(1000));
  all.push_back(time(5000));
  return all;
}

std::string wrong_in(const screen_life& life) {
  return life.broken.empty() ? life.unpaid() : life.broken;
}

/// All sequences are tried, but under sanitizers, which take sixty times as long, only those that
/// begin with every eighth letter.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t stride = 8;
#else
constexpr std::size_t stride = 1;
#endif

std::size_t first_letters(const std::vector<letter>& letters) {
  return (letters.size() + stride - 1) / stride;
}

/// Every sequence of `left` further letters. Stops at the first broken promise, and names what led
/// to it.
std::size_t live_all(const screen_life& life, const std::vector<letter>& letters, int left,
                     std::string& wrong, std::size_t first_step = stride) {
  if (left == 0)
    return 1;
  std::size_t lives = 0;
  for (std::size_t i = 0; i < letters.size(); i += first_step) {
    auto& one = letters[i];
    auto next = life;
    one.happens(next);
    if (auto found = wrong_in(next); !found.empty())
      wrong = one.name + ": " + found;
    else
      lives += live_all(next, letters, left - 1, wrong, 1);
    if (!wrong.empty()) {
      if (left > 0)
        wrong = (next.broken.empty() ? one.name + "; " : "") + wrong;
      return lives;
    }
  }
  return lives;
}

screen_life with_recorders(confirm_rules rules, bool calls_are_told) {
  screen_life life{test_rules(rules)};
  life.calls_are_told = calls_are_told;
  life.comes(plain, false);
  life.comes(exact, true);
  return life;
}

std::vector<confirm_rules> every_rule() {
  std::vector<confirm_rules> all;
  for (auto ownership : {pause_ownership::anyone, pause_ownership::all_holders})
    for (auto new_call : {new_call_policy::held, new_call_policy::lifts})
      for (auto dead : {dead_desktop_policy::stay, dead_desktop_policy::resume}) {
        confirm_rules c;
        c.ownership = ownership;
        c.new_call = new_call;
        c.dead_desktop = dead;
        all.push_back(c);
      }
  return all;
}

} // namespace

TEST_CASE("no sequence of three events breaks a promise, under any rules") {
  std::size_t lives = 0;
  for (auto& rules : every_rule())
    for (bool calls_are_told : {false, true}) {
      std::string wrong;
      lives += live_all(with_recorders(rules, calls_are_told), alphabet(), 3, wrong);
      REQUIRE(wrong == "");
    }
  CHECK(lives == 16 * first_letters(alphabet()) * alphabet().size() * alphabet().size());
}

TEST_CASE("no sequence of four events breaks a promise") {
  std::string wrong;
  auto lives = live_all(with_recorders({}, true), alphabet(), 4, wrong);
  CHECK(wrong == "");
  CHECK(alphabet().size() == 32);
  CHECK(lives == first_letters(alphabet()) * 32 * 32 * 32);
}

TEST_CASE("no sequence of six events that decide breaks a promise") {
  confirm_rules each_holder;
  each_holder.ownership = pause_ownership::all_holders;
  std::string wrong;
  auto lives = live_all(with_recorders(each_holder, true), small_alphabet(), 6, wrong);
  CHECK(wrong == "");
  CHECK(small_alphabet().size() == 9);
  CHECK(lives == first_letters(small_alphabet()) * 9 * 9 * 9 * 9 * 9);
}

TEST_CASE("no random life breaks a promise, whoever sleeps, is full, or drains") {
  auto letters = alphabet();
  letters.push_back({"sleeps", [](screen_life& life) { life.sleeps(steady_ms{3000}); }});
  letters.push_back({"sleeps long", [](screen_life& life) { life.sleeps(steady_ms{60'000}); }});
  letters.push_back({"is full", [](screen_life& life) {
                       life.full = life.full.empty() ? std::vector{plain} : std::vector{exact};
                     }});
  letters.push_back({"has room", [](screen_life& life) { life.full.clear(); }});
  auto rules = every_rule();
  rc::prop("restless lives", [&] {
    for (int lives = 0; lives < 20; ++lives) {
      auto life = with_recorders(*rc::gen::elementOf(rules), *rc::gen::arbitrary<bool>());
      auto length = *rc::gen::inRange(0, 60);
      for (int i = 0; i < length; ++i) {
        auto at = *rc::gen::resize(100, rc::gen::inRange<std::size_t>(0, letters.size()));
        RC_LOG() << letters[at].name << "\n";
        letters[at].happens(life);
        RC_ASSERT(wrong_in(life) == "");
      }
      life.hears(draining{});
      life.hears(draining{true});
      RC_ASSERT(wrong_in(life) == "");
      RC_ASSERT(life.now_shown.orders.empty());
      RC_ASSERT(life.now_shown.held.empty());
    }
  });
}

namespace {

/// Screens of many kinds: what two letters make of an empty one, and of one in the middle of
/// things.
std::vector<screen_life> many_screens() {
  auto letters = alphabet();
  confirm_rules each_holder;
  each_holder.ownership = pause_ownership::all_holders;
  each_holder.dead_desktop = dead_desktop_policy::resume;
  each_holder.pause_remind_after = steady_ms{3000};
  auto busy = with_recorders(each_holder, true);
  for (auto what : {verb::start, verb::pause, verb::pause, verb::resume})
    static_cast<void>(busy.commands(busy.command_of(what, 71, "crm"), steady_ms{2000}));
  static_cast<void>(busy.commands(busy.command_of(verb::pause, 72, "bot"), steady_ms{2000}));
  static_cast<void>(busy.commands(busy.command_of(verb::start, 72, "crm"), steady_ms{2000}));
  std::vector<screen_life> all;
  for (auto& from : {screen_life{}, with_recorders({}, false), busy})
    for (auto& first : letters)
      for (auto& second : letters) {
        auto life = from;
        first.happens(life);
        second.happens(life);
        all.push_back(std::move(life));
      }
  return all;
}

/// Every kind of event, with the odd ones: of strangers, of nothing, of what is long over.
std::vector<screen_event> every_event() {
  std::vector<screen_event> all{tick_due{},
                                draining{},
                                draining{true},
                                recorder_gone{{999}},
                                recorder_came{plain, true, true},
                                desktop_gone{"nobody", false},
                                desktop_came{"nobody"},
                                desktop_gone{"crm", true},
                                call_ended{{0}},
                                call_ended{{999}},
                                calls_merged{{72}, {71}},
                                calls_merged{{999}, {71}},
                                calls_merged{{71}, {999}},
                                calls_merged{{71}, {71}}};
  for (auto state : {std::optional<capture_state>{}, std::optional{capture_state::enabled},
                     std::optional{capture_state::unknown}})
    for (auto who : {plain, exact, client_id{999}})
      for (std::uint64_t echoed : {0, 1, 999})
        for (bool has_failed : {false, true})
          if (state || has_failed) // a word says something
            all.push_back(indication_heard{who, state, {72}, {echoed}, has_failed, 7, "why"});
  return all;
}

} // namespace

TEST_CASE("every event on every kind of screen, in and out of time, keeps the promises") {
  std::size_t pairs = 0;
  for (auto& life : many_screens())
    for (auto& what : every_event())
      for (auto later : {steady_ms{0}, steady_ms{2000}, steady_ms{90'000}}) {
        moment at{life.now + later, 0};
        auto result = step(life.now_shown, what, at, life.rules);
        auto wrong = broken_promise(life.now_shown, what, at, life.rules, result);
        if (!wrong.empty())
          FAIL("event " << what.index() << " after " << later.count() << " ms: " << wrong);
        ++pairs;
      }
  CHECK(pairs > 100'000);
}
