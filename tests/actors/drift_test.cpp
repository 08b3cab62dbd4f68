// A recorder that leaves what is desired, unasked; and one that says that it could not do what it
// was ordered. In virtual time.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// It was recorded, and is paused; the next event is #5, the next version 3.
void start_and_pause(pair_on_7001& p) {
  p.desk.says(send(3, "7001", "start", {.call = 0x71}));
  p.recorder_says(3, "enabled", 0x71);
  p.desk.says(send(4, "7001", "pause", {.call = 0x71}));
  p.recorder_says(4, "paused", 0x71);
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2 call 71: enabled",
                                       "outcome 7001 #1 call 71: start confirmed", "ACK 4",
                                       "event 7001 #4 call 71: paused",
                                       "outcome 7001 #3 call 71: pause confirmed"}));
}

const std::string asked = "query by the broker, light enabled, ASKED, for recorder, desired paused";

/// The numbers of these events of the broker's.
std::string only_orders(const lines& heard) {
  std::string out;
  for (auto& line : heard)
    if (line.find(": pause v") != std::string::npos)
      out += line.substr(0, line.find(" by ")) + "; ";
  return out;
}

} // namespace

TEST_CASE("a recorder that records in a pause is ordered again at once, and it is an alarm") {
  pair_on_7001 p;
  start_and_pause(p);
  p.recorder.says(send(5, "7001", "enabled"));
  auto alarm = "event 7001 #6: user event by the broker, light enabled, DRIFT, alarm";
  auto order = "event 7001 #7 call 71: pause v3 by the broker, light enabled, DRIFT, for recorder";
  CHECK(p.recorder.hears() == lines{"ACK 5: recorders 0, #5 v2", alarm, order});
  CHECK(p.desk.hears() == lines{"event 7001 #5: enabled by recorder, light enabled", alarm, order});
  CHECK(ask(p.desk, query_address(5, "7001")) ==
        "address 5: 7001; light enabled, v3 #7, recorders 1+0, clients 2; wants paused v2; "
        "call 71 wants recording; desk's pause of call 71 v2; recorder says enabled, owes 1; "
        "pause v3 call 71 open, DRIFT; alarm DRIFT");
  p.recorder_says(6, "paused");
  CHECK(p.desk.hears() == lines{"event 7001 #8: paused by recorder, light paused"});
  CHECK(ask(p.desk, query_address(6, "7001")) ==
        "address 6: 7001; light paused, v3 #8, recorders 1+0, clients 2; wants paused v2; "
        "call 71 wants recording; desk's pause of call 71 v2; recorder says paused");
  p.o.pass(60s);
  CHECK(p.desk.hears().empty());
}

