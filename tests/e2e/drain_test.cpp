// How the daemon ends, and what signals do to it.
#include "tests/e2e/bystander.hpp"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace ringdown;
using namespace ringdown::e2e;

namespace {

bool is_refused(const running_broker& broker) {
  try {
    raw_client late{broker.port()};
    return false;
  } catch (const std::runtime_error&) {
    return true;
  }
}

} // namespace

TEST_CASE("SIGTERM drains: clients hear why, the link ends in order, and the status is 0") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.linger_timeout=60 s"}};
  auto signal = GENERATE(SIGTERM, SIGINT);
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  raw_client stranger{broker.port()};
  CHECK(kind_of(stranger.ask(query_address("7001"))) == "EventError 217");
  auto pause = desktop.request(capture("7001", "pause"));
  CHECK(desktop.answer(pause).has_event_ack());
  check_event(recorder.expect(), "pause");
  broker.child().signal(signal);
  for (auto* client : {&desktop, &recorder, &stranger}) {
    auto last = client->unasked();
    while (last.has_event_user_event()) // the recorder's link may end first: unknown
      last = client->unasked();
    REQUIRE(last.has_event_link_disconnected());
    CHECK(last.event_link_disconnected().reason() == v1::DISCONNECT_REASON_DRAINING);
    CHECK(last.event_link_disconnected().retry_after_ms() > 0);
    CHECK_FALSE(client->next());
    CHECK_FALSE(client->was_reset());
  }
  CHECK(is_refused(broker));
  CHECK(broker.child().runs()); // it waits for its clients to close
  for (auto* client : {&desktop, &recorder, &stranger})
    client->close();
  CHECK(broker.child().wait() == 0);
  CHECK_FALSE(has_sanitizer_report(broker.child().err()));
}

TEST_CASE("While it drains every request is answered or told that it will not be") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.linger_timeout=60 s"}};
  auto client = registered(broker, v1::ROLE_DESKTOP, "7001");
  std::string burst;
  constexpr std::uint32_t requests = 1000;
  for (std::uint32_t i = 0; i < requests; ++i) {
    auto frame = i % 2 == 0 ? capture("7001", "pause") : register_on("dn" + std::to_string(i));
    frame.set_reference_id(1000 + i);
    burst += delimited_bytes(frame.SerializeAsString());
  }
  client.send_bytes(burst);
  broker.child().signal(SIGTERM);
  auto answers = client.rest();
  REQUIRE_FALSE(answers.empty());
  CHECK(kind_of(answers.back()) == "EventLinkDisconnected");
  answers.pop_back();
  std::set<std::uint32_t> answered;
  for (auto& answer : answers) {
    auto kind = kind_of(answer);
    INFO(answer.ShortDebugString());
    CHECK((kind == "EventACK" || kind == "EventRegistered" || kind == "EventError 58"));
    CHECK(answered.insert(answer.reference_id()).second);
  }
  client.close();
  CHECK(broker.child().wait() == 0); // another SIGTERM would end it at once
  CHECK_FALSE(has_sanitizer_report(broker.child().err()));
}

TEST_CASE("A second SIGTERM ends it at once, with status 1 for those who were not let go") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.linger_timeout=60 s"}};
  auto client = signed_on(broker, v1::ROLE_DESKTOP);
  broker.child().signal(SIGTERM);
  check_disconnected(client, v1::DISCONNECT_REASON_DRAINING); // and the client stays
  broker.child().signal(SIGTERM);
  CHECK(broker.child().wait() == 1);
  CHECK_FALSE(has_sanitizer_report(broker.child().err()));
}

TEST_CASE("A client that does not leave holds the end up for the linger time only") {
  running_broker broker{{"--limits.linger_timeout=200 ms"}};
  auto client = signed_on(broker, v1::ROLE_DESKTOP);
  raw_client stranger{broker.port()};
  CHECK(broker.stop() == 0);
}

TEST_CASE("SIGHUP opens the log file anew and takes over what can be reloaded") {
  temporary_file log;
  auto file = "[log]\nfile = \"" + log.path() + "\"\nformat = \"json\"\n";
  temporary_file config{file};
  // Without the flags of other tests: they would win over the file.
  process child{ringdownd_program(), {"--config", config.path(), "--listen.port=0"}};
  auto content_of = [](const std::string& path) {
    std::stringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
  };
  await("it listens",
        [&] { return content_of(log.path()).find("listening") != std::string::npos; });
  auto moved = log.path() + ".1"; // as log rotation does it
  REQUIRE(std::rename(log.path().c_str(), moved.c_str()) == 0);
  config.write(file + "level = \"debug\"\n[limits]\ndns_max = 5\n");
  child.signal(SIGHUP);
  await("the log is opened anew", [&] { return std::filesystem::exists(log.path()); });
  child.signal(SIGTERM);
  CHECK(child.wait() == 0);
  CHECK(content_of(log.path()).find("stopped") != std::string::npos);
  auto before = content_of(moved);
  CHECK(before.find("reloaded log.level") != std::string::npos);
  CHECK(before.find("needs a restart: limits.dns_max") != std::string::npos);
  CHECK(before.find("stopped") == std::string::npos);
  std::remove(moved.c_str());
}

#ifndef RINGDOWN_PROGRAMS_UNDER_ASAN // which ends a program that gets no memory by itself
TEST_CASE("A daemon that gets no more memory says so, drains and ends with status 3") {
  running_broker broker{run_as("loop")}; // several threads have much set aside
  bystander other{broker};
  auto client = signed_on(broker, v1::ROLE_DESKTOP);
  broker.child().allow_memory(std::size_t{4} * 1024 * 1024);
  int dns = 0;
  while (client.ask_or_end(register_on("dn" + std::to_string(dns))).has_event_registered())
    REQUIRE(++dns < 100'000);
  other.leave();
  client.close();
  CHECK(broker.child().wait() == 3);
  CHECK(broker.count_log("the broker is to end") == 1);
  CHECK(broker.count_log("draining") == 1);
  CHECK(broker.count_log("stopped") == 1);
}
#endif

TEST_CASE("A connection to a broker that was killed ends, and nothing of it stays") {
  running_broker broker;
  auto client = signed_on(broker, v1::ROLE_DESKTOP);
  broker.child().signal(SIGKILL);
  CHECK(broker.child().wait() == 128 + SIGKILL);
  CHECK_FALSE(client.next());
  CHECK(is_refused(broker));
  running_broker successor{{"--listen.port=" + std::to_string(broker.port())}};
  CHECK(signed_on(successor, v1::ROLE_DESKTOP).link().server_instance() !=
        client.link().server_instance());
  CHECK(successor.stop() == 0);
}
