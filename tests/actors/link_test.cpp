// Conversations about the link itself: its clocks, how it ends, and what is read and sent when.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"
#include "tests/actors/small_outboxes.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// The links' clocks are looked at ten times a second, and a full outbox once.
constexpr auto glance = 110ms;
constexpr auto slow_look = 1100ms;

/// User events by `from` until `to`, which does not read, is above high water.
void fill(party& from, party& to) {
  to.stops_reading();
  while (!to.box().above_high_water())
    CHECK(ask(from, send(9, "7001", "", {.padding = 200})).starts_with("ACK 9"));
}

const lines closed_by_a_rule{"connection: connection closed"};

} // namespace

// ---- heartbeats ----------------------------------------------------------------------------

TEST_CASE("a client that says nothing for the heartbeat timeout is closed, and not before") {
  office o;
  auto& desk = o.desktop();
  desk.falls_silent();
  o.pass(4990ms);
  CHECK(desk.hears().empty());
  o.pass(10ms + glance);
  CHECK(desk.hears() == lines{"disconnected: HEARTBEAT_TIMEOUT"});
  CHECK(o.told() == closed_by_a_rule);
}

TEST_CASE("heartbeats keep a link that has nothing to say") {
  office o;
  auto& desk = o.desktop();
  o.pass(1min);
  CHECK_FALSE(desk.closing());
  CHECK(desk.heartbeats() >= 28); // the broker's: one in two seconds, and looks at its clocks
  CHECK(desk.heartbeats() <= 30);
}

TEST_CASE("the broker says a heartbeat only where it has said nothing else") {
  office o;
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  for (int second = 0; second < 10; ++second) {
    CHECK(ask(desk, query_address(3, "7001")).starts_with("address 3"));
    o.pass(1s);
  }
  CHECK(desk.heartbeats() == 0);
}

TEST_CASE("a client's silence does not count while the broker itself does not read it") {
  office o{small_outboxes()};
  auto& desk = o.desktop();
  auto& slow = o.desktop("slow");
  register_all("7001", {&desk, &slow});
  fill(desk, slow);
  slow.falls_silent();
  o.pass(8s);
  CHECK_FALSE(slow.closing());
  static_cast<void>(slow.hears());
  o.pass(4s);
  CHECK(slow.hears().empty());
  o.pass(2s);
  CHECK(slow.hears() == lines{"disconnected: HEARTBEAT_TIMEOUT"});
  CHECK(o.told() == closed_by_a_rule);
}

// ---- what must be done in time -------------------------------------------------------------

TEST_CASE("a client that does not sign on in time is told so, and its link ends") {
  office o;
  auto& desk = o.connect("desk");
  o.pass(4990ms);
  CHECK(desk.hears().empty());
  o.pass(10ms + glance);
  CHECK(desk.hears() == lines{"disconnected: SIGN_ON_TIMEOUT"});
  CHECK(desk.closing());
  CHECK(o.told() == closed_by_a_rule);
}

TEST_CASE("a client that stays above high water for too long is closed") {
  office o{small_outboxes()};
  auto& desk = o.desktop();
  auto& slow = o.desktop("slow");
  register_all("7001", {&desk, &slow});
  fill(desk, slow);
  o.pass(9900ms);
  CHECK_FALSE(slow.box().closed());
  o.pass(100ms + slow_look);
  CHECK(slow.box().closed());
  CHECK(slow.hears().back() == "disconnected: SLOW_CONSUMER");
  CHECK(o.told() == closed_by_a_rule);
}

TEST_CASE("a client that reads again in time is not closed, however slow it was before") {
  office o{small_outboxes()};
  auto& desk = o.desktop();
  auto& slow = o.desktop("slow");
  register_all("7001", {&desk, &slow});
  for (int times = 0; times < 3; ++times) {
    fill(desk, slow);
    o.pass(8s);
    CHECK_FALSE(slow.hears().empty());
    o.pass(slow_look); // it is seen to have read
  }
  CHECK_FALSE(slow.box().closed());
}

TEST_CASE("a client that takes nothing for too long is closed, however little waits") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  recorder.stops_reading();
  CHECK(ask(desk, send(3, "7001", "")) == "ACK 3: recorders 1, #1");
  o.pass(o.context.bounds.slow_consumer_timeout - 100ms);
  CHECK_FALSE(recorder.box().closed());
  o.pass(100ms + slow_look);
  CHECK(recorder.box().closed());
  desk.hears();
  CHECK(ask(desk, query_address(3, "7001")).find("recorders 0+0, clients 1") != std::string::npos);
  CHECK(recorder.hears().back() == "disconnected: SLOW_CONSUMER");
  CHECK(o.told() == closed_by_a_rule);
}

TEST_CASE("a client that takes a little now and then is not closed while little waits") {
  office o;
  auto& desk = o.desktop();
  auto& slow = o.desktop("slow");
  register_all("7001", {&desk, &slow});
  slow.stops_reading();
  CHECK(ask(desk, send(3, "7001", "", {.padding = 2000})) == "ACK 3: recorders 0, #1");
  for (int times = 0; times < 8; ++times) {
    o.pass(4s);
    slow.reads_only(100);
  }
  CHECK_FALSE(slow.box().closed());
  CHECK_THAT(slow.hears(), in_brief({"event 7001 #1: user event"}));
}

// ---- frames that are begun -----------------------------------------------------------------

