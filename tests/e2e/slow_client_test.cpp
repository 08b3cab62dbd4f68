// Clients that do not read: what they miss is told exactly, commands are never dropped unsaid, and
// nobody else waits for them.
#include "tests/e2e/bystander.hpp"
#include "tests/e2e/small_queues.hpp"

#include <map>
#include <set>

using namespace ringdown;
using namespace ringdown::e2e;

namespace {

const flags wide_reserve = small_queues + flags{"--limits.outbox_bytes_reserve=1 MiB"};
constexpr raw_client::options narrow{2048};

/// An event with much in it.
v1::Frame bulky(v1::Frame frame) {
  auto& event = *frame.mutable_request_send_event()->mutable_event();
  auto& pair = *event.mutable_user_data()->add_pairs();
  pair.set_key("filler");
  pair.set_binary_value(std::string(3500, 'x'));
  return frame;
}

/// What is sent at the least to fill the kernel's buffers, several times: some megabytes.
constexpr int many = 3000;

raw_client narrow_client(const running_broker& broker, v1::Role role, const std::string& dn) {
  raw_client client{broker.port(), narrow};
  auto frame = sign_on(role);
  frame.mutable_request_sign_on()->add_capabilities(v1::CAPABILITY_COALESCE_OK);
  client.sign_on(frame);
  client.register_on(dn);
  return client;
}

/// The recorder says what these tests need, whatever it is told.
const flags no_drift{"--confirm.drift.paused=ignore", "--confirm.drift.enabled=ignore",
                     "--confirm.drift.disabled=ignore"};

/// What was sent on DN 7001, as a desktop that reads saw it.
struct everything_sent {
  std::map<std::uint64_t, v1::EventUserEvent> indications; // by sequence
  std::set<std::uint64_t> pauses;
  std::uint64_t last = 0;

  void indicated(raw_client& recorder, raw_client& desktop, const v1::Frame& frame) {
    last = recorder.ask(frame).event_ack().dn_sequence();
    auto shown = desktop.expect();
    REQUIRE(shown.has_event_user_event()); // nobody waits for the slow one, nobody else misses
    REQUIRE(shown.event_user_event().dn_sequence() == last);
    indications[last] = shown.event_user_event();
  }
  void paused(raw_client& recorder, raw_client& desktop, std::uint64_t call) {
    auto ack = desktop.ask(capture("7001", "pause", call));
    REQUIRE(ack.has_event_ack());
    pauses.insert(ack.event_ack().dn_sequence());
    check_event(recorder.unasked(), "pause");
  }
};

/// Some megabytes of indications of two calls, and a pause now and then.
everything_sent send_much(raw_client& recorder, raw_client& desktop) {
  everything_sent sent;
  for (int i = 0; i < many; ++i) {
    auto call = static_cast<std::uint64_t>(1 + i % 2);
    if (i % 500 == 499)
      sent.paused(recorder, desktop, call);
    sent.indicated(recorder, desktop,
                   bulky(capture("7001", i % 3 == 0 ? "paused" : "enabled", call)));
  }
  sent.indicated(recorder, desktop, capture("7001", "disabled"));
  REQUIRE(sent.last == many + sent.pauses.size() + 1);
  return sent;
}

/// What a slow client is told, frame by frame: every event once, or as missed.
class told_slowly {
public:
  explicit told_slowly(const everything_sent& sent) : sent_(sent) {}

  bool is_complete() const { return expected_ > sent_.last && newest_.empty(); }

  void hears(const v1::Frame& frame) {
    if (frame.has_event_missed())
      return misses(frame.event_missed());
    REQUIRE(frame.has_event_user_event());
    auto& event = frame.event_user_event();
    if (event.coalesced())
      return hears_newest(event);
    CHECK(newest_.empty()); // the newest of what was missed stands before what follows
    REQUIRE(event.dn_sequence() == expected_);
    if (sent_.pauses.count(expected_) != 0)
      REQUIRE(verb_of(frame) == "pause");
    ++expected_;
  }

  int ranges = 0;
  int coalesced = 0;

private:
  void misses(const v1::EventMissed& missed) {
    CHECK(newest_.empty());
    REQUIRE(missed.this_dn() == "7001");
    REQUIRE(missed.from_sequence() == expected_);
    REQUIRE(missed.to_sequence() >= expected_);
    REQUIRE(missed.to_sequence() <= sent_.last);
    ++ranges;
    for (; expected_ <= missed.to_sequence(); ++expected_) {
      REQUIRE(sent_.pauses.count(expected_) == 0); // a pause is never missed
      newest_[sent_.indications.at(expected_).event().connection_id()] = expected_;
    }
  }

  void hears_newest(const v1::EventUserEvent& event) {
    ++coalesced;
    auto known = newest_.find(event.event().connection_id());
    REQUIRE(known != newest_.end());
    REQUIRE(known->second == event.dn_sequence());
    newest_.erase(known);
    CHECK(event.event().SerializeAsString() ==
          sent_.indications.at(event.dn_sequence()).event().SerializeAsString());
  }

  const everything_sent& sent_;
  std::uint64_t expected_ = 1;
  std::map<std::uint64_t, std::uint64_t> newest_; // of the last range missed, by ConnID
};

std::uint64_t version_of(raw_client& client, const std::string& dn) {
  return client.ask(query_address(dn)).event_address_info().snapshot().version();
}

} // namespace