TEST_CASE("corrections come three times, farther and farther apart; then the alarm stands") {
  pair_on_7001 p; // confirm_timeout: 2 s
  start_and_pause(p);
  p.recorder_says(5, "enabled");
  CHECK(only_orders(p.desk.hears()) == "event 7001 #7 call 71: pause v3; ");
  p.o.pass(2s);
  CHECK(p.desk.hears() ==
        lines{"event 7001 #8: " + asked,
              "event 7001 #9: user event by the broker, light enabled, RECORDER_UNCONFIRMED, "
              "alarm"});
  p.o.pass(9'950ms);
  CHECK(p.desk.hears().empty());
  p.o.pass(50ms); // five deadlines behind the first
  CHECK(only_orders(p.desk.hears()) == "event 7001 #10 call 71: pause v4; ");
  p.o.pass(2s + 29'950ms);
  CHECK(only_orders(p.desk.hears()) == "");
  p.o.pass(50ms); // fifteen
  CHECK(only_orders(p.desk.hears()) == "event 7001 #13 call 71: pause v5; ");
  p.o.pass(10min);
  CHECK(only_orders(p.desk.hears()) == "");
  CHECK(ask(p.desk, query_address(5, "7001"))
          .ends_with("recorder says enabled; alarm DRIFT; alarm RECORDER_UNCONFIRMED"));
  p.recorder.hears();
  p.o.told();
}

TEST_CASE("a recorder that goes back and forth is corrected at once three times, then told of") {
  pair_on_7001 p;
  start_and_pause(p);
  std::uint32_t reference = 5;
  auto flaps = [&] {
    p.recorder_says(reference++, "enabled");
    auto heard = p.desk.hears();
    p.recorder_says(reference++, "paused");
    p.desk.hears();
    return heard;
  };
  for (auto* order : {"event 7001 #7 call 71: pause v3; ", "event 7001 #11 call 71: pause v4; ",
                      "event 7001 #15 call 71: pause v5; "})
    CHECK(only_orders(flaps()) == order);
  CHECK(flaps().back().ends_with(": user event by the broker, light enabled, DRIFT, alarm"));
  for (int i = 0; i < 20; ++i)
    CHECK(flaps().size() == 1); // its word alone: the alarm stands
  CHECK(ask(p.desk, query_address(100, "7001")).ends_with("recorder says paused; alarm DRIFT"));
  p.o.pass(30s); // it is calm: 15 deadlines
  CHECK(ask(p.desk, query_address(101, "7001")).ends_with("recorder says paused"));
  CHECK(only_orders(flaps()) != "");
}

TEST_CASE("what a site wants of drift in a pause it says in its configuration") {
  for (auto policy : {drift_policy::alarm, drift_policy::ignore}) {
    pair_on_7001 p;
    p.o.context.confirm.drift_paused = policy;
    start_and_pause(p);
    p.recorder_says(5, "enabled");
    lines expected{"event 7001 #5: enabled by recorder, light enabled"};
    if (policy == drift_policy::alarm)
      expected.push_back("event 7001 #6: user event by the broker, light enabled, DRIFT, alarm");
    CHECK(p.desk.hears() == expected);
    p.o.pass(60s);
    CHECK(p.desk.hears().empty());
  }
}

TEST_CASE("a recorder that says disabled in a pause has not left what is desired") {
  pair_on_7001 p;
  start_and_pause(p);
  p.recorder_says(5, "disabled");
  CHECK(p.desk.hears() == lines{"event 7001 #5: disabled by recorder, light disabled"});
}

TEST_CASE("what is recorded of the call that was stopped is an alarm, another call is no drift") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "stop", {.call = 0x71}));
  p.recorder_says(3, "disabled", 0x71);
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2 call 71: disabled",
                                       "outcome 7001 #1 call 71: stop confirmed"}));
  p.recorder_says(4, "enabled", 0x72);
  CHECK(p.desk.hears() == lines{"event 7001 #3 call 72: enabled by recorder, light enabled"});
  p.recorder_says(5, "disabled", 0x72);
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #4 call 72: disabled"}));
  for (std::uint64_t call : {0x71, 0}) {
    p.recorder_says(6, "enabled", call);
    CHECK(
      p.desk.hears().back().ends_with(": user event by the broker, light enabled, DRIFT, alarm"));
    p.recorder_says(7, "disabled", call);
    CHECK(p.desk.hears().back().ends_with(": disabled by recorder, light disabled"));
  }
}

TEST_CASE("a recording that ends by itself though it is wanted is an alarm, or corrected") {
  for (auto policy : {drift_policy::alarm, drift_policy::correct}) {
    pair_on_7001 p;
    p.o.context.confirm.drift_enabled = policy;
    p.desk.says(send(3, "7001", "start"));
    p.recorder_says(3, "enabled");
    CHECK_THAT(p.desk.hears(),
               in_brief({"ACK 3", "event 7001 #2: enabled", "outcome 7001 #1: start confirmed"}));
    p.recorder_says(4, "disabled");
    lines expected{"event 7001 #3: disabled by recorder, light disabled",
                   "event 7001 #4: user event by the broker, light disabled, DRIFT, alarm"};
    if (policy == drift_policy::correct)
      expected.push_back(
        "event 7001 #5: start v2 by the broker, light disabled, DRIFT, for recorder");
    CHECK(p.desk.hears() == expected);
    p.recorder_says(5, "enabled");
    CHECK(p.desk.hears().back().ends_with(": enabled by recorder, light enabled"));
  }
}

TEST_CASE("a recording that nobody asked for may end by itself") {
  pair_on_7001 p;
  p.recorder_says(3, "enabled");
  p.recorder_says(4, "disabled");
  CHECK(p.desk.hears() == lines{"event 7001 #1: enabled by recorder, light enabled",
                                "event 7001 #2: disabled by recorder, light disabled"});
}

// ---- a recorder that cannot ----------------------------------------------------------------

