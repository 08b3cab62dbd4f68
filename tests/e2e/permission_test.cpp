// Who may send what, every cell of the table; and which fault is named when there are several.
#include "tests/e2e/bystander.hpp"

#include <map>
#include <optional>

using namespace ringdown;
using namespace ringdown::e2e;
using namespace ringdown::test;

namespace {

using mode = std::optional<v1::RegistrationMode>;
constexpr auto share = v1::REGISTRATION_MODE_SHARE;
constexpr auto private_ = v1::REGISTRATION_MODE_PRIVATE;
constexpr auto monitor = v1::REGISTRATION_MODE_MONITOR;

/// What a client gets for a command, an indication and an event without screen-capture.
struct row {
  std::vector<v1::Role> roles;
  std::vector<mode> modes;
  int command;
  int indication;
  int plain;
};

/// 0 for EventACK, else the error's code.
int code_of(const v1::Frame& answer) {
  INFO(answer.ShortDebugString());
  REQUIRE((answer.has_event_ack() || answer.has_event_error()));
  return static_cast<int>(answer.event_error().error_code());
}

/// A frame's bytes with their length, as the client's request `reference`.
std::string as_request(v1::Frame frame, std::uint32_t reference) {
  frame.set_reference_id(reference);
  return delimited_bytes(frame.SerializeAsString());
}

v1::Frame spoiled(v1::Frame frame, int message_type, std::size_t command_id_bytes) {
  auto& request = *frame.mutable_request_send_event();
  request.mutable_event()->set_message_type(static_cast<v1::MessageType>(message_type));
  request.set_command_id(std::string(command_id_bytes, 'c'));
  return frame;
}

} // namespace

TEST_CASE("Who may send what: every role, mode and kind of event") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  bystander other{broker};
  const std::vector<v1::Role> senders{v1::ROLE_DESKTOP, v1::ROLE_SUPERVISOR, v1::ROLE_ADMIN};
  const row table[] = {
    {senders, {share, private_}, 0, 165, 0},   {senders, {monitor}, 41, 165, 41},
    {{v1::ROLE_RECORDER}, {share}, 165, 0, 0}, {{v1::ROLE_RECORDER}, {monitor}, 165, 0, 41},
    {senders, {std::nullopt}, 41, 41, 41},     {{v1::ROLE_RECORDER}, {std::nullopt}, 41, 41, 41},
  };
  int dns = 0;
  for (auto& r : table)
    for (auto role : r.roles)
      for (auto m : r.modes) {
        auto dn = "dn" + std::to_string(++dns);
        INFO(v1::Role_Name(role) << (m ? v1::RegistrationMode_Name(*m) : " not registered"));
        auto client = signed_on(broker, role);
        if (m)
          client.register_on(dn, *m);
        for (auto* verb : {"start", "stop", "pause", "resume"})
          CHECK(code_of(client.ask(capture(dn, verb))) == r.command);
        // There is no recorder to answer a query: accepted ones get 118.
        CHECK(code_of(client.ask(capture(dn, "query"))) == (r.command == 0 ? 118 : r.command));
        for (auto* verb : {"enabled", "disabled", "paused"})
          CHECK(code_of(client.ask(capture(dn, verb))) == r.indication);
        auto indication = user_event(dn, "screen-capture-indication", "paused");
        CHECK(code_of(client.ask(indication)) == r.indication);
        CHECK(code_of(client.ask(user_event(dn, "note", "hello"))) == r.plain);
        auto older = as_distribute(user_event(dn, "note", "hello"));
        CHECK(code_of(client.ask(older)) == r.plain);
      }
  CHECK(dns == 3 * 2 + 3 + 2 + 4);
  other.still_works();
  CHECK(broker.stop() == 0);
}

