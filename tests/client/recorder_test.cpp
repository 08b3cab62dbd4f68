// The recorder over scripted links: the orders, and what is said and when.
#include "client/recorder.hpp"
#include "tests/client/role_frames.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

struct recorder_stand : scripted_client {
  explicit recorder_stand(bool standby = false, recorded what = recorded::one_screen)
    : scripted_client([&] {
        t_client_options options;
        options.who = recorder_identity("test", what);
        return options;
      }()),
      screen(
        subject,
        [this](const recorder::order& o) {
          orders.push_back(o);
          return answers ? recorder::answer{o.screen} : later;
        },
        how(standby)) {
    REQUIRE(screen.record("7001") == registering::accepted);
    bring_up();
  }

  static registration how(bool standby) {
    registration r;
    r.standby = standby;
    return r;
  }

  /// The broker takes the registration that the client asks for.
  void is_registered() {
    broker.registered(broker.expect());
    settle();
  }

  /// EventUserEvent with a command.
  template <class Fill>
  void order(const std::string& verb, std::uint64_t sequence, std::uint64_t version, Fill fill) {
    v1::Frame frame;
    auto& event = *frame.mutable_event_user_event();
    event.set_dn_sequence(sequence);
    event.set_dn_epoch(1);
    event.set_version(version);
    event.set_command_id("command-id-00001");
    event.mutable_event()->set_this_dn("7001");
    auto& pair = *event.mutable_event()->mutable_user_data()->add_pairs();
    pair.set_key("screen-capture");
    pair.set_string_value(verb);
    fill(event);
    broker.send(frame);
    settle();
  }
  void order(const std::string& verb, std::uint64_t sequence, std::uint64_t version = 0) {
    order(verb, sequence, version, [](auto&) {});
  }

  /// Loses the link and is registered again, with this snapshot.
  template <class Fill>
  void come_back(Fill fill) {
    if (subject.phase() == link_phase::up)
      broker.vanish();
    bring_back();
    v1::Frame frame;
    frame.set_reference_id(broker.expect().reference_id());
    auto& event = *frame.mutable_event_registered();
    event.set_this_dn("7001");
    event.mutable_snapshot()->set_dn_epoch(1);
    event.mutable_snapshot()->set_dn_sequence(9);
    fill(*event.mutable_snapshot());
    broker.send(frame);
    settle();
  }

  /// With the program's own requests, whose answers are no business of the recorder's.
  void fill_window() {
    while (subject.send(command(capture_verb::none), {})) {
    }
    settle();
  }

  bool answers = true;
  std::vector<recorder::order> orders;
  recorder screen;
};

} // namespace

TEST_CASE(
  "a recorder makes its screen what it is to be and says so, with the order's version and id") {
  recorder_stand s;
  s.is_registered();
  s.order("start", 1, 1);
  REQUIRE(s.orders.size() == 1);
  CHECK(s.orders[0].verb == capture_verb::start);
  CHECK(s.orders[0].screen == capture_state::enabled);
  auto said = s.broker.expect();
  CHECK(verb_of(said) == "enabled");
  CHECK(said.request_send_event().version() == 1);
  CHECK(said.request_send_event().command_id() == "command-id-00001");
  s.order("start", 2, 2, [](auto& event) { // beside a pause of another call
    event.set_desired(v1::CAPTURE_STATE_PAUSED);
    event.mutable_event()->set_connection_id(0x72);
  });
  CHECK(s.orders.at(1).screen == capture_state::paused);
  said = s.broker.expect();
  CHECK(verb_of(said) == "paused");
  CHECK(said.request_send_event().event().connection_id() == 0x72);
  s.order("query", 3, 0, [](auto& event) { event.set_origin_client_id(42); });
  CHECK(s.orders.size() == 2); // the desktop that asked gets its answer
  said = s.broker.expect();
  CHECK(verb_of(said) == "paused");
  CHECK(said.request_send_event().directed_client_id() == 42);
  CHECK(s.screen.state("7001") == capture_state::paused);
}

