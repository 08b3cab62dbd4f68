// What is run on a loop and throws: it ends nothing but itself, and whoever runs the loops is told.
#include "tests/runtime/systems.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>

using namespace ringdown::runtime;
using namespace ringdown::test;

namespace {

/// Loops whose owner counts what fails.
struct counting_system {
  explicit counting_system(scenario where)
    : config([&] {
        auto options = options_for(where, clock);
        options.on_failure = [this] {
          try {
            throw;
          } catch (const std::runtime_error&) {
            ++failures;
          }
        };
        return options;
      }()),
      system(config) {}

  actor_loop& loop() { return loop_scheduler::of(system)->loop(0); }

  std::atomic<int> failures{0};
  hand_clock clock;
  loop_system_config config;
  caf::actor_system system;
};

scenario every_loop() {
  return GENERATE(values<scenario>({{scheduler_kind::epoll, 1}, {scheduler_kind::plain, 1}}));
}

[[noreturn]] void fail() {
  throw std::runtime_error("it does not work");
}

} // namespace

TEST_CASE("a task that throws ends no other task") {
  counting_system s{every_loop()};
  int done = 0;
  on_loop(s.loop(), [&] { // so that all of them are taken at once
    for (int i = 0; i < 3; ++i) {
      s.loop().post(fail);
      s.loop().post([&] { ++done; });
    }
  });
  on_loop(s.loop(), [] {});
  CHECK(done == 3);
  CHECK(s.failures == 3);
}

TEST_CASE("a hook that throws ends no other hook, and is called again") {
  counting_system s{every_loop()};
  int called = 0;
  on_loop(s.loop(), [&] {
    s.loop().at_end_of_turn(fail);
    s.loop().at_end_of_turn([&] { ++called; });
  });
  on_loop(s.loop(), [] {});
  auto before = on_loop(s.loop(), [&] { return called; });
  on_loop(s.loop(), [] {});
  CHECK(on_loop(s.loop(), [&] { return called; }) > before);
  CHECK(s.failures >= 2);
}

TEST_CASE("an I/O handler that throws leaves its loop at work") {
  counting_system s{{scheduler_kind::epoll, 1}};
  auto& io = ringdown::edge::io_loop::of(s.loop());
  std::unique_ptr<ringdown::edge::io_loop::timer> failing;
  std::unique_ptr<ringdown::edge::io_loop::timer> other;
  std::atomic<bool> is_served{false};
  on_loop(s.loop(), [&] {
    failing = std::make_unique<ringdown::edge::io_loop::timer>(io);
    failing->call_after(1ms, fail);
    other = std::make_unique<ringdown::edge::io_loop::timer>(io);
    other->call_after(2ms, [&] { is_served = true; });
  });
  CHECK(eventually([&] { return is_served.load(); }));
  CHECK(s.failures == 1);
  on_loop(s.loop(), [&] {
    failing.reset();
    other.reset();
  });
}
