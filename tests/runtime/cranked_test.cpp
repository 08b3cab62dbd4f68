// Loops without threads: their owner makes their turns, in virtual time and in any order.
#include "actors/runtime/pinned.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/actor_registry.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace ringdown::runtime;
using namespace ringdown::test;

namespace {

using lines = std::vector<std::string>;

/// Writes down what it is told, and when.
class scribe : public pinned_event_based_actor {
public:
  scribe(caf::actor_config& config, home where, lines* log)
    : pinned_to_home(config, where), log_(*log), began_(clock().now()) {}

protected:
  caf::behavior make_behavior() override {
    return {[this](int number) { note(std::to_string(number)); },
            [this](caf::tick_atom, std::int64_t after_ms) {
              delayed_send(this, std::chrono::milliseconds{after_ms}, caf::timeout_atom::value,
                           after_ms);
            },
            [this](caf::timeout_atom, std::int64_t after_ms) {
              note("tick of " + std::to_string(after_ms) + " ms");
            }};
  }

private:
  void note(const std::string& what) {
    auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(clock().now() - began_);
    log_.push_back(std::to_string(ms.count()) + ": " + what);
  }

  lines& log_;
  const time_point began_;
};

pinned_ref<caf::actor> spawn_scribe(test_system& system, std::size_t loop, lines& log) {
  auto made = system->spawn<scribe>(home::at(*system, loop), &log);
  system.settle();
  return pinned_ref<caf::actor>{made};
}

void end(const pinned_ref<caf::actor>& one) {
  caf::anon_send_exit(one.handle(), caf::exit_reason::user_shutdown);
}

} // namespace

TEST_CASE("nothing happens on a loop without a thread but in its turns") {
  test_system system{{scheduler_kind::cranked, 2}};
  lines log;
  auto one = spawn_scribe(system, 0, log);
  auto other = spawn_scribe(system, 1, log);
  caf::anon_send(one.handle(), 1);
  caf::anon_send(other.handle(), 2);
  CHECK(log.empty());
  CHECK(system.loop(1).turn());
  CHECK(log == lines{"0: 2"});
  CHECK_FALSE(system.loop(1).turn());
  CHECK(system.loop(0).turn());
  CHECK(log == lines{"0: 2", "0: 1"});
  end(one);
  end(other);
  system.settle();
}

TEST_CASE("the turns of N loops come in the order that their owner likes") {
  for (std::size_t first : {0, 1, 2, 3}) {
    test_system system{{scheduler_kind::cranked, 4}};
    lines log, expected;
    std::vector<pinned_ref<caf::actor>> all;
    for (std::size_t i = 0; i < 4; ++i)
      all.push_back(spawn_scribe(system, i, log));
    for (std::size_t i = 0; i < 4; ++i)
      caf::anon_send(all[i].handle(), static_cast<int>(i));
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(system.by_hand().turn_of(first + i));
      expected.push_back("0: " + std::to_string((first + i) % 4));
    }
    CHECK(log == expected);
    CHECK_FALSE(system.by_hand().turn_of(first));
    for (auto& one : all)
      end(one);
    system.settle();
  }
}

TEST_CASE("a message runs in place within the turn of its receiver's loop, and in no other") {
  test_system system{{scheduler_kind::cranked, 2}};
  lines log;
  auto one = spawn_scribe(system, 0, log);
  CHECK_FALSE(try_deliver_in_place(one, 1)); // this thread is no loop's now
  system.settle();
  bool at_home = false, elsewhere = true;
  system.by_hand().io(0).call([&] { at_home = try_deliver_in_place(one, 2); });
  system.by_hand().io(1).call([&] { elsewhere = try_deliver_in_place(one, 3); });
  system.settle();
  CHECK(at_home);
  CHECK_FALSE(elsewhere);
  CHECK(log == lines{"0: 1", "0: 2", "0: 3"});
  CHECK(system.loop(0).stats().in_place == 1);
  end(one);
  system.settle();
}

TEST_CASE("delayed messages come when virtual time has come to them, each at its own") {
  test_system system{{scheduler_kind::cranked, 2}};
  lines log;
  auto one = spawn_scribe(system, 0, log);
  auto other = spawn_scribe(system, 1, log);
  for (std::int64_t after_ms : {30, 10, 20})
    caf::anon_send((after_ms == 20 ? other : one).handle(), caf::tick_atom::value, after_ms);
  system.settle();
  CHECK(system.by_hand().next_due() == system.clock.at() + 10ms);
  system.pass(9ms);
  CHECK(log.empty());
  system.pass(1ms);
  CHECK(log == lines{"10: tick of 10 ms"});
  system.pass(1h);
  CHECK(log == lines{"10: tick of 10 ms", "20: tick of 20 ms", "30: tick of 30 ms"});
  end(one);
  end(other);
  system.settle();
}

