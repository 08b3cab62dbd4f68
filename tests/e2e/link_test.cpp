// The link itself: heartbeats, timeouts, sign-off, and how many may come.
#include "messages/limits.hpp"
#include "tests/e2e/bystander.hpp"

#include <map>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::e2e;
using namespace std::chrono_literals;

namespace {

/// The refusal of a connection for want of room.
void check_overloaded(raw_client& client) {
  auto last = client.next();
  REQUIRE(last);
  INFO(last->ShortDebugString());
  REQUIRE(last->has_event_link_disconnected());
  CHECK(last->event_link_disconnected().reason() == v1::DISCONNECT_REASON_OVERLOADED);
  CHECK(last->event_link_disconnected().retry_after_ms() > 0);
  CHECK_FALSE(client.next());
}

v1::Frame with_heartbeat(std::uint32_t milliseconds) {
  auto frame = sign_on(v1::ROLE_DESKTOP);
  frame.mutable_request_sign_on()->set_heartbeat_interval_ms(milliseconds);
  return frame;
}

} // namespace

TEST_CASE("Who does not sign on in time is told so and closed") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.sign_on_timeout=1 s", "--limits.linger_timeout=30 s"}};
  auto present = signed_on(broker, v1::ROLE_DESKTOP);
  raw_client silent{broker.port()};
  raw_client talkative{broker.port()}; // heartbeats and refused requests are no sign-on
  talkative.send(heartbeat());
  CHECK(kind_of(talkative.ask(query_address("7001"))) == "EventError 217");
  raw_client halfway{broker.port()};
  halfway.send_bytes("\x7f"); // a length, and no frame
  for (auto* client : {&silent, &talkative, &halfway}) {
    check_disconnected(*client, v1::DISCONNECT_REASON_SIGN_ON_TIMEOUT);
    client->close();
  }
  present.register_on("7001");
  present.close();
  CHECK(broker.stop() == 0);
}

TEST_CASE("A client that falls silent is told so and closed, one with heartbeats stays") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.heartbeat_interval_min=20 ms",
                              "--limits.heartbeat_timeout_percent=1000",
                              "--limits.linger_timeout=30 s"}};
  raw_client alive{broker.port()};
  auto granted = alive.sign_on(with_heartbeat(200));
  CHECK(granted.heartbeat_interval_ms() == 200);
  CHECK(granted.heartbeat_timeout_ms() == 2000);
  alive.register_on("7001");
  raw_client silent{broker.port()};
  silent.keeps_alive = false;
  CHECK(silent.sign_on(with_heartbeat(30)).heartbeat_timeout_ms() == 300);
  check_disconnected(silent, v1::DISCONNECT_REASON_HEARTBEAT_TIMEOUT);
  silent.close();
  // Longer than its timeout with nothing but heartbeats, both ways.
  CHECK_FALSE(alive.next_within(2500ms));
  CHECK(alive.heartbeats_heard() >= 3);
  CHECK(alive.ask(capture("7001", "pause")).has_event_ack());
  alive.close();
  CHECK(broker.stop() == 0);
}

TEST_CASE("A recorder that falls silent leaves no light on") {
  running_broker broker{
    {"--limits.heartbeat_interval_min=20 ms", "--limits.heartbeat_timeout_percent=1000"}};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  raw_client recorder{broker.port()};
  recorder.keeps_alive = false;
  auto frame = with_heartbeat(100);
  frame.mutable_request_sign_on()->set_role(v1::ROLE_RECORDER);
  recorder.sign_on(frame);
  recorder.register_on("7001");
  CHECK(recorder.ask(capture("7001", "enabled")).has_event_ack());
  check_event(desktop.expect(), "enabled");
  auto doubt = desktop.expect(); // by itself, without a word from the recorder
  check_event(doubt, "unknown");
  CHECK(doubt.event_user_event().broker_reason() == v1::BROKER_REASON_RECORDER_LOST);
  CHECK(doubt.event_user_event().effective_state() == v1::CAPTURE_STATE_UNKNOWN);
  CHECK(broker.stop() == 0);
}

TEST_CASE("Sign-off is answered, ends the registrations and then the link") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.linger_timeout=30 s"}};
  auto watcher = registered(broker, v1::ROLE_SUPERVISOR, "7001", v1::REGISTRATION_MODE_MONITOR);
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  CHECK(desktop.ask(capture("7001", "pause")).has_event_ack());
  auto reference = desktop.request(sign_off());
  auto last = desktop.answer(reference);
  REQUIRE(last.has_event_link_disconnected());
  CHECK(last.event_link_disconnected().reason() == v1::DISCONNECT_REASON_SIGNED_OFF);
  CHECK_FALSE(desktop.next());
  CHECK_FALSE(desktop.was_reset());
  check_event(watcher.expect(), "pause");
  await("its registration is gone", [&] {
    auto info = watcher.ask(query_address("7001")).event_address_info();
    return info.snapshot().clients_registered() == 1;
  });
  desktop.close();
  watcher.close();
  CHECK(broker.stop() == 0);
}

