// One link against a broker of the test's own, over 127.0.0.1. Deadlines are generous: they bound
// a failure and never decide a success.
#include "client/connection.hpp"

#include "tests/client/fake_broker.hpp"

#include <catch2/catch.hpp>

#include <poll.h>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;
using ringdown::test::fake_broker;

namespace {

constexpr auto patience = 20s;

endpoint at(const fake_broker& broker) {
  return {"127.0.0.1", broker.port()};
}

identity as(role r) {
  identity who;
  who.role = r;
  return who;
}

void open(connection& link, const fake_broker& broker, role r = role::desktop,
          const bounds& limits = {}) {
  auto opened = link.open(at(broker), as(r), limits);
  INFO(opened.text);
  REQUIRE(opened);
  REQUIRE(link.state() == link_state::up);
}

template <class Event>
Event expect(std::optional<event> e) {
  REQUIRE(e);
  REQUIRE(std::holds_alternative<Event>(*e));
  return std::get<Event>(*e);
}

template <class Event>
Event answer_to(connection& link, submission sent) {
  REQUIRE(sent);
  auto answered = link.wait_reply(sent.reference, patience);
  REQUIRE(answered);
  return expect<Event>(answered.answer);
}

void register_on(connection& link, std::vector<std::string> dns) {
  auto sent = link.register_address(dns);
  for (auto& dn : dns)
    CHECK(answer_to<event_registered>(link, sent).this_dn == dn);
  CHECK(link.answers_awaited(sent.reference) == 0);
}

} // namespace

TEST_CASE("a desktop signs on and learns what it is granted") {
  fake_broker broker;
  connection link;
  open(link, broker);
  CHECK(link.link().server_name == "fake");
  CHECK(link.link().window_requests == 1024);
  CHECK(link.link().heartbeat_timeout == 5s);
  CHECK(link.result());
}

TEST_CASE("an event goes from a desktop to a recorder and the answer back") {
  fake_broker broker;
  connection desktop;
  connection recorder;
  open(desktop, broker);
  open(recorder, broker, role::recorder);
  register_on(desktop, {"7001"});
  register_on(recorder, {"7001", "7002"});

  auto ack = answer_to<event_ack>(
    desktop, desktop.send_event(outgoing_event::capture("7001", capture_verb::pause, {0x1f})));
  CHECK(ack.recorders_queued == 1u);
  auto heard = expect<event_user_event>(recorder.wait(patience));
  CHECK(heard.this_dn == "7001");
  CHECK(heard.verb == capture_verb::pause);
  CHECK(heard.connection == conn_id{0x1f});
  CHECK(heard.sequence == ack.sequence);
  CHECK(heard.origin == desktop.link().client);

  answer_to<event_ack>(recorder,
                       recorder.distribute(outgoing_event::capture("7001", capture_verb::paused)));
  CHECK(expect<event_user_event>(desktop.wait(patience)).effective_state == capture_state::paused);
  CHECK(answer_to<event_address_info>(desktop, desktop.query_address("7001"))
          .snapshot.effective_state == capture_state::paused);
  std::vector<event_kind> kinds{event_kind::indication};
  answer_to<event_ack>(desktop, desktop.set_mask(kinds));
  std::vector<std::string> dns{"7001"};
  CHECK(answer_to<event_unregistered>(desktop, desktop.unregister_address(dns)).code == 0);
}

TEST_CASE("user data arrives as it was sent") {
  fake_broker broker;
  connection a;
  connection b;
  open(a, broker);
  open(b, broker);
  register_on(a, {"7001"});
  register_on(b, {"7001"});
  outgoing_event what;
  what.this_dn = "7001";
  what.data.add("k", std::string{}).add("k", std::int64_t{0});
  what.data.add("b", binary_value{std::string(1000, '\0')});
  what.data.add("l", std::vector<user_data_pair>{{"x", std::int64_t{-1}}});
  answer_to<event_ack>(a, a.send_event(what));
  CHECK(expect<event_user_event>(b.wait(patience)).data == what.data);
}

