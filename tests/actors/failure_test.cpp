// Conversations with a broker that fails: an actor that throws leaves nobody without an answer and
// nothing behind. And orders of events that are rare, taken step by step.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <utility>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// Throws when DN 7666 is asked about, while `fails` is set.
struct failing_platform {
  bool fails = false;
  authorize_function authorize() {
    return [this](const client_identity&, action, std::string_view dn, std::string_view) {
      if (fails && dn == "7666")
        throw std::runtime_error("the platform's own fault");
      return true;
    };
  }
};

const std::string empty_dn = "light unknown, v0 #0, recorders 0+0, clients 1";

} // namespace

TEST_CASE("a DN that fails answers 52, says unknown, unregisters all, and can be made anew") {
  failing_platform platform;
  office o{{}, {}, platform.authorize()};
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  desk.says(register_on(2, {"7666", "7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7666", "registered 2: 7001"}));
  recorder.says(register_on(2, {"7666"}));
  CHECK_THAT(recorder.hears(), in_brief({"registered 2: 7666"}));
  CHECK(desk.hears().empty());
  platform.fails = true;
  desk.says(send(3, "7666", "pause"), send(4, "7666", "stop"), send(5, "7001", "pause"),
            query_address(6, "7666"));
  CHECK(desk.hears() == lines{"event 7666 #1: unknown by the broker, light unknown, INTERNAL_ERROR",
                              "unregistered: 7666, 52", "Error 3: 52 on 7666",
                              "Error 4: 52 on 7666", "Error 6: 52 on 7666",
                              "ACK 5: recorders 0, #1 v1"});
  CHECK(recorder.hears() ==
        lines{"event 7666 #1: unknown by the broker, light unknown, INTERNAL_ERROR",
              "unregistered: 7666, 52"});
  CHECK(desk.client().window.outstanding() == 0);
  platform.fails = false;
  desk.says(send(7, "7666", "pause"));
  CHECK(desk.hears() == lines{"Error 7: 41 on 7666"});
  desk.says(register_on(8, {"7666"}), send(9, "7666", "pause"));
  CHECK(desk.hears() ==
        lines{"registered 8: 7666 share; " + empty_dn, "ACK 9: recorders 0, #1 v1"});
  CHECK(o.told() == lines{"dn: DN actor ended with registrations", "directory: DN actor failed"});
}

TEST_CASE("a DN that fails at a registration answers it 52, and the next one works") {
  failing_platform platform;
  office o{{}, {}, platform.authorize()};
  auto& desk = o.desktop();
  platform.fails = true;
  desk.says(register_on(2, {"7666"}), send(3, "7666", "pause"));
  CHECK(desk.hears() == lines{"Error 2: 52 on 7666", "Error 3: 52 on 7666"});
  platform.fails = false;
  o.settle();
  desk.says(register_on(4, {"7666"}), send(5, "7666", "pause"));
  CHECK(desk.hears() ==
        lines{"registered 4: 7666 share; " + empty_dn, "ACK 5: recorders 0, #1 v1"});
  CHECK(o.told() == lines{"directory: DN actor failed"});
}

TEST_CASE("what waits for a DN that fails is answered 52, whoever asked") {
  failing_platform platform;
  office o{{}, message_by_message, platform.authorize()};
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  auto& third = o.desktop("third");
  for (auto* one : {&desk, &other}) {
    one->says(register_on(2, {"7666"}));
    CHECK_THAT(one->hears(), in_brief({"registered 2: 7666"}));
  }
  platform.fails = true;
  third.says(register_on(2, {"7666"}));
  desk.says(send(3, "7666", "pause"), unregister(4, {"7666"}));
  other.says(register_on(3, {"7666"}, v1::REGISTRATION_MODE_MONITOR), send(4, "7666", "pause"));
  auto end = lines{"event 7666 #1: unknown by the broker, light unknown, INTERNAL_ERROR",
                   "unregistered: 7666, 52", "Error 3: 52 on 7666", "Error 4: 52 on 7666"};
  CHECK(desk.hears() == end);
  CHECK(other.hears() == end);
  CHECK(third.hears() == lines{"Error 2: 52 on 7666"});
  platform.fails = false;
  o.settle();
  for (auto* one : {&desk, &other, &third}) {
    one->says(register_on(5, {"7666"}), unregister(6, {"7666"}));
    CHECK(one->hears() == lines{"registered 5: 7666 share; " + empty_dn, "unregistered 6: 7666"});
  }
  CHECK(o.told() == lines{"dn: DN actor ended with registrations", "directory: DN actor failed"});
}