TEST_CASE("A slow desktop is told exactly what it missed, and the newest indications") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) + wide_reserve + no_drift};
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto slow = narrow_client(broker, v1::ROLE_DESKTOP, "7001");
  auto sent = send_much(recorder, desktop);
  slow.read_wide();
  told_slowly told{sent};
  while (!told.is_complete()) {
    auto frame = slow.expect();
    INFO(frame.ShortDebugString().substr(0, 300));
    told.hears(frame);
  }
  CHECK(told.ranges > 0);
  CHECK(told.coalesced > 0);
  // It has caught up: the next event is an ordinary one again.
  CHECK(slow.ask(capture("7001", "stop")).has_event_ack());
  check_event(recorder.unasked(), "stop");
  CHECK(recorder.ask(capture("7001", "disabled")).has_event_ack());
  auto next = slow.expect();
  check_event(next, "disabled");
  CHECK_FALSE(next.event_user_event().coalesced());
  CHECK(next.event_user_event().dn_sequence() == sent.last + 2);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A desktop that stays slow is told why and disconnected") {
  running_broker broker{
    run_as(GENERATE(from_range(every_way_to_run))) + wide_reserve +
    flags{"--limits.slow_consumer_timeout=300 ms", "--limits.linger_timeout=60 s"}};
  bystander other{broker};
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto slow = narrow_client(broker, v1::ROLE_DESKTOP, "7001");
  await("it is disconnected", [&] {
    for (int i = 0; i < 100; ++i)
      REQUIRE(recorder.ask(bulky(capture("7001", "enabled"))).has_event_ack());
    return recorder.ask(query_address("7001"))
             .event_address_info()
             .snapshot()
             .clients_registered() == 1;
  });
  other.still_works();
  // Its last word waits behind what it did not read.
  slow.read_wide();
  auto all = slow.rest();
  REQUIRE_FALSE(all.empty());
  INFO(all.size() << " frames, the last: " << all.back().ShortDebugString().substr(0, 300));
  REQUIRE(all.back().has_event_link_disconnected());
  CHECK(all.back().event_link_disconnected().reason() == v1::DISCONNECT_REASON_SLOW_CONSUMER);
  CHECK_FALSE(slow.was_reset());
  std::uint64_t last = 0;
  for (auto& frame : all)
    if (frame.has_event_user_event()) {
      CHECK(frame.event_user_event().dn_sequence() > last);
      last = frame.event_user_event().dn_sequence();
    }
  slow.close();
  recorder.close();
  other.leave();
  CHECK(broker.stop() == 0);
}

TEST_CASE("A slow recorder refuses ordinary commands with 238, and pause still gets through") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) + wide_reserve};
  bystander other{broker};
  auto slow = narrow_client(broker, v1::ROLE_RECORDER, "7001");
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto second = registered(broker, v1::ROLE_DESKTOP, "7001");
  std::vector<std::uint64_t> accepted;
  int refused = 0;
  auto command = [&](const v1::Frame& frame) {
    auto reference = desktop.request(frame);
    auto answer = desktop.answer(reference);
    if (answer.has_event_ack()) {
      CHECK(answer.event_ack().recorders_queued() == 1);
      accepted.push_back(answer.event_ack().dn_sequence());
      CHECK(second.expect().event_user_event().dn_sequence() == accepted.back());
      return true;
    }
    check_error(answer, reference, error_code::no_queue_space);
    ++refused;
    return false;
  };
  // The kernel takes some of it for itself, and now and then a little more: then the next command
  // finds room. Whenever one is refused it has changed nothing, and pause and stop get through.
  int tried = 0;
  while (refused < 30) {
    REQUIRE(++tried <= 10'000);
    if (command(bulky(capture("7001", "start"))))
      continue;
    REQUIRE(version_of(desktop, "7001") == accepted.size());
    if (refused % 10 == 0)
      for (auto* verb : {"pause", "stop"}) // which ends the pause: the next `start` is not held
        CHECK(command(bulky(capture("7001", verb))));
  }
  CHECK(version_of(desktop, "7001") == accepted.size());
  CHECK_FALSE(second.next_within(std::chrono::milliseconds{0})); // nobody heard of the refused
  other.still_works();

  // It reads again: everything that was accepted is there, in order, and nothing else.
  slow.read_wide();
  for (auto sequence : accepted)
    CHECK(slow.expect().event_user_event().dn_sequence() == sequence);
  CHECK_FALSE(slow.next_within(std::chrono::milliseconds{0}));
  CHECK(slow.ask(capture("7001", "paused")).has_event_ack());
  check_event(second.expect(), "paused");
  await("there is room again", [&] { return command(capture("7001", "start")); });
  check_event(slow.expect(), "start");
  CHECK(broker.stop() == 0);
}

TEST_CASE(
  "With another recorder that reads, a slow one refuses nothing and is told what it missed") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) + wide_reserve};
  auto slow = narrow_client(broker, v1::ROLE_RECORDER, "7001");
  auto quick = registered(broker, v1::ROLE_RECORDER, "7001");
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  int partial = 0;
  for (int i = 0; i < many; ++i) {
    auto ack = desktop.ask(bulky(capture("7001", "start")));
    REQUIRE(ack.has_event_ack());
    REQUIRE(ack.event_ack().recorders_queued() >= 1);
    partial += ack.event_ack().recorders_queued() == 1 ? 1 : 0;
    check_event(quick.expect(), "start");
  }
  CHECK(partial > 0);
  slow.read_wide();
  std::uint64_t next = 1;
  int missed = 0;
  while (next <= many) {
    auto frame = slow.expect();
    if (frame.has_event_missed()) {
      REQUIRE(frame.event_missed().from_sequence() == next);
      missed += static_cast<int>(frame.event_missed().to_sequence() + 1 - next);
      next = frame.event_missed().to_sequence() + 1;
    } else {
      REQUIRE(frame.event_user_event().dn_sequence() == next++);
      CHECK_FALSE(frame.event_user_event().coalesced()); // commands never are
    }
  }
  CHECK(missed == partial);
  CHECK(broker.stop() == 0);
}
