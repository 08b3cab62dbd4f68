// The desktop's commands over scripted links, and what becomes of them.
#include "tests/client/agent_stand.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

/// A command that says how long it may take.
outgoing_event within(std::chrono::milliseconds time) {
  outgoing_event what;
  what.confirm_timeout = time;
  return what;
}

} // namespace

TEST_CASE("commands carry a call and an id of their own, and all but a query are sent again") {
  agent_stand s;
  conn_id call{0x1f};
  CHECK(s.agent.start(call, s.keep()));
  CHECK(s.agent.pause(call, s.keep()));
  CHECK(s.agent.resume(call, s.keep()));
  CHECK(s.agent.stop(call, s.keep()));
  CHECK(s.agent.query(call, s.keep()));
  s.settle();
  auto said = s.broker.said();
  REQUIRE(said.size() == 5);
  std::vector<std::string> verbs;
  std::set<std::string> ids;
  for (auto& frame : said) {
    verbs.push_back(verb_of(frame));
    ids.insert(frame.request_send_event().command_id());
    CHECK(frame.request_send_event().event().connection_id() == 0x1f);
    CHECK_FALSE(frame.request_send_event().has_confirm_timeout_ms()); // the broker's own counts
  }
  CHECK(verbs == std::vector<std::string>{"start", "pause", "resume", "stop", "query"});
  CHECK(ids.size() == 5);
  s.broker.vanish();
  s.bring_back();
  CHECK(s.done.size() == 1);
  s.broker.expect(); // the registration
  for (auto& first : {said[0], said[1], said[2], said[3]}) {
    auto again = s.broker.expect().request_send_event();
    CHECK(again.command_id() == first.request_send_event().command_id());
    CHECK(again.retry());
  }
  CHECK(s.broker.said().empty());
  CHECK(s.outcomes == std::vector{outcome::unknown}); // of the query
}

TEST_CASE("each command's outcome is told once, to its own handler or the desktop's") {
  agent_stand s;
  CHECK(s.agent.pause({}, s.keep(), s.own()));
  auto pause = s.accepted();
  CHECK(s.agent.stop());
  auto stop = s.accepted(5);
  s.outcome_of(stop, v1::OUTCOME_CONFIRMED);
  s.outcome_of(pause, v1::OUTCOME_SUPERSEDED);
  s.outcome_of(pause, v1::OUTCOME_CONFIRMED);
  s.pass(1h);
  CHECK(s.own_outcomes == std::vector{outcome::superseded});
  CHECK(s.outcomes == std::vector{outcome::confirmed});
  CHECK(s.done.size() == 1);
}

TEST_CASE("a command says why, and whose hand it was") {
  agent_stand s;
  CHECK(s.agent.send(capture_verb::pause, {.reason = "card number"}));
  s.agent.set_agent("A-1017");
  CHECK(s.agent.resume());
  CHECK(s.agent.send(capture_verb::stop, {.agent_id = "S-1"}));
  s.settle();
  auto pause = s.broker.expect().request_send_event();
  CHECK(pause.reason() == "card number");
  CHECK(pause.agent_id().empty());
  CHECK(s.broker.expect().request_send_event().agent_id() == "A-1017");
  CHECK(s.broker.expect().request_send_event().agent_id() == "S-1");
  scripted_client c;
  desktop named{c.subject, "7001", {}, {.agent_id = "A-1018"}};
  c.bring_up();
  c.broker.registered(c.broker.expect());
  c.settle();
  CHECK(named.pause());
  c.settle();
  CHECK(c.broker.expect().request_send_event().agent_id() == "A-1018");
}

namespace {

/// EventOutcome of the broker's order that lets a held command go.
v1::Frame release_of(const v1::Frame& command, v1::Outcome result) {
  v1::Frame frame;
  auto& event = *frame.mutable_event_outcome();
  event.set_this_dn("7001");
  event.set_dn_epoch(1);
  event.set_dn_sequence(9);
  event.set_outcome(result);
  event.set_broker_reason(v1::BROKER_REASON_HOLD_RELEASED);
  event.set_released_sequence(4);
  event.set_released_command_id(command.request_send_event().command_id());
  event.set_time_us(1);
  return frame;
}

} // namespace

