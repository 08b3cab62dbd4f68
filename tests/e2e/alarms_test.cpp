// Recorders that do not obey and clients that do not read, as an operator sees them: the real
// daemon, its admin port, and `ringdown why` and `top`.
#include "tests/e2e/expect.hpp"
#include "tests/e2e/small_queues.hpp"

#include <csignal>

using namespace ringdown;
using namespace ringdown::e2e;
using Catch::Matchers::Contains;

namespace {

/// A client says nothing while `ringdown` runs beside it.
const flags watched{"--admin.enabled=true", "--admin.port=0", "--limits.heartbeat_interval=60 s"};

/// What an operator asks, and is told.
class operator_of {
public:
  explicit operator_of(const running_broker& broker) {
    broker.await_log("admin port");
    for (auto& line : broker.log())
      if (line["message"] == "admin port")
        admin_ = "--admin=127.0.0.1:" + std::to_string(line["port"].get<int>());
  }

  std::string hears(const flags& words) const {
    auto answer = run_ringdown(0, words + flags{admin_, "--timeout=60"});
    INFO(answer.err);
    CHECK(answer.status == 0);
    return answer.out;
  }
  std::string why() const { return hears({"why", "7001"}); }
  std::string top() const { return hears({"top", "--once"}); }

private:
  std::string admin_;
};

raw_client joined(const running_broker& broker, v1::Role role, const std::string& application) {
  raw_client client{broker.port()};
  auto frame = sign_on(role, application);
  if (role == v1::ROLE_DESKTOP)
    frame.mutable_request_sign_on()->add_capabilities(v1::CAPABILITY_OUTCOMES);
  client.sign_on(frame);
  client.register_on("7001");
  return client;
}

/// A desktop's command, and what the recorder says to it.
void obeyed(raw_client& desktop, raw_client& recorder, const char* command, const char* says) {
  CHECK(desktop.ask(capture("7001", command)).event_ack().recorders_queued() == 1);
  check_event(recorder.unasked(), command);
  CHECK(recorder.ask(capture("7001", says)).has_event_ack());
}

/// The next event of this verb; alarms on the way are passed over.
void hear(raw_client& client, const std::string& verb) {
  while (verb_of(client.unasked()) != verb) {
    // it comes, or the client's patience ends
  }
}

} // namespace

TEST_CASE("A pause that no recorder confirms is shown first, with who waits and who is silent") {
  running_broker broker{watched + flags{"--limits.confirm_timeout=60 s"}};
  const operator_of wim{broker};
  auto recorder = joined(broker, v1::ROLE_RECORDER, "film-1");
  auto desktop = joined(broker, v1::ROLE_DESKTOP, "desk-7");
  obeyed(desktop, recorder, "start", "enabled");
  CHECK(desktop.ask(capture("7001", "pause")).has_event_ack());
  check_event(recorder.unasked(), "pause"); // and it goes on to film
  CHECK_THAT(wim.top(), Contains("commands without an outcome 1") &&
                          Contains("UNCONFIRMED: clients that wait for outcomes") &&
                          Contains("desk-7") && Contains("PAUSED: where it is not obeyed") &&
                          Contains("RECORDING, not PAUSED") && Contains("alarms 0"));
  CHECK_THAT(wim.why(), Contains("7001 is RECORDING since ") && Contains("desired     PAUSED") &&
                          Contains("the screen is paused by desk-7") &&
                          Contains("open        pause of the screen, waits for its recorders") &&
                          Contains("film-1 records") && Contains("has not answered 1 order"));
  CHECK(recorder.ask(capture("7001", "paused")).has_event_ack());
  CHECK_THAT(wim.top(), !Contains("UNCONFIRMED") && !Contains("not PAUSED"));
}

TEST_CASE("A recorder that films during a pause, and is told so in vain, is an alarm") {
  running_broker broker{watched + flags{"--limits.confirm_timeout=1 s"}};
  const operator_of wim{broker};
  auto recorder = joined(broker, v1::ROLE_RECORDER, "film-1");
  auto desktop = joined(broker, v1::ROLE_DESKTOP, "desk-7");
  obeyed(desktop, recorder, "start", "enabled");
  obeyed(desktop, recorder, "pause", "paused");
  CHECK(recorder.ask(capture("7001", "enabled")).has_event_ack()); // unasked
  hear(recorder, "pause");                                         // the broker's own, ignored
  broker.await_log("alarm: a person must look", 2);
  CHECK_THAT(wim.top(), Contains("alarms 2") && Contains("ALARMS") &&
                          Contains("7001: recorder_unconfirmed since ") &&
                          Contains("7001: drift since ") && Contains(", of film-1") &&
                          Contains("RECORDING, not PAUSED"));
  CHECK_THAT(wim.why(), Contains("7001 is RECORDING since ") &&
                          Contains("though the screen is paused by desk-7") &&
                          Contains("ALARM       ") && Contains("recorder_unconfirmed since ") &&
                          Contains("film-1 records"));
}

TEST_CASE("A recorder that is lost while it is to film is an alarm until it is back") {
  running_broker broker{watched};
  const operator_of wim{broker};
  auto desktop = joined(broker, v1::ROLE_DESKTOP, "desk-7");
  {
    auto recorder = joined(broker, v1::ROLE_RECORDER, "film-1");
    obeyed(desktop, recorder, "start", "enabled");
    recorder.reset();
  }
  broker.await_log("alarm: a person must look");
  CHECK_THAT(wim.top(), Contains("alarms 1") && Contains("7001: recorder_lost since ") &&
                          Contains("without recorder 1"));
  CHECK_THAT(wim.why(),
             Contains("7001 is UNKNOWN since ") && Contains("there is no active recorder") &&
               Contains("ALARM       recorder_lost since ") && Contains("desired     RECORDING"));
  auto again = joined(broker, v1::ROLE_RECORDER, "film-1");
  hear(again, "start"); // the broker's own
  CHECK(again.ask(capture("7001", "enabled")).has_event_ack());
  CHECK_THAT(wim.top(), Contains("alarms 0") && !Contains("ALARMS"));
}

TEST_CASE("A client that does not read is shown with what waits for it") {
  running_broker broker{watched + small_queues};
  const operator_of wim{broker};
  auto reader = joined(broker, v1::ROLE_DESKTOP, "desk-7");
  raw_client deaf{broker.port(), {2048}};
  deaf.sign_on(sign_on(v1::ROLE_DESKTOP, "deaf-1"));
  deaf.register_on("7001");
  auto bulky = user_event("7001", "filler", std::string(3500, 'x'));
  constexpr int rounds_max = 20; // a megabyte each: the kernel's buffers are full long before
  std::string seen;
  for (int i = 0; i < rounds_max && seen.find("SLOW") == seen.npos; ++i) {
    for (int n = 0; n < 300; ++n)
      REQUIRE(reader.ask(bulky).has_event_ack());
    seen = wim.top();
  }
  CHECK_THAT(seen, Contains("SLOW: clients for which something waits") && Contains("deaf-1"));
  CHECK_THAT(wim.hears({"connections", "--slow"}), Contains("deaf-1") && !Contains("desk-7"));
}
