// The two roles over scripted links: the light, the orders, what is said and what is asked for.
#include "client/desktop.hpp"
#include "client/recorder.hpp"
#include "client/snapshot_seeker.hpp"
#include "tests/client/scripted_broker.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

constexpr auto snapshot_retry = snapshot_seeker::retry_first;

std::string verb_of(const v1::Frame& frame) {
  for (auto& pair : frame.request_send_event().event().user_data().pairs())
    if (pair.key() == "screen-capture")
      return pair.string_value();
  return "none";
}

v1::Frame missed(std::uint64_t from, std::uint64_t to) {
  v1::Frame frame;
  auto& event = *frame.mutable_event_missed();
  event.set_this_dn("7001");
  event.set_from_sequence(from);
  event.set_to_sequence(to);
  event.set_dn_epoch(1);
  return frame;
}

/// EventAddressInfo with the DN's state.
v1::Frame address_info(const v1::Frame& question, std::uint64_t sequence, v1::CaptureState state) {
  REQUIRE(question.has_request_query_address());
  v1::Frame frame;
  frame.set_reference_id(question.reference_id());
  auto& info = *frame.mutable_event_address_info();
  info.set_this_dn("7001");
  info.mutable_snapshot()->set_dn_epoch(1);
  info.mutable_snapshot()->set_dn_sequence(sequence);
  info.mutable_snapshot()->set_effective_state(state);
  return frame;
}

/// A session in a snapshot: what a command asks for, and what a recorder has said.
void add_session(v1::Snapshot& to, std::uint64_t call, v1::CaptureState desired,
                 std::uint64_t version, v1::CaptureState observed = v1::CAPTURE_STATE_UNKNOWN) {
  auto& session = *to.add_sessions();
  session.set_connection_id(call);
  session.set_desired(desired);
  session.set_version(version);
  session.set_observed(observed);
}

struct agent_stand : scripted_client {
  agent_stand() {
    bring_up();
    broker.registered(broker.expect(), 3, 1, v1::CAPTURE_STATE_ENABLED);
    settle();
  }

  /// EventOutcome for a command that was said.
  void outcome_of(const v1::Frame& command, v1::Outcome result) {
    v1::Frame frame;
    auto& event = *frame.mutable_event_outcome();
    event.set_this_dn("7001");
    event.set_command_id(command.request_send_event().command_id());
    event.set_outcome(result);
    event.set_time_us(1);
    broker.send(frame);
    settle();
  }
  /// The command, and that the broker has taken it.
  v1::Frame accepted(std::uint64_t sequence = 4) {
    settle();
    auto command = broker.expect();
    broker.ack(command, sequence);
    settle();
    return command;
  }
  /// A handler of one command's.
  outcome_handler own() {
    return [this](const event_outcome& o) { own_outcomes.push_back(o.result); };
  }

  std::vector<light> lights;
  std::vector<outcome> outcomes;     // told to the desktop's handler
  std::vector<outcome> own_outcomes; // told to that of a command
  desktop agent{subject,
                "7001",
                [this](const light_view& l) {
                  if (lights.empty() || lights.back() != l.state)
                    lights.push_back(l.state);
                },
                {},
                [this](const event_outcome& o) { outcomes.push_back(o.result); }};
};

/// A command that says how long it may take.
outgoing_event within(std::chrono::milliseconds time) {
  outgoing_event what;
  what.confirm_timeout = time;
  return what;
}

struct recorder_stand : scripted_client {
  explicit recorder_stand(bool standby = false, const std::string& app = "test")
    : scripted_client([&] {
        t_client_options options;
        options.who = recorder_identity(app);
        return options;
      }()),
      screen(
        subject,
        [this](const recorder::order& o) {
          orders.push_back(o);
          return answers ? std::optional{o.what.state} : std::nullopt;
        },
        how(standby)) {
    REQUIRE(screen.record("7001") == registering::accepted);
    bring_up();
  }

  static registration how(bool standby) {
    registration r;
    r.standby = standby;
    return r;
  }

  /// EventUserEvent with a command.
  void order(const std::string& verb, std::uint64_t sequence, std::uint64_t version = 0,
             std::uint64_t origin = 0) {
    v1::Frame frame;
    auto& event = *frame.mutable_event_user_event();
    event.set_dn_sequence(sequence);
    event.set_dn_epoch(1);
    event.set_version(version);
    event.set_origin_client_id(origin);
    event.set_command_id("command-id-00001");
    event.mutable_event()->set_this_dn("7001");
    auto& pair = *event.mutable_event()->mutable_user_data()->add_pairs();
    pair.set_key("screen-capture");
    pair.set_string_value(verb);
    broker.send(frame);
    settle();
  }

