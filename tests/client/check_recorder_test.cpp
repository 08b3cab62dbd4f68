// How `ringdown check-recorder` judges: its examiner with scripted frames, in virtual time.
#include "client/cli/check_recorder_examiner.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::cli;
using namespace std::chrono_literals;

namespace {

const std::vector<capture_verb> enabled{capture_verb::enabled};
const std::vector<capture_verb> paused{capture_verb::paused};

recorder_said word(capture_verb said, command_version version = {}) {
  recorder_said all{{}, said};
  all.what.version = version;
  return all;
}

recorder_said refusal(std::string text) {
  auto all = word(capture_verb::failed);
  all.what.failure = recorder_failure{7, std::move(text)};
  return all;
}

step plain_step(std::string_view name, std::vector<move> moves) {
  return {.name = name, .duty = "", .moves = std::move(moves)};
}

move says(std::vector<capture_verb> words, std::chrono::milliseconds within = 2s) {
  return {.kind = move_kind::says, .within = within, .words = std::move(words)};
}
move quiet(std::chrono::milliseconds time) {
  return {.kind = move_kind::quiet, .within = time};
}
move give(command_key key, capture_verb verb) {
  return {.kind = move_kind::give, .key = key, .verb = verb};
}
move ends(command_key key) {
  return {.kind = move_kind::ends, .within = 5s, .key = key};
}

/// An examiner, a clock, and what it wants done.
class examination {
public:
  explicit examination(std::vector<step> steps, check_options options = {})
    : examiner_(std::move(steps), options, now_) {
    work();
  }

  void see(const seen& what) {
    examiner_.see(what);
    work();
  }
  void wait(std::chrono::milliseconds time) {
    now_ += time;
    work();
  }
  /// The recorder is there.
  void come(recorder_signed_on who = {role::recorder}) {
    see(who);
    see(recorder_registered{});
  }
  /// The newest command ends so.
  void end(outcome how) { see(outcome_told{outcome_of(given_.back().command, how)}); }

  static event_outcome outcome_of(command_id command, outcome how) {
    event_outcome told;
    told.command = command;
    told.result = how;
    told.verb = capture_verb::pause;
    return told;
  }

  const examiner& now() const { return examiner_; }
  const std::vector<deed>& given() const { return given_; }
  std::vector<move_kind> done;

  const step_result& last() const {
    REQUIRE_FALSE(examiner_.results().empty());
    return examiner_.results().back();
  }
  /// "pass", or "fail: why".
  std::string verdict() const {
    auto text = std::string{to_string(last().how)};
    return last().why.empty() ? text : text + ": " + last().why;
  }

private:
  void work() {
    while (auto todo = examiner_.next(now_)) {
      done.push_back(todo->what.kind);
      if (todo->what.kind == move_kind::give)
        given_.push_back(*todo);
    }
  }

  steady_time now_{};
  std::vector<deed> given_;
  examiner examiner_;
};

} // namespace

TEST_CASE("the table's steps are what they say") {
  auto all = recorder_steps({});
  std::vector<std::string_view> names;
  for (auto& one : all) {
    INFO(one.name);
    CHECK(std::find(names.begin(), names.end(), one.name) == names.end());
    for (auto needed : one.needs)
      CHECK(std::find(names.begin(), names.end(), needed) != names.end());
    names.push_back(one.name);
    CHECK_FALSE(one.duty.empty());
    std::vector<command_key> given;
    for (auto& m : one.moves) {
      if (m.kind == move_kind::give)
        given.push_back(m.key);
      else if (m.kind > move_kind::restart)
        CHECK(m.within > 0ms);
      bool names_command =
        m.kind == move_kind::ends || m.kind == move_kind::is_over || m.kind == move_kind::released;
      CHECK((!names_command || std::find(given.begin(), given.end(), m.key) != given.end()));
      bool has_words =
        m.kind == move_kind::says || m.kind == move_kind::says_only || m.kind == move_kind::shows;
      CHECK(m.words.empty() != has_words);
    }
  }
  CHECK(all.size() == 17);
}

TEST_CASE("of a recorder that was made unable to do something only its refusal is asked") {
  auto all = recorder_steps({.refuses = capture_verb::resume});
  REQUIRE(all.size() == 3);
  CHECK(all.back().name == "refusal");
  auto& moves = all.back().moves;
  REQUIRE(moves.size() == 9); // start and pause come first
  CHECK(moves.at(6).verb == capture_verb::resume);
  CHECK(moves.back().result == outcome::failed);
}