TEST_CASE("a recorder that could not do it says why, and the outcome says so at once") {
  pair_on_7001 p;
  p.recorder_says(3, "enabled");
  p.desk.says(send(3, "7001", "pause"));
  p.desk.hears();
  p.recorder.hears();
  CHECK(ask(p.recorder,
            send(4, "7001", "failed", {.failure_code = 7, .failure_text = "the driver is gone"})) ==
        "ACK 4: recorders 0, #3 v1");
  CHECK(p.desk.hears() ==
        lines{"event 7001 #3: failed by recorder, light enabled, failure 7 the driver is gone",
              "outcome 7001 #2: pause failed; recorder failed 7 the driver is gone"});
  p.o.pass(2s); // it still records: it is ordered again
  CHECK(p.desk.hears() ==
        lines{"event 7001 #4: pause v2 by the broker, light enabled, DRIFT, for recorder"});
  p.recorder_says(5, "paused");
  CHECK(p.desk.hears() == lines{"event 7001 #5: paused by recorder, light paused"});
  CHECK(p.o.told() == lines{"dn: outcome of a command"});
}

TEST_CASE(
  "of two recorders one that failed makes a pause partial, and a start none the less done") {
  office o;
  auto& desk = o.confirming_desktop();
  auto& a = o.recorder("a");
  auto& b = o.recorder("b");
  register_all("7001", {&desk, &a, &b});
  desk.says(send(3, "7001", "start"));
  a.says(send(3, "7001", "failed"));
  b.says(send(3, "7001", "enabled"));
  CHECK(desk.hears() == lines{"ACK 3: recorders 2, #1 v1",
                              "event 7001 #2: failed by a, light unknown",
                              "event 7001 #3: enabled by b, light enabled",
                              "outcome 7001 #1: start confirmed; a failed; b confirmed"});
  desk.says(send(4, "7001", "pause"));
  b.says(send(4, "7001", "paused"));
  a.says(send(4, "7001", "failed", {.failure_code = 9}));
  CHECK(desk.hears() == lines{"ACK 4: recorders 2, #4 v2",
                              "event 7001 #5: paused by b, light unknown",
                              "event 7001 #6: failed by a, light unknown, failure 9",
                              "outcome 7001 #4: pause partial; a failed 9; b confirmed"});
  a.hears();
  b.hears();
}

TEST_CASE("an exact recorder that did something else is told of at once, not at the deadline") {
  office o;
  auto& desk = o.confirming_desktop();
  auto& exact = o.exact_recorder();
  register_all("7001", {&desk, &exact});
  desk.says(send(3, "7001", "start"));
  exact.says(send(3, "7001", "disabled", {.echoed_version = 1, .failure_code = 3}));
  CHECK(desk.hears() == lines{"ACK 3: recorders 1, #1 v1",
                              "event 7001 #2: disabled v1 by exact, light disabled, failure 3",
                              "outcome 7001 #1: start failed; exact failed 3"});
  desk.says(send(4, "7001", "start"));
  exact.says(send(4, "7001", "paused", {.echoed_version = 2}));
  CHECK(desk.hears() == lines{"ACK 4: recorders 1, #3 v2",
                              "event 7001 #4: paused v2 by exact, light paused",
                              "outcome 7001 #3: start failed; exact otherwise paused"});
  exact.hears();
}

TEST_CASE("why a recorder failed may stand beside its word, and only beside its word") {
  pair_on_7001 p;
  p.recorder_says(3, "enabled");
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #1: enabled"}));
  auto field_of = [](party& who, const v1::Frame& request) {
    who.says(request);
    auto error = who.frame().event_error();
    return std::to_string(error.error_code()) + " " + error.attribute();
  };
  auto text = std::string(129, 'x');
  CHECK(field_of(p.recorder, send(4, "7001", "failed", {.failure_text = text})) ==
        "53 failure.text");
  CHECK(field_of(p.recorder, send(4, "7001", "paused", {.reason = "why"})) ==
        "53 reason, agent_id");
  CHECK(field_of(p.desk, send(4, "7001", "pause", {.failure_code = 1})) == "53 failure");
  CHECK(field_of(p.desk, send(4, "7001", "pause", {.reason = std::string(65, 'x')})) ==
        "53 reason");
  CHECK(field_of(p.desk, send(4, "7001", "", {.agent_id = "anna"})) == "53 reason, agent_id");
  CHECK(field_of(p.desk, send(4, "7001", "failed")) == "165 event.user_data.screen-capture");
}
