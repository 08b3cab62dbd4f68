// Pinned typed actors are ordinary CAF actors: the same conversation on every scheduler.
#include "actors/runtime/pinned.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_behavior.hpp>

#include <catch2/catch.hpp>

#include <vector>

using namespace ringdown::runtime;
using namespace ringdown::test;

namespace {

using numbers = std::vector<int>;

// Remembers what it is told.
using recorder = caf::typed_actor<caf::reacts_to<int>,                           // remember
                                  caf::replies_to<caf::get_atom>::with<numbers>, // all so far
                                  caf::reacts_to<caf::tick_atom>>;               // remember -1

struct recorder_state {
  numbers seen;
  int strays = 0; // handlers that did not run at home
  static inline const char* name = "recorder";
};

recorder::behavior_type run_recorder(pinned_pointer<recorder, recorder_state> self) {
  const auto remember = [self](int x) {
    self->state.seen.push_back(x);
    if (self->where() && !self->where().is_current())
      self->state.seen.push_back(-1000);
  };
  return {remember, [self](caf::get_atom) { return self->state.seen; },
          [remember](caf::tick_atom) { remember(-1); }};
}

// The same as a class, with a delayed message and a receive timeout of its own.
class ticking_recorder : public pinned_actor<recorder> {
public:
  using pinned_actor<recorder>::pinned_actor;

protected:
  behavior_type make_behavior() override {
    delayed_send(this, 20ms, caf::tick_atom::value);
    return {[this](int x) { seen_.push_back(x); }, [this](caf::get_atom) { return seen_; },
            [this](caf::tick_atom) { seen_.push_back(-1); }};
  }

private:
  numbers seen_;
};

// One behavior for all of them. Told a number, each passes it on to the next, first half of the
// time before and half of the time after it remembers it.
class sharing_recorder : public pinned_actor<recorder> {
public:
  sharing_recorder(caf::actor_config& config, home where, pinned_ref<recorder> next)
    : pinned_to_home(config, where), next_(std::move(next)) {}

protected:
  behavior_type make_behavior() override {
    auto self = []() -> sharing_recorder& { return static_cast<sharing_recorder&>(handling()); };
    static const behavior_type of_all{
      [self](int x) { self().remember(x); },
      [self](caf::get_atom) { return self().seen_; },
      [self](caf::tick_atom) { self().remember(-1); },
    };
    return of_all;
  }

private:
  void remember(int x) {
    if (x % 2 == 0)
      deliver(next_, x + 2);
    seen_.push_back(x);
    if (x % 2 != 0)
      deliver(next_, x + 2);
  }

  pinned_ref<recorder> next_;
  numbers seen_;
};

auto every_scheduler() {
  return GENERATE(values<scenario>({{scheduler_kind::epoll, 1},
                                    {scheduler_kind::epoll, 2},
                                    {scheduler_kind::epoll, 4},
                                    {scheduler_kind::plain, 2},
                                    {scheduler_kind::stock, 2},
                                    {scheduler_kind::testing, 1},
                                    {scheduler_kind::cranked, 1},
                                    {scheduler_kind::cranked, 2}}));
}

} // namespace

TEST_CASE("a pinned typed actor hears its messages in order and at home") {
  const auto where = every_scheduler();
  CAPTURE(where);
  test_system system{where};
  for (size_t i = 0; i < where.loops; ++i) {
    const auto actor = spawn_at(*system, home::at(*system, i), run_recorder);
    numbers expected;
    for (int k = 0; k < 500; ++k) {
      caf::anon_send(actor, k);
      expected.push_back(k);
    }
    CHECK(system.ask<numbers>(actor, caf::get_atom::value) == expected);
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }
  system.settle();
}