TEST_CASE("What was asked before a sign-off is answered before the link ends") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.linger_timeout=30 s"}};
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto desktop = signed_on(broker, v1::ROLE_DESKTOP);
  std::string bytes; // in one write, on DNs that the link has not asked for before
  for (int i = 1; i <= 20; ++i) {
    auto dn = std::to_string(7000 + i);
    for (auto& frame : {register_on(dn), capture(dn, "pause"), query_address(dn)}) {
      auto numbered = frame;
      numbered.set_reference_id(desktop.next_reference());
      bytes += delimited_bytes(numbered.SerializeAsString());
    }
  }
  auto goodbye = sign_off();
  goodbye.set_reference_id(desktop.next_reference());
  desktop.send_bytes(bytes + delimited_bytes(goodbye.SerializeAsString()));
  std::map<std::string, int> kinds;
  auto all = desktop.rest();
  for (auto& frame : all)
    ++kinds[kind_of(frame)];
  CHECK(kinds == std::map<std::string, int>{{"EventRegistered", 20},
                                            {"EventACK", 20},
                                            {"EventAddressInfo", 20},
                                            {"EventLinkDisconnected", 1}});
  CHECK(all.back().reference_id() == goodbye.reference_id());
  check_event(recorder.expect(), "pause");
  desktop.close();
  recorder.close();
  CHECK(broker.stop() == 0);
}

TEST_CASE("Who only connects does not keep others out for ever") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.connections_unsigned_max=3"}};
  auto present = signed_on(broker, v1::ROLE_DESKTOP);
  std::vector<raw_client> strangers;
  for (int i = 0; i < 3; ++i) {
    strangers.emplace_back(broker.port());
    CHECK(kind_of(strangers.back().ask(query_address("7001"))) == "EventError 217"); // is in
  }
  // A fourth comes in, and who came first must go.
  raw_client fourth{broker.port()};
  fourth.sign_on(sign_on(v1::ROLE_DESKTOP));
  check_overloaded(strangers[0]);
  present.register_on("7001");
  // It has signed on and another goes: each makes room, and nobody else must go.
  strangers[1].close();
  for (int i = 0; i < 2; ++i) {
    strangers.emplace_back(broker.port());
    CHECK(kind_of(strangers.back().ask(query_address("7001"))) == "EventError 217");
  }
  CHECK(kind_of(strangers[2].ask(query_address("7001"))) == "EventError 217");
  fourth.register_on("7001");
  CHECK(broker.stop() == 0);
}

TEST_CASE("Whoever says nothing but what is refused is told so and closed") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  bystander other{broker};
  raw_client stranger{broker.port()};
  stranger.send_bytes(std::string(100'000, '\0'));
  auto all = stranger.rest();
  REQUIRE(all.size() == refusals_before_sign_on_max + 1);
  CHECK(kind_of(all.front()) == "EventError 217");
  CHECK(all.back().event_link_disconnected().reason() == v1::DISCONNECT_REASON_PROTOCOL_ERROR);
  other.still_works();
  CHECK(broker.stop() == 0);
}

TEST_CASE("A client that closes its side hears all answers, its outcomes, and the end") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  raw_client desktop{broker.port()};
  auto how = sign_on(v1::ROLE_DESKTOP);
  how.mutable_request_sign_on()->add_capabilities(v1::CAPABILITY_OUTCOMES);
  desktop.sign_on(how);
  desktop.keeps_alive = false;
  desktop.register_on("7001");
  std::string said;
  constexpr std::uint32_t many = 500;
  for (std::uint32_t i = 0; i < many; ++i) {
    auto frame =
      i + 1 < many ? user_event("7001", "number", std::to_string(i)) : capture("7001", "pause");
    frame.set_reference_id(100 + i);
    said += delimited_bytes(frame.SerializeAsString());
  }
  desktop.send_bytes(said);
  desktop.end_sending();
  for (std::uint32_t i = 0; i < many; ++i) {
    auto answer = desktop.expect();
    REQUIRE(answer.has_event_ack());
    REQUIRE(answer.reference_id() == 100 + i);
  }
  while (verb_of(recorder.unasked()) != "pause") {
  }
  CHECK(recorder.ask(capture("7001", "paused")).has_event_ack());
  auto rest = desktop.rest();
  std::erase_if(rest, [](auto& frame) { return frame.has_event_user_event(); }); // if it was early
  REQUIRE(rest.size() == 2);
  CHECK(rest[0].event_outcome().outcome() == v1::OUTCOME_CONFIRMED);
  CHECK(rest[1].event_link_disconnected().reason() == v1::DISCONNECT_REASON_SIGNED_OFF);
  CHECK_FALSE(desktop.was_reset());
  CHECK(broker.stop() == 0);
}

TEST_CASE("Beyond connections_max a connection is told to come again later") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.connections_max=4", "--limits.connections_unsigned_max=4"}};
  bystander other{broker};
  auto third = signed_on(broker, v1::ROLE_DESKTOP);
  auto fourth = signed_on(broker, v1::ROLE_DESKTOP);
  for (int i = 0; i < 3; ++i) {
    raw_client fifth{broker.port()};
    check_overloaded(fifth);
  }
  other.still_works();
  third.close();
  await("there is room again", [&] {
    raw_client next{broker.port()};
    return next.ask_or_end(sign_on(v1::ROLE_DESKTOP)).has_event_link_connected();
  });
  fourth.register_on("7001");
  other.still_works();
  CHECK(broker.stop() == 0);
}

TEST_CASE("Accept survives running out of files") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  bystander other{broker};
  std::vector<raw_client> others; // more than there are free numbers below the highest in use
  for (int i = 0; i < 8; ++i)
    others.push_back(signed_on(broker, v1::ROLE_DESKTOP));
  broker.child().allow_no_more_files();
  for (int i = 0; i < 3; ++i) {
    raw_client refused{broker.port()};
    check_overloaded(refused);
    other.still_works();
  }
  broker.await_log("out of open files");
  broker.child().allow_more_files();
  auto next = signed_on(broker, v1::ROLE_DESKTOP);
  next.register_on("7001");
  CHECK(next.ask(capture("7001", "pause")).has_event_ack());
  other.still_works();
  CHECK(broker.stop() == 0);
}
