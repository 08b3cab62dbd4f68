// The command line tool against the real daemon: exit statuses, and JSON that a program can read.
#include "tests/e2e/expect.hpp"

#include <algorithm>
#include <csignal>
#include <memory>
#include <regex>
#include <sstream>

using namespace ringdown;
using namespace ringdown::e2e;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

/// Standard output as one JSON object a line; throws if a line is none.
std::vector<json> objects(const std::string& out) {
  std::vector<json> all;
  std::istringstream in{out};
  for (std::string line; std::getline(in, line);)
    all.push_back(json::parse(line));
  return all;
}

std::size_t count(const std::vector<json>& all, const char* key, const char* value) {
  return static_cast<std::size_t>(std::count_if(
    all.begin(), all.end(), [&](const json& one) { return one.value(key, "") == value; }));
}

/// A ringdown that runs beside the test until it is stopped.
class party {
public:
  party(const running_broker& broker, flags words)
    : child_(ringdown_program(),
             words + flags{"--connect=127.0.0.1:" + std::to_string(broker.port())}) {}
  void await_output(const std::string& text) {
    await(("ringdown prints: " + text).c_str(),
          [&] { return child_.out().find(text) != std::string::npos; });
  }
  /// SIGTERM; its exit status.
  int stop() {
    child_.signal(SIGTERM);
    return child_.wait();
  }
  std::string out() const { return child_.out(); }

private:
  process child_;
};

} // namespace

TEST_CASE("A desktop and a recorder from the command line play the whole conversation") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  party recorder{broker, {"recorder", "--dn=7001", "--dn=7002", "--json"}};
  party monitor{broker, {"monitor", "--dn=7001", "--json"}};
  recorder.await_output("\"dn\":\"7002\"");
  recorder.await_output("EventRegistered");
  monitor.await_output("EventRegistered");
  auto desktop = run_ringdown(
    broker.port(), {"desktop", "--dn=7001", "--conn=d1", "--json", "--timeout=60", "--script",
                    "start, expect recording within 60s, pause, expect paused within 60s, "
                    "resume, expect recording within 60s, query, wait 10ms, send note=hello, "
                    "stop, expect off within 60s"});
  INFO(desktop.out << desktop.err);
  CHECK(desktop.status == 0);
  auto said = objects(desktop.out);
  CHECK(count(said, "event", "EventACK") == 6);
  CHECK(count(said, "event", "EventError") == 0);
  CHECK(count(said, "outcome", "confirmed") == 5);
  CHECK(count(said, "light", "recording") >= 2);
  CHECK(count(said, "light", "paused") == 1);
  CHECK(count(said, "light", "off") >= 1); // and before the start, if the broker has asked
  CHECK(recorder.stop() == 0);
  CHECK(monitor.stop() == 0);
  auto heard = objects(recorder.out());
  for (auto* verb : {"start", "pause", "resume", "stop"})
    CHECK(count(heard, "screen_capture", verb) == 1);
  CHECK(count(heard, "screen_capture", "query") >= 1); // the broker asks, too
  CHECK(count(heard, "event", "EventError") == 0);
  // The monitor saw what both of them said.
  auto seen = objects(monitor.out());
  for (auto* verb : {"start", "pause", "paused", "resume", "enabled", "stop", "disabled"})
    CHECK(count(seen, "screen_capture", verb) >= 1);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A recorder that ignores pause leaves the desktop told that nobody confirmed it") {
  running_broker broker{{"--limits.confirm_timeout=300 ms"}};
  party recorder{broker, {"recorder", "--dn=7001", "--misbehave=ignore pause"}};
  recorder.await_output("recorder ready");
  auto desktop = run_ringdown(
    broker.port(), {"desktop", "--dn=7001", "--timeout=60", "--json", "--script",
                    "start, expect-outcome confirmed within 60s, "
                    "pause, expect-outcome timed_out within 60s, expect recording, query, "
                    "expect-outcome confirmed within 60s, stop, expect off within 60s"});
  INFO(desktop.out << desktop.err);
  CHECK(desktop.status == 0);
  auto said = objects(desktop.out);
  CHECK(count(said, "outcome", "timed_out") == 1);
  CHECK(count(said, "screen_capture", "paused") == 0);
  CHECK(count(said, "aggregate", "enabled") == 1); // what it does, not what it was told to
  CHECK(recorder.stop() == 0);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A recorder that crashes on a command or goes silent is lost to its desktop") {
  running_broker broker{{"--limits.confirm_timeout=60 s", "--limits.heartbeat_interval=200 ms"}};
  for (auto* fault : {"crash on pause", "stop answering heartbeats"}) {
    party recorder{broker, {"recorder", "--dn=7001", "--misbehave", fault}};
    recorder.await_output("recorder ready");
    auto desktop =
      run_ringdown(broker.port(), {"desktop", "--dn=7001", "--timeout=60",
                                   "--script=pause, expect-outcome recorder_lost within 60s"});
    INFO(desktop.out << desktop.err);
    CHECK(desktop.status == 0);
    CHECK(recorder.stop() == (std::string{fault} == "crash on pause" ? 3 : 0));
  }
  CHECK(broker.stop() == 0);
}