TEST_CASE("a step passes once all that must be seen was seen") {
  examination e{{plain_step("start", {give(0, capture_verb::start), says(enabled), ends(0)})}};
  REQUIRE(e.given().size() == 1);
  CHECK(e.given()[0].what.verb == capture_verb::start);
  e.see(recorder_ordered{});
  e.see(word(capture_verb::enabled));
  CHECK_FALSE(e.now().is_over());
  e.end(outcome::confirmed);
  CHECK(e.verdict() == "pass");
  CHECK(e.now().is_over());
  CHECK(e.now().is_good());
}

TEST_CASE("an outcome that comes with the word is not lost") {
  examination e{{plain_step("start", {give(0, capture_verb::start), says(enabled), ends(0)})}};
  e.end(outcome::confirmed);
  e.see(word(capture_verb::enabled));
  CHECK(e.verdict() == "pass");
}

TEST_CASE("a recorder that says nothing fails at the deadline, and not before") {
  examination e{{plain_step("pause", {give(0, capture_verb::pause), says(paused)})}};
  e.wait(1999ms);
  CHECK(e.now().results().empty());
  e.wait(1ms);
  CHECK(e.verdict() == "fail: it said nothing within 2000 ms");
  CHECK_FALSE(e.now().is_good());
}

TEST_CASE("another word is waited past, for the recorder may have been asked meanwhile") {
  examination e{{plain_step("pause", {give(0, capture_verb::pause), says(paused)}),
                 plain_step("again", {says(paused)})}};
  e.see(word(capture_verb::enabled));
  e.see(word(capture_verb::paused));
  CHECK(e.verdict() == "pass");
  e.see(word(capture_verb::enabled));
  e.wait(2s);
  CHECK(e.verdict() == "fail: it said `enabled` and not `paused` within 2000 ms");
}

TEST_CASE("where a call is asked about, what is said of another one is no answer") {
  auto obeys = says(paused);
  obeys.call = {0x91};
  examination e{{plain_step("missed", {obeys, quiet(500ms)})}};
  e.come();
  auto of = [](capture_verb said, conn_id call) {
    auto all = word(said);
    all.what.connection = call;
    return all;
  };
  e.see(of(capture_verb::paused, {0x11})); // as it says first what is so, call for call
  e.see(of(capture_verb::enabled, {0x91}));
  e.see(of(capture_verb::paused, {}));
  e.wait(500ms);
  CHECK(e.verdict() == "pass");
}

TEST_CASE("behind a lost link the first word counts") {
  auto first = says(paused);
  first.kind = move_kind::says_only;
  examination e{{plain_step("cut", {first})}};
  e.see(word(capture_verb::enabled));
  CHECK(e.verdict() == "fail: it said `enabled`, not `paused`");
}

TEST_CASE("an outcome other than wanted fails the step") {
  examination e{{plain_step("pause", {give(0, capture_verb::pause), ends(0)})}};
  e.end(outcome::timed_out);
  CHECK(e.verdict() == "fail: the `pause` ended timed_out, not confirmed");
}

TEST_CASE("`failed` is told at once, with its reason") {
  examination e{{plain_step("pause", {give(0, capture_verb::pause), says(paused)}),
                 plain_step("again", {says(paused)})}};
  e.see(refusal("disk full"));
  CHECK(e.verdict() == "fail: it said `failed`: 7 disk full");
  e.see(word(capture_verb::failed));
  CHECK(e.verdict() == "fail: it said `failed` without a reason");
}

TEST_CASE("a refusal that is wanted has a reason and comes before the recorder is asked") {
  move refuses{.kind = move_kind::refuses, .within = 1s};
  step wanted = plain_step("refusal", {give(0, capture_verb::pause), refuses});
  examination good{{wanted}};
  good.see(refusal("disk full"));
  CHECK(good.verdict() == "pass");
  examination mute{{wanted}};
  mute.see(word(capture_verb::failed));
  CHECK(mute.verdict() == "fail: it said `failed` without a reason");
  examination able{{wanted}};
  able.see(word(capture_verb::paused));
  CHECK(able.verdict() == "fail: it said `paused`, not `failed`");
  examination slow{{wanted}};
  slow.wait(1s);
  CHECK(slow.verdict() == "fail: it said nothing within 1000 ms");
}

TEST_CASE("a word that nobody asked for breaks the silence; an answer does not") {
  auto silence = plain_step("drift", {quiet(3s)});
  examination asked{{silence}};
  asked.see(recorder_ordered{});
  asked.see(word(capture_verb::paused));
  asked.wait(3s);
  CHECK(asked.verdict() == "pass");
  examination unasked{{silence}};
  unasked.see(word(capture_verb::enabled));
  CHECK(unasked.verdict() == "fail: it said `enabled` unasked");
  examination stopped{{plain_step("start", {says(enabled)}), silence}};
  stopped.see(word(capture_verb::enabled));
  stopped.see(word(capture_verb::enabled)); // it may repeat itself
  stopped.see(word(capture_verb::disabled));
  CHECK(stopped.verdict() == "fail: it said `disabled` unasked");
  examination broken{{silence}};
  broken.see(refusal("disk full"));
  CHECK(broken.verdict() == "fail: it said `failed` unasked");
}

