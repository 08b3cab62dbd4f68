// The program `ringdown` as its user meets it: its parties and its words.
#include "messages/errors.hpp"
#include "tests/client/cli_run.hpp"

#include <nlohmann/json.hpp>

#include <catch2/catch.hpp>

#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <thread>

using namespace ringdown;
using ringdown::test::cli_result;
using ringdown::test::fake_broker;
using ringdown::test::run;

namespace {

/// The same with a terminal for its output.
cli_result run_on_terminal(const std::vector<std::string>& arguments, const fake_broker& broker) {
  auto connect = "--connect=127.0.0.1:" + std::to_string(broker.port());
  std::vector<char*> words{const_cast<char*>(RINGDOWN_CLI), connect.data()};
  for (auto& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  int terminal = -1;
  auto child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  cli_result result;
  char bytes[4096];
  for (ssize_t got = 0; (got = ::read(terminal, bytes, sizeof bytes)) > 0;) // until EIO
    result.text.append(bytes, static_cast<std::size_t>(got));
  ::close(terminal);
  int status = 0;
  ::waitpid(child, &status, 0);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

/// Answers every event with this code.
fake_broker::options refusing(std::uint32_t code) {
  fake_broker::options options;
  options.on_request = [code](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_send_event())
      return false;
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    frame.mutable_event_error()->set_error_code(code);
    frame.mutable_event_error()->set_text("no\x1b[2J such");
    frame.mutable_event_error()->set_attribute("this_dn");
    frame.mutable_event_error()->set_accepted("a configured DN");
    broker.send(fd, frame);
    return true;
  };
  return options;
}

} // namespace

TEST_CASE("a desktop's script is shown as a conversation and ends with status 0") {
  fake_broker broker;
  auto o = run("desktop --dn 7001 --script 'start, pause conn=1f; wait 1ms; send a=b'", &broker);
  CHECK(o.status == 0);
  CHECK(o.has("-> RequestSendEvent ref=3 dn=7001 screen-capture=start command="));
  CHECK(o.has("\n<- EventACK ref=3 recorders_queued=1 seq=1\n"
              "pending: start\n"));
  CHECK(o.has("conn=000000000000001f screen-capture=pause command="));
  CHECK(o.has("light: UNKNOWN\n"));
  CHECK(o.has("reason=signed_off"));
  CHECK_FALSE(o.has("\x1b"));
}

TEST_CASE("on a terminal the light and what waits stand in a line of their own") {
  fake_broker broker;
  auto o = run_on_terminal({"desktop", "--dn=7001", "--script=pause, wait 1ms"}, broker);
  INFO(o.text);
  CHECK(o.status == 0);
  CHECK(o.has(" UNKNOWN\x1b[0m, pause waits"));
  CHECK_FALSE(o.has("pending: pause"));
  CHECK_FALSE(o.has("EventAddressInfo")); // its question for the deadline is not the agent's
}

TEST_CASE("an expected outcome that nobody tells is status 3") {
  fake_broker broker; // tells none
  auto o = run("desktop --dn 7001 --script 'pause, expect-outcome confirmed within 1ms'", &broker);
  CHECK(o.status == 3);
  CHECK(o.has("the command's outcome is not told yet, not confirmed"));
  o = run("desktop --dn 7001 --script 'expect-outcome confirmed'", &broker);
  CHECK(o.status == 3);
  CHECK(o.has("no command was accepted"));
}

TEST_CASE("desktop and recorder play together until the light shows what is so") {
  fake_broker broker;
  auto* recorder =
    ::popen(("echo $$; exec " RINGDOWN_CLI " --connect 127.0.0.1:" + std::to_string(broker.port()) +
             " recorder --dn 7001 --delay 5")
              .c_str(),
            "r");
  REQUIRE(recorder != nullptr);
  int process = 0;
  REQUIRE(std::fscanf(recorder, "%d", &process) == 1);
  while (broker.requests < 2) // signed on, registered; the test's time limit bounds this
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  auto o = run("desktop --dn 7001 --script 'start, expect recording within 20s, pause, "
               "expect paused within 20s, stop, wait for off within 20s'",
               &broker);
  CHECK(o.status == 0);
  CHECK(o.has("light: RECORDING"));
  CHECK(o.has("light: PAUSED"));
  CHECK(o.has("light: OFF"));
  ::kill(process, SIGTERM);
  std::string text;
  char bytes[4096];
  while (auto got = std::fread(bytes, 1, sizeof bytes, recorder))
    text.append(bytes, got);
  INFO(text);
  CHECK(::pclose(recorder) == 0); // signs off and ends well
  CHECK(text.find("-> RequestSendEvent ref=3 dn=7001 screen-capture=enabled") != text.npos);
  CHECK(text.find("reason=signed_off") != text.npos);
}

TEST_CASE("steps come from standard input too") {
  fake_broker broker;
  auto o = run("desktop --dn 7001", &broker, "printf 'start\\nstatus\\nhelp\\nquit\\nstop\\n' |");
  CHECK(o.status == 4); // a broker of an earlier day
  CHECK(o.has("screen-capture=start"));
  CHECK(o.has("EventAddressInfo"));
  CHECK_FALSE(o.has("screen-capture=stop"));
  CHECK(run("desktop --dn 7001", &broker, "printf 'start' |").has("EventACK ref=3"));
  CHECK(run("desktop --dn 7001", &broker, "echo strat |").status == 2);
}

TEST_CASE("a call source merges and ends calls") {
  fake_broker::options options;
  options.on_request = [](fake_broker& broker, int fd, const v1::Frame& request) {
    bool call = request.has_request_merge_calls() || request.has_request_end_call();
    if (call) {
      v1::Frame frame;
      frame.set_reference_id(request.reference_id());
      frame.mutable_event_ack()->set_dn_sequence(9);
      broker.send(fd, frame);
    }
    return call;
  };
  fake_broker broker{options};
  auto o =
    run("desktop --dn 7001 --role call_source --script 'merge 71 into 72, end-call 72'", &broker);
  CHECK(o.status == 0);
  CHECK(o.has("-> RequestMergeCalls ref=3 dn=7001 old=0000000000000071 conn=0000000000000072\n"
              "<- EventACK ref=3 seq=9\n"
              "-> RequestEndCall ref=4 dn=7001 conn=0000000000000072\n"
              "<- EventACK ref=4 seq=9\n"));
}

TEST_CASE("an EventError is status 1, is explained, and cannot steer the terminal") {
  fake_broker broker{refusing(59)};
  for (auto arguments : {"send --dn 7001 --capture start", "desktop --dn 7001 --script start"}) {
    auto o = run(arguments, &broker);
    CHECK(o.status == 1);
    CHECK(
      o.has("<- EventError 59 dn_not_configured: no\\u001b[2J such (attribute this_dn, accepted "
            "a configured DN) ref=3\n"));
  }
}

TEST_CASE("wrong arguments and no connection are status 2 and say why") {
  fake_broker broker;
  for (auto arguments :
       {"", "nonsense", "send", "send --dn 7001 --data novalue", "send --dn 7001 --command-id 12",
        "send --dn 7001 --to xyz", "send --dn 7001 --conn xyz", "desktop --dn 7001 --role recorder",
        "desktop --dn 7001 --script strat", "recorder --dn 7001 --misbehave sulk",
        "send --dn 7001 --distribute --if-version 1", "--connect a:b:c info", "monitor",
        "monitor --all --dn 7001", "list --light green"}) {
    auto o = run(arguments, &broker);
    CHECK(o.status == 2);
    CHECK_FALSE(o.text.empty());
  }
  CHECK(run("info").has("cannot connect to 127.0.0.1:1: Connection refused"));
  CHECK(run("info").status == 2);
}

TEST_CASE("no answer, a failed expectation and a lost link are status 3") {
  fake_broker::options options;
  options.on_request = [](fake_broker&, int, const v1::Frame& request) {
    return request.has_request_send_event();
  };
  fake_broker silent{options};
  auto o = run("--timeout 0.2 send --dn 7001 --data a=b", &silent);
  CHECK(o.status == 3);
  CHECK(o.has("no answer to request 3 within 200 ms"));
  CHECK(run("desktop --dn 7001 --script 'expect paused within 1ms'", &silent).status == 3);

  options.on_request = [](fake_broker& broker, int fd, const v1::Frame& request) {
    if (request.has_request_send_event())
      broker.disconnect(fd);
    return request.has_request_send_event();
  };
  fake_broker leaving{options};
  o = run("send --dn 7001 --data a=b", &leaving);
  CHECK(o.status == 3);
  CHECK(o.has("link lost: closed_by_peer"));
}

TEST_CASE("with --json every line is an object") {
  fake_broker broker;
  for (auto arguments : {"--json desktop --dn 7001 --script 'start, send n:x=5'",
                         "info --dn 7001 --json", "error --json", "error 118 --json"}) {
    auto o = run(arguments, &broker);
    CHECK(o.status == 0);
    std::istringstream lines{o.text};
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count)
      CHECK(nlohmann::json::parse(line, nullptr, false).is_object());
    CHECK(count > 0);
  }
}