TEST_CASE("A recorder that confirms too late confirms nothing, and moves the light") {
  running_broker broker{{"--limits.confirm_timeout=50 ms"}};
  party recorder{broker, {"recorder", "--dn=7001", "--misbehave=confirm after 1s"}};
  recorder.await_output("recorder ready");
  auto desktop =
    run_ringdown(broker.port(), {"desktop", "--dn=7001", "--timeout=60",
                                 "--script=start, expect-outcome timed_out within 60s, "
                                 "expect recording within 60s"});
  INFO(desktop.out << desktop.err);
  CHECK(desktop.status == 0);
  CHECK(recorder.stop() == 0);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A script's failed expectation and a broker's refusal are exit statuses") {
  running_broker broker;
  auto unconfirmed = run_ringdown(
    broker.port(), {"desktop", "--dn=7001", "--script=pause, expect paused within 50ms"});
  CHECK(unconfirmed.status == 3);
  CHECK_THAT(unconfirmed.err, Contains("not paused"));
  auto unanswered = run_ringdown(broker.port(), {"desktop", "--dn=7001", "--script=query"});
  CHECK(unanswered.status == 1);
  CHECK_THAT(unanswered.out, Contains("118"));
  auto misspelt = run_ringdown(broker.port(), {"desktop", "--dn=7001", "--script=strat"});
  CHECK(misspelt.status == 2);
  CHECK_THAT(misspelt.err, Contains("strat"));
  // From standard input, as a person would type it.
  process::surroundings typed;
  typed.input = "start\nstatus\nquit\n";
  auto by_hand = run_ringdown(broker.port(), {"desktop", "--dn=7001"}, typed);
  CHECK(by_hand.status == 5); // by the pause above
  CHECK_THAT(by_hand.out, Contains("EventACK") && Contains("EventAddressInfo") &&
                            Contains("start held: the screen is paused by desktop@"));
  CHECK(broker.stop() == 0);
}

