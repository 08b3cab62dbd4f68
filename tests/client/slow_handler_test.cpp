// Handlers that keep the client's thread are told of: meanwhile no heartbeat goes out.
#include "client/recorder.hpp"
#include "tests/client/role_frames.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

struct slow_stand {
  std::vector<slow_handler> slow;
  scripted_client c{[this] {
    t_client_options options;
    options.who = recorder_identity("test");
    options.on_slow_handler = [this](const slow_handler& s) { slow.push_back(s); };
    return options;
  }()};
};

} // namespace

TEST_CASE("a handler that takes long is told of by its kind, its DN and its time") {
  slow_stand s;
  std::chrono::milliseconds takes{0};
  recorder screen{s.c.subject, [&](const recorder::order& o) {
                    s.c.time += takes;
                    return recorder::answer{o.screen};
                  }};
  REQUIRE(screen.record("7001") == registering::accepted);
  s.c.bring_up();
  s.c.broker.registered(s.c.broker.expect());
  s.c.settle();
  s.slow.clear();
  auto order = [&](const std::string& verb, std::uint64_t sequence) {
    s.c.broker.event("7001", verb, sequence);
    s.c.settle();
  };
  takes = t_client_bounds{}.handler_slow_after;
  order("start", 1);
  CHECK(s.slow.empty());
  takes += 1ms;
  order("pause", 2);
  REQUIRE(s.slow.size() == 1);
  CHECK(s.slow[0].where == "notice");
  CHECK(s.slow[0].about == "pause");
  CHECK(s.slow[0].this_dn == "7001");
  CHECK(s.slow[0].took == takes);
  CHECK(s.slow[0].heartbeat_timeout == s.c.subject.link().heartbeat_timeout);
}

TEST_CASE("completions and timers that take long are told of too, and so is one that throws") {
  slow_stand s;
  s.c.bring_up_on("7001");
  REQUIRE(s.c.subject.send(command(capture_verb::none), [&](const completion&) {
    s.c.time += 1s;
    throw std::runtime_error{"slowly"};
  }));
  s.c.settle();
  s.c.broker.ack(s.c.broker.expect());
  s.c.settle();
  REQUIRE(s.slow.size() == 1);
  CHECK(s.slow[0].where == "completion");
  CHECK(s.slow[0].this_dn == "7001");
  CHECK(s.c.failures.size() == 1);
  auto owner = std::make_shared<int>();
  REQUIRE(s.c.subject.call_after(owner, 1ms, [&] { s.c.time += 2s; }));
  s.c.pass(1ms);
  REQUIRE(s.slow.size() == 2);
  CHECK(s.slow[1].where == "timer");
  CHECK(s.slow[1].took == 2s);
}

TEST_CASE("what is told of a slow handler may throw, which is counted, and ends nothing") {
  scripted_client c{[] {
    t_client_options options;
    options.on_slow_handler = [](const slow_handler&) { throw 1; };
    return options;
  }()};
  REQUIRE(c.subject.listen([&](const notice&) { c.time += 1s; }));
  c.bring_up();
  CHECK(c.subject.handler_failures() > 0);
  CHECK(c.failures.at(0).where == "slow_handler");
  CHECK(c.subject.phase() == link_phase::up);
}
