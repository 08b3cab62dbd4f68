// `ringdown` where it says something once, to one DN or many: send, list, and a desktop of several.
#include "tests/client/cli_run.hpp"

#include <atomic>
#include <cstdio>

using namespace ringdown;
using ringdown::test::fake_broker;
using ringdown::test::run;

TEST_CASE("send tells a command's outcome by its exit status") {
  const std::pair<v1::Outcome, int> statuses[] = {
    {v1::OUTCOME_CONFIRMED, 0},     {v1::OUTCOME_TIMED_OUT, 4}, {v1::OUTCOME_PARTIAL, 4},
    {v1::OUTCOME_SUPERSEDED, 4},    {v1::OUTCOME_HELD, 5},      {v1::OUTCOME_FAILED, 4},
    {v1::OUTCOME_RECORDER_LOST, 4}, {v1::OUTCOME_UNKNOWN, 4}};
  for (auto& [result, status] : statuses) {
    fake_broker::options options;
    options.outcome = result;
    fake_broker broker{options};
    auto o = run("send --dn 7001 --capture pause", &broker);
    CHECK(o.status == status);
    CHECK(o.has("<- EventOutcome dn=7001 pause"));
    CHECK(run("send --dn 7001 --capture pause --no-wait", &broker).status == 0);
    CHECK(run("send --dn 7001 --data a=b", &broker).status == 0); // no command has none
  }
}

TEST_CASE("what became of a command is told in words") {
  fake_broker::options options;
  options.outcome = v1::OUTCOME_TIMED_OUT;
  options.on_outcome = [](v1::EventOutcome& o) {
    o.set_effective_state(v1::CAPTURE_STATE_ENABLED);
    o.add_recorders()->set_application_name("rec");
  };
  fake_broker broker{options};
  CHECK(run("send --dn 7001 --capture pause", &broker)
          .has("\npause timed_out: not confirmed: the recorder still records\n"));
  CHECK(run("send --dn 7001 --capture pause --json", &broker)
          .has("\"words\":\"timed_out: not confirmed: the recorder still records\""));
  options.outcome = v1::OUTCOME_HELD;
  options.on_outcome = [](v1::EventOutcome& o) {
    o.mutable_held_by()->set_connection_id(0x71);
    o.mutable_held_by()->set_application_name("agent-desktop");
    o.mutable_held_by()->set_since_time_us(1'714'564'990'000'000);
  };
  fake_broker holding{options};
  auto o =
    run("desktop --dn 7001 --script 'resume conn=72, expect-outcome held'", &holding, "TZ=UTC0");
  CHECK(o.status == 0);
  CHECK(o.has("\nresume held: call 71 is paused by agent-desktop since 12:03:10\n"));
}

TEST_CASE("an outcome that does not come is status 3, and a broker without outcomes is told of") {
  fake_broker::options options;
  options.outcome = v1::OUTCOME_CONFIRMED;
  options.on_outcome = [](v1::EventOutcome& o) { o.set_dn_sequence(99); }; // another's
  fake_broker broker{options};
  auto o = run("send --dn 7001 --capture pause --confirm-timeout 1", &broker);
  CHECK(o.status == 3);
  CHECK(o.has("no outcome for 7001"));
  fake_broker older;
  o = run("send --dn 7001 --capture pause", &older);
  CHECK(o.status == 0);
  CHECK(o.has("this broker tells no outcomes"));
}

TEST_CASE("several DNs are sent to in one request where that says it all, else one by one") {
  fake_broker::options options;
  options.outcome = v1::OUTCOME_CONFIRMED;
  options.dns_per_request_max = 2;
  fake_broker broker{options};
  for (auto* verb : {"pause", "stop", "resume"}) {
    auto o =
      run("send --dn 7001 --dn 7002 --dn 7003 --reason 'fire drill' --agent-id S-1 --capture " +
            std::string{verb},
          &broker);
    CHECK(o.status == 0);
    CHECK(o.has("-> RequestCommandAddresses ref=4 dns=2 " + std::string{verb} +
                " reason=\"fire drill\" agent=S-1\n"));
    CHECK(o.has("-> RequestCommandAddresses ref=5 dns=1 "));
    CHECK(o.has("EventACK ref=5 recorders_queued=1"));
    CHECK(o.has("dn=7003"));
  }
  for (auto* more : {"--capture start", "--capture pause --conn 71", "--capture pause --data a=b",
                     "--capture stop --tag 7", "--capture stop --distribute"}) {
    auto o = run("send --dn 7001 --dn 7002 " + std::string{more}, &broker);
    CHECK(o.status == 0);
    CHECK(o.has("ref=3 dn=7001"));
    CHECK(o.has("ref=4 dn=7002"));
  }
  options.on_outcome = [](v1::EventOutcome& o) {
    if (o.this_dn() == "7002")
      o.set_outcome(v1::OUTCOME_FAILED);
  };
  fake_broker failing{options};
  CHECK(run("send --dn 7001 --dn 7002 --capture stop", &failing).status == 4);
  auto o = run("--json send --dn 7001 --dn 7002 --capture stop --reason x", &failing);
  CHECK(o.has("\"request\":\"RequestCommandAddresses\",\"reference_id\":3,\"dns\":[\"7001\","
              "\"7002\"],\"command\":\"stop\",\"reason\":\"x\""));
}

TEST_CASE("of several DNs the worst decides the exit status, in whatever order they are given") {
  fake_broker::options options;
  options.outcome = v1::OUTCOME_CONFIRMED;
  options.on_outcome = [](v1::EventOutcome& o) {
    if (o.this_dn() == "held")
      o.set_outcome(v1::OUTCOME_HELD);
    if (o.this_dn() == "late")
      o.set_outcome(v1::OUTCOME_TIMED_OUT);
    if (o.this_dn() == "silent")
      o.set_dn_sequence(99); // another's
  };
  fake_broker broker{options};
  const std::pair<const char*, int> worst[] = {
    {"good held", 5}, {"held late", 4}, {"good late", 4}, {"held silent", 3}, {"late silent", 3}};
  for (auto& [dns, status] : worst)
    for (auto* verb : {"resume", "start"}) { // in one request, and one by one
      std::string one{dns};
      auto other = one.substr(one.find(' ') + 1);
      one.resize(one.find(' '));
      auto words = " --confirm-timeout 1 --capture " + std::string{verb};
      INFO(dns << " " << verb);
      CHECK(run("send --dn " + one + " --dn " + other + words, &broker).status == status);
      CHECK(run("send --dn " + other + " --dn " + one + words, &broker).status == status);
    }
}

TEST_CASE("a refusal by one DN is worse than what another's recorder has not done") {
  fake_broker::options options;
  options.outcome = v1::OUTCOME_CONFIRMED;
  options.on_outcome = [](v1::EventOutcome& o) {
    o.set_outcome(v1::OUTCOME_TIMED_OUT);
    if (o.this_dn() == "silent")
      o.set_dn_sequence(99);
  };
  options.on_request = [](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_send_event() || request.request_send_event().this_dn() != "bad")
      return false;
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    frame.mutable_event_error()->set_error_code(41);
    frame.mutable_event_error()->set_this_dn("bad");
    broker.send(fd, frame);
    return true;
  };
  fake_broker broker{options};
  auto words = std::string{" --confirm-timeout 1 --capture start"};
  CHECK(run("send --dn bad --dn late" + words, &broker).status == 1);
  CHECK(run("send --dn late --dn bad" + words, &broker).status == 1);
  CHECK(run("send --dn bad --dn silent" + words, &broker).status == 3);
  CHECK(run("send --dn silent --dn bad" + words, &broker).status == 3);
}