TEST_CASE("a pinned actor has the home it was given, its spawner's, or any") {
  const auto where = every_scheduler();
  CAPTURE(where);
  test_system system{where};
  const auto home_of = [](const recorder& actor) { return pinned_ref{actor}.pinned()->where(); };
  const auto last = home::at(*system, where.loops - 1);
  CHECK(static_cast<bool>(last) == where.on_loops());
  const auto given = spawn_at(*system, last, run_recorder);
  CHECK(home_of(given) == last);
  const auto any = system->spawn<ticking_recorder>();
  CHECK(static_cast<bool>(home_of(any)) == where.on_loops());
  if (where.on_loops() && !where.is_virtual()) {
    const auto inherited = on_loop(*last.loop(), [&] { return system->spawn<ticking_recorder>(); });
    CHECK(home_of(inherited) == last);
    const auto detached = system->spawn<ticking_recorder, caf::detached>(last);
    CHECK_FALSE(home_of(detached));
    caf::anon_send(detached, 7);
    CHECK(eventually([&] {
      return system.ask<numbers>(detached, caf::get_atom::value) == numbers{7, -1};
    }));
    caf::anon_send_exit(detached, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(inherited, caf::exit_reason::user_shutdown);
  }
  caf::anon_send_exit(given, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(any, caf::exit_reason::user_shutdown);
  system.settle();
}

TEST_CASE("a home of another actor system is refused") {
  test_system one{{scheduler_kind::plain, 1}};
  test_system other{{scheduler_kind::plain, 1}};
  test_system stock{{scheduler_kind::stock, 1}};
  CHECK_THROWS_AS(spawn_at(*one, home::at(*other, 0), run_recorder), std::logic_error);
  CHECK_THROWS_AS(spawn_at(*stock, home::at(*other, 0), run_recorder), std::logic_error);
}

TEST_CASE("a pinned actor's delayed message comes back to it") {
  const auto where = every_scheduler();
  CAPTURE(where);
  test_system system{where};
  const auto actor = system->spawn<ticking_recorder>(home::next(*system));
  caf::anon_send(actor, 1);
  system.settle();
  system.pass(20ms);
  CHECK(eventually([&] {
    return system.ask<numbers>(actor, caf::get_atom::value) == numbers{1, -1};
  }));
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  system.settle();
}

TEST_CASE("deliver keeps the order of one caller on every scheduler") {
  const auto where = every_scheduler();
  CAPTURE(where);
  test_system system{where};
  const auto actor = pinned_ref{spawn_at(*system, home::at(*system, 0), run_recorder)};
  numbers expected;
  for (int k = 0; k < 300; ++k) {
    if (k % 3 == 0)
      caf::anon_send(actor.handle(), k);
    else
      deliver(actor, k);
    expected.push_back(k);
  }
  CHECK(system.ask<numbers>(actor.handle(), caf::get_atom::value) == expected);
  caf::anon_send_exit(actor.handle(), caf::exit_reason::user_shutdown);
  system.settle();
}

TEST_CASE("deliver reaches an actor that is not pinned, and ignores no actor") {
  const auto where = every_scheduler();
  CAPTURE(where);
  std::atomic<int> heard{0};
  test_system system{where};
  // The argument keeps CAF from dereferencing a null pointer to no arguments.
  const auto plain = system->spawn(
    [](caf::event_based_actor*, std::atomic<int>* sum) -> caf::behavior {
      return {[sum](int x) { *sum += x; }};
    },
    &heard);
  deliver(pinned_ref{plain}, 5);
  deliver(pinned_ref<caf::actor>{}, 7);
  system.settle();
  CHECK(eventually([&] { return heard == 5; }));
  caf::anon_send_exit(plain, caf::exit_reason::user_shutdown);
  system.settle();
}

TEST_CASE("actors that share their behavior each hear their own messages") {
  const auto where = every_scheduler();
  CAPTURE(where);
  test_system system{where};
  std::vector<pinned_ref<recorder>> chain(1);
  for (size_t i = 0; i < 4; ++i) // some at one home, some apart
    chain.push_back(
      recorder{system->spawn<sharing_recorder>(home::at(*system, i / 2), chain.back())});
  numbers expected;
  for (int k = 0; k < 200; ++k) {
    caf::anon_send(chain.back().handle(), k);
    expected.push_back(k);
  }
  for (auto one = chain.rbegin(); *one; ++one) {
    CHECK(eventually(
      [&] { return system.ask<numbers>(one->handle(), caf::get_atom::value) == expected; }));
    for (auto& x : expected)
      x += 2;
  }
  for (auto& one : chain)
    if (one)
      caf::anon_send_exit(one.handle(), caf::exit_reason::user_shutdown);
  system.settle();
}
