// How long a capture session lasts, and its DN: nobody's pause is forgotten, and nothing stays that
// nobody needs.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("a session lasts as long as anybody is registered, however little is said") {
  limits bounds;
  bounds.session_idle_max = 10s;
  bounds.dn_idle_timeout = 5s;
  pair_on_7001 p{bounds};
  CHECK(ask(p.desk, send(3, "7001", "pause", {.call = 0x71})) == "ACK 3: recorders 1, #1 v1");
  p.recorder_says(3, "paused", 0x71);
  CHECK_THAT(p.desk.hears(), in_brief({"event 7001 #2 call 71: paused",
                                       "outcome 7001 #1 call 71: pause confirmed"}));
  p.o.pass(60s);
  CHECK(p.desk.hears().empty());
  p.desk.vanishes();
  p.o.pass(60s);
  CHECK(ask(p.recorder, query_address(4, "7001")) ==
        "address 4: 7001; light paused, v1 #2, recorders 1+0, clients 1; wants paused v1; "
        "call 71; desk's pause of call 71 v1, holder gone; recorder says paused of 71");
}

TEST_CASE("a pause outlives everybody's leaving for session_idle_max, and its DN with it") {
  limits bounds;
  bounds.session_idle_max = 100s;
  bounds.dn_idle_timeout = 20s;
  office o{bounds};
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}), send(3, "7001", "pause"), unregister(4, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001", "ACK 3", "unregistered 4: 7001"}));
  o.pass(90s);
  CHECK(ask(desk, register_on(5, {"7001"})) ==
        "registered 5: 7001 share; light unknown, v1 #1, recorders 0+0, clients 1; "
        "wants paused v1; desk's pause of all v1");
  CHECK(ask(desk, unregister(6, {"7001"})) == "unregistered 6: 7001");
  auto in_use = o.actors();
  o.pass(130s);
  CHECK(o.actors() == in_use - 2); // session and DN
  CHECK(ask(desk, register_on(7, {"7001"})) ==
        "registered 7: 7001 share; light unknown, v0 #0, recorders 0+0, clients 1");
  CHECK(o.told() == lines{"dn: outcome of a command"}); // which nobody confirmed
}

TEST_CASE("a session stays for who comes back before it would have ended") {
  limits bounds;
  bounds.dn_idle_timeout = 20s;
  office o{bounds};
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}), send(3, "7001", "stop"), unregister(4, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001", "ACK 3", "unregistered 4: 7001"}));
  o.pass(10s);
  desk.says(register_on(5, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 5: 7001"}));
  o.pass(20s); // the DN looks whether it is needed
  CHECK(ask(desk, query_address(6, "7001")) ==
        "address 6: 7001; light unknown, v1 #1, recorders 0+0, clients 1; wants disabled v1; "
        "call 0 stopped");
}

TEST_CASE("what was only stopped is forgotten soon where nobody is registered") {
  limits bounds; // session_idle_max: 8 hours
  bounds.dn_idle_timeout = 20s;
  pair_on_7001 p{bounds};
  p.desk.says(send(3, "7001", "stop", {.call = 0x71}));
  p.recorder_says(3, "disabled", 0x71);
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2 call 71: disabled",
                                       "outcome 7001 #1 call 71: stop confirmed"}));
  auto in_use = p.o.actors();
  CHECK(ask(p.recorder, unregister(4, {"7001"})) == "unregistered 4: 7001");
  p.desk.hears();
  CHECK(ask(p.desk, unregister(4, {"7001"})) == "unregistered 4: 7001");
  p.o.pass(60s);
  CHECK(p.o.actors() == in_use - 2);
  CHECK_FALSE(p.o.has_timers());
}

TEST_CASE("a session that has nothing to wait for arms no tick") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "stop", {.call = 0x71}));
  CHECK(p.o.has_timers());
  p.recorder_says(3, "disabled", 0x71);
  CHECK_THAT(p.desk.hears(), in_brief({"ACK 3", "event 7001 #2 call 71: disabled",
                                       "outcome 7001 #1 call 71: stop confirmed"}));
  p.o.pass(1min);
  CHECK_FALSE(p.o.has_timers()); // an armed tick keeps its actor
}

// ---- the life of a DN ----------------------------------------------------------------------

TEST_CASE("a DN that nobody needs retires, and is reborn with another epoch") {
  limits bounds;
  bounds.dn_idle_timeout = 60s;
  office o{bounds};
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}));
  auto first = desk.frame().event_registered().snapshot();
  CHECK(ask(desk, send(3, "7001", "")) == "ACK 3: recorders 0, #1");
  o.pass(120s);
  desk.says(query_address(4, "7001"));
  CHECK(desk.frame().event_address_info().snapshot().dn_epoch() == first.dn_epoch()); // in use
  CHECK(ask(desk, unregister(5, {"7001"})) == "unregistered 5: 7001");
  o.pass(59s);
  desk.says(register_on(6, {"7001"}));
  auto second = desk.frame().event_registered().snapshot();
  CHECK(second.dn_epoch() == first.dn_epoch());
  CHECK(second.dn_sequence() == 1);
  CHECK(ask(desk, unregister(7, {"7001"})) == "unregistered 7: 7001");
  o.pass(60s);
  o.pass(60s);
  desk.says(register_on(8, {"7001"}));
  auto third = desk.frame().event_registered().snapshot();
  CHECK(third.dn_epoch() > first.dn_epoch());
  CHECK(third.dn_sequence() == 0);
}

TEST_CASE("a program whose deadlines come ever earlier leaves few armed ticks, and hears in time") {
  office o;
  auto& desk = o.confirming_desktop();
  desk.says(register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  auto before = o.timers();
  for (std::uint32_t i = 0; i < 300; ++i) {
    auto verb = i % 2 == 0 ? "start" : "stop"; // the one ends the other
    desk.says(send(3 + i, "7001", verb, {.confirm_timeout_ms = 60'000 - 50 * i}));
    desk.hears();
  }
  CHECK(o.timers() <= before + 20);
  o.pass(45s);
  CHECK(desk.hears().empty());
  o.pass(50ms); // the deadline of the last one
  CHECK_THAT(desk.hears(), in_brief({"outcome 7001 #300: stop timed_out"}));
  CHECK(o.told() == lines{"dn: outcome of a command"});
}
