// The desktop over scripted links: the light, the commands and their outcomes.
#include "client/desktop.hpp"
#include "tests/client/role_frames.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

struct agent_stand : scripted_client {
  agent_stand() {
    now.set_dn_epoch(1);
    now.set_dn_sequence(3);
    now.set_effective_state(v1::CAPTURE_STATE_ENABLED);
    bring_up();
    broker.registered(broker.expect(), 3, 1, v1::CAPTURE_STATE_ENABLED);
    settle();
  }

  /// Until nothing happens any more. Questions for the snapshot are answered with `now`.
  void rest() {
    settle();
    for (auto all = broker.questions(); !all.empty(); all = broker.questions()) {
      questions += all.size();
      for (auto& question : all)
        answer(question);
    }
  }
  void answer(const v1::Frame& question) {
    v1::Frame frame;
    frame.set_reference_id(question.reference_id());
    frame.mutable_event_address_info()->set_this_dn("7001");
    *frame.mutable_event_address_info()->mutable_snapshot() = now;
    broker.send(frame);
    settle();
  }
  /// An event of somebody's, which says what it is in `fill`.
  template <class Fill>
  void hears(const std::string& verb, Fill fill) {
    now.set_dn_sequence(now.dn_sequence() + 1);
    v1::Frame frame;
    auto& event = *frame.mutable_event_user_event();
    event.set_dn_epoch(1);
    event.set_dn_sequence(now.dn_sequence());
    event.set_effective_state(now.effective_state());
    event.mutable_event()->set_this_dn("7001");
    if (!verb.empty()) {
      auto& pair = *event.mutable_event()->mutable_user_data()->add_pairs();
      pair.set_key("screen-capture");
      pair.set_string_value(verb);
    }
    fill(event);
    broker.send(frame);
    rest();
  }

  /// EventOutcome for a command that was said.
  void outcome_of(const v1::Frame& command, v1::Outcome result) {
    v1::Frame frame;
    frame.mutable_event_outcome()->set_dn_epoch(1);
    frame.mutable_event_outcome()->set_dn_sequence(now.dn_sequence());
    auto& event = *frame.mutable_event_outcome();
    event.set_this_dn("7001");
    event.set_command_id(command.request_send_event().command_id());
    event.set_outcome(result);
    event.set_time_us(1);
    broker.send(frame);
    rest();
  }
  /// The command, and that the broker has taken it.
  v1::Frame accepted(std::uint64_t sequence = 4) {
    settle();
    auto command = broker.expect();
    broker.ack(command, sequence);
    now.set_dn_sequence(std::max(now.dn_sequence(), sequence));
    rest();
    return command;
  }
  /// A handler of one command's.
  outcome_handler own() {
    return [this](const event_outcome& o) { own_outcomes.push_back(o.result); };
  }

  v1::Snapshot now;          // of the DN
  std::size_t questions = 0; // for it, so far
  std::vector<light> lights;
  std::vector<outcome> outcomes;     // told to the desktop's handler
  std::vector<outcome> own_outcomes; // told to that of a command
  desktop agent{subject,
                "7001",
                [this](const light_view& l) {
                  if (lights.empty() || lights.back() != l.state)
                    lights.push_back(l.state);
                },
                {.on_outcome = [this](const event_outcome& o) { outcomes.push_back(o.result); }}};
};

/// A command that says how long it may take.
outgoing_event within(std::chrono::milliseconds time) {
  outgoing_event what;
  what.confirm_timeout = time;
  return what;
}

} // namespace

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
  CHECK(s.agent.view() == light_view{light::recording, {}, {}, {}, {}, true});
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
    CHECK(lights == 1);
  }
  c.settle();
  CHECK(c.broker.expect().has_request_unregister_address());
  c.broker.vanish();
  c.settle();
  CHECK(lights == 1);
  CHECK(desktop{c.subject, "no\nDN"}.registered() == registering::bad_dn);
}