TEST_CASE("timers of the event loop are served in virtual time, and off the loops it is the same") {
  test_system system{{scheduler_kind::cranked, 1}};
  auto began = system.clock.at();
  CHECK(system->clock().now() == began);
  time_point rang;
  ringdown::edge::io_loop::timer bell{system.by_hand().io(0)};
  bell.call_after(250ms, [&] { rang = system.loop(0).now(); });
  system.pass(249ms);
  CHECK(rang == time_point{});
  system.pass(1s);
  CHECK(rang == began + 250ms);
  CHECK(system->clock().now() == began + 1249ms);
}

TEST_CASE("a turn ends when its time is over, and the rest waits for the next one") {
  test_system system{{scheduler_kind::cranked, 1}};
  lines log;
  std::vector<pinned_ref<caf::actor>> all;
  for (int i = 0; i < 40; ++i)
    all.push_back(spawn_scribe(system, 0, log));
  system.clock.reading_takes = [] { return defaults::turn_budget; };
  for (auto& one : all)
    caf::anon_send(one.handle(), 1);
  CHECK(system.loop(0).turn());
  CHECK(log.size() == 1);
  CHECK(system.loop(0).turn());
  CHECK(log.size() == 2);
  system.clock.reading_takes = nullptr;
  CHECK(system.loop(0).turn());
  CHECK(log.size() == all.size());
  for (auto& one : all)
    end(one);
  system.settle();
}

TEST_CASE("a loop's turn may come in the middle of another's, as if that were interrupted") {
  test_system system{{scheduler_kind::cranked, 2}};
  lines log;
  auto one = spawn_scribe(system, 0, log);
  auto other = spawn_scribe(system, 1, log);
  system.by_hand().io(0).call([&] {
    deliver(other, 1);
    system.loop(0).post([] {});
    CHECK_FALSE(
      system.by_hand().interrupt_for(1)); // what goes to another loop leaves with the turn
    system.by_hand().io(1).call([&] { deliver(other, 2); });
    CHECK(system.by_hand().interrupt_for(1));
    CHECK_FALSE(system.by_hand().interrupt_for(0));
    CHECK(actor_loop::current() == &system.loop(0));
    deliver(one, 3);
  });
  CHECK(system.loop(0).turn());
  CHECK(log == lines{"0: 3"});
  system.settle();
  CHECK(log == lines{"0: 3", "0: 1", "0: 2"}); // other's mail was in order
  end(one);
  end(other);
  system.settle();
}

TEST_CASE("a turn cannot be made of a loop that has a thread, or within another turn") {
  test_system threads{{scheduler_kind::plain, 1}};
  CHECK_THROWS_AS(threads.loop(0).turn(), std::logic_error);
  test_system system{{scheduler_kind::cranked, 2}};
  system.by_hand().io(0).call([&] {
    CHECK_THROWS_AS(system.loop(0).turn(), std::logic_error);
    CHECK_THROWS_AS(system.loop(1).turn(), std::logic_error);
  });
  CHECK(system.loop(0).turn());
}

// ---- the end -------------------------------------------------------------------------------

namespace {

/// Counts those that live.
struct life {
  explicit life(int* count) : count_(count) { ++*count_; }
  life(const life&) = delete;
  ~life() { --*count_; }
  int* count_;
};

class sleeper : public pinned_event_based_actor {
public:
  sleeper(caf::actor_config& config, home where, int* living)
    : pinned_to_home(config, where), life_(living) {}

protected:
  caf::behavior make_behavior() override {
    delayed_send(this, 1h, caf::tick_atom::value);
    return {[](caf::tick_atom) {}, [](int) {}};
  }

private:
  life life_;
};

} // namespace

TEST_CASE("a cranked scheduler stops with timers and messages left, and frees what they held") {
  int living = 0;
  bool ran = false;
  {
    test_system system{{scheduler_kind::cranked, 2}};
    for (std::size_t i = 0; i < 2; ++i)
      system->spawn<sleeper>(home::at(*system, i), &living);
    system.settle();
    auto unread = system->spawn<sleeper>(home::at(*system, 1), &living);
    caf::anon_send(unread, 1);
    system.loop(0).post([&] { ran = true; });
    CHECK(living == 3);
  }
  CHECK(living == 0);
  CHECK(ran); // its owner makes the last turns, as a thread would
}

TEST_CASE("a cranked scheduler stops while the ticks of an actor go on") {
  test_system system{{scheduler_kind::cranked, 1}};
  system->spawn(
    [](caf::event_based_actor* self, int) -> caf::behavior {
      self->send(self, caf::tick_atom::value);
      return {[self](caf::tick_atom) { self->delayed_send(self, 1ms, caf::tick_atom::value); }};
    },
    0);
  system.pass(10ms);
}
