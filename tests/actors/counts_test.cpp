// What actors count for an operator: what stands is counted as long as it stands, and what happens
// once.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"
#include "tests/actors/small_outboxes.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

template <class Cells, class... Labels>
std::int64_t counted(office& o, Cells meters::*which, Labels... of) {
  o.settle();
  return sum_of(o.context.counts, which, of...);
}

/// Everything that is counted as long as it stands.
std::vector<std::int64_t> all_that_stands(office& o) {
  o.settle();
  auto& all = o.context.counts;
  return {
    sum_of_all(all, &meters::connections),          sum_of_all(all, &meters::dns),
    sum_of_all(all, &meters::dns_without_recorder), sum_of_all(all, &meters::recorders_active),
    sum_of_all(all, &meters::sessions_light),       sum_of_all(all, &meters::alarms),
    sum_of_all(all, &meters::pauses_held)};
}
const std::vector<std::int64_t> nothing(7);

} // namespace

TEST_CASE("what stands is counted while it stands, and nothing is left when all have gone") {
  office o;
  {
    auto& desk = o.desktop();
    auto& recorder = o.recorder();
    register_all("7001", {&desk, &recorder});
    desk.says(register_on(3, {"7002"}));
    o.settle();
    desk.says(send(4, "7001", "start", {.call = 0x71}));
    o.settle();
    recorder.says(send(4, "7001", "enabled", {.call = 0x71}));
    o.settle();
    desk.says(send(5, "7001", "pause", {.call = 0x71}));
    o.settle();
    recorder.says(send(5, "7001", "paused", {.call = 0x71}));
    o.settle();
    recorder.says(send(6, "7001", "enabled")); // it records on, unasked
    o.settle();
    CHECK(counted(o, &meters::connections, role::desktop) == 1);
    CHECK(counted(o, &meters::connections, role::recorder) == 1);
    CHECK(counted(o, &meters::dns) == 2);
    CHECK(counted(o, &meters::dns_without_recorder) == 1);
    CHECK(counted(o, &meters::recorders_active) == 1);
    CHECK(counted(o, &meters::pauses_held) == 1);
    CHECK(counted(o, &meters::sessions_light, capture_state::enabled) == 1);
    CHECK(counted(o, &meters::alarms) == 1);
    desk.hears();
    recorder.hears();
    recorder.vanishes();
    CHECK(counted(o, &meters::recorders_active) == 0);
    CHECK(counted(o, &meters::dns_without_recorder) == 2);
    CHECK(counted(o, &meters::sessions_light, capture_state::unknown) == 1);
    desk.hears();
    desk.vanishes();
  }
  o.pass(24h);
  o.told();
  CHECK(all_that_stands(o) == nothing);
}

TEST_CASE("what a DN that is taken out of the configuration counted goes with it") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  desk.says(send(3, "7001", "pause"));
  CHECK(counted(o, &meters::pauses_held) == 1);
  o.configure({"7002"});
  o.settle();
  CHECK(counted(o, &meters::pauses_held) == 0);
  CHECK(counted(o, &meters::recorders_active) == 0);
  CHECK(sum_of_all(o.context.counts, &meters::sessions_light) == 0);
  o.pass(1min);
  CHECK(counted(o, &meters::dns) == 0);
  CHECK(counted(o, &meters::dns_without_recorder) == 0);
  desk.hears();
  recorder.hears();
  o.told();
}

TEST_CASE("requests, errors and events are counted by what they are") {
  pair_on_7001 p;
  auto& o = p.o;
  auto sends = counted(o, &meters::requests, body_number::request_send_event);
  p.desk.says(send(3, "7001", ""), send(4, "7001", "pause"), send(5, "elsewhere", ""),
              query_address(6, "7001"));
  p.recorder_says(3, "paused");
  p.desk.hears();
  CHECK(counted(o, &meters::requests, body_number::request_send_event) == sends + 4);
  CHECK(counted(o, &meters::requests, body_number::request_query_address) == 1);
  CHECK(counted(o, &meters::errors, error_code::not_registered) == 1);
  CHECK(sum_of_all(o.context.counts, &meters::errors) == 1);
  CHECK(counted(o, &meters::events, event_kind::user_event) == 1);
  CHECK(counted(o, &meters::events, event_kind::command) == 1);
  CHECK(counted(o, &meters::events, event_kind::indication) == 1);
}

