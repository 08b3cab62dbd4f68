// Confirmed control between real processes: recorders, desktops and the daemon are stopped, killed
// and cut off, and the desktop is told the truth.
#include "tests/e2e/expect.hpp"
#include "tests/e2e/harness/fault_proxy.hpp"

#include <csignal>
#include <memory>
#include <thread>

using namespace ringdown;
using namespace ringdown::e2e;
using namespace std::chrono_literals;

namespace {

/// A client whose death is noticed soon.
const flags soon{"--limits.heartbeat_interval_min=20 ms", "--limits.heartbeat_interval=100 ms",
                 "--limits.heartbeat_timeout_percent=1000"};
/// What a loaded machine confirms in.
const flags patient{"--limits.confirm_timeout=60 s"};

v1::Frame confirming(const std::string& instance = {}) {
  auto frame = sign_on(v1::ROLE_DESKTOP, "desk", instance);
  frame.mutable_request_sign_on()->add_capabilities(v1::CAPABILITY_OUTCOMES);
  return frame;
}

raw_client confirming_desktop(const running_broker& broker, const std::string& instance = {}) {
  raw_client client{broker.port()};
  client.sign_on(confirming(instance));
  client.register_on("7001");
  return client;
}

/// `ringdown recorder` on 7001.
std::unique_ptr<process> recorder_at(std::uint16_t port) {
  auto recorder = std::make_unique<process>(
    ringdown_program(),
    flags{"recorder", "--dn=7001", "--connect=127.0.0.1:" + std::to_string(port)});
  await("the recorder is registered",
        [&] { return recorder->out().find("EventRegistered") != std::string::npos; });
  return recorder;
}

/// The next frame that is an outcome; events on the way are passed over.
v1::EventOutcome outcome_of(raw_client& desktop) {
  for (;;)
    if (auto frame = desktop.unasked(); frame.has_event_outcome())
      return frame.event_outcome();
}

/// The recorder records, and has said so.
void record(raw_client& desktop) {
  CHECK(desktop.ask(capture("7001", "start")).has_event_ack());
  CHECK(outcome_of(desktop).outcome() == v1::OUTCOME_CONFIRMED);
}

/// The next event with this value of screen-capture.
v1::EventUserEvent event_of(raw_client& desktop, const std::string& verb) {
  for (;;)
    if (auto frame = desktop.unasked(); verb_of(frame) == verb)
      return frame.event_user_event();
}

} // namespace

TEST_CASE("A recorder process confirms a pause, and its sender hears it") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) + patient};
  auto desktop = confirming_desktop(broker);
  auto recorder = recorder_at(broker.port());
  record(desktop);
  CHECK(desktop.ask(capture("7001", "pause")).event_ack().recorders_queued() == 1);
  CHECK(event_of(desktop, "paused").effective_state() == v1::CAPTURE_STATE_PAUSED);
  auto outcome = outcome_of(desktop);
  CHECK(outcome.outcome() == v1::OUTCOME_CONFIRMED);
  REQUIRE(outcome.recorders_size() == 1);
  CHECK(outcome.recorders(0).verdict() == v1::RECORDER_VERDICT_CONFIRMED);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A recorder that takes a pause and never confirms it is told of with 57") {
  running_broker broker{{"--limits.confirm_timeout=50 ms"}};
  auto desktop = confirming_desktop(broker);
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto pause = capture("7001", "pause");
  auto id = random_bytes16();
  pause.mutable_request_send_event()->set_command_id(id);
  CHECK(desktop.ask(pause).event_ack().recorders_queued() == 1);
  auto outcome = outcome_of(desktop);
  CHECK(outcome.outcome() == v1::OUTCOME_TIMED_OUT);
  CHECK(outcome.error_code() == 57);
  CHECK(outcome.command_id() == id);
  CHECK(outcome.recorders(0).verdict() == v1::RECORDER_VERDICT_SILENT);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A killed recorder is told at once, and the one that comes back pauses by itself") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) + patient};
  auto desktop = confirming_desktop(broker);
  auto recorder = recorder_at(broker.port());
  record(desktop);
  recorder->signal(SIGKILL);
  auto doubt = event_of(desktop, "unknown");
  CHECK(doubt.broker_reason() == v1::BROKER_REASON_RECORDER_LOST);
  CHECK(doubt.mark() == v1::EVENT_MARK_ALARM);
  CHECK(desktop.ask(capture("7001", "pause")).event_ack().recorders_queued() == 0);
  recorder = recorder_at(broker.port());
  CHECK(event_of(desktop, "paused").effective_state() == v1::CAPTURE_STATE_PAUSED);
  desktop.close();
  CHECK(broker.stop() == 0);
}