TEST_CASE("a frame that is not whole in time ends its link, however it trickles in") {
  office o;
  auto& desk = o.desktop();
  auto whole = delimited(send(3, "7001", "", {.padding = 1000}));
  desk.read_stream(whole.substr(0, 100));
  for (std::size_t at = 100; at < 109; ++at) {
    o.pass(1s);
    desk.read_stream(whole.substr(at, 1));
  }
  CHECK_FALSE(desk.closing());
  o.pass(1s + slow_look);
  CHECK(desk.hears() == lines{"disconnected: HEARTBEAT_TIMEOUT"});
  CHECK(o.told() == closed_by_a_rule);
}

TEST_CASE("a client whose reads always end within a frame is not late with any") {
  office o;
  auto& desk = o.desktop();
  auto one = delimited(heartbeat());
  desk.read_stream(one.substr(0, 2));
  for (int second = 0; second < 30; ++second) {
    o.pass(1s);
    desk.read_stream(one.substr(2) + one.substr(0, 2));
  }
  CHECK_FALSE(desk.closing());
}

TEST_CASE("the beginning of a frame counts in the memory budget until it is whole, or nobody's") {
  office o;
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  auto before = o.context.budget.used();
  auto whole = delimited(send(3, "7001", "", {.padding = 10'000}));
  desk.read_stream(whole.substr(0, 9000));
  o.settle();
  CHECK(o.context.budget.used() >= before + 9000);
  desk.read_stream(whole.substr(9000));
  CHECK(desk.hears() == lines{"Error 3: 41 on 7001"});
  CHECK(o.context.budget.used() < before + 5000);
  other.read_stream(whole.substr(0, 9000));
  o.settle();
  CHECK(o.context.budget.used() >= before + 9000);
  other.vanishes();
  o.settle();
  CHECK(o.context.budget.used() < before + 5000);
}

// ---- the end -------------------------------------------------------------------------------

TEST_CASE("the last frames wait for a client that reads them late, but not for ever") {
  office o;
  auto& late = o.desktop("late");
  auto& never = o.desktop("never");
  for (auto* one : {&late, &never}) {
    one->stops_reading();
    one->says(sign_off(2));
  }
  o.pass(1900ms);
  CHECK(late.hears() == lines{"disconnected 2: SIGNED_OFF"});
  CHECK_FALSE(never.closing());
  o.pass(100ms + glance);
  CHECK(never.closing());
  CHECK(never.hears().empty());
}

namespace {

const std::initializer_list<stage> by_hand{
  {runs_on::virtual_time, 1}, {runs_on::virtual_time, 2}, message_by_message};

struct recorded_desk {
  explicit recorded_desk(const stage& where) : o{{}, where} {
    register_all("7001", {&desk, &recorder});
  }
  office o;
  party& desk = o.desktop();
  party& recorder = o.recorder();
};

} // namespace

TEST_CASE("what a client says last is heard before its link is gone") {
  auto where = GENERATE(values(by_hand));
  INFO(where);
  recorded_desk d{where};
  d.recorder.says(send(3, "7001", "enabled"));
  d.recorder.says(send(4, "7001", "paused"));
  d.recorder.vanishes();
  CHECK(d.desk.hears() ==
        lines{"event 7001 #1: enabled by recorder, light enabled",
              "event 7001 #2: paused by recorder, light paused",
              "event 7001 #3: unknown by the broker, light unknown, RECORDER_LOST"});
}

TEST_CASE("what a client says last is heard though the link breaks where it is written to") {
  auto where = GENERATE(values(by_hand));
  INFO(where);
  recorded_desk d{where};
  d.recorder.stops_reading();
  CHECK(ask(d.desk, send(3, "7001", "start")) == "ACK 3: recorders 1, #1 v1");
  d.o.settle();
  d.recorder.says(send(3, "7001", "paused"));
  d.recorder.is_cut_off_behind_that();
  CHECK(d.desk.hears() ==
        lines{"event 7001 #2: paused by recorder, light paused",
              "event 7001 #3: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
}

TEST_CASE("a link that breaks takes what was not read with it, and its registrations") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  recorder.says(send(3, "7001", "enabled"));
  recorder.is_cut_off();
  o.settle();
  CHECK(ask(desk, query_address(3, "7001")) ==
        "address 3: 7001; light unknown, v0 #0, recorders 0+0, clients 1");
}

// ---- credit --------------------------------------------------------------------------------

TEST_CASE("no third read is in the actors' hands before they are done with one") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  for (std::uint32_t reference = 3; reference <= 6; ++reference)
    desk.says(send(reference, "7001", "pause"));
  CHECK(desk.reads_in_flight() == 2);
  CHECK_THAT(desk.hears(), in_brief({"ACK 3", "ACK 4", "ACK 5", "ACK 6"}));
  CHECK(desk.reads_in_flight() == 0);
}

TEST_CASE("whoever has heard an answer may use its ReferenceID again at once") {
  office o{{}, {runs_on::virtual_time, 2}};
  auto& other = o.desktop("other");
  auto& desk = o.desktop(); // on the other loop than the DN
  register_all("7001", {&other, &desk});
  // In the moment in which the DN tells the desktop's loop that an answer waits, that loop sends
  // it, and the desktop speaks again.
  bool has_spoken_again = false;
  o.meanwhile([&](std::size_t edge) {
    if (edge != 1 || std::exchange(has_spoken_again, true))
      return;
    CHECK(o.interrupt_for(1));
    desk.says(send(3, "7001", "resume"));
    CHECK(o.interrupt_for(1));
  });
  desk.says(send(3, "7001", "pause"));
  auto heard = desk.hears();
  CHECK(has_spoken_again);
  CHECK(heard == lines{"ACK 3: recorders 0, #1 v1", "ACK 3: recorders 0, #2 v2"});
  CHECK_THAT(other.hears(), in_brief({"event 7001 #1: pause", "event 7001 #2: resume"}));
}