TEST_CASE("info and monitor show what the broker says") {
  fake_broker broker;
  auto info = run("info --dn 7001", &broker);
  CHECK(info.status == 0);
  CHECK(info.has("1024 requests"));
  CHECK(info.has("EventRegistered ref=2 dn=7001 mode=monitor"));
  CHECK(run("monitor --dn 7001 --dn 7002 --for 0.05", &broker).status == 0);
}

TEST_CASE("a recorder says that it failed where it is to, and what it is ordered") {
  fake_broker broker;
  auto* recorder =
    ::popen(("echo $$; exec " RINGDOWN_CLI " --connect 127.0.0.1:" + std::to_string(broker.port()) +
             " recorder --dn 7001 --per-call --misbehave 'fail pause'")
              .c_str(),
            "r");
  REQUIRE(recorder != nullptr);
  int process = 0;
  REQUIRE(std::fscanf(recorder, "%d", &process) == 1);
  while (broker.requests < 2) // signed on, registered; the test's time limit bounds this
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  auto o = run("desktop --dn 7001 --script 'start conn=71, expect recording within 20s, pause, "
               "wait 1ms'",
               &broker);
  CHECK(o.status == 0);
  while (broker.failures < 1)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  ::kill(process, SIGTERM);
  std::string text;
  char bytes[4096];
  while (auto got = std::fread(bytes, 1, sizeof bytes, recorder))
    text.append(bytes, got);
  INFO(text);
  CHECK(::pclose(recorder) == 0);
  CHECK(text.find("7001 order: enabled, by start of call 71") != text.npos);
  CHECK(text.find("screen-capture=failed failure=1 \"--misbehave says so\"") != text.npos);
}