TEST_CASE("A stopped recorder process is noticed by its silence") {
  running_broker broker{soon + patient};
  auto desktop = confirming_desktop(broker);
  auto recorder = recorder_at(broker.port());
  record(desktop);
  recorder->signal(SIGSTOP);
  CHECK(desktop.ask(capture("7001", "pause")).event_ack().recorders_queued() == 1);
  CHECK(event_of(desktop, "unknown").mark() == v1::EVENT_MARK_ALARM);
  CHECK(outcome_of(desktop).outcome() == v1::OUTCOME_RECORDER_LOST);
  recorder->signal(SIGCONT); // finds its link gone, connects again, and carries out the pause
  CHECK(event_of(desktop, "paused").effective_state() == v1::CAPTURE_STATE_PAUSED);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A recorder behind a wire that swallows everything is noticed by its silence") {
  running_broker broker{soon + patient};
  auto desktop = confirming_desktop(broker);
  fault_proxy wire{broker.port()};
  auto recorder = recorder_at(wire.port());
  record(desktop);
  wire.freeze(true);
  CHECK(desktop.ask(capture("7001", "pause")).event_ack().recorders_queued() == 1);
  CHECK(event_of(desktop, "unknown").mark() == v1::EVENT_MARK_ALARM);
  CHECK(outcome_of(desktop).outcome() == v1::OUTCOME_RECORDER_LOST);
  wire.freeze(false);
  CHECK(event_of(desktop, "paused").effective_state() == v1::CAPTURE_STATE_PAUSED);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A pause whose wire is cut on the way is carried out by the recorder that returns") {
  running_broker broker{patient};
  auto desktop = confirming_desktop(broker);
  fault_proxy wire{broker.port()};
  auto recorder = recorder_at(wire.port());
  record(desktop);
  wire.delay(100ms);
  CHECK(desktop.ask(capture("7001", "pause")).event_ack().recorders_queued() == 1);
  wire.cut();
  CHECK(outcome_of(desktop).outcome() == v1::OUTCOME_RECORDER_LOST);
  CHECK(event_of(desktop, "paused").effective_state() == v1::CAPTURE_STATE_PAUSED);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A daemon that stood still hears what was said meanwhile before it judges") {
  running_broker broker{{"--limits.confirm_timeout=500 ms"}};
  auto desktop = confirming_desktop(broker);
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  CHECK(desktop.ask(capture("7001", "pause")).has_event_ack());
  check_event(recorder.expect(), "pause");
  broker.child().signal(SIGSTOP);
  recorder.request(capture("7001", "paused"));
  std::this_thread::sleep_for(2s); // well past the deadline and past overslept_min
  broker.child().signal(SIGCONT);
  CHECK(outcome_of(desktop).outcome() == v1::OUTCOME_CONFIRMED);
  CHECK(recorder.ask(capture("7001", "paused")).has_event_ack()); // its link stands
  CHECK(broker.stop() == 0);
}