TEST_CASE("a connection that vanishes while its DNs are looked up leaves no registration") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  auto& hasty = o.desktop("hasty");
  desk.says(register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  hasty.says(register_on(2, {"7001", "7002"}));
  o.next_is(hasty);
  REQUIRE(o.step()); // the directory is asked
  hasty.vanishes();
  o.settle();
  desk.says(query_address(3, "7001"));
  CHECK(desk.hears() == lines{"address 3: 7001; light unknown, v0 #0, recorders 0+0, clients 1"});
}

TEST_CASE("unregistering and vanishing at once ends a registration once") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  recorder.says(send(3, "7001", "enabled"));
  CHECK_THAT(recorder.hears(), in_brief({"ACK 3"}));
  CHECK_THAT(desk.hears(), in_brief({"event 7001 #1: enabled"}));
  recorder.says(unregister(4, {"7001"}));
  recorder.vanishes();
  CHECK(desk.hears() ==
        lines{"event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST"});
  CHECK(recorder.hears().empty());
}

TEST_CASE("a closed recorder does not count, before anybody has told the DN") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  recorder.says(send(3, "7001", "enabled"));
  CHECK_THAT(recorder.hears(), in_brief({"ACK 3"}));
  CHECK_THAT(desk.hears(), in_brief({"event 7001 #1: enabled"}));
  recorder.box().close(); // the edge has seen the end of the socket
  desk.says(send(3, "7001", "query"), send(4, "7001", "pause"), query_address(5, "7001"));
  CHECK(desk.hears() ==
        lines{"Error 3: 118 on 7001, last known enabled", "ACK 4: recorders 0, #2 v1",
              "address 5: 7001; light enabled, v1 #2, recorders 0+0, clients 2; "
              "wants paused v1; call 0 wants recording; desk's pause of all v1; "
              "recorder says enabled; pause v1 open",
              "event 7001 #3: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
}

TEST_CASE("answers about a DN come in order even while its registration ends") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  // The DN has unregistered the client and the connection knows; a request that went out before is
  // still on its way when the next one is read.
  desk.says(unregister(3, {"7001"}));
  desk.says(send(4, "7001", "pause"));
  o.next_is(desk);
  REQUIRE(o.step());
  o.next_is(desk);
  REQUIRE(o.step());
  REQUIRE(o.step()); // the DN: 3
  o.next_is(desk);
  REQUIRE(o.step()); // the connection hears of it
  desk.says(send(5, "7001", "pause"));
  o.next_is(desk);
  REQUIRE(o.step());
  CHECK(desk.hears() ==
        lines{"unregistered 3: 7001", "Error 4: 41 on 7001", "Error 5: 41 on 7001"});
}

