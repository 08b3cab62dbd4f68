// `ringdown desktop` where nobody sits in front of it: what comes from a pipe, and what is shown.
#include "tests/client/cli_run.hpp"

using namespace ringdown;
using ringdown::test::fake_broker;
using ringdown::test::run;

namespace {

/// Tells each command this, but `stop` that it was confirmed.
fake_broker::options telling(v1::Outcome result) {
  fake_broker::options options;
  options.outcome = result;
  options.on_outcome = [](v1::EventOutcome& o) {
    o.set_time_us(1'000'000);
    if (o.command() == v1::COMMAND_STOP)
      o.set_outcome(v1::OUTCOME_CONFIRMED);
  };
  return options;
}

} // namespace

TEST_CASE("what becomes of a pipe's commands is the exit status of a desktop") {
  const std::pair<v1::Outcome, int> statuses[] = {
    {v1::OUTCOME_CONFIRMED, 0}, {v1::OUTCOME_TIMED_OUT, 4},     {v1::OUTCOME_PARTIAL, 4},
    {v1::OUTCOME_HELD, 5},      {v1::OUTCOME_RECORDER_LOST, 4}, {v1::OUTCOME_FAILED, 4}};
  for (auto& [result, status] : statuses) {
    fake_broker broker{telling(result)};
    CHECK(run("desktop --dn 7001", &broker, "echo pause |").status == status);
    CHECK(run("desktop --dn 7001", &broker, "printf 'pause\\nstop\\nquit\\n' |").status == status);
    CHECK(run("desktop --dn 7001", &broker, "echo stop |").status == 0);
    CHECK(run("desktop --dn 7001", &broker, "echo send a=b |").status == 0);
  }
  fake_broker late{telling(v1::OUTCOME_TIMED_OUT)};
  auto words = "printf 'pause\\nexpect-outcome timed_out\\nstop\\n' |";
  CHECK(run("desktop --dn 7001", &late, words).status == 0);
  words = "printf 'pause\\nstop\\nexpect-outcome confirmed\\n' |"; // of the last one only
  CHECK(run("desktop --dn 7001", &late, words).status == 4);
}

TEST_CASE("a pipe's commands are not confirmed by a broker that tells no outcomes") {
  fake_broker older;
  auto o = run("desktop --dn 7001", &older, "echo pause |");
  CHECK(o.status == 4);
  CHECK(o.has("this broker tells no outcomes"));
  CHECK(run("desktop --dn 7001", &older, "echo send a=b |").status == 0);
}

TEST_CASE("a line that is no step is named, the others are done, and the exit status is 2") {
  fake_broker broker{telling(v1::OUTCOME_CONFIRMED)};
  auto o = run("desktop --dn 7001", &broker, "printf 'start\\nfoo\\npuase\\npause\\n' |");
  CHECK(o.status == 2);
  CHECK(o.has("ringdown: line 2, column 1: unknown step 'foo'; accepted: start, stop, pause, "));
  CHECK(o.has("ringdown: line 3, column 1: unknown step 'puase'"));
  CHECK(o.has("pause confirmed"));
  o =
    run("desktop --dn 7001", &broker, "(head -c 100000 /dev/zero | tr '\\0' x; echo; echo stop) |");
  CHECK(o.status == 2);
  CHECK(o.has("line 1, column 65537: the script is too long"));
  CHECK(o.has("stop confirmed"));
}

TEST_CASE("a command is not shown as pending behind its own outcome") {
  fake_broker broker{telling(v1::OUTCOME_CONFIRMED)};
  auto o = run("desktop --dn 7001 --script 'pause, wait 1ms'", &broker);
  CHECK(o.status == 0);
  CHECK(o.has("pause confirmed"));
  auto outcome = o.text.find("pause confirmed");
  CHECK(o.text.find("pending: pause", outcome) == std::string::npos);
}

TEST_CASE("a lost recorder is told by its name, which only earlier events knew") {
  auto options = telling(v1::OUTCOME_RECORDER_LOST);
  options.on_outcome = [](v1::EventOutcome& o) {
    auto& recorder = *o.add_recorders();
    recorder.set_client_id(5);
    recorder.set_verdict(v1::RECORDER_VERDICT_LOST);
    if (o.command() == v1::COMMAND_START) {
      o.set_outcome(v1::OUTCOME_CONFIRMED);
      recorder.set_application_name("video-3");
      recorder.set_verdict(v1::RECORDER_VERDICT_CONFIRMED);
    }
  };
  fake_broker broker{options};
  auto o = run("desktop --dn 7001 --script 'pause, expect-outcome recorder_lost'", &broker);
  CHECK(o.has("[0000000000000005 lost]"));
  CHECK(o.has("\npause recorder_lost: not confirmed: the recorder is gone\n"));
  o = run("desktop --dn 7001 --script 'start, expect-outcome confirmed, pause, wait 1ms'", &broker);
  CHECK(o.has("[video-3 lost]"));
  CHECK(o.has("\npause recorder_lost: not confirmed: video-3 is gone\n"));
}

TEST_CASE("a program is named by what it plays and where, unless --app says otherwise") {
  std::string name;
  fake_broker::options options;
  options.on_request = [&](fake_broker&, int, const v1::Frame& request) {
    if (request.has_request_sign_on())
      name = request.request_sign_on().application_name();
    return false;
  };
  auto signed_on_as = [&](const std::string& words) {
    {
      fake_broker broker{options};
      run(words, &broker);
    } // its thread has ended
    return name.substr(0, name.find('@') + 1);
  };
  CHECK(signed_on_as("desktop --dn 7001 --script 'wait 0ms'") == "desktop@");
  CHECK(signed_on_as("pause 7001") == "desktop@"); // whose pause a desktop's `resume` lifts
  CHECK(signed_on_as("send --dn 7001 --data a=b") == "desktop@");
  CHECK(signed_on_as("send --dn 7001 --data a=b --role recorder") == "recorder@");
  CHECK(signed_on_as("monitor --dn 7001 --for 0.01") == "monitor@");
  CHECK(signed_on_as("list") == "list@");
  CHECK(name.size() > std::string{"list@"}.size());
  signed_on_as("info --app mine");
  CHECK(name == "mine");
}
