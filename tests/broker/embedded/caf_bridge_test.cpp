// A host's own actors as desktops and recorders.
#include "client/caf_bridge/caf_bridge.hpp"

#include "client/desktop.hpp"
#include "client/recorder.hpp"
#include "tests/broker/embedded/files_left.hpp"
#include "tests/broker/embedded/in_process.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <future>
#include <map>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

struct host_config : caf::actor_system_config {
  host_config() {
    config_file_path = "";
    set("scheduler.max-threads", 2);
  }
};

t_client_options inside(broker& b, identity who) {
  t_client_options options;
  options.places = {transport_factory{[&b] { return b.connect("actor").transport; }}};
  options.who = std::move(who);
  return options;
}

bridge_send say(std::uint64_t token, const std::string& dn, capture_verb verb) {
  return {token, outgoing_event::capture(dn, verb), {}};
}

/// The next letter of this kind that matches; others of the kind are passed over.
template <class Letter, class Matches>
Letter hears(caf::scoped_actor& self, Matches matches) {
  std::optional<Letter> found;
  bool late = false;
  while (!found && !late)
    self->receive(
      [&](const Letter& letter) {
        if (matches(letter))
          found = letter;
      },
      caf::after(patience) >> [&] { late = true; });
  REQUIRE(found);
  return *found;
}

bool is_registered(const bridge_heard& h) {
  auto* r = std::get_if<registration_notice>(&h.what);
  return r != nullptr && r->phase == registration_phase::registered;
}

auto is_verb(capture_verb verb) {
  return [verb](const bridge_heard& h) {
    auto* e = std::get_if<event_user_event>(&h.what);
    return e != nullptr && e->verb == verb;
  };
}

auto has_token(std::uint64_t token) {
  return [token](const bridge_done& d) { return d.token == token; };
}

/// The threads on which something ran.
class threads_seen {
public:
  void note() {
    std::scoped_lock lock{mutex_};
    ids_.insert(std::this_thread::get_id());
  }
  std::set<std::thread::id> ids() const {
    std::scoped_lock lock{mutex_};
    return ids_;
  }

private:
  mutable std::mutex mutex_;
  std::set<std::thread::id> ids_;
};

/// An actor of the host that does what a recorder does, once it was given its port.
caf::behavior recording_seen(caf::event_based_actor* self, const std::string& dn,
                             threads_seen* seen) {
  auto port = std::make_shared<caf::actor>();
  return {
    [port, self, dn](const caf::actor& given) {
      *port = given;
      self->send(given, bridge_register{dn});
    },
    [port, self, seen](const bridge_heard& heard) {
      if (seen != nullptr)
        seen->note();
      auto* e = std::get_if<event_user_event>(&heard.what);
      if (e != nullptr && e->verb == capture_verb::pause)
        self->send(*port, say(1, e->this_dn, capture_verb::paused));
    },
    [](const bridge_done&) {},
  };
}

caf::behavior recording(caf::event_based_actor* self, const std::string& dn) {
  return recording_seen(self, dn, nullptr);
}

/// Keeps a bridge's thread in a function of the host until it is told otherwise.
class busy_elsewhere {
public:
  busy_elsewhere(caf_bridge& bridge, caf::actor_system& host) : owner_{host} {
    t_client_options options;
    options.reconnect = false;
    options.places = {transport_factory{[this]() -> std::unique_ptr<transport> {
      begun_.set_value();
      end_.get_future().wait();
      return nullptr;
    }}};
    port_ = bridge.attach(owner_, options);
    begun_.get_future().wait();
  }
  void ends() { end_.set_value(); }

private:
  std::promise<void> begun_;
  std::promise<void> end_;
  caf::scoped_actor owner_;
  caf::actor port_;
};

} // namespace