TEST_CASE("what becomes of a held command when it is let go is told to its handler, hours later") {
  agent_stand s;
  CHECK(s.agent.resume({}, {}, s.own()));
  auto resume = s.accepted();
  s.outcome_of(resume, v1::OUTCOME_HELD);
  CHECK(s.own_outcomes == std::vector{outcome::held});
  CHECK_FALSE(s.agent.view().pending);
  s.pass(5h);
  s.rest();
  s.broker.send(release_of(resume, v1::OUTCOME_CONFIRMED));
  s.rest();
  CHECK(s.own_outcomes == std::vector{outcome::held, outcome::confirmed});
  s.broker.send(release_of(resume, v1::OUTCOME_CONFIRMED));
  s.pass(1h);
  CHECK(s.own_outcomes.size() == 2);
  CHECK(s.outcomes.empty());
}

TEST_CASE("a held command that was let go while the link was down has an unknown end") {
  for (bool still_waits : {false, true}) {
    agent_stand s;
    CHECK(s.agent.resume());
    auto resume = s.accepted();
    s.outcome_of(resume, v1::OUTCOME_HELD);
    s.broker.vanish();
    s.bring_back();
    v1::Frame frame;
    frame.set_reference_id(s.broker.expect().reference_id());
    auto& registered = *frame.mutable_event_registered();
    registered.set_this_dn("7001");
    auto& order = *s.now.add_sessions()->add_orders();
    order.set_dn_sequence(still_waits ? 4 : 5);
    order.set_held(true);
    *registered.mutable_snapshot() = s.now;
    s.broker.send(frame);
    s.rest();
    s.pass(desktop::outcome_margin);
    s.rest();
    CHECK(s.outcomes.size() == (still_waits ? 1u : 2u));
    CHECK(s.outcomes.back() == (still_waits ? outcome::held : outcome::unknown));
  }
}

TEST_CASE("a command that is refused or not sent has no outcome") {
  agent_stand s;
  CHECK(s.agent.query({}, s.keep()));
  s.settle();
  s.broker.error(s.broker.expect(), 118, "7001");
  s.settle();
  s.broker.vanish();
  s.settle();
  CHECK_FALSE(s.agent.pause());
  s.pass(1h);
  CHECK(s.done.size() == 1);
  CHECK(s.outcomes.empty());
}

TEST_CASE("an outcome that does not come is told as unknown after its time and a margin") {
  agent_stand s;
  CHECK(s.agent.send(capture_verb::pause, within(700ms)));
  auto pause = s.accepted();
  CHECK(pause.request_send_event().confirm_timeout_ms() == 700);
  REQUIRE(s.agent.view().pending);
  CHECK(s.agent.view().pending->deadline == s.time + 700ms);
  s.pass(699ms + desktop::outcome_margin);
  CHECK(s.outcomes.empty());
  s.pass(1ms);
  CHECK(s.outcomes == std::vector{outcome::unknown});
  s.outcome_of(pause, v1::OUTCOME_CONFIRMED); // too late: it was told
  CHECK(s.outcomes.size() == 1);
}

TEST_CASE("the outcome of a command without a time of its own is waited for much longer") {
  agent_stand s;
  CHECK(s.agent.pause());
  s.accepted();
  s.pass(desktop::outcome_wait_max - 1ms);
  CHECK(s.outcomes.empty());
  s.pass(1ms);
  CHECK(s.outcomes == std::vector{outcome::unknown});
}