TEST_CASE("what was said before the silence does not break it") {
  examination e{{plain_step("twice", {says(paused), ends(0), quiet(1s)})}};
  e.see(word(capture_verb::paused));
  e.see(word(capture_verb::paused));
  e.wait(5s); // that no outcome comes ends the step
  CHECK(e.verdict() == "fail: the broker told no outcome within 5000 ms");

  examination f{
    {plain_step("twice", {give(0, capture_verb::pause), says(paused), ends(0), quiet(1s)})}};
  f.see(word(capture_verb::paused));
  f.see(word(capture_verb::paused));
  f.end(outcome::confirmed);
  f.wait(1s);
  CHECK(f.verdict() == "pass");
}

TEST_CASE("an answer to a question is what was said before") {
  move repeats{.kind = move_kind::repeats, .within = 2s};
  examination e{{plain_step("on", {says(enabled)}),
                 plain_step("query", {give(0, capture_verb::query), repeats}),
                 plain_step("again", {give(0, capture_verb::query), repeats})}};
  e.see(word(capture_verb::enabled));
  e.see(word(capture_verb::enabled));
  CHECK(e.verdict() == "pass");
  e.see(word(capture_verb::disabled));
  e.wait(2s);
  CHECK(e.verdict() == "fail: it said `disabled` and not `enabled` within 2000 ms");
}

TEST_CASE("an exact recorder must echo the version") {
  auto paused_step = plain_step("pause", {give(0, capture_verb::pause), says(paused)});
  move repeats{.kind = move_kind::repeats, .within = 2s};
  examination e{{plain_step("says", {says(paused)}), paused_step,
                 plain_step("query", {give(0, capture_verb::query), repeats}), paused_step}};
  e.see(recorder_signed_on{role::recorder, true});
  e.see(word(capture_verb::paused)); // of its own accord there is none
  CHECK(e.verdict() == "pass");
  e.see(recorder_ordered{});
  e.see(word(capture_verb::paused, {4}));
  CHECK(e.verdict() == "pass");
  e.see(word(capture_verb::paused)); // nor has a question one
  CHECK(e.verdict() == "pass");
  e.see(recorder_ordered{});
  e.see(word(capture_verb::paused));
  CHECK(e.verdict() == "fail: it signed on with EXACT_VERSIONS and said `paused` without the "
                       "order's version");
}

TEST_CASE("only a recorder that is no standby counts as registered") {
  step wanted = plain_step("registers", {{.kind = move_kind::registers, .within = 30s}});
  examination good{{wanted}};
  good.come();
  CHECK(good.verdict() == "pass");
  examination desktop{{wanted}};
  desktop.come({role::desktop});
  CHECK(desktop.verdict() == "fail: it signed on as desktop, not as recorder");
  examination standby{{wanted}};
  standby.see(recorder_wants_registration{registration_mode::share, true});
  standby.come();
  CHECK(standby.verdict() == "fail: it registered as standby");
  examination monitor{{wanted}};
  monitor.see(recorder_wants_registration{registration_mode::monitor, false});
  monitor.come();
  CHECK(monitor.verdict() == "fail: it registered in mode monitor");
  examination nobody{{wanted}};
  nobody.see(recorder_refused{"EventError 59"});
  nobody.wait(30s);
  CHECK(nobody.verdict() ==
        "fail: it did not register within 30000 ms; the broker said: EventError 59");
}

TEST_CASE("a lost link fails the step, unless the step has cut it") {
  examination crashed{{plain_step("pause", {give(0, capture_verb::pause), says(paused)})}};
  crashed.come();
  crashed.see(recorder_link_ended{});
  CHECK(crashed.verdict() == "fail: its link ended");

  examination cut{{plain_step("on", {says(enabled)}),
                   plain_step("cut", {{.kind = move_kind::cut},
                                      quiet(500ms),
                                      {.kind = move_kind::mend},
                                      {.kind = move_kind::registers, .within = 30s},
                                      says(paused)})}};
  cut.come();
  cut.see(word(capture_verb::enabled));
  cut.see(recorder_link_ended{});
  cut.wait(500ms);
  CHECK(cut.done == std::vector{move_kind::cut, move_kind::mend});
  cut.come();
  cut.see(word(capture_verb::paused));
  CHECK(cut.verdict() == "pass");
}

