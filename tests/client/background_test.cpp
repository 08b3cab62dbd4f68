// The client with its own thread, against a broker of the test's own over 127.0.0.1. Also run under
// ThreadSanitizer.
#include "client/background.hpp"
#include "client/desktop.hpp"
#include "client/recorder.hpp"
#include "tests/client/fake_broker.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;
using ringdown::test::fake_broker;

namespace {

constexpr auto patience = 60s;

t_client_options to(const fake_broker& broker, identity who = {}) {
  t_client_options options;
  options.places = {endpoint{"127.0.0.1", broker.port()}};
  options.who = std::move(who);
  options.limits.request_timeout = patience;
  options.backoff.first_max = 20ms;
  options.backoff.delay_max = 20ms;
  return options;
}

/// Lets threads wait for something that handlers tell.
class watch {
public:
  template <class Change>
  void change(Change how) {
    std::lock_guard held{lock_};
    how();
    changed_.notify_all();
  }
  template <class Done>
  bool wait(Done done) {
    std::unique_lock held{lock_};
    return changed_.wait_for(held, patience, done);
  }

private:
  std::mutex lock_;
  std::condition_variable changed_;
};

/// How far a client is. Made before it: what handlers use must outlive the client.
struct observed {
  void look_at(background_client& client) {
    REQUIRE(client.listen([this](const notice& n) {
      seen.change([&] {
        if (auto* link = std::get_if<link_notice>(&n))
          phase = link->phase, stops += phase == link_phase::stopped ? 1 : 0;
        else if (auto* r = std::get_if<registration_notice>(&n))
          registered += r->phase == registration_phase::registered ? 1 : 0;
      });
    }));
  }

  watch seen;
  link_phase phase = link_phase::idle;
  int registered = 0;
  int stops = 0;
};

outgoing_event command(capture_verb verb) {
  return outgoing_event::capture("7001", verb);
}

} // namespace

TEST_CASE("any thread may send and wait, and each request ends once") {
  fake_broker broker;
  constexpr int threads = 4;
  constexpr int each = 200;
  std::vector<std::atomic<int>> ends(threads * each);
  std::atomic<int> refused{0};
  observed far;
  background_client client{to(broker)};
  far.look_at(client);
  REQUIRE(client.register_on("7001") == registering::accepted);
  CHECK(client.ask(command(capture_verb::start)).sent == send_status::disconnected);
  client.start();
  REQUIRE(far.seen.wait([&] { return far.registered == 1; }));
  std::atomic<int> acknowledged{0};
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        acknowledged += client.ask(command(capture_verb::start)) ? 1 : 0;
        auto& end = ends[static_cast<std::size_t>(t * each + i)];
        refused +=
          client.send(command(capture_verb::pause), [&end](const completion&) { ++end; }) ? 0 : 1;
        (void)client.phase();
        (void)client.link();
        (void)client.registration_of("7001");
      }
    });
  for (auto& t : all)
    t.join();
  CHECK(acknowledged == threads * each);
  CHECK(client.stop(patience)); // and so all have ended
  CHECK(client.phase() == link_phase::stopped);
  CHECK(refused == 0);
  CHECK(std::count(ends.begin(), ends.end(), 1) == threads * each);
}

TEST_CASE("a call that would wait in a handler is refused, not a deadlock") {
  fake_broker broker;
  std::promise<std::pair<request_status, bool>> told;
  std::atomic<bool> first{true};
  background_client client{to(broker)};
  REQUIRE(client.listen([&](const notice& n) {
    auto* link = std::get_if<link_notice>(&n);
    if (link != nullptr && link->phase == link_phase::up && first.exchange(false))
      told.set_value({client.ask(command(capture_verb::start)).status,
                      client.await_registered("7001", 1h) || client.stop(1s)});
  }));
  client.start();
  auto answer = told.get_future();
  REQUIRE(answer.wait_for(patience) == std::future_status::ready);
  CHECK(answer.get() == std::pair{request_status::called_in_handler, false});
  CHECK(client.stop(patience)); // that one has begun it; this one sees its end
}