TEST_CASE("what was decided while the link was down is told as unknown after a margin") {
  for (std::uint32_t pending : {0u, 1u}) {
    agent_stand s;
    CHECK(s.agent.pause());
    s.accepted();
    s.broker.vanish();
    s.bring_back();
    v1::Frame frame;
    frame.set_reference_id(s.broker.expect().reference_id());
    auto& registered = *frame.mutable_event_registered();
    registered.set_this_dn("7001");
    registered.mutable_snapshot()->set_dn_epoch(1);
    registered.mutable_snapshot()->set_dn_sequence(4);
    registered.mutable_snapshot()->add_sessions()->set_pending(pending);
    s.broker.send(frame);
    s.settle();
    s.pass(desktop::outcome_margin - 1ms);
    CHECK(s.outcomes.empty());
    s.pass(1ms);
    CHECK(s.outcomes.size() == (pending == 0 ? 1u : 0u));
  }
}

TEST_CASE("an outcome may come over the next link, but not from a broker that has restarted") {
  for (bool restarts : {false, true}) {
    agent_stand s;
    CHECK(s.agent.pause());
    auto pause = s.accepted();
    s.broker.vanish();
    s.settle();
    CHECK(s.outcomes.empty());
    if (restarts)
      ++s.broker.server_instance;
    s.bring_back();
    CHECK(s.outcomes.size() == (restarts ? 1u : 0u));
    s.outcome_of(pause, v1::OUTCOME_CONFIRMED);
    CHECK(s.outcomes == std::vector{restarts ? outcome::unknown : outcome::confirmed});
  }
}

TEST_CASE("a command whose answer was lost is sent again and has its outcome") {
  agent_stand s;
  CHECK(s.agent.resume({}, s.keep()));
  s.settle();
  s.broker.expect();
  s.broker.vanish();
  ++s.broker.server_instance;
  s.bring_back();
  s.broker.registered(s.broker.expect(), 1);
  s.settle();
  CHECK(s.outcomes.empty());
  auto again = s.accepted(2);
  CHECK(again.request_send_event().retry());
  s.outcome_of(again, v1::OUTCOME_CONFIRMED);
  CHECK(s.done.size() == 1);
  CHECK(s.outcomes == std::vector{outcome::confirmed});
}

TEST_CASE("a resume sent again to a broker that does not know it has an unknown outcome") {
  agent_stand s;
  CHECK(s.agent.resume({}, s.keep()));
  s.settle();
  s.broker.expect();
  s.broker.vanish();
  s.bring_back();
  s.broker.registered(s.broker.expect(), 1);
  s.settle();
  v1::Frame frame;
  frame.set_reference_id(s.broker.expect().reference_id());
  frame.mutable_event_error()->set_error_code(57);
  frame.mutable_event_error()->set_retry_class(v1::RETRY_CLASS_UNKNOWN_OUTCOME);
  frame.mutable_event_error()->set_this_dn("7001");
  s.broker.send(frame);
  s.settle();
  REQUIRE(s.done.size() == 1);
  CHECK(s.done[0].doubt == doubt_reason::broker_fault);
  CHECK(s.outcomes == std::vector{outcome::unknown});
}

TEST_CASE("a client that stops leaves no outcome untold") {
  agent_stand s;
  CHECK(s.agent.pause());
  s.accepted();
  CHECK(s.agent.start());
  s.settle();
  s.broker.vanish();
  s.settle();
  s.subject.stop(1s);
  CHECK(s.outcomes == std::vector{outcome::unknown, outcome::unknown});
}

TEST_CASE("a desktop that goes unregisters, and its handler is not called again") {
  scripted_client c;
  int lights = 0;
  {
    desktop agent{c.subject, "7001", [&](const light_view&) { ++lights; }};
    c.bring_up();
    c.broker.registered(c.broker.expect(), 1, 1, v1::CAPTURE_STATE_ENABLED);
    c.settle();
    CHECK(lights == 2); // first not registered, then recording
  }
  c.settle();
  CHECK(c.broker.expect().has_request_unregister_address());
  c.broker.vanish();
  c.settle();
  CHECK(lights == 2);
  CHECK(desktop{c.subject, "no\nDN"}.registered() == registering::bad_dn);
}
