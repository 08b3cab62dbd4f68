// Sign-ons that are refused, and the one that ends an older link.
#include "tests/e2e/bystander.hpp"

#include <functional>

using namespace ringdown;
using namespace ringdown::e2e;
using namespace ringdown::test;

TEST_CASE("A bad sign-on is refused, and a right one may follow on the same link") {
  running_broker broker;
  bystander other{broker};
  using body = v1::RequestSignOn;
  struct fault_in_sign_on {
    const char* what;
    error_code code;
    const char* attribute;
    std::function<void(body&)> spoil;
  };
  constexpr auto bad = error_code::invalid_attribute;
  constexpr auto version = error_code::protocol_version;
  const char* versions = "version_min, version_max";
  auto name = [](std::string text) { return [text](body& b) { b.set_application_name(text); }; };
  auto role = [](int number) {
    return [number](body& b) { b.set_role(static_cast<v1::Role>(number)); };
  };
  auto instance = [](std::size_t bytes) {
    return [bytes](body& b) { b.set_instance_id(std::string(bytes, 'i')); };
  };
  auto range = [](std::uint32_t min, std::uint32_t max) {
    return [min, max](body& b) {
      b.set_version_min(min);
      b.set_version_max(max);
    };
  };
  const fault_in_sign_on faults[] = {
    {"no version", version, versions, range(0, 0)},
    {"only later versions", version, versions, range(2, 9)},
    {"a range upside down", version, versions, range(3, 1)},
    {"no name", bad, "application_name", name("")},
    {"a name of 65 bytes", bad, "application_name", name(std::string(65, 'n'))},
    {"a line feed in the name", bad, "application_name", name("two\nlines")},
    {"DEL in the name", bad, "application_name", name("rub\x7fout")},
    {"an escape for terminals in the name", bad, "application_name",
     name("\xc2\x9b"
          "31m")},
    {"an instance id of 15 bytes", bad, "instance_id", instance(15)},
    {"an instance id of 17 bytes", bad, "instance_id", instance(17)},
    {"no instance id", bad, "instance_id", instance(0)},
    {"no role", bad, "role", role(0)},
    {"the role node", bad, "role", role(v1::ROLE_NODE)},
    {"the role of the broker", bad, "role", role(v1::ROLE_BROKER)},
    {"a role of a later version", bad, "role", role(99)},
    {"credentials of 8193 bytes", bad, "credentials",
     [](body& b) { b.set_credentials(std::string(8193, 'c')); }},
    {"heartbeats too often", bad, "heartbeat_interval_ms",
     [](body& b) { b.set_heartbeat_interval_ms(199); }},
    {"heartbeats too seldom", bad, "heartbeat_interval_ms",
     [](body& b) { b.set_heartbeat_interval_ms(60'001); }},
  };
  for (auto& f : faults) {
    INFO(f.what);
    raw_client stranger{broker.port()};
    auto frame = sign_on(v1::ROLE_DESKTOP);
    f.spoil(*frame.mutable_request_sign_on());
    auto reference = stranger.request(frame);
    check_bad_input(stranger.answer(reference), reference, f.code, f.attribute);
    stranger.sign_on(sign_on(v1::ROLE_DESKTOP));
  }
  raw_client stranger{broker.port()};
  auto nameless = sign_on(v1::ROLE_DESKTOP); // without a ReferenceID
  stranger.send(nameless);
  check_bad_input(stranger.unasked(), 0, bad, "reference_id");
  other.still_works();
  stranger.sign_on(sign_on(v1::ROLE_DESKTOP, std::string(64, 'n')));
  stranger.register_on("7001");
  CHECK(broker.stop() == 0);
}

TEST_CASE("Fields of a sign-on that are given twice or are not UTF-8 are named") {
  running_broker broker;
  bystander other{broker};
  raw_client stranger{broker.port()};
  auto right = sign_on(v1::ROLE_DESKTOP).request_sign_on().SerializeAsString();
  auto refused = [&](const std::string& more, const std::string& attribute) {
    INFO(attribute);
    auto reference = stranger.next_reference();
    stranger.send_bytes(
      delimited_bytes(number_field(1, reference) + bytes_field(10, right + more)));
    check_bad_input(stranger.answer(reference), reference, error_code::invalid_attribute,
                    attribute);
  };
  refused(number_field(1, 1), "version_min");
  refused(number_field(2, 1), "version_max");
  refused(bytes_field(4, "another"), "application_name");
  refused(bytes_field(5, std::string(16, 'j')), "instance_id");
  refused(number_field(6, 2), "role");
  refused(bytes_field(7, "a") + bytes_field(7, "b"), "credentials");
  refused(number_field(8, 2000) + number_field(8, 3000), "heartbeat_interval_ms");
  right = number_field(1, 1) + number_field(2, 1) + bytes_field(5, std::string(16, 'j')) +
          number_field(6, 1);
  refused(bytes_field(4, "\xc3\x28"), "application_name");
  refused(bytes_field(4, "overlong \xc0\xaf"), "application_name");
  other.still_works();
  stranger.sign_on(sign_on(v1::ROLE_DESKTOP));
  CHECK(broker.stop() == 0);
}

TEST_CASE("A link signs on once") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto client = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto reference = client.request(sign_on(v1::ROLE_RECORDER));
  check_bad_input(client.answer(reference), reference, error_code::invalid_attribute,
                  "request_sign_on");
  CHECK(kind_of(client.ask(capture("7001", "paused"))) == "EventError 165"); // still a desktop
  // What is pipelined behind the first has its turn when that is answered.
  raw_client hasty{broker.port()};
  auto sign = sign_on(v1::ROLE_DESKTOP);
  sign.set_reference_id(1);
  auto early = register_on("7001");
  early.set_reference_id(2);
  hasty.send_bytes(delimited_bytes(sign.SerializeAsString()) +
                   delimited_bytes(early.SerializeAsString()));
  CHECK(hasty.answer(1).has_event_link_connected());
  CHECK(hasty.answer(2).has_event_registered());
  CHECK(broker.stop() == 0);
}

TEST_CASE("The same instance signing on again takes over, and the ghost counts no more") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.linger_timeout=30 s"}};
  bystander other{broker};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto instance = random_bytes16();
  raw_client ghost{broker.port()};
  ghost.sign_on(sign_on(v1::ROLE_RECORDER, "recorder", instance));
  ghost.register_on("7001");
  CHECK(desktop.ask(capture("7001", "start")).event_ack().recorders_queued() == 1);
  check_event(ghost.expect(), "start");
  CHECK(ghost.ask(capture("7001", "enabled")).has_event_ack());
  check_event(desktop.expect(), "enabled");

  raw_client heir{broker.port()};
  heir.sign_on(sign_on(v1::ROLE_RECORDER, "recorder", instance));
  // From the moment that the heir is told it is in, the ghost is no recorder.
  auto pause = desktop.request(capture("7001", "pause"));
  CHECK(desktop.answer(pause).event_ack().recorders_queued() == 0);
  check_disconnected(ghost, v1::DISCONNECT_REASON_TAKEN_OVER);
  ghost.close();
  check_event(desktop.unasked(), "unknown");
  auto snapshot = heir.register_on("7001");
  CHECK(snapshot.recorders_active() == 1);
  CHECK(snapshot.clients_registered() == 2);
  CHECK(desktop.ask(capture("7001", "pause")).event_ack().recorders_queued() == 1);

  // Another application, or another instance of the same, takes nothing over.
  raw_client sibling{broker.port()};
  sibling.sign_on(sign_on(v1::ROLE_RECORDER, "recorder"));
  raw_client namesake{broker.port()};
  namesake.sign_on(sign_on(v1::ROLE_RECORDER, "player", instance));
  check_event(heir.unasked(), "pause");
  CHECK(heir.ask(query_address("7001")).has_event_address_info());
  other.still_works();
  other.leave();
  for (auto* client : {&desktop, &heir, &sibling, &namesake})
    client->close();
  CHECK(broker.stop() == 0);
}
