// What a desktop shows: the light, the pauses that stand, what waits, the alarms.
#include "tests/client/agent_stand.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

TEST_CASE("the light follows what recorders said, and is unknown as soon as the link is lost") {
  agent_stand s;
  CHECK(s.lights == std::vector{light::recording});
  s.broker.event("7001", "pause", 4, v1::CAPTURE_STATE_ENABLED); // a wish
  s.broker.event("7001", "paused", 5, v1::CAPTURE_STATE_PAUSED);
  s.settle();
  CHECK(s.lights == std::vector{light::recording, light::paused});
  s.broker.vanish();
  s.settle();
  CHECK(s.agent.shown() == light::unknown);
  s.bring_back();
  CHECK(s.agent.shown() == light::unknown);
  s.broker.registered(s.broker.expect(), 6, 1, v1::CAPTURE_STATE_DISABLED);
  s.settle();
  CHECK(s.lights == std::vector{light::recording, light::paused, light::unknown, light::off});
}

TEST_CASE("a light that is unknown says why, and is told again when it is so for another reason") {
  agent_stand s;
  std::vector<unknown_because> reasons;
  s.on_light = [&](const light_view& now) { reasons.push_back(now.because); };
  s.broker.vanish();
  s.settle();
  s.bring_back();
  s.broker.registered(s.broker.expect(), 6, 1); // and no recorder is there
  s.settle();
  s.broker.event("7001", "enabled", 7, v1::CAPTURE_STATE_ENABLED);
  s.settle();
  using enum unknown_because;
  CHECK(reasons == std::vector{no_link, not_registered, no_recorder, it_is_known});
}

TEST_CASE("a light that missed events is unknown and asks for the snapshot") {
  agent_stand s;
  s.broker.send(missed(4, 6));
  s.settle();
  CHECK(s.agent.shown() == light::unknown);
  s.broker.send(address_info(s.broker.expect(), 7, v1::CAPTURE_STATE_PAUSED));
  s.settle();
  CHECK(s.agent.shown() == light::paused);
  s.pass(1h);
  CHECK(s.broker.said().empty());
}

TEST_CASE("a light asks for the snapshot until it comes, ever less often") {
  agent_stand s;
  s.broker.send(missed(4, 6));
  s.settle();
  s.broker.error(s.broker.expect(), 111, "7001", 400);
  s.settle();
  s.pass(399ms);
  CHECK(s.broker.said().empty());
  s.pass(1ms);
  CHECK(s.broker.expect().has_request_query_address());
  s.pass(t_client_bounds{}.request_timeout); // no answer
  CHECK(s.broker.said().empty());
  s.pass(499ms);
  CHECK(s.broker.said().empty());
  s.pass(1ms);
  for (int i = 0; i < 10; ++i) {
    s.broker.error(s.broker.expect(), 111, "7001");
    s.settle();
    CHECK(s.broker.said().empty());
    s.pass(15s);
  }
  CHECK(s.agent.shown() == light::unknown);
  s.broker.send(address_info(s.broker.expect(), 7, v1::CAPTURE_STATE_PAUSED));
  s.settle();
  CHECK(s.agent.shown() == light::paused);
}

TEST_CASE("events missed after the question are asked for again") {
  agent_stand s;
  s.broker.send(missed(4, 6));
  s.settle();
  auto asked = s.broker.expect();
  s.broker.send(missed(7, 9));
  s.settle();
  CHECK(s.broker.said().empty());
  s.broker.send(address_info(asked, 6, v1::CAPTURE_STATE_PAUSED));
  s.settle();
  CHECK(s.agent.shown() == light::unknown);
  s.broker.send(address_info(s.broker.expect(), 9, v1::CAPTURE_STATE_ENABLED));
  s.settle();
  CHECK(s.agent.shown() == light::recording);
}

TEST_CASE("a snapshot is not asked for once the registration is gone, which brings its own") {
  agent_stand s;
  s.broker.send(missed(4, 6));
  s.settle();
  s.broker.expect();
  s.broker.vanish();
  s.bring_back();
  s.broker.registered(s.broker.expect(), 7, 1, v1::CAPTURE_STATE_PAUSED);
  s.settle();
  CHECK(s.agent.shown() == light::paused);
  s.pass(snapshot_retry);
  s.broker.error(s.broker.expect(), 41, "7001"); // that question was under way
  v1::Frame gone;
  gone.mutable_event_unregistered()->set_this_dn("7001");
  gone.mutable_event_unregistered()->set_error_code(59);
  s.broker.send(gone);
  s.settle();
  s.pass(1h);
  CHECK(s.broker.said().empty());
}

TEST_CASE("a registration that fails or ends makes the light unknown") {
  agent_stand s;
  v1::Frame frame;
  frame.mutable_event_unregistered()->set_this_dn("7001");
  frame.mutable_event_unregistered()->set_error_code(59);
  s.broker.send(frame);
  s.settle();
  CHECK(s.agent.shown() == light::unknown);
}