TEST_CASE(
  "a word that is no screen-capture, and nothing to send, are refused before anything goes") {
  fake_broker broker;
  auto o = run("send --dn 7001 --capture pasue", &broker);
  CHECK(o.status == 2);
  CHECK(o.has("pasue"));
  for (auto* word :
       {"start", "stop", "pause", "resume", "query", "enabled", "disabled", "paused", "failed"})
    CHECK(o.has(word));
  for (auto* nothing : {"send --dn 7001", "send --dn 7001 --conn 71", "send --dn 7001 --reason x",
                        "send --dn 7001 --capture unknown", "send --dn 7001 --capture ''"})
    CHECK(run(nothing, &broker).status == 2);
  CHECK(run("send --dn 7001", &broker).has("nothing to send: --capture, --data or --tag"));
  CHECK(broker.requests == 0);
  CHECK(run("send --dn 7001 --tag 7", &broker).status == 0); // a number alone is an event
}

TEST_CASE("a desktop of several DNs does each step on all of them, and names them") {
  fake_broker::options options;
  options.outcome = v1::OUTCOME_CONFIRMED;
  fake_broker broker{options};
  auto o = run("desktop --dn 7001 --dn 7002 --agent-id A-1 --reason card --script 'pause, "
               "expect-outcome confirmed, stop reason=end'",
               &broker);
  CHECK(o.status == 0);
  CHECK(o.has("dn=7001 screen-capture=pause"));
  CHECK(o.has("dn=7002 screen-capture=pause"));
  CHECK(o.has("reason=card agent=A-1\n"));
  CHECK(o.has("reason=end agent=A-1\n"));
  CHECK(o.has("\n7002 light: UNKNOWN\n"));
  CHECK(o.has("\n7001 pause confirmed: "));
  options.on_outcome = [](v1::EventOutcome& said) {
    if (said.this_dn() == "7002")
      said.set_outcome(v1::OUTCOME_FAILED);
  };
  fake_broker failing{options};
  o = run("desktop --dn 7001 --dn 7002 --script 'pause, expect-outcome confirmed'", &failing);
  CHECK(o.status == 3);
  CHECK(o.has("7002: the command's outcome is failed, not confirmed"));
  o = run("desktop --dn 7001 --dn 7002 --script 'expect paused within 1ms'", &failing);
  CHECK(o.status == 3);
  CHECK(o.has("7001: the light is unknown, not paused"));
}