TEST_CASE("a recorder may say later, say that it is otherwise, or that it has failed") {
  recorder_stand s;
  s.answers = false;
  s.is_registered();
  s.order("start", 1, 1);
  CHECK(s.broker.said().empty());
  s.screen.say(s.orders.at(0), capture_state::disabled); // no camera
  s.settle();
  CHECK(verb_of(s.broker.expect()) == "disabled");
  CHECK(s.screen.state("7001") == capture_state::disabled);
  s.screen.say("7001", capture_state::enabled);
  s.settle();
  CHECK(verb_of(s.broker.expect()) == "enabled");
  s.order("pause", 2, 2);
  s.screen.fail(s.orders.at(1), {7, "the encoder cannot pause"});
  s.settle();
  auto said = s.broker.expect();
  CHECK(verb_of(said) == "failed");
  CHECK(said.request_send_event().version() == 2);
  CHECK(said.request_send_event().failure().code() == 7);
  CHECK(said.request_send_event().failure().text() == "the encoder cannot pause");
  CHECK(s.screen.state("7001") == capture_state::enabled);
  s.screen.say("7001", capture_state::unknown); // nothing that a recorder may say
  s.settle();
  CHECK(s.broker.said().empty());
}

TEST_CASE("an order for another recorder is none, and one for this recorder alone is") {
  recorder_stand s;
  s.is_registered();
  for (std::uint64_t recorder : {std::uint64_t{9}, scripted_broker::first_client_id}) {
    s.order("start", recorder, recorder,
            [&](auto& event) { event.set_for_recorder_client_id(recorder); });
    CHECK(s.orders.size() == (recorder == scripted_broker::first_client_id ? 1u : 0u));
  }
}

TEST_CASE("an order for the lost connection alone is answered without its version") {
  recorder_stand s;
  s.answers = false;
  s.is_registered();
  s.order("start", 1, 1,
          [](auto& event) { event.set_for_recorder_client_id(scripted_broker::first_client_id); });
  REQUIRE(s.orders.size() == 1);
  s.screen.say(s.orders[0], capture_state::disabled); // not yet
  s.settle();
  auto said = s.broker.expect();
  CHECK(said.request_send_event().version() == 1);
  CHECK(said.request_send_event().command_id() == "command-id-00001");
  s.broker.client_id += 1; // the next link's
  s.come_back([](v1::Snapshot&) {});
  CHECK(verb_of(s.broker.expect()) == "disabled");
  s.screen.say(s.orders[0], capture_state::enabled);
  s.settle();
  said = s.broker.expect();
  CHECK(verb_of(said) == "enabled");
  // The broker refuses with 53 what names an order that another recorder got.
  CHECK(said.request_send_event().version() == 0);
  CHECK(said.request_send_event().command_id().empty());
}

TEST_CASE(
  "a recorder says what it does to a broker that has restarted, in the midst of an order too") {
  bool is_done = GENERATE(true, false);
  recorder_stand s;
  s.answers = is_done;
  s.is_registered();
  s.order("start", 1, 1);
  if (is_done)
    CHECK(verb_of(s.broker.expect()) == "enabled");
  s.come_back([](v1::Snapshot& now) { now.set_dn_epoch(2); });
  if (!is_done) {
    CHECK(s.broker.said().empty());
    s.screen.say(s.orders.at(0), capture_state::enabled);
    s.settle();
  }
  auto said = s.broker.expect();
  CHECK(verb_of(said) == "enabled");
  CHECK(said.request_send_event().version() == 0);
  CHECK(s.orders.size() == 1);
}

TEST_CASE("a recorder that comes back hears the pause it missed and confirms it") {
  recorder_stand s;
  s.is_registered();
  s.order("start", 1, 1);
  s.broker.expect();
  s.come_back([](v1::Snapshot& now) { want(now, v1::CAPTURE_STATE_PAUSED, 4, 0x71); });
  REQUIRE(s.orders.size() == 2);
  CHECK(s.orders[1].verb == capture_verb::none);
  CHECK(s.orders[1].screen == capture_state::paused);
  auto before = s.broker.expect(); // which a pause that came first must not hide
  CHECK(verb_of(before) == "enabled");
  CHECK(before.request_send_event().version() == 0);
  auto said = s.broker.expect();
  CHECK(verb_of(said) == "paused");
  CHECK(said.request_send_event().version() == 4);
  CHECK(said.request_send_event().event().connection_id() == 0x71);
}