TEST_CASE("what a step has cut or held is mended before the next one, also if it has failed") {
  examination e{{plain_step("late", {{.kind = move_kind::hold}, says(paused)}),
                 plain_step("next", {quiet(1s)})}};
  e.wait(2s);
  e.wait(1s);
  CHECK(e.done == std::vector{move_kind::hold, move_kind::mend});
  CHECK(e.verdict() == "pass");
}

TEST_CASE("a step that needs a failed one is not played, and the check is not good") {
  auto second = plain_step("resume", {says(enabled)});
  second.needs = {"pause"};
  auto third = plain_step("query", {says(enabled)});
  examination e{{plain_step("pause", {says(paused)}), second, third}};
  e.wait(2s);
  CHECK(e.verdict() == "not played: it needs `pause`");
  e.see(word(capture_verb::enabled));
  CHECK(e.verdict() == "pass");
  CHECK(e.now().results().size() == 3);
  CHECK_FALSE(e.now().is_good());
}

TEST_CASE("a step for recorders of calls apart is not meant for others, and nobody fails for it") {
  auto apart = plain_step("calls apart", {says(paused)});
  apart.whom = meant_for::per_call;
  examination plain{{apart}};
  CHECK(plain.verdict() == "not meant: the recorder did not sign on with PER_CALL");
  CHECK(plain.now().is_good());
  examination able{{plain_step("first", {says(enabled)}), apart}};
  able.come({role::recorder, false, true});
  able.see(word(capture_verb::enabled));
  able.see(word(capture_verb::paused));
  CHECK(able.verdict() == "pass");
}

TEST_CASE("what a step has left is stopped and answered before one that begins from off") {
  auto second = plain_step("twice", {give(0, capture_verb::start), says(enabled)});
  second.from_off = true;
  examination e{{plain_step("pause", {give(0, capture_verb::pause), says(paused)}), second}};
  e.see(recorder_ordered{});
  e.see(word(capture_verb::paused));
  REQUIRE(e.given().size() == 2);
  CHECK(e.given()[1].what.verb == capture_verb::stop);
  CHECK(e.given()[1].what.call == conn_id{});
  e.see(recorder_ordered{});
  e.end(outcome::confirmed);
  CHECK(e.given().size() == 2); // the answer is still owed
  e.see(word(capture_verb::disabled));
  REQUIRE(e.given().size() == 3);
  CHECK(e.given()[2].what.verb == capture_verb::start);
  CHECK(e.given()[2].command != e.given()[0].command);
  e.see(word(capture_verb::enabled));
  CHECK(e.verdict() == "pass");
}

TEST_CASE("a recorder that does not come back is waited for once") {
  auto second = plain_step("query", {says(enabled)});
  second.needs = {"start"};
  auto third = second;
  third.name = "stop";
  examination e{{plain_step("start", {says(enabled)}), second, third}};
  e.come();
  e.see(word(capture_verb::enabled));
  e.see(recorder_link_ended{});
  CHECK(e.verdict() == "fail: its link ended");
  CHECK(e.now().results().size() == 2); // the second step was begun
  e.wait(30s);
  CHECK(e.now().results().size() == 3);
  CHECK(e.verdict() == "not played: the recorder is not there");
  CHECK(e.now().is_over());
}

TEST_CASE("a held command is seen to go out") {
  examination e{{plain_step(
    "two calls", {give(0, capture_verb::start), {.kind = move_kind::released, .within = 5s}})}};
  auto let_go = examination::outcome_of({}, outcome::confirmed);
  let_go.released_command = e.given()[0].command;
  e.see(outcome_told{let_go});
  CHECK(e.verdict() == "pass");
}

TEST_CASE("the light is what the desktop saw last") {
  move shows{.kind = move_kind::shows, .within = 5s, .words = paused};
  examination e{{plain_step("pause", {shows}), plain_step("again", {shows})}};
  e.see(light_shown{capture_state::paused});
  CHECK(e.verdict() == "pass");
  e = examination{{plain_step("pause", {shows})}};
  e.see(light_shown{capture_state::enabled});
  e.wait(5s);
  CHECK(e.verdict() == "fail: the light did not say `paused` within 5000 ms but `enabled`");
}

TEST_CASE("a recorder that never stops talking is not listened to for ever") {
  examination e{{plain_step("burst", {ends(0)})}};
  for (std::size_t i = 0; i <= examiner::words_max; ++i)
    e.see(word(capture_verb::enabled));
  CHECK(e.verdict() == "fail: it said more than 1000 words");
}

TEST_CASE("a command that the broker refuses fails its step with the broker's words") {
  examination e{{plain_step("query", {give(0, capture_verb::query), says(paused)})}};
  e.see(command_refused{"EventError 118"});
  CHECK(e.verdict() == "fail: the broker did not accept the desktop's command: EventError 118");
}