TEST_CASE("A lost ACK: the same command id gives the same answer over another link") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) + patient};
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto instance = random_bytes16();
  auto pause = capture("7001", "pause");
  pause.mutable_request_send_event()->set_command_id(random_bytes16());
  {
    auto desktop = confirming_desktop(broker, instance);
    desktop.request(pause);
    check_event(recorder.expect(), "pause"); // accepted; the ACK is never read
    desktop.reset();
  }
  auto desktop = confirming_desktop(broker, instance);
  pause.mutable_request_send_event()->set_retry(true);
  auto ack = desktop.ask(pause).event_ack();
  CHECK(ack.dn_sequence() == 1);
  CHECK(ack.recorders_queued() == 1);
  CHECK(recorder.ask(capture("7001", "paused")).has_event_ack()); // it heard one pause only
  CHECK(outcome_of(desktop).outcome() == v1::OUTCOME_CONFIRMED);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A daemon that shuts down says of what is open that it does not know") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) + patient +
                        flags{"--limits.drain_timeout=2 s"}};
  auto desktop = confirming_desktop(broker);
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  CHECK(desktop.ask(capture("7001", "pause")).has_event_ack());
  broker.child().signal(SIGTERM);
  CHECK(outcome_of(desktop).outcome() == v1::OUTCOME_UNKNOWN);
  auto last = desktop.unasked();
  while (last.has_event_user_event()) // the recorder's link may end first: unknown
    last = desktop.unasked();
  CHECK(last.has_event_link_disconnected());
  desktop.close();
  recorder.close();
  CHECK(broker.child().wait() == 0);
}

TEST_CASE("A dead desktop leaves it paused, and another sees who paused and may resume") {
  running_broker broker{patient};
  auto recorder = recorder_at(broker.port());
  {
    auto desktop = confirming_desktop(broker);
    record(desktop);
    CHECK(desktop.ask(capture("7001", "pause")).has_event_ack());
    CHECK(outcome_of(desktop).outcome() == v1::OUTCOME_CONFIRMED);
    desktop.reset();
  }
  raw_client other{broker.port()};
  other.sign_on(confirming());
  auto snapshot = other.register_on("7001");
  REQUIRE(snapshot.sessions_size() == 1);
  CHECK(snapshot.sessions(0).desired() == v1::CAPTURE_STATE_PAUSED);
  CHECK(snapshot.sessions(0).desired_by_application() == "desk");
  CHECK(snapshot.sessions(0).desired_time_us() > 0);
  CHECK(other.ask(capture("7001", "resume")).has_event_ack());
  CHECK(outcome_of(other).outcome() == v1::OUTCOME_CONFIRMED);
  CHECK(broker.stop() == 0);
}

// Scenario 18's groundwork: what a journal is to keep, a client may hear.
TEST_CASE(
  "Of each command of a call one can hear who gave it, when, who got it, and what became of it") {
  constexpr std::uint64_t call = 0x71;
  running_broker broker{patient};
  auto auditor = signed_on(broker, v1::ROLE_SUPERVISOR);
  auto all = register_on("7001", v1::REGISTRATION_MODE_MONITOR);
  all.mutable_request_register_address()->set_hear_outcomes(true);
  CHECK(auditor.ask(all).has_event_registered());
  auto recorder = recorder_at(broker.port());
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  for (std::string verb : {"start", "pause", "resume", "stop"}) {
    CHECK(desktop.ask(capture("7001", verb, call)).has_event_ack());
    auto given = event_of(auditor, verb);
    auto outcome = outcome_of(auditor);
    CHECK(given.event().connection_id() == call);
    CHECK(given.origin_role() == v1::ROLE_DESKTOP);
    CHECK(outcome.connection_id() == call);
    CHECK(outcome.dn_sequence() == given.dn_sequence());
    CHECK(outcome.version() == given.version());
    CHECK(outcome.origin_client_id() == given.origin_client_id());
    CHECK(outcome.accepted_time_us() == given.time_us());
    CHECK(outcome.time_us() >= outcome.accepted_time_us());
    CHECK(outcome.outcome() == v1::OUTCOME_CONFIRMED);
    REQUIRE(outcome.recorders_size() == 1);
    CHECK_THAT(outcome.recorders(0).application_name(), Catch::Matchers::StartsWith("recorder@"));
    CHECK(outcome.recorders(0).verdict() == v1::RECORDER_VERDICT_CONFIRMED);
  }
  CHECK(broker.stop() == 0);
}