TEST_CASE("a command is counted with its outcome, and with the time that it took") {
  pair_on_7001 p;
  auto& o = p.o;
  p.desk.says(send(3, "7001", "pause"));
  o.pass(30ms);
  p.recorder_says(3, "paused");
  p.desk.says(send(4, "7001", "stop"));
  o.pass(5s); // nobody confirms
  p.desk.hears();
  p.recorder.hears();
  CHECK(counted(o, &meters::commands, capture_verb::pause) == 1);
  CHECK(counted(o, &meters::outcomes, capture_verb::pause, outcome::confirmed) == 1);
  CHECK(counted(o, &meters::outcomes, capture_verb::stop, outcome::timed_out) == 1);
  CHECK(sum_of_all(o.context.counts, &meters::outcomes) == 2);
  auto cells = o.context.counts.shared().outcome_seconds.cells();
  auto each = decltype(meters::outcome_seconds)::cells_each;
  auto of = [&](capture_verb verb) {
    return cells.subspan(label<capture_verb>::index(verb) * each, each);
  };
  CHECK(of(capture_verb::pause)[3].get() == 1); // above 25 ms, at most 50
  CHECK(of(capture_verb::pause)[each - 1].get() == 30);
  CHECK(of(capture_verb::stop)[8].get() == 1); // 2 s
  o.told();
}

TEST_CASE("sign-ons are counted by role, and those that fail by their cause") {
  office o;
  auto& stranger = o.connect("stranger");
  auto wrong = sign_on(1, v1::ROLE_DESKTOP, "stranger");
  wrong.mutable_request_sign_on()->set_instance_id("short");
  auto future = sign_on(2, v1::ROLE_DESKTOP, "stranger");
  future.mutable_request_sign_on()->set_version_min(9);
  future.mutable_request_sign_on()->set_version_max(9);
  stranger.says(wrong, future, sign_on(3, v1::ROLE_SUPERVISOR, "stranger"));
  stranger.hears();
  CHECK(counted(o, &meters::sign_on_failures, wrong_request) == 1);
  CHECK(counted(o, &meters::sign_on_failures, no_common_version) == 1);
  CHECK(counted(o, &meters::sign_ons, role::supervisor) == 1);
  auto& mute = o.connect("mute");
  o.pass(6s);
  mute.hears();
  o.told();
  CHECK(counted(o, &meters::sign_on_failures, never_signed_on) == 1);
  CHECK(counted(o, &meters::disconnects, disconnect_reason::sign_on_timeout) == 1);
}

TEST_CASE("each connection's end is counted once, with its reason") {
  office o;
  auto& desk = o.desktop();
  desk.says(sign_off(2));
  desk.hears();
  desk.vanishes();
  CHECK(counted(o, &meters::disconnects, disconnect_reason::signed_off) == 1);
  o.desktop("gone").vanishes();
  o.desktop("lost").is_cut_off();
  CHECK(counted(o, &meters::disconnects, disconnect_reason::unspecified) == 2);
  auto& first = o.desktop("twice");
  auto& second = o.desktop("twice");
  first.hears();
  first.vanishes();
  CHECK(counted(o, &meters::disconnects, disconnect_reason::taken_over) == 1);
  o.drain();
  o.pass(1s);
  second.hears();
  CHECK(sum_of_all(o.context.counts, &meters::connections) == 0);
}

TEST_CASE("an event that a slow client misses is counted") {
  office o{outboxes_that_coalesce_little()};
  auto& desk = o.desktop();
  auto& slow = o.desktop("slow");
  register_all("7001", {&desk, &slow});
  slow.stops_reading();
  while (!slow.box().has_gap()) {
    desk.says(send(10, "7001", "", {.padding = 200}));
    desk.hears();
  }
  CHECK(counted(o, &meters::events_missed) == 1);
  slow.reads_all();
  slow.hears();
}