TEST_CASE("actors end with what they are for") {
  limits bounds;
  bounds.dn_idle_timeout = 60s;
  bounds.session_idle_max = 600s;
  office o{bounds, message_by_message};
  auto alone = o.actors(); // the directory
  auto& hasty = o.desktop("hasty");
  auto& desk = o.desktop();
  hasty.says(register_on(2, {"7001", "7002"}));
  o.next_is(hasty);
  REQUIRE(o.step());
  hasty.vanishes(); // 7001 and 7002 are made for nobody
  desk.says(register_on(2, {"7003"}), send(3, "7003", "pause", {.call = 1}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7003", "ACK 3"}));
  CHECK(o.actors() == alone + 5); // one connection, three DNs, one session
  desk.vanishes();
  CHECK(o.actors() == alone + 4);
  o.pass(60s);
  o.pass(60s);
  CHECK(o.actors() == alone + 2); // a pause is remembered
  for (int minutes = 0; minutes < 12; ++minutes)
    o.pass(60s);
  CHECK(o.actors() == alone);
  CHECK_FALSE(o.has_timers());
  CHECK(o.told() == lines{"dn: outcome of a command"});
}

TEST_CASE("a DN does not retire while its handle is on the way to a connection") {
  limits bounds;
  bounds.dn_idle_timeout = 60s;
  office o{bounds, message_by_message};
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  desk.says(register_on(2, {"7001"}), unregister(3, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001", "unregistered 3: 7001"}));
  o.pass(59s);
  other.says(register_on(2, {"7001"}));
  o.next_is(other);
  REQUIRE(o.step());
  REQUIRE(o.step()); // the directory has given the handle away
  o.stand_still(1s); // and the DN has been idle for long enough
  while (o.step_without(other))
    ; // its tick, and what the directory says to that
  CHECK(other.hears() == lines{"registered 2: 7001 share; " + empty_dn});
  other.says(send(3, "7001", "pause"));
  CHECK(other.hears() == lines{"ACK 3: recorders 0, #1 v1"});
}

TEST_CASE("a DN that has something to do again when it is told to retire stays the only one") {
  limits bounds;
  bounds.dn_idle_timeout = 60s;
  office o{bounds, message_by_message};
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  auto& third = o.desktop("third");
  desk.says(register_on(2, {"7001"}), unregister(3, {"7001"}));
  CHECK(desk.hears() == lines{"registered 2: 7001 share; " + empty_dn, "unregistered 3: 7001"});
  o.pass(55s);
  other.says(register_on(2, {"7001"}));
  o.next_is(other);
  REQUIRE(o.step());
  REQUIRE(o.step());              // the directory has given the handle away
  o.stand_still(11s);             // longer than a handle may be on its way
  REQUIRE(o.step_without(other)); // the DN's tick: it says that it is idle
  o.next_is(other);
  REQUIRE(o.step()); // the handle arrives: the registration is on its way to the DN
  CHECK(other.hears() == lines{"registered 2: 7001 share; " + empty_dn});
  third.says(register_on(2, {"7001"}));
  CHECK(third.hears() ==
        lines{"registered 2: 7001 share; light unknown, v0 #0, recorders 0+0, clients 2"});
  other.says(send(3, "7001", "start"));
  CHECK(other.hears() == lines{"ACK 3: recorders 0, #1 v1"});
  CHECK(third.hears() == lines{"event 7001 #1: start v1 by other, light unknown"});
}

TEST_CASE("who asks for a DN that is about to end hears of it when that is decided") {
  limits bounds;
  bounds.dn_idle_timeout = 60s;
  office o{bounds, message_by_message};
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  desk.says(register_on(2, {"7001"}), unregister(3, {"7001"}));
  CHECK(desk.hears() == lines{"registered 2: 7001 share; " + empty_dn, "unregistered 3: 7001"});
  o.stand_still(60s);
  REQUIRE(o.step()); // the DN's tick: it says that it is idle
  REQUIRE(o.step()); // the directory tells it to retire
  other.says(register_on(2, {"7001"}));
  CHECK(other.hears() == lines{"registered 2: 7001 share; " + empty_dn});
  CHECK(o.told() == lines{});
}

TEST_CASE("when the directory fails its broker is told, and so are its DNs' clients") {
  office o;
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}));
  CHECK(desk.hears() == lines{"registered 2: 7001 share; " + empty_dn});
  CHECK(o.directory_failure().empty());
  o.fail_directory();
  o.settle();
  CHECK(o.directory_failure() != "");
  CHECK(desk.hears() == lines{"event 7001 #1: unknown by the broker, light unknown, INTERNAL_ERROR",
                              "unregistered: 7001, 52"});
  desk.says(register_on(3, {"7001"}));
  CHECK(desk.hears() == lines{"Error 3: 52 on 7001"});
  auto& late = o.connect("late");
  late.says(sign_on(1, v1::ROLE_DESKTOP, "late"));
  CHECK(late.hears() == lines{"Error 1: 52", "disconnected: INTERNAL_ERROR"});
  o.told();
}

TEST_CASE("a registration said again while the first is refused is counted by itself") {
  limits bounds;
  bounds.dns_max = 1;
  bounds.dn_idle_timeout = 60s;
  office o{bounds, message_by_message};
  auto& other = o.desktop("other");
  auto& desk = o.desktop();
  other.says(register_on(2, {"7001"}));
  CHECK_THAT(other.hears(), in_brief({"registered 2: 7001"}));
  desk.says(register_on(2, {"7002"}));
  o.next_is(desk);
  REQUIRE(o.step());
  REQUIRE(o.step()); // the directory has no room: its answer waits for the connection
  desk.says(register_on(3, {"7002"}));
  o.context.bounds.dns_max = 2;
  CHECK(desk.hears() == lines{"Error 2: 1186 on 7002", "registered 3: 7002 share; " + empty_dn});
  desk.says(unregister(4, {"7002"}));
  CHECK(desk.hears() == lines{"unregistered 4: 7002"});
  o.pass(60s);
  o.pass(60s); // 7002 has retired
  desk.says(register_on(5, {"7002"}));
  CHECK(desk.hears() == lines{"registered 5: 7002 share; " + empty_dn});
}

// ---- a capture session that fails ----------------------------------------------------------

namespace {

/// A broker whose clock fails in a moment in which only a capture session asks it: half-way to the
/// deadline of its order.
struct failing_clock {
  bool fails = false;

  explicit failing_clock(office& o) : clock_(o.context.utc_now) {
    o.context.utc_now = [this] {
      if (std::exchange(fails, false))
        throw std::runtime_error("the clock's own fault");
      return clock_();
    };
  }
  void fail_half_way(office& o) {
    o.pass(900ms);
    fails = true;
    o.pass(100ms);
  }

private:
  utc_clock clock_;
};

} // namespace

TEST_CASE("a capture session that fails is told: unknown, an alarm, and what was accepted") {
  pair_on_7001 p;
  failing_clock clock{p.o};
  p.recorder_says(3, "enabled");
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #1: enabled"}));
  CHECK(ask(p.desk, send(3, "7001", "pause")) == "ACK 3: recorders 1, #2 v1");
  p.recorder.hears();
  clock.fail_half_way(p.o);
  auto end = "event 7001 #3: unknown by the broker, light unknown, INTERNAL_ERROR, alarm";
  CHECK(p.desk.hears() == lines{"outcome 7001 #2: pause unknown", end});
  CHECK(p.recorder.hears() == lines{end});
  CHECK(p.o.context.outcomes_owed == 0);
  CHECK(ask(p.desk, query_address(4, "7001")) ==
        "address 4: 7001; light unknown, v1 #3, recorders 1+0, clients 2");
  p.o.pass(1s); // the recorder is asked: what it says is all that is known now
  auto asked = lines{"event 7001 #4: query by the broker, light unknown, ASKED, for recorder"};
  CHECK(p.desk.hears() == asked);
  CHECK(p.recorder.hears() == asked);
  p.recorder_says(4, "paused");
  CHECK(p.desk.hears() == lines{"event 7001 #5: paused by recorder, light paused"});
  // The broker does not know why it is paused, and lets the resume pass.
  CHECK(ask(p.desk, send(5, "7001", "resume")) == "ACK 5: recorders 1, #6 v2");
  p.recorder_says(5, "enabled");
  CHECK(p.desk.hears() == lines{"event 7001 #7: enabled by recorder, light enabled",
                                "outcome 7001 #6: resume confirmed; recorder confirmed"});
  CHECK(p.o.told() == lines{"dn: capture session failed", "dn: outcome of a command",
                            "dn: alarm: a person must look"});
}

TEST_CASE("a command that is held when the session fails ends with it") {
  pair_on_7001 p;
  failing_clock clock{p.o};
  p.desk.says(send(3, "7001", "pause", {.call = 0x71}), send(4, "7001", "start", {.call = 0x72}));
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "ACK 4", "outcome 7001 #2 call 72: start held"}));
  p.recorder.hears();
  clock.fail_half_way(p.o);
  CHECK(p.desk.hears() ==
        lines{"outcome 7001 #1 call 71: pause unknown",
              "outcome 7001 #2 call 72: start unknown, HOLD_RELEASED of #2",
              "event 7001 #3: unknown by the broker, light unknown, INTERNAL_ERROR, alarm"});
  p.recorder.hears();
  CHECK(p.o.told().size() == 4);
}