TEST_CASE("neither system runs the other's actors") {
  kept_log log;
  threads_seen brokers;
  threads_seen hosts;
  auto options = quiet(log);
  options.authorize = [&](const client_identity&, action, std::string_view, std::string_view) {
    brokers.note(); // within the broker's actors
    return true;
  };
  broker b{run_as(GENERATE(from_range(every_way))), options};
  REQUIRE(b.start());
  host_config config;
  caf::actor_system host{config};
  {
    caf_bridge bridge{host};
    auto recorder = host.spawn(recording_seen, std::string{"7001"}, &hosts);
    caf::anon_send(recorder, bridge.attach(recorder, inside(b, recorder_identity("host"))));
    caf::scoped_actor desktop{host};
    auto port = bridge.attach(desktop, inside(b, desktop_identity("host")));
    desktop->send(port, bridge_register{"7001"});
    hears<bridge_heard>(desktop, is_registered);
    for (std::uint64_t token = 1; token <= 200; ++token)
      desktop->send(port, say(token, "7001", capture_verb::none));
    for (std::uint64_t token = 1; token <= 200; ++token)
      hears<bridge_done>(desktop, has_token(token));
    while (hosts.ids().empty()) // it comes when it likes
      std::this_thread::yield();
    caf::anon_send_exit(recorder, caf::exit_reason::user_shutdown);
  }
  b.stop();
  auto ours = brokers.ids();
  auto theirs = hosts.ids();
  CHECK_FALSE(ours.empty());
  CHECK_FALSE(theirs.empty());
  CHECK(ours.count(std::this_thread::get_id()) == 0);
  for (auto& id : theirs)
    CHECK(ours.count(id) == 0);
}

TEST_CASE("a host's own actors are desktop and recorder of the broker in its program") {
  kept_log log;
  broker b{run_as(GENERATE(from_range(every_way))), quiet(log)};
  REQUIRE(b.start());
  host_config config;
  caf::actor_system host{config};
  {
    caf_bridge bridge{host};
    auto recorder = host.spawn(recording, std::string{"7001"});
    caf::anon_send(recorder, bridge.attach(recorder, inside(b, recorder_identity("host"))));
    caf::scoped_actor desktop{host};
    auto port = bridge.attach(desktop, inside(b, desktop_identity("host")));
    desktop->send(port, bridge_register{"7001"});
    hears<bridge_heard>(desktop, is_registered);
    // The recorder registers by itself, when it likes: 118 does not come, but recorders_queued may
    // be 0 before.
    std::uint64_t token = 0;
    for (bool queued = false; !queued;) {
      desktop->send(port, say(++token, "7001", capture_verb::pause));
      auto done = hears<bridge_done>(desktop, has_token(token));
      REQUIRE(done.result.ack() != nullptr);
      queued = done.result.ack()->recorders_queued == 1u;
    }
    hears<bridge_heard>(desktop, is_verb(capture_verb::paused));
    caf::anon_send_exit(recorder, caf::exit_reason::user_shutdown);
    // Its client signs off with it: the desktop hears that nothing is known any more.
    hears<bridge_heard>(desktop, is_verb(capture_verb::unknown));
  }
  CHECK(b.stop(patience));
}

TEST_CASE("what an actor asks wrongly is answered, and once") {
  kept_log log;
  broker b{{}, quiet(log)};
  REQUIRE(b.start());
  host_config config;
  caf::actor_system host{config};
  caf_bridge bridge{host};
  caf::scoped_actor desktop{host};
  auto port = bridge.attach(desktop, inside(b, desktop_identity("host")));
  desktop->send(port, bridge_register{"70\n01"});
  auto refused = hears<bridge_heard>(desktop, [](const bridge_heard& h) {
    auto* r = std::get_if<registration_notice>(&h.what);
    return r != nullptr && r->phase == registration_phase::failed;
  });
  CHECK(std::get<registration_notice>(refused.what).this_dn == "70\n01");
  desktop->send(port, bridge_register{"7001"});
  hears<bridge_heard>(desktop, is_registered);
  desktop->send(port, say(1, "7001", capture_verb::paused)); // a desktop does not indicate
  auto forged = hears<bridge_done>(desktop, has_token(1));
  CHECK(forged.result.status == request_status::refused);
  CHECK(forged.result.error()->code == 165);
  desktop->send(port, bridge_unregister{"7001"});
  desktop->send(port, say(2, "7001", capture_verb::pause));
  auto unregistered = hears<bridge_done>(desktop, has_token(2));
  CHECK(unregistered.result.status == request_status::refused);
}