TEST_CASE("One event is sent, and its answer is the exit status") {
  running_broker broker;
  auto good = run_ringdown(broker.port(), {"send", "--dn=7001", "--capture=pause", "--json",
                                           "--no-wait", "--command-id=random", "--conn=d1"});
  CHECK(good.status == 0);
  auto said = objects(good.out);
  CHECK(count(said, "event", "EventACK") == 1);
  auto refused =
    run_ringdown(broker.port(), {"send", "--dn=7001", "--data=screen-capture=strat", "--json"});
  CHECK(refused.status == 1);
  auto answers = objects(refused.out);
  auto is_error = [](const json& one) { return one.value("event", "") == "EventError"; };
  auto found = std::find_if(answers.begin(), answers.end(), is_error);
  REQUIRE(found != answers.end());
  auto& error = *found;
  CHECK(error["error_code"] == 53);
  CHECK(error["attribute"] == "event.user_data.screen-capture");
  CHECK_FALSE(error["accepted"].get<std::string>().empty());
  for (auto& words : {flags{"--role=recorder", "--capture=paused"},
                      flags{"--data=note=hello", "--data=n:case=17", "--data=b:raw=00ff"},
                      flags{"--distribute", "--data=note=older"}})
    CHECK(run_ringdown(broker.port(), flags{"send", "--dn=7001"} + words).status == 0);
  CHECK(run_ringdown(broker.port(), {"send", "--dn=7001", "--capture=paused"}).status == 1);
  CHECK(run_ringdown(broker.port(), {"send", "--dn=7001", "--data=novalue"}).status == 2);
  CHECK(run_ringdown(broker.port(), {"send", "--dn=7001", "--capture=strat"}).status == 2);
  CHECK(broker.stop() == 0);
}

TEST_CASE("What became of a command that is sent is the exit status") {
  running_broker broker{{"--limits.confirm_timeout=60 s"}};
  party recorder{broker, {"recorder", "--dn=7001", "--dn=7002", "--exact"}};
  party mute{broker, {"recorder", "--dn=7003", "--exact", "--misbehave=fail pause"}};
  recorder.await_output("recorder ready");
  mute.await_output("recorder ready");
  auto send = [&](const flags& words) {
    return run_ringdown(broker.port(), flags{"send", "--timeout=60"} + words);
  };
  CHECK(send({"--dn=7001", "--capture=start", "--conn=71"}).status == 0);
  CHECK(send({"--dn=7001", "--capture=pause", "--conn=71", "--reason=card"}).status == 0);
  auto held = send({"--dn=7001", "--capture=start", "--conn=72"});
  CHECK(held.status == 5);
  CHECK_THAT(held.out, Contains("held: call 71 is paused by desktop@"));
  auto failed = send({"--dn=7003", "--capture=pause"});
  CHECK(failed.status == 4);
  CHECK_THAT(failed.out, Contains("says: --misbehave says so (1)"));
  auto nobody = send({"--dn=7009", "--capture=pause", "--confirm-timeout=50"});
  CHECK(nobody.status == 4);
  CHECK_THAT(nobody.out, Contains("timed_out: not confirmed: there is no recorder"));
  auto shown = run_ringdown(broker.port(), {"session", "--dn=7001"});
  CHECK_THAT(shown.out, Contains("pause        call 71 is paused by desktop@") &&
                          Contains("(card)") && Contains("start of call 72 is held"));
  CHECK(send({"--dn=7001", "--dn=7002", "--capture=stop", "--role=supervisor"}).status == 0);
  CHECK(recorder.stop() == 0);
  CHECK(mute.stop() == 0);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A command in one word says which recorder confirmed it") {
  running_broker broker{{"--limits.confirm_timeout=60 s"}};
  party recorder{broker, {"recorder", "--dn=7001", "--app=video-3"}};
  recorder.await_output("recorder ready");
  auto ringdown = [&](const flags& words) {
    return run_ringdown(broker.port(), words + flags{"--timeout=60"});
  };
  for (auto* verb : {"start", "pause", "resume", "query", "stop"}) {
    auto done = ringdown({verb, "7001"});
    INFO(done.out << done.err);
    CHECK(done.status == 0);
    CHECK_THAT(done.out, Catch::Matchers::StartsWith("confirmed by video-3 in "));
  }
  CHECK(ringdown({"pause", "7001", "--call=71", "--reason=card"}).status == 0);
  CHECK(ringdown({"start", "7001", "--call=72"}).status == 5);
  auto nobody = ringdown({"query", "7009"});
  CHECK(nobody.status == 1);
  CHECK_THAT(nobody.out, Contains("118 service_unavailable"));
  CHECK(recorder.stop() == 0);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A pipe's last command is waited for") {
  running_broker broker{{"--limits.confirm_timeout=60 s"}};
  party recorder{broker, {"recorder", "--dn=7001", "--app=video-3", "--delay=300"}};
  recorder.await_output("recorder ready");
  process::surroundings piped;
  piped.input = "pause\n";
  auto desktop = run_ringdown(broker.port(), {"desktop", "--dn=7001", "--timeout=60"}, piped);
  INFO(desktop.out << desktop.err);
  CHECK(desktop.status == 0);
  CHECK_THAT(desktop.out, Contains("pause confirmed by video-3 in "));
  piped.input = "stop";
  CHECK(run_ringdown(broker.port(), {"desktop", "--dn=7001"}, piped).status == 0);
  CHECK(recorder.stop() == 0);
  CHECK(broker.stop() == 0);
}