TEST_CASE("Of several faults of a request the first by the order of checks is named") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--dns.list=7001,7002,bystander"}};
  bystander other{broker};
  constexpr int wrong_type = 7;
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto watcher = registered(broker, v1::ROLE_SUPERVISOR, "7001", monitor);
  auto stale = [](v1::Frame frame) {
    frame.mutable_request_send_event()->set_if_version(99);
    return frame;
  };
  {
    INFO("217 before all others");
    raw_client stranger{broker.port()};
    CHECK(code_of(stranger.ask(spoiled(capture("", "paused"), wrong_type, 15))) == 217);
  }
  {
    INFO("55 before 53");
    raw_client stranger{broker.port()};
    auto old = sign_on(v1::ROLE_UNSPECIFIED, "");
    old.mutable_request_sign_on()->set_version_min(2);
    old.mutable_request_sign_on()->set_version_max(2);
    CHECK(code_of(stranger.ask(old)) == 55);
  }
  INFO("the DN's 53 before 59, 41, 165, 51");
  CHECK(code_of(desktop.ask(spoiled(capture("", "paused"), wrong_type, 15))) == 53);
  INFO("59 before 41, 165, 51, 53");
  CHECK(code_of(desktop.ask(spoiled(capture("9999", "paused"), wrong_type, 15))) == 59);
  INFO("41 before 165, 51, 53");
  CHECK(code_of(desktop.ask(spoiled(capture("7002", "paused"), wrong_type, 15))) == 41);
  CHECK(code_of(watcher.ask(spoiled(capture("7001", "pause"), wrong_type, 15))) == 41);
  CHECK(code_of(watcher.ask(spoiled(capture("7001", "strat"), wrong_type, 15))) == 41);
  INFO("165 before 51 and 53");
  CHECK(code_of(desktop.ask(spoiled(capture("7001", "paused"), wrong_type, 15))) == 165);
  INFO("the event type's 51 before the content's 53");
  CHECK(code_of(desktop.ask(spoiled(capture("7001", "strat"), wrong_type, 15))) == 51);
  INFO("the content's 53 before 185 and 118");
  CHECK(code_of(desktop.ask(stale(spoiled(capture("7001", "query"), 1, 15)))) == 53);
  INFO("185 before 118");
  CHECK(code_of(desktop.ask(stale(capture("7001", "query")))) == 185);
  CHECK(code_of(desktop.ask(capture("7001", "query"))) == 118);
  other.still_works();
  CHECK(broker.stop() == 0);
}

TEST_CASE("Beyond the window a request still hears of its own faults first") {
  running_broker broker{
    run_as(GENERATE(from_range(every_way_to_run))) +
    flags{"--limits.requests_outstanding_max=1", "--limits.requests_outstanding_reserve=1"}};
  bystander other{broker};
  auto desktop = signed_on(broker, v1::ROLE_DESKTOP);
  desktop.register_on("7001");
  // In one write, so that the broker reads them together: no DN hears of them, and none is
  // answered, before all of them are read.
  auto burst =
    as_request(user_event("7001", "note", "first"), 101) +
    as_request(capture("7001", "strat"), 102) + as_request(capture("7001", "paused"), 103) +
    as_request(capture("7002", "start"), 104) + as_request(capture("7001", "query"), 105) +
    as_request(capture("7001", "pause"), 106) + as_request(capture("7001", "stop"), 107);
  desktop.send_bytes(burst);
  std::map<std::uint32_t, v1::Frame> answers;
  while (answers.size() < 7) {
    auto answer = desktop.expect();
    auto reference = answer.reference_id();
    REQUIRE(answers.emplace(reference, std::move(answer)).second);
  }
  CHECK(code_of(answers[101]) == 0);
  CHECK(code_of(answers[102]) == 53);
  CHECK(code_of(answers[103]) == 165);
  CHECK(code_of(answers[104]) == 41);
  CHECK(code_of(answers[105]) == 111); // before 118
  check_error(answers[105], 105, error_code::too_many_requests);
  CHECK(code_of(answers[106]) == 0); // pause has the reserve
  CHECK(code_of(answers[107]) == 111);
  CHECK(code_of(desktop.ask(capture("7001", "stop"))) == 0);
  other.still_works();
  CHECK(broker.stop() == 0);
}