TEST_CASE("signing off ends with the broker's word and nothing after it") {
  fake_broker broker;
  connection link;
  open(link, broker);
  link.leave(patience);
  auto ended = expect<event_link_disconnected>(link.next());
  CHECK(ended.reason == disconnect_reason::signed_off);
  CHECK_FALSE(link.next());
  CHECK(link.state() == link_state::closed);
  CHECK_FALSE(link.query_address("7001"));
  CHECK(link.query_address("7001").status == send_status::disconnected);
}

TEST_CASE("replies are found among events, which keep their order") {
  fake_broker::options options;
  options.on_request = [](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_query_address())
      return false;
    for (std::uint64_t i = 1; i <= 3; ++i) { // events before the answer
      v1::Frame frame;
      frame.mutable_event_user_event()->set_dn_sequence(i);
      broker.send(fd, frame);
    }
    return false;
  };
  fake_broker broker{options};
  connection link;
  open(link, broker);
  answer_to<event_address_info>(link, link.query_address("7001"));
  for (std::uint64_t i = 1; i <= 3; ++i)
    CHECK(expect<event_user_event>(link.next()).sequence == dn_sequence{i});
  CHECK_FALSE(link.next());
}

TEST_CASE("an EventError about one DN settles one answer, one without a DN all") {
  fake_broker::options options;
  bool whole = false;
  options.on_request = [&whole](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_register_address())
      return false;
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    auto& error = *frame.mutable_event_error();
    error.set_error_code(whole ? 111 : 59);
    error.set_attribute("this_dn");
    if (!whole)
      error.set_this_dn(request.request_register_address().this_dn(0));
    whole = true;
    broker.send(fd, frame);
    return true;
  };
  fake_broker broker{options};
  connection link;
  open(link, broker);
  std::vector<std::string> dns{"7001", "7002"};
  auto sent = link.register_address(dns);
  auto error = answer_to<event_error>(link, sent);
  CHECK(error.code == 59);
  CHECK(error.attribute == "this_dn");
  CHECK(link.answers_awaited(sent.reference) == 1);
  CHECK(link.unanswered() == std::vector{sent.reference});
  auto second = link.register_address(dns);
  CHECK(answer_to<event_error>(link, second).code == 111);
  CHECK(link.answers_awaited(second.reference) == 0);
}

TEST_CASE("the window is kept, except for pause and stop") {
  fake_broker::options options;
  options.window_requests = 2;
  options.on_request = [](fake_broker&, int, const v1::Frame& request) {
    return request.has_request_send_event(); // never answered
  };
  fake_broker broker{options};
  connection link;
  open(link, broker);
  auto send = [&](capture_verb verb) {
    return link.send_event(outgoing_event::capture("7001", verb)).status;
  };
  CHECK(send(capture_verb::start) == send_status::accepted);
  CHECK(send(capture_verb::resume) == send_status::accepted);
  CHECK(send(capture_verb::start) == send_status::window_full);
  CHECK(send(capture_verb::query) == send_status::window_full);
  CHECK(send(capture_verb::pause) == send_status::accepted);
  CHECK(send(capture_verb::stop) == send_status::accepted);
  CHECK(link.unanswered().size() == 4);
  // These have a bound too.
  std::size_t more = 0;
  while (send(capture_verb::pause) == send_status::accepted)
    ++more;
  CHECK(more == safety_requests_max - 2);
}

TEST_CASE("a window in bytes is kept, and a request larger than it goes alone") {
  fake_broker::options options;
  options.window_bytes = 100;
  fake_broker broker{options};
  connection link;
  open(link, broker);
  outgoing_event what;
  what.this_dn = "7001";
  what.data.add("b", binary_value{std::string(200, 'x')});
  auto first = link.send_event(what);
  CHECK(first);
  CHECK(link.send_event(what).status == send_status::window_full);
  answer_to<event_ack>(link, first);
  answer_to<event_ack>(link, link.send_event(what));
}