TEST_CASE("The DNs in use are listed, and all of them watched") {
  running_broker broker;
  party monitor{broker, {"monitor", "--all"}};
  monitor.await_output("every DN");
  party recorder{broker, {"recorder", "--dn=7001", "--dn=7002"}};
  recorder.await_output("recorder ready");
  auto started = run_ringdown(
    broker.port(), {"desktop", "--dn=7001", "--timeout=60", "--script",
                    "start, expect recording within 60s, pause, expect paused within 60s"});
  CHECK(started.status == 0);
  monitor.await_output("dn=7001 screen-capture=paused");
  monitor.await_output("from desktop desktop@"); // and who said it
  monitor.await_output("from recorder recorder@");
  monitor.await_output("7001 pause confirmed by recorder@");
  auto watched = monitor.out(); // when it was, and how long it took
  const std::string when = R"(\n\d\d:\d\d:\d\d\.\d{3} )";
  CHECK(std::regex_search(watched, std::regex{when + "<- EventUserEvent .*dn=7001"}));
  CHECK(std::regex_search(
    watched, std::regex{when + R"(7001 pause confirmed by recorder@\S+ in \d+(\.\d)? ms: )"}));
  auto list = run_ringdown(broker.port(), {"list"});
  CHECK(list.status == 0);
  CHECK_THAT(list.out, Contains("7001             PAUSED     1 pause since") && Contains("7002"));
  auto paused = run_ringdown(broker.port(), {"list", "--light=paused", "--json"});
  CHECK(objects(paused.out).size() == 1);
  auto without_ages = [](const std::string& text) {
    return std::regex_replace(text, std::regex{R"(\(\d+ s\))"}, "(some s)");
  };
  CHECK(without_ages(run_ringdown(broker.port(), {"session", "--dn=*"}).out) ==
        without_ages(list.out));
  CHECK_THAT(run_ringdown(broker.port(), {"info"}).out, Contains("2: 7001, 7002"));
  CHECK(recorder.stop() == 0);
  CHECK(monitor.stop() == 0);
  CHECK(broker.stop() == 0);
}

