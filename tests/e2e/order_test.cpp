// One order for all: desktops race, and every client of the DN sees the same, without a gap.
#include "tests/e2e/expect.hpp"

#include <future>

using namespace ringdown;
using namespace ringdown::e2e;

namespace {

constexpr int desktops = 4;
constexpr int commands_each = 150;
constexpr int commands = desktops * commands_each;

/// One event as a client of the DN saw it.
struct seen {
  std::uint64_t sequence;
  std::uint64_t version;
  std::uint64_t origin;
  std::string verb;
  bool operator==(const seen&) const = default;
};

seen seen_in(const v1::EventUserEvent& event) {
  return {event.dn_sequence(), event.version(), event.origin_client_id(),
          event.event().user_data().pairs(0).string_value()};
}

struct history {
  std::vector<seen> events;
  std::vector<v1::EventACK> acks;
};

/// Sends its commands as fast as it can, some at a time, and reads until it has seen them all.
history race(raw_client& desktop, int number) {
  const char* verbs[] = {"pause", "stop"}; // no pause holds them, and nothing refuses them
  history all;
  std::string burst;
  for (int i = 0; i < commands_each; ++i) {
    auto frame = capture("7001", verbs[(i + number) % 2]);
    frame.set_reference_id(desktop.next_reference());
    auto body = frame.SerializeAsString();
    burst += static_cast<char>(body.size()); // all are short
    burst += body;
    if (i % 7 == number || i + 1 == commands_each)
      desktop.send_bytes(std::exchange(burst, {}));
  }
  while (all.events.size() < commands || all.acks.size() < commands_each) {
    auto frame = desktop.expect();
    if (frame.has_event_ack())
      all.acks.push_back(frame.event_ack());
    else
      all.events.push_back(seen_in(frame.event_user_event()));
  }
  return all;
}

} // namespace

TEST_CASE("However desktops race, all clients of the DN see one gapless order") {
  // Its recorder says nothing: long before it is asked, all is over.
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.confirm_timeout=60 s"}};
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto watcher = registered(broker, v1::ROLE_SUPERVISOR, "7001", v1::REGISTRATION_MODE_MONITOR);
  auto echo = register_on("7001");
  echo.mutable_request_register_address()->set_echo(true);
  std::vector<raw_client> racers;
  for (int i = 0; i < desktops; ++i) {
    racers.push_back(signed_on(broker, v1::ROLE_DESKTOP));
    REQUIRE(racers.back().ask(echo).has_event_registered());
  }
  std::vector<std::future<history>> running;
  for (int i = 0; i < desktops; ++i)
    running.push_back(
      std::async(std::launch::async, [&racers, i] { return race(racers[std::size_t(i)], i); }));

  std::vector<seen> order;
  while (order.size() < commands)
    order.push_back(seen_in(recorder.expect().event_user_event()));
  for (std::size_t i = 0; i < order.size(); ++i) {
    REQUIRE(order[i].sequence == i + 1);
    REQUIRE(order[i].version == i + 1);
  }
  for (auto& expected : order)
    REQUIRE(seen_in(watcher.expect().event_user_event()) == expected);
  for (int i = 0; i < desktops; ++i) {
    auto one = running[std::size_t(i)].get();
    CHECK(one.events == order);
    // Its ACKs name the places of its own commands, in the order in which it sent them.
    std::vector<std::uint64_t> own;
    for (auto& event : order)
      if (event.origin == racers[std::size_t(i)].link().client_id())
        own.push_back(event.sequence);
    std::vector<std::uint64_t> acked;
    for (auto& ack : one.acks)
      acked.push_back(ack.dn_sequence());
    CHECK(acked == own);
  }
  // The state that remains is that of the last command.
  auto snapshot = racers[0].ask(query_address("7001")).event_address_info().snapshot();
  CHECK(snapshot.version() == commands);
  CHECK(snapshot.dn_sequence() == commands);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A sender hears its ACK before the echo of its own event") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto desktop = signed_on(broker, v1::ROLE_DESKTOP);
  auto echo = register_on("7001");
  echo.mutable_request_register_address()->set_echo(true);
  REQUIRE(desktop.ask(echo).has_event_registered());
  for (int i = 0; i < 50; ++i) {
    desktop.request(capture("7001", "pause"));
    auto ack = desktop.expect();
    REQUIRE(ack.has_event_ack());
    auto own = desktop.expect();
    REQUIRE(own.has_event_user_event());
    REQUIRE(own.event_user_event().dn_sequence() == ack.event_ack().dn_sequence());
  }
  CHECK(broker.stop() == 0);
}