TEST_CASE("a request ends in doubt when the link is lost, and the client comes back by itself") {
  std::atomic<bool> drop{true};
  fake_broker::options options;
  options.on_request = [&](fake_broker& b, int fd, const v1::Frame& request) {
    if (!request.has_request_send_event() || !drop)
      return false;
    drop = false;
    b.disconnect(fd);
    return true;
  };
  fake_broker broker{options};
  observed far;
  background_client client{to(broker)};
  far.look_at(client);
  REQUIRE(client.register_on("7001") == registering::accepted);
  client.start();
  REQUIRE(client.await_registered("7001", patience));
  CHECK_FALSE(client.await_registered("7002", patience)); // not wanted
  auto lost = client.ask(command(capture_verb::start));
  CHECK(lost.status == request_status::unknown_outcome);
  CHECK(lost.doubt == doubt_reason::link_lost);
  REQUIRE(far.seen.wait([&] { return far.registered == 2; }));
  CHECK(client.ask(command(capture_verb::start)));
}

TEST_CASE("a wait ends at its time even while a handler keeps the client's thread") {
  fake_broker broker;
  std::promise<void> entered;
  std::promise<void> release;
  auto go_on = release.get_future().share();
  std::atomic<bool> first{true};
  background_client client{to(broker)};
  REQUIRE(client.listen([&](const notice& n) {
    auto* link = std::get_if<link_notice>(&n);
    if (link == nullptr || link->phase != link_phase::up || !first.exchange(false))
      return;
    entered.set_value();
    go_on.wait();
  }));
  client.start();
  entered.get_future().wait();
  request_options how;
  how.timeout = 20ms;
  auto c = client.ask(command(capture_verb::start), how);
  CHECK(c.doubt == doubt_reason::timed_out);
  CHECK_FALSE(client.stop(0ms)); // the handler has not returned
  release.set_value();
  CHECK(client.stop(patience));
}

TEST_CASE("stopping does not need a broker that answers, and a client can be started again") {
  std::atomic<bool> deaf{true};
  fake_broker::options options;
  options.on_request = [&](fake_broker&, int, const v1::Frame& request) {
    return deaf && (request.has_request_sign_off() || request.has_request_send_event());
  };
  fake_broker broker{options};
  observed far;
  std::promise<completion> told;
  background_client client{to(broker)};
  far.look_at(client);
  CHECK(client.stop(1s)); // never started
  client.start();
  REQUIRE(far.seen.wait([&] { return far.phase == link_phase::up; }));
  REQUIRE(
    client.send(command(capture_verb::start), [&](const completion& c) { told.set_value(c); }));
  CHECK(client.stop(10ms));
  CHECK(told.get_future().get().doubt == doubt_reason::stopped);
  deaf = false;
  client.start();
  REQUIRE(far.seen.wait([&] { return far.phase == link_phase::up; }));
}

TEST_CASE("a client may be stopped by one thread and started by another at any time") {
  t_client_options options;
  options.places = {transport_factory{[] { return std::unique_ptr<transport>{}; }}}; // nobody
  background_client client{options};
  constexpr int rounds = 2000;
  std::atomic<bool> starting{true};
  std::thread starter{[&] {
    for (int i = 0; i < rounds; ++i)
      client.start();
    starting = false;
  }};
  bool each_saw_its_end = true;
  while (starting)
    each_saw_its_end = client.stop(patience) && each_saw_its_end;
  starter.join();
  CHECK(each_saw_its_end);
  CHECK(client.stop(patience));
  CHECK(client.phase() == link_phase::stopped);
}

TEST_CASE("a start while the client stops is done after the stop") {
  fake_broker broker;
  observed far;
  std::promise<void> entered;
  std::promise<void> release;
  auto go_on = release.get_future().share();
  std::atomic<bool> first{true};
  background_client client{to(broker)};
  far.look_at(client);
  REQUIRE(client.listen([&](const notice& n) {
    auto* link = std::get_if<link_notice>(&n);
    if (link == nullptr || link->phase != link_phase::up || !first.exchange(false))
      return;
    entered.set_value();
    go_on.wait();
  }));
  client.start();
  entered.get_future().wait();
  CHECK_FALSE(client.stop(0ms)); // begun, and kept by the handler
  client.start();
  release.set_value();
  CHECK(far.seen.wait([&] { return far.stops == 1 && far.phase == link_phase::up; }));
  CHECK(client.stop(patience));
}

TEST_CASE("a client that is destroyed is not started again by a handler") {
  fake_broker broker;
  observed far;
  background_client client{to(broker)};
  far.look_at(client);
  REQUIRE(client.listen([&](const notice& n) {
    auto* link = std::get_if<link_notice>(&n);
    if (link != nullptr && link->phase == link_phase::stopped)
      client.start();
  }));
  client.start();
  REQUIRE(far.seen.wait([&] { return far.phase == link_phase::up; }));
}

