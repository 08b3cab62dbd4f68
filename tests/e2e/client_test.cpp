// The client library against the real daemon, killed and started again under its clients.
#include "client/background.hpp"
#include "client/desktop.hpp"
#include "client/recorder.hpp"
#include "client/t_client.hpp"
#include "tests/e2e/harness/daemon.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::e2e;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

t_client_options to(std::uint16_t port, identity who) {
  t_client_options options;
  options.places = {endpoint{"127.0.0.1", port}};
  options.who = std::move(who);
  options.limits.request_timeout = patience;
  options.backoff.first_max = 20ms;
  options.backoff.delay_max = 100ms;
  return options;
}

flags on_port(std::uint16_t port) {
  return {"--listen.port=" + std::to_string(port)};
}

/// Stops a process; returns when each of its threads stands still, and says nothing more.
void freeze(const process& child) {
  child.signal(SIGSTOP);
  await("each thread stands still", [&] {
    for (auto& thread :
         std::filesystem::directory_iterator{"/proc/" + std::to_string(child.pid()) + "/task"}) {
      std::ifstream in{thread.path() / "stat"};
      std::string stat{std::istreambuf_iterator<char>{in}, {}};
      auto state = stat.rfind(") "); // of the name, which may hold anything
      if (state == std::string::npos || stat[state + 2] != 'T')
        return false;
    }
    return true;
  });
}

/// A desktop and a recorder on one thread.
struct office {
  explicit office(std::uint16_t port)
    : at_recorder(to(port, recorder_identity("e2e-recorder"))),
      at_desktop(to(port, desktop_identity("e2e-desktop"))) {
    REQUIRE(screen.record("7001") == registering::accepted);
    at_recorder.start();
    at_desktop.start();
  }

  template <class Done>
  void until(const char* what, Done reached) {
    auto end = std::chrono::steady_clock::now() + patience;
    INFO(what);
    while (!reached()) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      at_recorder.poll(1ms);
      at_desktop.poll(1ms);
    }
  }
  void until_registered() {
    until("both are registered", [&] {
      return at_recorder.registration_of("7001") == registration_phase::registered &&
             at_desktop.registration_of("7001") == registration_phase::registered;
    });
  }
  void until_shown(light wanted) {
    until("the light", [&] { return agent.shown() == wanted; });
  }
  completion_handler keep() {
    return [this](const completion& c) { done.push_back(c); };
  }

  std::vector<completion> done;
  t_client at_recorder;
  t_client at_desktop;
  recorder screen{at_recorder, [](const recorder::order& o) { return o.screen; }};
  desktop agent{at_desktop, "7001"};
};

} // namespace

TEST_CASE("Desktop and recorder find each other again, and what nobody can know is said so") {
  auto way = run_as(GENERATE(from_range(every_way_to_run)));
  auto broker = std::make_unique<running_broker>(way);
  auto port = broker->port();
  office o{port};
  o.until_registered();
  REQUIRE(o.agent.start({}, o.keep()));
  o.until_shown(light::recording);
  REQUIRE(o.done.size() == 1);
  CHECK(o.done[0]);

  // What is said to a broker that stands still stays without an answer.
  freeze(broker->child());
  auto started = o.agent.start({}, o.keep());
  auto resumed = o.agent.resume({}, o.keep());
  auto paused = o.agent.pause({}, o.keep());
  REQUIRE((started && resumed && paused));
  o.at_desktop.poll(1ms);
  broker.reset(); // SIGKILL
  o.until_shown(light::unknown);
  CHECK(o.done.size() == 1);

  // Sent again to a broker that knows none of them: a pause it does, of the others nobody knows.
  running_broker again{way + on_port(port)};
  o.until("all three are answered", [&] { return o.done.size() == 4; });
  for (auto& [end, sent] : {std::pair{o.done[1], started}, std::pair{o.done[2], resumed}}) {
    CHECK(end.request == sent.id);
    CHECK(end.status == request_status::unknown_outcome);
    CHECK(end.doubt == doubt_reason::broker_fault);
    CHECK(end.times_sent == 2);
  }
  CHECK(o.done[3].request == paused.id);
  CHECK(o.done[3]);
  CHECK(o.done[3].times_sent == 2);
  o.until_shown(light::paused); // whichever of the two came back first
  o.until_registered();
  REQUIRE(o.agent.resume({}, o.keep()));
  o.until_shown(light::recording);
  o.until("its answer", [&] { return o.done.size() == 5; });
  o.at_desktop.stop(patience);
  o.at_recorder.stop(patience);
  CHECK(o.done.size() == 5);
  CHECK(again.stop() == 0);
}