// ---- a broker that is too busy -------------------------------------------------------------

TEST_CASE("a DN that is not found in time is answered 52, and found at the next request") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}), send(3, "7001", "pause"));
  o.next_is(desk);
  REQUIRE(o.step()); // the directory is asked, and does not come to work
  o.stand_still(5s);
  o.next_is(desk);
  REQUIRE(o.step());
  CHECK(desk.client().window.outstanding() == 0);
  CHECK(desk.hears() == lines{"Error 2: 52 on 7001", "Error 3: 52 on 7001"});
  desk.says(register_on(4, {"7001"}), send(5, "7001", "pause"));
  CHECK(desk.hears() ==
        lines{"registered 4: 7001 share; " + empty_dn, "ACK 5: recorders 0, #1 v1"});
}

TEST_CASE("a sign-on that is not answered in time is refused 52, and the link ends") {
  office o{{}, message_by_message};
  auto& desk = o.connect("desk");
  desk.says(sign_on(1, v1::ROLE_DESKTOP, "desk"));
  o.next_is(desk);
  REQUIRE(o.step());
  o.stand_still(5s);
  o.next_is(desk);
  REQUIRE(o.step());
  CHECK(desk.hears() == lines{"Error 1: 52", "disconnected: INTERNAL_ERROR"});
  CHECK(desk.closing());
  CHECK(o.told() == lines{"connection: connection closed"});
}

TEST_CASE("a draining connection does not wait for ever for what is outstanding") {
  office o{{}, message_by_message}; // drain_timeout 10 s, of which half is for answers
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  desk.says(send(3, "7001", "pause"));
  o.next_is(desk);
  REQUIRE(o.step()); // the DN has it, and does not come to work
  desk.drains();
  o.next_is(desk);
  REQUIRE(o.step());
  o.stand_still(4990ms);
  o.next_is(desk);
  REQUIRE(o.step());
  CHECK_FALSE(desk.closing());
  o.stand_still(10ms);
  while (!desk.closing()) { // it may have a heartbeat to read, too
    o.next_is(desk);
    REQUIRE(o.step());
  }
  CHECK(desk.hears() == lines{"disconnected: DRAINING"});
}