TEST_CASE("a recorder that comes back and missed nothing says what is so, without an order") {
  recorder_stand s;
  s.is_registered();
  s.order("start", 1, 1);
  CHECK(verb_of(s.broker.expect()) == "enabled");
  s.screen.say("7001", capture_state::disabled); // the disk is full
  s.settle();
  s.come_back([](v1::Snapshot& now) { want(now, v1::CAPTURE_STATE_ENABLED, 1); });
  CHECK(s.orders.size() == 1);
  CHECK(verb_of(s.broker.expect()) == "disabled");
  CHECK(s.broker.said().empty());
}

TEST_CASE("a recorder that records already says so when it comes") {
  t_client_options options;
  options.who = recorder_identity("test");
  scripted_client c{options};
  recorder screen{c.subject, [](const recorder::order& o) { return o.screen; }};
  REQUIRE(screen.record("7001") == registering::accepted);
  screen.say("7001", capture_state::enabled);
  c.bring_up();
  c.broker.registered(c.broker.expect());
  c.settle();
  CHECK(verb_of(c.broker.expect()) == "enabled");
}

TEST_CASE("what a recorder said while it had no link it says when it is back") {
  recorder_stand s;
  s.answers = false;
  s.is_registered();
  s.order("start", 1, 1);
  s.broker.vanish();
  s.settle();
  s.screen.say(s.orders.at(0), capture_state::enabled);
  s.come_back([](v1::Snapshot& now) { want(now, v1::CAPTURE_STATE_ENABLED, 1); });
  CHECK(s.orders.size() == 1);
  auto said = s.broker.expect();
  CHECK(verb_of(said) == "enabled");
  CHECK(said.request_send_event().version() == 1);
}

TEST_CASE("an order without an answer is given again to a recorder that comes back") {
  recorder_stand s;
  s.answers = false;
  s.is_registered();
  s.order("start", 1, 1);
  s.come_back([](v1::Snapshot& now) { want(now, v1::CAPTURE_STATE_ENABLED, 1); });
  REQUIRE(s.orders.size() == 2);
  CHECK(s.orders[1].screen == capture_state::enabled);
}

TEST_CASE("a late answer to an older order is not said and changes nothing") {
  recorder_stand s;
  s.answers = false;
  s.is_registered();
  s.order("start", 1, 1);
  s.order("pause", 2, 2);
  s.screen.say(s.orders.at(1), capture_state::paused);
  s.settle();
  CHECK(verb_of(s.broker.expect()) == "paused");
  s.screen.say(s.orders.at(0), capture_state::enabled);
  s.settle();
  CHECK(s.broker.said().empty());
  CHECK(s.screen.state("7001") == capture_state::paused);
}

TEST_CASE("a recorder that missed events asks for the snapshot until it comes, and does it") {
  recorder_stand s;
  s.is_registered();
  s.order("start", 1, 1);
  s.broker.expect();
  s.broker.send(missed(2, 2));
  s.settle();
  s.broker.error(s.broker.expect(), 111, "7001", 300);
  s.settle();
  CHECK(s.broker.said().empty());
  s.pass(300ms);
  auto answer = address_info(s.broker.expect(), 2, v1::CAPTURE_STATE_ENABLED);
  want(*answer.mutable_event_address_info()->mutable_snapshot(), v1::CAPTURE_STATE_PAUSED, 2);
  s.broker.send(answer);
  s.settle();
  REQUIRE(s.orders.size() == 2);
  CHECK(s.orders[1].screen == capture_state::paused);
  CHECK(verb_of(s.broker.expect()) == "enabled"); // until then
  CHECK(verb_of(s.broker.expect()) == "paused");
  s.order("pause", 2, 2); // in the snapshot already
  CHECK(s.orders.size() == 2);
  CHECK(s.broker.said().empty());
}

TEST_CASE("a question for the snapshot that finds no room is asked later") {
  recorder_stand s;
  s.is_registered();
  s.fill_window();
  s.broker.send(missed(1, 1));
  s.settle();
  for (auto& frame : s.broker.said())
    s.broker.ack(frame);
  s.settle();
  s.pass(snapshot_retry);
  CHECK(s.broker.expect().has_request_query_address());
}

TEST_CASE("a standby recorder follows and stays quiet") {
  recorder_stand s{true};
  auto asked = s.broker.expect();
  CHECK(asked.request_register_address().standby());
  s.broker.registered(asked);
  s.settle();
  s.order("start", 1, 1);
  CHECK(s.orders.size() == 1);
  CHECK(s.screen.state("7001") == capture_state::enabled);
  CHECK(s.broker.said().empty());
}