TEST_CASE("a port refuses what its bridge has no room for, at once") {
  kept_log log;
  broker b{{}, quiet(log)};
  REQUIRE(b.start());
  host_config config;
  caf::actor_system host{config};
  caf_bridge bridge{host};
  busy_elsewhere busy{bridge, host};
  caf::scoped_actor desktop{host};
  auto port = bridge.attach(desktop, inside(b, desktop_identity("host")));
  auto dn = [](std::size_t i) { return std::to_string(10'000 + i); };
  for (std::size_t i = 0; i < caf_bridge::requests_max; ++i)
    desktop->send(port, bridge_register{dn(i)});
  desktop->send(port, bridge_register{"7001"});
  desktop->send(port, say(1, "7001", capture_verb::pause));
  auto refused = hears<bridge_heard>(desktop, [](const bridge_heard&) { return true; });
  auto* why = std::get_if<registration_notice>(&refused.what);
  REQUIRE(why != nullptr);
  CHECK(why->this_dn == "7001");
  CHECK(why->phase == registration_phase::failed);
  CHECK(hears<bridge_done>(desktop, has_token(1)).result.sent == send_status::window_full);
  desktop->send(port, bridge_unregister{dn(0)}); // is never refused
  busy.ends();
  hears<bridge_heard>(desktop, [&](const bridge_heard& h) {
    return is_registered(h) &&
           std::get<registration_notice>(h.what).this_dn == dn(caf_bridge::requests_max - 1);
  });
  desktop->send(port, say(2, dn(0), capture_verb::pause));
  CHECK(hears<bridge_done>(desktop, has_token(2)).result.error()->code == 41);
  desktop->send(port, say(3, dn(1), capture_verb::pause));
  CHECK(hears<bridge_done>(desktop, has_token(3)).result.ack() != nullptr);
}

TEST_CASE("a bridge that ends answers what its ports have read, and they end with it") {
  kept_log log;
  broker b{{}, quiet(log)};
  REQUIRE(b.start());
  host_config config;
  caf::actor_system host{config};
  caf::scoped_actor desktop{host};
  auto bridge = std::make_unique<caf_bridge>(host);
  busy_elsewhere busy{*bridge, host};
  auto port = bridge->attach(desktop, inside(b, desktop_identity("host")));
  constexpr std::uint64_t asked = caf_bridge::requests_max + 1;
  std::map<std::uint64_t, int> answers;
  for (std::uint64_t i = 1; i <= asked; ++i)
    desktop->send(port, say(i, "7001", capture_verb::pause));
  // One more than the bridge queues: its answer is the port's own, so the port has read them all.
  hears<bridge_done>(desktop, [&](const bridge_done& d) {
    ++answers[d.token];
    return d.token == asked;
  });
  CHECK(answers.size() == 1);
  std::thread ender{[&] { bridge.reset(); }};
  busy.ends();
  ender.join();
  desktop->wait_for(port);
  bool more = true;
  while (more)
    desktop->receive([&](const bridge_done& d) { ++answers[d.token]; }, [](const bridge_heard&) {},
                     caf::after(0s) >> [&] { more = false; });
  CHECK(answers.size() == asked);
  for (auto& [token, times] : answers)
    CHECK(times == 1);
  CHECK(b.stop(patience));
}

TEST_CASE("a bridge without a file for itself says so") {
  host_config config;
  caf::actor_system host{config};
  files_left none{0};
  CHECK_THROWS_AS(caf_bridge{host}, std::system_error);
}