TEST_CASE("Info names the broker and shows a DN") {
  running_broker broker{{"--server.name=here"}};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  CHECK(desktop.ask(capture("7001", "pause")).has_event_ack());
  auto info = run_ringdown(broker.port(), {"info", "--dn=7001", "--json"});
  CHECK(info.status == 0);
  auto all = objects(info.out);
  REQUIRE_FALSE(all.empty());
  CHECK(all[0]["event"] == "EventLinkConnected");
  CHECK(all[0]["server_name"] == "here");
  CHECK(all[0]["window_requests"] == 1024);
  CHECK(count(all, "event", "EventRegistered") == 1);
  CHECK_THAT(info.out, Contains("\"desired\":\"paused\""));
  CHECK(run_ringdown(broker.port(), {"info"}).status == 0);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A DN's sessions are shown with who commanded, what is pending and what became of it") {
  running_broker broker{{"--limits.confirm_timeout=60 s"}};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  CHECK(desktop.ask(capture("7001", "start")).has_event_ack());
  CHECK(recorder.ask(capture("7001", "enabled")).has_event_ack());
  CHECK(desktop.ask(capture("7001", "pause")).has_event_ack());
  auto shown = run_ringdown(broker.port(), {"session", "--dn=7001", "--json"});
  CHECK(shown.status == 0);
  auto all = objects(shown.out);
  REQUIRE(all.size() == 1);
  REQUIRE(all[0]["snapshot"]["sessions"].size() == 1);
  auto session = all[0]["snapshot"]["sessions"][0];
  CHECK(session["desired"] == "paused");
  CHECK(session["observed"] == "enabled");
  CHECK(session["pending"] == 1);
  CHECK(session["deadline_time_us"] > all[0]["time_us"]);
  CHECK(session["desired_by"]["time_us"] <= all[0]["time_us"]);
  CHECK(session["held"] == false);
  CHECK(all[0]["recorders"].size() == 1);
  REQUIRE(all[0]["recent_outcomes"].size() == 1);
  CHECK(all[0]["recent_outcomes"][0]["outcome"] == "confirmed");
  auto text = run_ringdown(broker.port(), {"session", "--dn=7001"});
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Contains("desired      paused, version 2") && Contains("start confirmed") &&
                         !Contains("EventRegistered"));
  CHECK(run_ringdown(broker.port(), {"session"}).status == 2);
  CHECK(broker.stop() == 0);
}

TEST_CASE("The error catalog needs no broker") {
  auto one = run_ringdown(0, {"error", "118"});
  CHECK(one.status == 0);
  CHECK_THAT(one.out, Contains("service_unavailable"));
  auto by_name = run_ringdown(0, {"error", "no_queue_space", "--json"});
  CHECK(objects(by_name.out).at(0)["error_code"] == 238);
  auto all = run_ringdown(0, {"error", "--json"});
  CHECK(objects(all.out).size() == error_catalog().size());
  CHECK(run_ringdown(0, {"error", "4711"}).status == 2);
}

TEST_CASE("A recorder of the tool comes back by itself when its daemon is killed, and says so") {
  auto broker = std::make_unique<running_broker>();
  auto port = broker->port();
  party recorder{*broker, {"recorder", "--dn=7001"}};
  recorder.await_output("recorder ready");
  broker.reset(); // SIGKILL
  recorder.await_output("next attempt in");
  running_broker again{{"--listen.port=" + std::to_string(port)}};
  recorder.await_output("connected again to 127.0.0.1:" + std::to_string(port));
  again.await_log("client signed on");
  auto desktop = run_ringdown(
    port, {"desktop", "--dn=7001", "--timeout=60", "--script=start, expect recording within 60s"});
  INFO(desktop.out << desktop.err);
  CHECK(desktop.status == 0);
  CHECK(recorder.stop() == 3); // it was disconnected for a time
  CHECK(again.stop() == 0);
}

TEST_CASE("Without a broker the tool says so, and a broker that drains ends it") {
  std::uint16_t port = 0;
  {
    running_broker broker;
    port = broker.port();
    party recorder{broker, {"recorder", "--dn=7001"}};
    recorder.await_output("recorder ready");
    CHECK(broker.stop() == 0);
    recorder.await_output("EventLinkDisconnected");
    CHECK(recorder.stop() == 3);
  }
  for (auto& words :
       {flags{"desktop"}, flags{"recorder"}, flags{"monitor"}, flags{"send", "--capture=pause"}}) {
    auto alone = run_ringdown(port, words + flags{"--dn=7001"});
    CHECK(alone.status == 2);
    CHECK_THAT(alone.err, Contains("cannot connect"));
  }
  CHECK(run_ringdown(0, {"desktop"}).status == 2); // without a DN
  CHECK(run_ringdown(0, {}).status == 2);
  auto help = run_ringdown(0, {"--help"});
  CHECK(help.status == 0);
  for (auto* verb : {"pause", "resume", "start", "stop", "query", "desktop", "recorder", "monitor",
                     "send", "info", "session", "list", "check-recorder", "error"})
    CHECK_THAT(help.out, Contains(verb));
}