TEST_CASE("what a program gave away may call the client when it is destroyed, wherever that is") {
  t_client_options options;
  options.places = {transport_factory{[] { return std::unique_ptr<transport>{}; }}}; // nobody
  options.limits.listeners_max = 1;
  background_client client{options};
  int destroyed = 0;
  auto caller = [&] {
    return std::shared_ptr<int>{&destroyed, [&client](int* count) {
                                  (void)client.phase();
                                  ++*count;
                                }};
  };
  CHECK_FALSE(client.send(command(capture_verb::start), [c = caller()](const completion&) {}));
  CHECK_FALSE(client.query_address("7001", [c = caller()](const completion&) {}));
  CHECK(destroyed == 2);
  auto owner = std::make_shared<int>();
  REQUIRE(client.listen(owner, "7001", [c = caller()](const notice&) {}));
  CHECK_FALSE(client.listen([c = caller()](const notice&) {})); // above the bound
  CHECK(destroyed == 3);
  owner.reset();
  REQUIRE(client.listen(caller(), "7001", [](const notice&) {})); // makes room
  CHECK(destroyed == 5);                                          // the owner was nobody else's
  client.start();
  CHECK(client.stop(patience));
  CHECK_FALSE(client.call_after(std::make_shared<int>(), 1s, [c = caller()] {}));
  CHECK(destroyed == 6);
}

TEST_CASE("a long queue of slow handlers does not keep the client from its heartbeats") {
  constexpr int events = 20;
  fake_broker::options options;
  options.heartbeat_interval_ms = 20;
  options.heartbeat_timeout_ms = 600'000;
  options.on_request = [&](fake_broker& b, int fd, const v1::Frame& request) {
    if (!request.has_request_register_address())
      return false;
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    frame.mutable_event_registered()->set_this_dn("7001");
    b.send(fd, frame);
    frame.Clear();
    frame.mutable_event_user_event()->mutable_event()->set_this_dn("7001");
    for (int i = 0; i < events; ++i)
      b.send(fd, frame); // all in one piece
    return true;
  };
  fake_broker broker{options};
  watch seen;
  int handled = 0;
  int heartbeats_at_first = 0;
  std::optional<bool> kept_up;
  background_client client{to(broker)};
  REQUIRE(client.listen([&](const notice& n) {
    if (!std::holds_alternative<event_user_event>(n))
      return;
    if (++handled == 1)
      heartbeats_at_first = broker.heartbeats;
    if (handled < events)
      return std::this_thread::sleep_for(25ms); // above the interval
    // On its way already: nothing is sent while this handler waits.
    auto until = std::chrono::steady_clock::now() + patience;
    while (broker.heartbeats < heartbeats_at_first + 2 && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
    seen.change([&] { kept_up = broker.heartbeats >= heartbeats_at_first + 2; });
  }));
  REQUIRE(client.register_on("7001") == registering::accepted);
  client.start();
  REQUIRE(seen.wait([&] { return kept_up.has_value(); }));
  CHECK(*kept_up);
  CHECK(client.stop(patience));
}

TEST_CASE("a desktop and a recorder in the background play together") {
  fake_broker broker;
  watch seen;
  light shown = light::unknown;
  observed recorder_is;
  observed desktop_is;
  background_client at_recorder{to(broker, recorder_identity("recorder"))};
  background_client at_desktop{to(broker, desktop_identity("desktop"))};
  recorder_is.look_at(at_recorder);
  desktop_is.look_at(at_desktop);
  recorder screen{at_recorder, [](const recorder::order& o) { return o.screen; }};
  REQUIRE(screen.record("7001") == registering::accepted);
  at_recorder.start();
  REQUIRE(recorder_is.seen.wait([&] { return recorder_is.registered == 1; }));
  desktop agent{at_desktop, "7001",
                [&](const light_view& l) { seen.change([&] { shown = l.state; }); }};
  at_desktop.start();
  REQUIRE(desktop_is.seen.wait([&] { return desktop_is.registered == 1; }));
  CHECK(agent.ask(capture_verb::start, {}, patience));
  CHECK(seen.wait([&] { return shown == light::recording; }));
  CHECK(agent.ask(capture_verb::pause, {}, patience));
  CHECK(seen.wait([&] { return shown == light::paused; }));
  CHECK(agent.shown() == light::paused);
  CHECK(at_desktop.stop(patience));
  CHECK(seen.wait([&] { return shown == light::unknown; }));
  CHECK(at_recorder.stop(patience));
}
