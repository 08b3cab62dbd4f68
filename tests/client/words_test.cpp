// What people are told in words.
#include "client/words.hpp"

#include "messages/wire.hpp"
#include "tests/client/wall_clock.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <set>

using namespace ringdown;
using namespace ringdown::client;
using ringdown::test::keep_utc;

namespace {

constexpr std::int64_t noon_us = 1'714'564'800'000'000; // 12:00:00 UTC

event_outcome outcome_of(capture_verb verb, outcome result,
                         capture_state light = capture_state::unknown) {
  event_outcome o;
  o.verb = verb;
  o.result = result;
  o.effective_state = light;
  return o;
}

recorder_result result_of(std::string name, recorder_verdict verdict,
                          capture_state said = capture_state::unknown) {
  return {{5}, std::move(name), verdict, said};
}

standing_pause card_pause() {
  standing_pause p{{0x71}, "agent-desktop"};
  p.since_time_us = noon_us;
  return p;
}

} // namespace

TEST_CASE("a held command says by whose pause, and since when") {
  keep_utc();
  auto o = outcome_of(capture_verb::resume, outcome::held);
  CHECK(in_words(o) == "held: a pause stands");
  o.held_by = card_pause();
  CHECK(in_words(o) == "held: call 71 is paused by agent-desktop since 12:00:00");
  o.held_by->covers = {};
  o.held_by->agent_id = "A-1017";
  CHECK(in_words(o) == "held: the screen is paused by agent-desktop (agent A-1017) since 12:00:00");
}

TEST_CASE("a command that nobody confirmed says what is so instead") {
  using enum capture_state;
  auto timed_out = [](capture_verb verb, capture_state light) {
    auto o = outcome_of(verb, outcome::timed_out, light);
    o.recorders = {result_of("rec", recorder_verdict::silent)};
    return in_words(o);
  };
  CHECK(timed_out(capture_verb::pause, enabled) ==
        "timed_out: not confirmed: the recorder still records");
  CHECK(timed_out(capture_verb::stop, enabled) ==
        "timed_out: not confirmed: the recorder still records");
  CHECK(timed_out(capture_verb::stop, paused) ==
        "timed_out: not confirmed: the recorder is paused");
  CHECK(timed_out(capture_verb::start, disabled) ==
        "timed_out: not confirmed: the recorder does not record");
  CHECK(timed_out(capture_verb::resume, paused) ==
        "timed_out: not confirmed: the recorder is still paused");
  CHECK(timed_out(capture_verb::pause, unknown) ==
        "timed_out: not confirmed: what the recorder does is not known");
  CHECK(in_words(outcome_of(capture_verb::pause, outcome::timed_out)) ==
        "timed_out: not confirmed: there is no recorder");
  CHECK(in_words(outcome_of(capture_verb::pause, outcome::recorder_lost)) ==
        "recorder_lost: not confirmed: the recorder is gone");
  CHECK(in_words(outcome_of(capture_verb::pause, outcome::unknown)) ==
        "unknown: what became of it is not known");
}

TEST_CASE("what each recorder did is told where they did not do the same") {
  auto o = outcome_of(capture_verb::pause, outcome::partial, capture_state::enabled);
  o.recorders = {result_of("good", recorder_verdict::confirmed, capture_state::paused),
                 result_of("other", recorder_verdict::otherwise, capture_state::enabled),
                 result_of("", recorder_verdict::lost),
                 result_of("slow", recorder_verdict::not_queued),
                 result_of("mute", recorder_verdict::silent)};
  CHECK(in_words(o) == "partial: not confirmed by all: other still records, recorder "
                       "0000000000000005 is gone, slow did not get it, mute is silent");
  o = outcome_of(capture_verb::pause, outcome::failed, capture_state::enabled);
  o.recorders = {result_of("rec", recorder_verdict::failed)};
  CHECK(in_words(o) == "failed: not done: rec did not say why; the recorder still records");
  o.recorders[0].failure = recorder_failure{7, "disk full"};
  CHECK(in_words(o) == "failed: not done: rec says: disk full (7); the recorder still records");
  o.recorders[0].failure->text.clear();
  CHECK(in_words(o) == "failed: not done: rec says: no text (7); the recorder still records");
}