TEST_CASE("what cannot be said for want of room is said later, in order, and bounded") {
  recorder_stand s; // a window of 16
  s.is_registered();
  for (int i = 0; i < 40; ++i)
    s.screen.say("7001", i % 2 == 0 ? capture_state::enabled : capture_state::paused);
  s.settle();
  std::size_t heard = 0;
  for (int round = 0; round < 10; ++round) {
    for (auto& frame : s.broker.said()) {
      CHECK(verb_of(frame) == (heard++ % 2 == 0 ? "enabled" : "paused"));
      s.broker.ack(frame, heard);
    }
    s.settle();
  }
  CHECK(heard == 40);
  for (std::size_t i = 0; i < recorder::unsaid_max + 100; ++i)
    s.screen.say("7001", capture_state::enabled);
  CHECK(s.screen.given_up() > 0);
  CHECK(s.screen.given_up() <= 100);
}

TEST_CASE("what waits for room is said at its own time, whoever took the room") {
  recorder_stand s;
  s.is_registered();
  s.fill_window();
  s.screen.say("7001", capture_state::enabled);
  for (auto& frame : s.broker.said())
    s.broker.ack(frame);
  s.settle();
  s.pass(recorder::say_retry);
  CHECK(verb_of(s.broker.expect()) == "enabled");
  s.pass(1h);
  CHECK(s.broker.said().empty());
}

TEST_CASE("what the broker had no room for is said again, unless it is so no more") {
  recorder_stand s;
  s.is_registered();
  s.order("start", 1, 1);
  s.broker.error(s.broker.expect(), 111, "7001", 300);
  s.settle();
  s.pass(299ms);
  CHECK(s.broker.said().empty());
  s.pass(1ms);
  auto again = s.broker.expect();
  CHECK(verb_of(again) == "enabled");
  CHECK(again.request_send_event().version() == 1);
  s.broker.error(again, 1186, "7001", 300);
  s.order("pause", 2, 2);
  s.broker.ack(s.broker.expect());
  s.pass(1h);
  CHECK(s.broker.said().empty());
  s.screen.say("7001", capture_state::enabled);
  s.settle();
  s.broker.error(s.broker.expect(), 165, "7001"); // another time would not help
  s.pass(1h);
  CHECK(s.broker.said().empty());
}

TEST_CASE("an order handler that throws says nothing, and the next order is carried out") {
  scripted_client c;
  bool throws = true;
  recorder screen{c.subject, [&](const recorder::order& o) {
                    if (throws)
                      throw std::runtime_error{"no camera"};
                    return o.screen;
                  }};
  REQUIRE(screen.record("7001") == registering::accepted);
  c.bring_up();
  c.broker.registered(c.broker.expect());
  c.broker.event("7001", "start", 1);
  c.settle();
  CHECK(c.broker.said().empty());
  REQUIRE(c.failures.size() == 1);
  CHECK(c.failures[0].what == "no camera");
  throws = false;
  c.broker.event("7001", "pause", 2);
  c.settle();
  CHECK(verb_of(c.broker.expect()) == "paused");
}

TEST_CASE("a recorder that records calls apart says so, and has a state for each") {
  recorder_stand s{false, recorded::per_call};
  CHECK(s.subject.who().capabilities.back() == capability::per_call);
  s.is_registered();
  for (std::uint64_t call : {0x71u, 0x72u})
    s.order("start", call, call, [&](auto& e) { e.mutable_event()->set_connection_id(call); });
  s.broker.said();
  s.order("stop", 0x73, 0x73, [](auto& event) {
    event.set_desired(v1::CAPTURE_STATE_ENABLED); // for call 72 goes on
    event.mutable_event()->set_connection_id(0x71);
  });
  CHECK(s.orders.at(2).screen == capture_state::enabled);
  CHECK(s.orders[2].verb == capture_verb::stop);
  CHECK(s.orders[2].connection == conn_id{0x71});
  s.screen.say("7001", capture_state::disabled, {0x71});
  s.settle();
  CHECK(s.screen.state("7001", {0x71}) == capture_state::disabled);
  CHECK(s.screen.state("7001", {0x72}) == capture_state::enabled);
  s.broker.said();
  s.order("query", 0x74);
  CHECK(s.broker.said().size() == 2);
}