TEST_CASE("After a restart of the broker the recorder program says what it does, unasked") {
  auto broker = std::make_unique<running_broker>();
  auto port = broker->port();
  process screen{ringdown_program(),
                 {"recorder", "--dn=7001", "--connect=127.0.0.1:" + std::to_string(port)}};
  t_client at_desktop{to(port, desktop_identity("e2e-desktop"))};
  desktop agent{at_desktop, "7001"};
  auto until_shown = [&](light wanted) {
    await("the light", [&] {
      at_desktop.poll(1ms);
      return agent.shown() == wanted;
    });
  };
  at_desktop.start();
  await("the recorder is there", [&] { // without one a command is refused
    at_desktop.poll(1ms);
    return agent.ask(capture_verb::start, {}, patience).status == request_status::acknowledged;
  });
  until_shown(light::recording);
  broker.reset(); // SIGKILL
  until_shown(light::unknown);
  CHECK(agent.view().because == unknown_because::no_link);
  running_broker again{on_port(port)};
  until_shown(light::recording); // which nobody has ordered from this broker
  at_desktop.stop(patience);
  CHECK(again.stop() == 0);
}

TEST_CASE("A client of a broker that drains comes back, and one that is taken over does not") {
  auto broker = std::make_unique<running_broker>();
  auto port = broker->port();
  auto options = to(port, desktop_identity("e2e-desktop"));
  options.who.instance = random_instance_id();
  t_client first{options};
  REQUIRE(first.register_on("7001") == registering::accepted);
  first.start();
  REQUIRE(first.await_registered("7001", patience));
  broker->child().signal(SIGTERM);
  await("the client sees the end", [&] {
    first.poll(1ms);
    return first.phase() != link_phase::up;
  });
  CHECK(broker->child().wait() == 0);
  broker = std::make_unique<running_broker>(on_port(port));
  REQUIRE(first.await_registered("7001", patience));
  t_client second{options};
  REQUIRE(second.register_on("7001") == registering::accepted);
  second.start();
  REQUIRE(second.await_registered("7001", patience));
  await("the first client gives up", [&] {
    first.poll(1ms);
    return first.phase() == link_phase::given_up;
  });
  second.poll(1ms);
  CHECK(second.phase() == link_phase::up);
}

namespace {

constexpr const char* programs_with_a_loop[] = {
  RINGDOWN_EXAMPLE_LOOP,
#ifdef RINGDOWN_EXAMPLE_GLIB
  RINGDOWN_EXAMPLE_GLIB,
#endif
};

} // namespace

TEST_CASE("The example desktop and recorder play together, over a killed daemon too") {
  auto broker = std::make_unique<running_broker>();
  auto port = broker->port();
  auto where = "127.0.0.1:" + std::to_string(port);
  process screen{RINGDOWN_EXAMPLE_RECORDER, {where, "7001"}};
  broker->await_log("client signed on");
  broker = nullptr;
  broker = std::make_unique<running_broker>(on_port(port));
  broker->await_log("client signed on"); // the recorder again
  process::surroundings typed;
  typed.input = "start\npause\nstrat\nquit\n";
  process agent{RINGDOWN_EXAMPLE_DESKTOP, {where, "7001"}, typed};
  CHECK(agent.wait() == 0);
  CHECK_THAT(agent.out(), Contains("start: acknowledged") && Contains("pause: acknowledged") &&
                            Contains("start, stop, pause, resume, query or quit"));
  typed.input = "pause\nstrat\n"; // its end is the program's
  for (auto* program : programs_with_a_loop) {
    INFO(program);
    process in_a_loop{program, {where, "7001"}, typed};
    CHECK(in_a_loop.wait() == 0);
    CHECK_THAT(in_a_loop.out(), Contains("pause: ") && Contains("start, stop, pause, resume"));
    process confused{program, {"a:b:c"}};
    CHECK(confused.wait() == 2);
  }
  await("the recorder has paused", [&] {
    return screen.out().find("7001 enabled") != std::string::npos &&
           screen.out().find("7001 paused") != std::string::npos;
  });
  screen.signal(SIGTERM);
  CHECK(screen.wait() == 0);
  for (auto* program : {RINGDOWN_EXAMPLE_DESKTOP, RINGDOWN_EXAMPLE_RECORDER}) {
    process confused{program, {"a:b:c"}};
    CHECK(confused.wait() == 2);
  }
  CHECK(broker->stop() == 0);
}
