// The commands of `ringdown` in one word: what they print, and their exit status.
#include "tests/client/cli_run.hpp"

#include <atomic>

using namespace ringdown;
using ringdown::test::fake_broker;
using ringdown::test::run;

namespace {

/// Tells each command this, and as the word of recorder video-3 after 103 ms.
fake_broker::options telling(v1::Outcome result) {
  fake_broker::options options;
  options.outcome = result;
  options.on_outcome = [result](v1::EventOutcome& o) {
    o.set_accepted_time_us(1'000'000);
    o.set_time_us(1'103'000);
    o.set_effective_state(v1::CAPTURE_STATE_PAUSED);
    auto& recorder = *o.add_recorders();
    recorder.set_application_name("video-3");
    recorder.set_verdict(result == v1::OUTCOME_CONFIRMED ? v1::RECORDER_VERDICT_CONFIRMED
                                                         : v1::RECORDER_VERDICT_SILENT);
  };
  return options;
}

constexpr const char* verbs[] = {"pause", "resume", "start", "stop", "query"};

} // namespace

TEST_CASE("a command in one word says who confirmed it and when, and nothing else") {
  fake_broker broker{telling(v1::OUTCOME_CONFIRMED)};
  for (std::string verb : verbs) {
    auto o = run(verb + " 7001", &broker);
    CHECK(o.status == 0);
    CHECK(o.text.starts_with("confirmed by video-3 in 103 ms: "));
    CHECK(o.text.find('\n') == o.text.size() - 1);
  }
  auto o = run("pause --dn 7001 7002", &broker);
  CHECK(o.status == 0);
  CHECK(o.text == "7001 confirmed by video-3 in 103 ms: the recording is paused\n"
                  "7002 confirmed by video-3 in 103 ms: the recording is paused\n");
  o = run("pause 7001 --json", &broker);
  CHECK(o.text.starts_with("{\"event\":\"EventOutcome\""));
  CHECK(o.text.find('\n') == o.text.size() - 1);
}

TEST_CASE("a command in one word ends with status 0 only if it was confirmed") {
  const std::pair<v1::Outcome, int> statuses[] = {
    {v1::OUTCOME_TIMED_OUT, 4}, {v1::OUTCOME_PARTIAL, 4},       {v1::OUTCOME_SUPERSEDED, 4},
    {v1::OUTCOME_HELD, 5},      {v1::OUTCOME_RECORDER_LOST, 4}, {v1::OUTCOME_FAILED, 4}};
  for (auto& [result, status] : statuses) {
    fake_broker broker{telling(result)};
    for (std::string verb : verbs)
      CHECK(run(verb + " 7001", &broker).status == status);
  }
  fake_broker older; // tells no outcomes
  auto o = run("pause 7001", &older);
  CHECK(o.status == 4);
  CHECK(o.has("this broker tells no outcomes"));
  CHECK(run("pause 7001").status == 2); // no broker
  CHECK(run("pause", &older).status == 2);
  CHECK(run("pause 7001 --call xyz", &older).status == 2);
}

TEST_CASE("a command in one word waits for its outcome no longer than --timeout") {
  auto options = telling(v1::OUTCOME_CONFIRMED);
  options.on_outcome = [](v1::EventOutcome& o) { o.set_dn_sequence(99); }; // another's
  fake_broker broker{options};
  auto o = run("pause 7001 --timeout 0.2", &broker);
  CHECK(o.status == 3);
  CHECK(o.has("no outcome for 7001"));
}

TEST_CASE("a command in one word carries its call, its reason, its agent and its role") {
  auto options = telling(v1::OUTCOME_CONFIRMED);
  v1::RequestSendEvent sent;
  std::atomic<int> signed_on_as{0};
  options.on_request = [&](fake_broker&, int, const v1::Frame& request) {
    if (request.has_request_sign_on())
      signed_on_as = request.request_sign_on().role();
    if (request.has_request_send_event())
      sent = request.request_send_event();
    return false;
  };
  {
    fake_broker broker{options};
    auto o =
      run("pause 7001 --call 1f --reason 'card number' --agent A-1 --role supervisor", &broker);
    CHECK(o.status == 0);
  } // its thread has ended
  CHECK(sent.event().this_dn() == "7001");
  CHECK(sent.event().connection_id() == 0x1f);
  CHECK(sent.reason() == "card number");
  CHECK(sent.agent_id() == "A-1");
  CHECK(signed_on_as == v1::ROLE_SUPERVISOR);
}