TEST_CASE("the light carries the pending command until its outcome") {
  agent_stand s;
  CHECK(s.agent.pause({0x71}));
  s.settle();
  CHECK_FALSE(s.agent.view().pending);
  auto pause = s.accepted();
  auto pending = s.agent.view().pending;
  REQUIRE(pending);
  CHECK(pending->verb == capture_verb::pause);
  CHECK(pending->connection == conn_id{0x71});
  CHECK_FALSE(pending->deadline); // the broker's own
  s.outcome_of(pause, v1::OUTCOME_TIMED_OUT);
  CHECK_FALSE(s.agent.view().pending);
}

TEST_CASE("the light carries the pauses that stand, what waits for their end, and the alarms") {
  agent_stand s;
  CHECK(s.agent.view().is_current);
  auto& session = *s.now.add_sessions();
  auto& pause = *session.add_pauses();
  pause.set_connection_id(0x71);
  pause.set_application_name("pause-on-hold");
  pause.set_reason("hold");
  auto& waits = *session.add_orders();
  waits.set_dn_sequence(5);
  waits.set_command(v1::COMMAND_RESUME);
  waits.set_held(true);
  s.hears("pause", [](auto&) {}); // somebody else's
  auto view = s.agent.view();
  REQUIRE(view.pauses.size() == 1);
  CHECK(view.pauses[0].application == "pause-on-hold");
  CHECK(view.pauses[0].reason == "hold");
  CHECK(view.held_by() == &view.pauses[0]);
  REQUIRE(view.waiting.size() == 1);
  CHECK(view.waiting[0].verb == capture_verb::resume);
  CHECK(view.alarms.empty());
  session.add_alarms()->set_broker_reason(v1::BROKER_REASON_PAUSE_HOLDER_GONE);
  s.hears("", [](auto& event) {
    event.set_mark(v1::EVENT_MARK_ALARM);
    event.set_broker_reason(v1::BROKER_REASON_PAUSE_HOLDER_GONE);
  });
  CHECK(s.agent.view().alarms.size() == 1);
  s.now.clear_sessions();
  s.hears("resume", [](auto&) {});
  CHECK(s.agent.view().pauses.empty());
  CHECK(s.agent.view().waiting.empty());
  CHECK(s.agent.view().held_by() == nullptr);
  CHECK(s.agent.view().alarms.size() == 1); // until a recorder speaks
  s.hears("enabled", [](auto&) {});
  CHECK(s.agent.view() ==
        light_view{light::recording, {}, {}, {}, {}, true, unknown_because::it_is_known});
  s.broker.vanish();
  s.settle();
  CHECK_FALSE(s.agent.view().is_current);
}

TEST_CASE("the snapshot is asked for after one's own command, and once for what comes together") {
  agent_stand s;
  CHECK(s.agent.pause());
  auto pause = s.accepted();
  CHECK(s.questions == 1);
  s.outcome_of(pause, v1::OUTCOME_CONFIRMED);
  CHECK(s.questions == 1); // nothing stands that it could have changed
  s.outcome_of(pause, v1::OUTCOME_CONFIRMED);
  for (std::uint64_t sequence : {5u, 6u, 7u})
    s.broker.event("7001", "pause", sequence, v1::CAPTURE_STATE_ENABLED);
  s.settle();
  auto asked = s.broker.questions();
  REQUIRE(asked.size() == 1); // and again behind its answer, which may be older than the last
  s.now.set_dn_sequence(7);
  s.answer(asked[0]);
  asked = s.broker.questions();
  REQUIRE(asked.size() == 1);
  s.answer(asked[0]);
  s.broker.event("7001", "paused", 8, v1::CAPTURE_STATE_PAUSED);
  s.pass(1h);
  CHECK(s.broker.said().empty());
}

TEST_CASE("what stands is asked for again as long as it stands, for its end need not be told") {
  agent_stand s;
  s.now.add_sessions()->add_pauses()->set_application_name("agent-desktop");
  s.hears("pause", [](auto&) {});
  CHECK(s.questions == 1);
  s.pass(desktop::renewed_after - 1ms);
  s.rest();
  CHECK(s.questions == 1);
  s.now.mutable_sessions(0)->mutable_pauses(0)->set_holder_gone(true);
  s.pass(1ms);
  s.rest();
  CHECK(s.questions == 2);
  CHECK(s.agent.view().pauses.at(0).holder_gone);
  s.now.clear_sessions(); // its call has ended
  s.pass(desktop::renewed_after);
  s.rest();
  CHECK(s.questions == 3);
  CHECK(s.agent.view().pauses.empty());
  s.pass(1h);
  s.rest();
  CHECK(s.questions == 3);
}