  /// Loses the link and is registered again, with this snapshot.
  template <class Fill>
  void come_back(Fill fill) {
    if (subject.phase() == link_phase::up)
      broker.vanish();
    bring_back();
    v1::Frame frame;
    frame.set_reference_id(broker.expect().reference_id());
    auto& event = *frame.mutable_event_registered();
    event.set_this_dn("7001");
    event.mutable_snapshot()->set_dn_epoch(1);
    event.mutable_snapshot()->set_dn_sequence(9);
    fill(*event.mutable_snapshot());
    broker.send(frame);
    settle();
  }

  /// With the program's own requests, whose answers are no business of the recorder's.
  void fill_window() {
    while (subject.send(command(capture_verb::none), {})) {
    }
    settle();
  }

  bool answers = true;
  std::vector<recorder::order> orders;
  recorder screen;
};

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

TEST_CASE("the light carries the pending command until its outcome, and the alarm") {
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
  v1::Frame lost;
  auto& event = *lost.mutable_event_user_event();
  event.set_dn_epoch(1);
  event.set_dn_sequence(9);
  event.set_mark(v1::EVENT_MARK_ALARM);
  event.mutable_event()->set_this_dn("7001");
  s.broker.send(lost);
  s.settle();
  CHECK(s.agent.view() == light_view{light::recording, std::nullopt, true});
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
    add_session(*registered.mutable_snapshot(), 0, v1::CAPTURE_STATE_PAUSED, 1);
    registered.mutable_snapshot()->mutable_sessions(0)->set_pending(pending);
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

TEST_CASE("a recorder carries out commands and says so, with their version and id") {
  recorder_stand s;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.order("start", 1, 1);
  REQUIRE(s.orders.size() == 1);
  CHECK(s.orders[0].verb == capture_verb::start);
  CHECK(s.orders[0].what.state == capture_state::enabled);
  auto said = s.broker.expect();
  CHECK(verb_of(said) == "enabled");
  CHECK(said.request_send_event().version() == 1);
  CHECK(said.request_send_event().command_id() == "command-id-00001");
  s.order("pause", 2, 2);
  CHECK(verb_of(s.broker.expect()) == "paused");
  s.order("query", 3, 0, 42); // the desktop that asked gets its answer
  said = s.broker.expect();
  CHECK(verb_of(said) == "paused");
  CHECK(said.request_send_event().directed_client_id() == 42);
  CHECK(s.screen.state("7001") == capture_state::paused);
}

TEST_CASE("a recorder may say later, or say that it is otherwise") {
  recorder_stand s;
  s.answers = false;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.order("start", 1, 1);
  CHECK(s.broker.said().empty());
  s.screen.say(s.orders.at(0), capture_state::disabled); // the disk is full
  s.settle();
  CHECK(verb_of(s.broker.expect()) == "disabled");
  CHECK(s.screen.state("7001") == capture_state::disabled);
  s.screen.say("7001", capture_state::enabled);
  s.settle();
  CHECK(verb_of(s.broker.expect()) == "enabled");
}

TEST_CASE("a recorder that comes back hears the pause it missed and confirms it") {
  recorder_stand s;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.order("start", 1, 1);
  s.broker.expect();
  s.come_back([](v1::Snapshot& now) { add_session(now, 0x71, v1::CAPTURE_STATE_PAUSED, 4); });
  REQUIRE(s.orders.size() == 2);
  CHECK(s.orders[1].verb == capture_verb::none);
  CHECK(s.orders[1].what.state == capture_state::paused);
  auto said = s.broker.expect();
  CHECK(verb_of(said) == "paused");
  CHECK(said.request_send_event().version() == 4);
  CHECK(said.request_send_event().event().connection_id() == 0x71);
}

TEST_CASE("a recorder that comes back finds one screen, paused if any call is, and nothing held") {
  recorder_stand s;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.come_back([](v1::Snapshot& now) {
    add_session(now, 0x71, v1::CAPTURE_STATE_PAUSED, 4);
    add_session(now, 0x72, v1::CAPTURE_STATE_ENABLED, 5);
    add_session(now, 0x73, v1::CAPTURE_STATE_ENABLED, 6);
    now.mutable_sessions(2)->set_held(true);
  });
  REQUIRE(s.orders.size() == 3);
  std::vector<std::uint64_t> versions;
  for (auto& o : s.orders) {
    CHECK(o.screen == capture_state::paused);
    auto said = s.broker.expect();
    CHECK(verb_of(said) == (o.what.connection == conn_id{0x72} ? "enabled" : "paused"));
    versions.push_back(said.request_send_event().version());
  }
  CHECK(versions == std::vector<std::uint64_t>{4, 5, 0});
}

TEST_CASE("a recorder that comes back and missed nothing says what is so, without an order") {
  recorder_stand s;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.order("start", 1, 1);
  CHECK(verb_of(s.broker.expect()) == "enabled");
  s.screen.say("7001", capture_state::disabled); // the disk is full
  s.settle();
  s.come_back([](v1::Snapshot& now) { add_session(now, 0, v1::CAPTURE_STATE_ENABLED, 1); });
  CHECK(s.orders.size() == 1);
  CHECK(verb_of(s.broker.expect()) == "disabled");
  CHECK(s.broker.said().empty());
}

TEST_CASE("what a recorder said while it had no link it says when it is back") {
  recorder_stand s;
  s.answers = false;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.order("start", 1, 1);
  s.broker.vanish();
  s.settle();
  s.screen.say(s.orders.at(0), capture_state::enabled);
  s.come_back([](v1::Snapshot& now) { add_session(now, 0, v1::CAPTURE_STATE_ENABLED, 1); });
  CHECK(s.orders.size() == 1);
  auto said = s.broker.expect();
  CHECK(verb_of(said) == "enabled");
  CHECK(said.request_send_event().version() == 1);
}

TEST_CASE("an order without an answer is given again to a recorder that comes back") {
  recorder_stand s;
  s.answers = false;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.order("start", 1, 1);
  s.come_back([](v1::Snapshot& now) { add_session(now, 0, v1::CAPTURE_STATE_ENABLED, 1); });
  REQUIRE(s.orders.size() == 2);
  CHECK(s.orders[1].what.state == capture_state::enabled);
}

TEST_CASE("a late answer to an older order is not said and changes nothing") {
  recorder_stand s;
  s.answers = false;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.order("start", 1, 1);
  s.order("pause", 2, 2);
  s.screen.say(s.orders.at(1), capture_state::paused);
  s.settle();
  CHECK(verb_of(s.broker.expect()) == "paused");
  s.screen.say(s.orders.at(0), capture_state::enabled);
  s.settle();
  CHECK(s.broker.said().empty());
  CHECK(s.screen.state("7001") == capture_state::paused);
}

TEST_CASE("a recorder that missed events asks for the snapshot until it comes, and does it") {
  recorder_stand s;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.order("start", 1, 1);
  s.broker.expect();
  s.broker.send(missed(2, 2));
  s.settle();
  s.broker.error(s.broker.expect(), 111, "7001", 300);
  s.settle();
  CHECK(s.broker.said().empty());
  s.pass(300ms);
  auto answer = address_info(s.broker.expect(), 2, v1::CAPTURE_STATE_ENABLED);
  add_session(*answer.mutable_event_address_info()->mutable_snapshot(), 0, v1::CAPTURE_STATE_PAUSED,
              2, v1::CAPTURE_STATE_ENABLED);
  s.broker.send(answer);
  s.settle();
  REQUIRE(s.orders.size() == 2);
  CHECK(s.orders[1].what.state == capture_state::paused);
  CHECK(verb_of(s.broker.expect()) == "paused");
  s.order("pause", 2, 2); // in the snapshot already
  CHECK(s.orders.size() == 2);
  CHECK(s.broker.said().empty());
}

TEST_CASE("a question for the snapshot that finds no room is asked later") {
  recorder_stand s;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.fill_window();
  s.broker.send(missed(1, 1));
  s.settle();
  for (auto& frame : s.broker.said())
    s.broker.ack(frame);
  s.settle();
  s.pass(snapshot_retry);
  CHECK(s.broker.expect().has_request_query_address());
}

TEST_CASE("a standby recorder follows and stays quiet") {
  recorder_stand s{true};
  auto asked = s.broker.expect();
  CHECK(asked.request_register_address().standby());
  s.broker.registered(asked);
  s.settle();
  s.order("start", 1, 1);
  CHECK(s.orders.size() == 1);
  CHECK(s.screen.state("7001") == capture_state::enabled);
  CHECK(s.broker.said().empty());
}

TEST_CASE("what cannot be said for want of room is said later, in order, and bounded") {
  recorder_stand s; // a window of 16
  s.broker.registered(s.broker.expect());
  s.settle();
  for (int i = 0; i < 40; ++i)
    s.screen.say("7001", i % 2 == 0 ? capture_state::enabled : capture_state::paused);
  s.settle();
  std::size_t heard = 0;
  for (int round = 0; round < 10; ++round) {
    for (auto& frame : s.broker.said()) {
      CHECK(verb_of(frame) == (heard++ % 2 == 0 ? "enabled" : "paused"));
      s.broker.ack(frame, heard);
    }
    s.settle();
  }
  CHECK(heard == 40);
  for (std::size_t i = 0; i < recorder::unsaid_max + 100; ++i)
    s.screen.say("7001", capture_state::enabled);
  CHECK(s.screen.given_up() > 0);
  CHECK(s.screen.given_up() <= 100);
}

TEST_CASE("what waits for room is said at its own time, whoever took the room") {
  recorder_stand s;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.fill_window();
  s.screen.say("7001", capture_state::enabled);
  for (auto& frame : s.broker.said())
    s.broker.ack(frame);
  s.settle();
  s.pass(recorder::say_retry);
  CHECK(verb_of(s.broker.expect()) == "enabled");
  s.pass(1h);
  CHECK(s.broker.said().empty());
}

TEST_CASE("what the broker had no room for is said again, unless it is so no more") {
  recorder_stand s;
  s.broker.registered(s.broker.expect());
  s.settle();
  s.order("start", 1, 1);
  s.broker.error(s.broker.expect(), 111, "7001", 300);
  s.settle();
  s.pass(299ms);
  CHECK(s.broker.said().empty());
  s.pass(1ms);
  auto again = s.broker.expect();
  CHECK(verb_of(again) == "enabled");
  CHECK(again.request_send_event().version() == 1);
  s.broker.error(again, 1186, "7001", 300);
  s.order("pause", 2, 2);
  s.broker.ack(s.broker.expect());
  s.pass(1h);
  CHECK(s.broker.said().empty());
  s.screen.say("7001", capture_state::enabled);
  s.settle();
  s.broker.error(s.broker.expect(), 165, "7001"); // another time would not help
  s.pass(1h);
  CHECK(s.broker.said().empty());
}

TEST_CASE("an order handler that throws says nothing, and the next order is carried out") {
  scripted_client c;
  bool throws = true;
  recorder screen{c.subject, [&](const recorder::order& o) -> std::optional<capture_state> {
                    if (throws)
                      throw std::runtime_error{"no camera"};
                    return o.what.state;
                  }};
  REQUIRE(screen.record("7001") == registering::accepted);
  c.bring_up();
  c.broker.registered(c.broker.expect());
  c.broker.event("7001", "start", 1);
  c.settle();
  CHECK(c.broker.said().empty());
  REQUIRE(c.failures.size() == 1);
  CHECK(c.failures[0].what == "no camera");
  throws = false;
  c.broker.event("7001", "pause", 2);
  c.settle();
  CHECK(verb_of(c.broker.expect()) == "paused");
}

TEST_CASE("a handler that throws at one order is still given the others of the same command") {
  scripted_client c;
  std::vector<std::string> asked;
  recorder screen{c.subject, [&](const recorder::order& o) -> std::optional<capture_state> {
                    asked.push_back(to_string(o.what.connection) + " " +
                                    std::string{to_string(o.what.state)});
                    if (asked.size() == 1)
                      throw std::runtime_error{"no camera"};
                    return o.what.state;
                  }};
  REQUIRE(screen.record("7001") == registering::accepted);
  c.bring_up();
  auto asking = c.broker.expect();
  v1::Frame frame;
  frame.set_reference_id(asking.reference_id());
  auto& registered = *frame.mutable_event_registered();
  registered.set_this_dn("7001");
  for (std::uint64_t call : {1, 2})
    add_session(*registered.mutable_snapshot(), call, v1::CAPTURE_STATE_PAUSED, call,
                v1::CAPTURE_STATE_ENABLED);
  c.broker.send(frame);
  c.settle();
  CHECK(asked.size() == 2);
  CHECK(c.failures.size() == 1);
  CHECK(verb_of(c.broker.expect()) == "paused");
  CHECK(c.broker.said().empty());
}