TEST_CASE("the error catalog is at hand without a broker") {
  CHECK(run("error 118").has("service_unavailable"));
  CHECK(run("error no_queue_space").has("238 no_queue_space"));
  CHECK(run("error 5").status == 2);
  auto all = run("error");
  CHECK(all.status == 0);
  for (auto& row : error_catalog())
    CHECK(all.has(row.name));
}

TEST_CASE("a verb that is nearly right is answered by the right one, and none by all") {
  auto o = run("--timeout 1 puase 7001");
  CHECK(o.status == 2);
  CHECK(o.text == "ringdown: unknown verb 'puase'; did you mean 'pause'?\n");
  o = run("xyzzy");
  CHECK(o.status == 2);
  CHECK(o.has("unknown verb 'xyzzy'; accepted:\n  pause "));
  o = run("");
  CHECK(o.status == 2);
  CHECK(o.has("a verb is missing; accepted:\n  pause "));
  CHECK(o.has("\n  monitor "));
  CHECK(run("--version").text == "ringdown " RINGDOWN_VERSION "\n");
  CHECK(run("--version").status == 0);
}

TEST_CASE("every verb's help has an example, the exit statuses and the flags of all verbs") {
  for (auto verb : {"pause", "resume", "start", "stop", "query", "desktop", "recorder", "monitor",
                    "send", "info", "session", "list", "check-recorder", "error", "token"}) {
    auto o = run(std::string{verb} + " --help");
    CHECK(o.status == 0);
    CHECK(o.has("Example"));
    CHECK(o.has("Exit status"));
    CHECK(o.has("--connect"));
    CHECK(o.has("--no-color"));
  }
}
