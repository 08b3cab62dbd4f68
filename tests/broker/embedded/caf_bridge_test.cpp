// A host's own actors as desktops and recorders.
#include "client/caf_bridge/caf_bridge.hpp"

#include "client/desktop.hpp"
#include "client/recorder.hpp"
#include "tests/broker/embedded/in_process.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <map>

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

/// An actor of the host that does what a recorder does, once it was given its port.
caf::behavior recording(caf::event_based_actor* self, const std::string& dn) {
  auto port = std::make_shared<caf::actor>();
  return {
    [port, self, dn](const caf::actor& given) {
      *port = given;
      self->send(given, bridge_register{dn});
    },
    [port, self](const bridge_heard& heard) {
      auto* e = std::get_if<event_user_event>(&heard.what);
      if (e != nullptr && e->verb == capture_verb::pause)
        self->send(*port, say(1, e->this_dn, capture_verb::paused));
    },
    [](const bridge_done&) {},
  };
}

} // namespace

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

TEST_CASE("a bridge that ends answers what it was asked, and its ports end with it") {
  kept_log log;
  broker b{{}, quiet(log)};
  REQUIRE(b.start());
  host_config config;
  caf::actor_system host{config};
  caf::scoped_actor desktop{host};
  caf::actor port;
  constexpr std::uint64_t asked = 5000; // beyond what the bridge queues and the window holds
  std::map<std::uint64_t, int>
    answers; // what the queue has no room for is refused before the first
  {
    caf_bridge bridge{host};
    port = bridge.attach(desktop, inside(b, desktop_identity("host")));
    desktop->send(port, bridge_register{"7001"});
    hears<bridge_heard>(desktop, is_registered);
    for (std::uint64_t i = 1; i <= asked; ++i)
      desktop->send(port, say(i, "7001", capture_verb::pause));
    hears<bridge_done>(desktop, [&](const bridge_done& d) {
      ++answers[d.token];
      return d.token == 1;
    });
  }
  desktop->wait_for(port);
  // The port has read its mailbox up to its end; what it had read is answered exactly once.
  bool more = true;
  while (more)
    desktop->receive([&](const bridge_done& d) { ++answers[d.token]; }, [](const bridge_heard&) {},
                     caf::after(0s) >> [&] { more = false; });
  std::uint64_t expected = 1;
  for (auto& [token, times] : answers) {
    CHECK(token == expected++);
    CHECK(times == 1);
  }
  CHECK(b.stop(patience));
}