TEST_CASE("a registration of more DNs than the window goes alone") {
  fake_broker::options options;
  options.window_requests = 2;
  fake_broker broker{options};
  connection link;
  open(link, broker);
  register_on(link, {"1", "2", "3", "4", "5"});
}

TEST_CASE("a frame above the broker's limit is refused here") {
  fake_broker broker;
  connection link;
  open(link, broker);
  outgoing_event what;
  what.this_dn = "7001";
  what.data.add("b", binary_value{std::string(128 * 1024, 'x')});
  CHECK(link.send_event(what).status == send_status::too_large);
  register_on(link, {"7001"}); // and the link still stands
}

TEST_CASE("bytes that a broker does not read are bounded") {
  fake_broker::options options;
  options.window_requests = 1'000'000;
  options.window_bytes = 1'000'000'000;
  std::atomic<bool> go_on{false};
  options.on_request = [&go_on](fake_broker&, int, const v1::Frame& request) {
    while (request.has_request_send_event() && !go_on)
      std::this_thread::sleep_for(1ms); // the broker hangs and reads nothing more
    return request.has_request_send_event();
  };
  fake_broker broker{options};
  connection link;
  bounds limits;
  limits.send_bytes_max = 64 * 1024;
  open(link, broker, role::desktop, limits);
  outgoing_event what;
  what.this_dn = "7001";
  what.data.add("b", binary_value{std::string(10'000, 'x')});
  auto status = send_status::accepted;
  for (int i = 0; i < 10'000 && status == send_status::accepted; ++i)
    status = link.send_event(what).status;
  CHECK(status == send_status::buffer_full);
  CHECK(link.wants_write());
  go_on = true;
}

TEST_CASE("events that the program does not take are bounded, and none is lost") {
  constexpr std::uint64_t count = 5000;
  fake_broker::options options;
  options.on_request = [](fake_broker& broker, int fd, const v1::Frame& request) {
    if (request.has_request_query_address())
      for (std::uint64_t i = 1; i <= count; ++i) {
        v1::Frame frame;
        frame.mutable_event_user_event()->set_dn_sequence(i);
        broker.send(fd, frame);
      }
    return false;
  };
  fake_broker broker{options};
  connection link;
  bounds limits;
  limits.events_max = 10;
  open(link, broker, role::desktop, limits);
  auto sent = link.query_address("7001");
  REQUIRE(sent);
  CHECK(link.wait_reply(sent.reference, patience).status == wait_status::events_full);
  CHECK((link.poll_events() & POLLIN) == 0);
  for (std::uint64_t i = 1; i <= count; ++i)
    REQUIRE(expect<event_user_event>(link.wait(patience)).sequence == dn_sequence{i});
  CHECK(link.wait_reply(sent.reference, patience));
}

TEST_CASE("an idle client sends heartbeats by itself and stays connected") {
  fake_broker::options options;
  options.heartbeat_interval_ms = 30;
  options.heartbeat_timeout_ms = 600'000; // the fake sends none of its own
  fake_broker broker{options};
  connection link;
  open(link, broker);
  auto until = std::chrono::steady_clock::now() + patience;
  while (broker.heartbeats < 3 && std::chrono::steady_clock::now() < until)
    CHECK_FALSE(link.poll(50ms));
  CHECK(broker.heartbeats >= 3);
  CHECK(link.state() == link_state::up);
}

TEST_CASE("a sign-on that is refused says why") {
  fake_broker::options options;
  options.on_request = [](fake_broker& broker, int fd, const v1::Frame& request) {
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    frame.mutable_event_error()->set_error_code(55);
    frame.mutable_event_error()->set_accepted("1");
    broker.send(fd, frame);
    broker.disconnect(fd);
    return true;
  };
  fake_broker broker{options};
  connection link;
  auto opened = link.open(at(broker), as(role::desktop));
  CHECK(opened.fault == link_fault::sign_on_refused);
  REQUIRE(opened.error);
  CHECK(opened.error->code == 55);
  CHECK(opened.error->accepted == "1");
  CHECK(link.state() == link_state::closed);
}

TEST_CASE("one request for one DN goes out behind the sign-on, before that is answered") {
  fake_broker::options options;
  std::vector<v1::Frame> order; // the broker's thread's, while there is one
  v1::Frame first;
  options.on_request = [&](fake_broker& broker, int fd, const v1::Frame& request) {
    order.push_back(request);
    if (request.has_request_sign_on()) {
      first = request;
      return true; // answered when the registration has come
    }
    if (request.has_request_register_address() && first.has_request_sign_on())
      broker.sign_on(fd, std::exchange(first, {}));
    return false;
  };
  std::optional<fake_broker> broker{options};
  connection link;
  link.start(at(*broker), as(role::desktop));
  const std::vector<std::string> two{"7002", "7003"}, one{"7001"};
  const std::vector<std::string> long_one{std::string(frame_bytes_before_sign_on_max, '7')};
  CHECK(link.register_address(two).status == send_status::window_full);
  CHECK(link.register_address(long_one).status == send_status::too_large);
  CHECK(link.unregister_address(one).status == send_status::disconnected);
  CHECK(link.sign_off().status == send_status::disconnected);
  auto sent = link.register_address(one);
  CHECK(sent);
  CHECK(link.register_address(one).status == send_status::window_full);
  CHECK(answer_to<event_registered>(link, sent).this_dn == "7001");
  CHECK(link.state() == link_state::up);
  broker.reset();
  REQUIRE(order.size() == 2);
  CHECK(order[0].has_request_sign_on());
  CHECK(order[1].request_register_address().this_dn(0) == "7001");
  CHECK(link.unanswered().empty());
}

TEST_CASE("an EventError for what went out behind a sign-on is not the sign-on's") {
  fake_broker::options options;
  v1::Frame first;
  options.on_request = [&](fake_broker& broker, int fd, const v1::Frame& request) {
    if (request.has_request_sign_on()) {
      first = request;
      return true;
    }
    v1::Frame error;
    error.set_reference_id(request.reference_id());
    error.mutable_event_error()->set_error_code(217);
    broker.send(fd, error);
    broker.sign_on(fd, first);
    return true;
  };
  fake_broker broker{options};
  connection link;
  link.start(at(broker), as(role::desktop));
  auto sent = link.register_address(std::vector<std::string>{"7001"});
  CHECK(answer_to<event_error>(link, sent).code == 217);
  auto until = std::chrono::steady_clock::now() + patience;
  while (link.state() != link_state::up && std::chrono::steady_clock::now() < until)
    link.poll(10ms);
  CHECK(link.state() == link_state::up);
}

TEST_CASE("the broker's last word is the last event") {
  fake_broker::options options;
  options.on_request = [](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_query_address())
      return false;
    v1::Frame frame;
    frame.mutable_event_link_disconnected()->set_reason(v1::DISCONNECT_REASON_DRAINING);
    frame.mutable_event_link_disconnected()->set_retry_after_ms(1000);
    broker.send(fd, frame);
    broker.send_bytes(fd, "\xff\xff\xff\xff\xff\xff"); // whatever follows does not matter
    return true;
  };
  fake_broker broker{options};
  connection link;
  open(link, broker);
  auto sent = link.query_address("7001");
  REQUIRE(sent);
  CHECK(link.wait_reply(sent.reference, patience).status == wait_status::disconnected);
  auto ended = expect<event_link_disconnected>(link.next());
  CHECK(ended.reason == disconnect_reason::draining);
  CHECK(ended.retry_after == 1000ms);
  CHECK_FALSE(link.next());
  CHECK(link.result().fault == link_fault::ended_by_broker);
  CHECK(link.unanswered() == std::vector{sent.reference}); // its outcome is unknown
}

TEST_CASE("a connection can be opened again, and moved") {
  fake_broker broker;
  connection link;
  open(link, broker);
  register_on(link, {"7001"});
  open(link, broker);
  CHECK(link.unanswered().empty());
  connection moved{std::move(link)};
  register_on(moved, {"7001"});
  CHECK(broker.sign_ons == 2);
}