TEST_CASE("a confirmed command says what is so now") {
  auto confirmed = [](capture_verb verb, capture_state light) {
    return in_words(outcome_of(verb, outcome::confirmed, light));
  };
  CHECK(confirmed(capture_verb::start, capture_state::enabled) ==
        "confirmed: the screen is recorded");
  CHECK(confirmed(capture_verb::pause, capture_state::paused) ==
        "confirmed: the recording is paused");
  CHECK(confirmed(capture_verb::pause, capture_state::disabled) ==
        "confirmed: nothing is recorded");
  CHECK(confirmed(capture_verb::pause, capture_state::unknown) ==
        "confirmed: the recorders have said so");
  auto o = outcome_of(capture_verb::query, outcome::confirmed);
  o.aggregate = capture_aggregate::mixed;
  CHECK(in_words(o) == "confirmed: the recorders say mixed");
}

TEST_CASE("a confirmed command says who confirmed it, and how long that took") {
  auto o = outcome_of(capture_verb::pause, outcome::confirmed, capture_state::paused);
  o.recorders = {result_of("video-3", recorder_verdict::confirmed, capture_state::paused)};
  CHECK(in_words(o) == "confirmed by video-3: the recording is paused");
  o.accepted_time_us = 1'000'000;
  o.time_us = 1'103'400;
  CHECK(in_words(o) == "confirmed by video-3 in 103 ms: the recording is paused");
  o.time_us = 1'000'420;
  CHECK(took_text(o) == "0.4 ms");
  o.recorders.push_back(result_of("mute", recorder_verdict::silent)); // one was enough
  o.recorders.push_back(result_of("b c", recorder_verdict::confirmed));
  CHECK(in_words(o) == "confirmed by video-3 and \"b c\" in 0.4 ms: the recording is paused");
  for (auto* name : {"c", "d"})
    o.recorders.push_back(result_of(name, recorder_verdict::confirmed));
  CHECK(in_words(o).starts_with("confirmed by video-3, \"b c\" and 2 more in "));
  o.time_us = 999'999; // a clock that was set back
  CHECK(took_text(o).empty());
  o.recorders.clear();
  CHECK(in_words(o) == "confirmed: the recording is paused");
}

TEST_CASE("what was overtaken, and what became of what was held") {
  auto o = outcome_of(capture_verb::resume, outcome::superseded);
  o.superseded_by = {9};
  CHECK(in_words(o) == "superseded: overtaken by a later command (version 9)");
  o = outcome_of(capture_verb::resume, outcome::confirmed, capture_state::enabled);
  o.released = {4};
  o.sequence = {7}; // the order's that let it go, whatever was held
  CHECK(in_words(o) == "the command that was held: confirmed: the screen is recorded");
  o.sequence = {4}; // its own: it will not go out
  CHECK(in_words(o) == "the resume that was held: confirmed: the screen is recorded");
}

TEST_CASE("a pause says who, since when, how long and why") {
  keep_utc();
  auto pause = card_pause();
  CHECK(in_words(pause) == "call 71 is paused by agent-desktop since 12:00:00");
  CHECK(in_words(pause, noon_us + 61'000'000) ==
        "call 71 is paused by agent-desktop since 12:00:00, 1 min");
  pause.reason = "card number";
  pause.holder_gone = true;
  pause.waiting = 1;
  CHECK(in_words(pause) == "call 71 is paused by agent-desktop since 12:00:00 (card number); its "
                           "holder is gone; 1 command waits for its end");
  pause.waiting = 2;
  CHECK(in_words(pause).ends_with("; 2 commands wait for its end"));
  CHECK(in_words(standing_pause{}) == "the screen is paused by somebody since -");
}

TEST_CASE("an open order says what it waits for") {
  open_order o{{5}, capture_verb::resume, {0x71}};
  CHECK(in_words(o) == "resume of call 71 waits for its recorders");
  o.cause = broker_reason::drift;
  CHECK(in_words(o) == "resume of call 71 of the broker's own (drift) waits for its recorders");
  o.held = true;
  o.connection = {};
  CHECK(in_words(o) == "resume of no call is held until no pause stands");
}

TEST_CASE("a recorder's order says what the screen is to be, and who wants it") {
  recorder_order o{"7001", capture_state::paused, capture_verb::start, {0x72}, {4}};
  CHECK(in_words(o) == "paused, by start of call 72, version 4");
  o.cause = broker_reason::recorder_came;
  o.reason = "card";
  CHECK(in_words(o) ==
        "paused, by start of call 72 of the broker's own (recorder_came), version 4 (card)");
  CHECK(in_words(recorder_order{"7001", capture_state::enabled}) ==
        "enabled, as the snapshot has it");
}