TEST_CASE("the DNs in use are listed page by page") {
  fake_broker broker;
  CHECK(run("list", &broker).text.empty());
  for (auto* dn : {"7003", "7001", "7002"})
    run("send --dn " + std::string{dn} + " --data a=b", &broker);
  auto all = "7001             UNKNOWN    no recorder, 0 clients\n"
             "7002             UNKNOWN    no recorder, 0 clients\n"
             "7003             UNKNOWN    no recorder, 0 clients\n";
  CHECK(run("list", &broker).text == all);
  CHECK(run("session --dn '*'", &broker).text == all);
  CHECK(run("list --json", &broker).has("{\"dn\":\"7002\",\"effective_state\":\"unknown\","));
  CHECK(run("info", &broker).has("\nDNs in use           3: 7001, 7002, 7003\n"));
  CHECK(run("info --json", &broker).has("\"dns_in_use\":[\"7001\",\"7002\",\"7003\"]"));
}

TEST_CASE("a list says what it is to show, and ends where the broker does not go on") {
  fake_broker::options options;
  std::atomic<int> asked{0};
  std::atomic<bool> filtered{false};
  options.on_request = [&](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_list_addresses())
      return false;
    auto& list = request.request_list_addresses();
    filtered =
      list.light() == v1::CAPTURE_STATE_PAUSED && list.alarmed() && list.recorder_missing();
    ++asked;
    v1::Frame page;
    page.set_reference_id(request.reference_id());
    page.mutable_event_address_list()->set_next("7001"); // for ever
    broker.send(fd, page);
    return true;
  };
  fake_broker broker{options};
  CHECK(run("list --light paused --alarmed --recorder-missing", &broker).status == 0);
  CHECK(asked == 2);
  CHECK(filtered);
}

TEST_CASE("a list that is refused is status 1, and no trouble for info") {
  fake_broker::options options;
  options.on_request = [](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_list_addresses())
      return false;
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    frame.mutable_event_error()->set_error_code(165);
    broker.send(fd, frame);
    return true;
  };
  fake_broker broker{options};
  auto o = run("list", &broker);
  CHECK(o.status == 1);
  CHECK(o.has("EventError 165 access_restricted"));
  o = run("info", &broker);
  CHECK(o.status == 0);
  CHECK_FALSE(o.has("165"));
  CHECK_FALSE(o.has("DNs in use"));
}

TEST_CASE("a monitor of every DN shows what happens on any, with its DN") {
  fake_broker::options options;
  options.outcome = v1::OUTCOME_CONFIRMED;
  fake_broker broker{options};
  auto* monitor =
    ::popen(("exec " RINGDOWN_CLI " --connect 127.0.0.1:" + std::to_string(broker.port()) +
             " monitor --all --for 30 2>&1")
              .c_str(),
            "r");
  REQUIRE(monitor != nullptr);
  std::string text;
  char bytes[4096];
  auto until = [&](std::string_view part) { // the monitor's own time bounds this
    while (text.find(part) == text.npos && std::fgets(bytes, sizeof bytes, monitor) != nullptr)
      text += bytes;
    INFO(text);
    CHECK(text.find(part) != text.npos);
  };
  until("<- EventRegistered ref=2 every DN mode=monitor\n");
  CHECK(text.find("-> RequestRegisterAddress ref=2 every DN mode=monitor\n") != text.npos);
  run("send --dn 8001 --capture pause", &broker);
  until("EventUserEvent dn=8001 screen-capture=pause");
  broker.disconnect_all();
  ::pclose(monitor);
}

TEST_CASE("send takes every kind of data") {
  fake_broker broker;
  auto o = run("send --dn 7001 --data 'note=a b' --data n:i=5 --data b:x=00ff --tag 7 --conn 1f "
               "--command-id random --if-version 0 --confirm-timeout 100 --to 2a",
               &broker);
  CHECK(o.status == 0);
  CHECK(o.has("note=\"a b\" i=5 x=0x00ff tag=7 if_version=0 command="));
  CHECK(o.has("to=000000000000002a"));
  CHECK(o.has("EventACK ref=3 recorders_queued=1 seq=1 tag=7"));
  CHECK(run("send --dn 7001 --data a=b --distribute", &broker)
          .has("RequestDistributeUserEvent ref=3 dn=7001 a=b"));
}