TEST_CASE("every alarm has words of its own") {
  keep_utc();
  CHECK(in_words(standing_alarm{broker_reason::drift, noon_us}) ==
        "a recorder does otherwise than it is to, since 12:00:00");
  CHECK(in_words(standing_alarm{broker_reason::recorder_lost, noon_us, {5}}) ==
        "a recorder is gone (0000000000000005), since 12:00:00");
  for (auto cause : {broker_reason::recorder_unconfirmed, broker_reason::pause_holder_gone,
                     broker_reason::pause_long, broker_reason::internal_error})
    CHECK_FALSE(in_words(standing_alarm{cause}).starts_with("somebody must look"));
  CHECK(in_words(standing_alarm{}) == "somebody must look, since -");
}

TEST_CASE("every reason for an unknown light has words of its own") {
  std::set<std::string> all;
  for (auto why : {unknown_because::it_is_known, unknown_because::no_link,
                   unknown_because::not_registered, unknown_because::events_missed,
                   unknown_because::no_recorder, unknown_because::recorder_lost,
                   unknown_because::recorder_silent, unknown_because::broker_fault}) {
    CHECK(in_words(why).empty() == (why == unknown_because::it_is_known));
    CHECK_FALSE(to_string(why).empty());
    all.insert(in_words(why));
  }
  CHECK(all.size() == 8);
}

TEST_CASE("a slow handler is named by what it was told, with its time and what it costs") {
  CHECK(
    in_words(slow_handler{"notice", "pause", "7001", std::chrono::milliseconds{900},
                          std::chrono::seconds{5}}) ==
    "the notice handler (pause of 7001) took 0.9 s: meanwhile nothing was read and no heartbeat "
    "went out; after 5 s of that the link is lost");
  CHECK(in_words(slow_handler{"timer", "", "", std::chrono::milliseconds{501}, {}}) ==
        "the timer handler took 0.501 s: meanwhile nothing was read and no heartbeat went out");
}

TEST_CASE("the end of a request says why it is no acknowledgement") {
  completion c;
  c.status = request_status::acknowledged;
  c.answer = event_ack{};
  CHECK(in_words(c) == "acknowledged");
  c.status = request_status::refused;
  event_error error;
  error.code = 118;
  error.text = "no recorder";
  c.answer = error;
  CHECK(in_words(c) == "refused: EventError 118 service_unavailable: no recorder");
  c.answer.reset();
  c.status = request_status::unknown_outcome;
  c.doubt = doubt_reason::link_lost;
  CHECK(in_words(c) == "unknown_outcome: link_lost");
  c.status = request_status::not_sent;
  c.sent = send_status::disconnected;
  CHECK(in_words(c) == "not_sent: disconnected");
  c.status = request_status::called_in_handler;
  CHECK(in_words(c) == "called_in_handler");
}

TEST_CASE("an age is told in two words at most") {
  auto age = [](std::int64_t seconds) { return age_text(1, 1 + seconds * 1'000'000); };
  CHECK(age(-5) == "0 s");
  CHECK(age(59) == "59 s");
  CHECK(age(60) == "1 min");
  CHECK(age(3'599) == "59 min");
  CHECK(age(7'500) == "2 h 5 min");
  CHECK(age(86'399) == "23 h 59 min");
  CHECK(age(86'400 * 3 + 7'200) == "3 d 2 h");
  CHECK(age_text(0, 5) == "-");
  CHECK(age_text(std::numeric_limits<std::int64_t>::max(), 5) == "-");
  CHECK(clock_text(std::numeric_limits<std::int64_t>::max()) == "-");
}

TEST_CASE("no words can steer a terminal") {
  std::string evil = "\x1b]0;evil\a\n\xff";
  standing_pause pause{{}, evil};
  pause.agent_id = pause.reason = evil;
  auto held = outcome_of(capture_verb::start, outcome::held);
  held.held_by = pause;
  auto failed = outcome_of(capture_verb::start, outcome::failed);
  failed.recorders = {result_of(evil, recorder_verdict::failed)};
  failed.recorders[0].failure = recorder_failure{1, evil};
  recorder_order order{evil, capture_state::paused, capture_verb::pause};
  order.reason = evil;
  for (auto& text : {in_words(pause), in_words(held), in_words(failed), in_words(order)}) {
    INFO(text);
    CHECK(wire::valid_utf8(text));
    CHECK_FALSE(wire::has_control_character(text));
  }
}
