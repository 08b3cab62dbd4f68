// Calls in place without CAF's matching: the same rules as delivery in place, and the same ends.
#include "actors/runtime/pinned.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/send.hpp>
#include <caf/typed_behavior.hpp>

#include <catch2/catch.hpp>

#include <stdexcept>
#include <vector>

using namespace ringdown::runtime;
using namespace ringdown::test;

namespace {

using numbers = std::vector<int>;
using worker = caf::typed_actor<caf::reacts_to<int>>;
using worker_ref = callable_ref<worker, int>;

class worker_impl;
using script = std::function<void(worker_impl&, int)>;

// Does what a script says, whichever way a number comes.
class worker_impl final : public pinned_actor<worker>, public callable_in_place<int> {
public:
  worker_impl(caf::actor_config& config, home where, script on_number)
    : pinned_actor<worker>(config, where), on_number_(std::move(on_number)) {}

  void handle(int& x) override { on_number_(*this, x); }
  void fetch_ahead(int& x, unsigned step) const noexcept override {
    x = 10 * x + static_cast<int>(step) + 1;
  }
  void on_exit() override { on_number_ = nullptr; }

protected:
  behavior_type make_behavior() override {
    return {[this](int x) { handle(x); }};
  }

private:
  script on_number_;
};

class plain_impl final : public pinned_actor<worker> {
public:
  using pinned_actor<worker>::pinned_actor;

protected:
  behavior_type make_behavior() override {
    return {[](int) {}};
  }
};

struct fixture {
  explicit fixture(size_t loops = 1) : system{{scheduler_kind::epoll, loops}} {}

  template <caf::spawn_options Options = caf::no_spawn_options>
  worker_ref spawn(script s, size_t loop = 0) {
    return worker_ref{system->spawn<worker_impl, Options>(home::at(*system, loop), std::move(s))};
  }
  worker_ref spawn_idle(script s, size_t loop = 0) {
    auto actor = spawn(std::move(s), loop);
    auto* pinned = actor.ref().pinned();
    REQUIRE(eventually([&] {
      return on_loop(*pinned->where().loop(), [&] { return pinned->may_activate_in_place(); });
    }));
    return actor;
  }
  template <class F>
  auto run(F f) {
    return on_loop(system.loop(0), std::move(f));
  }
  bool call(const worker_ref& actor, int x) {
    return run([&] { return actor.try_call(x); });
  }
  caf::error exit_of(const worker_ref& actor) {
    caf::scoped_actor self{*system};
    self->monitor(actor.ref().handle());
    caf::error reason;
    self->receive([&](caf::down_msg& down) { reason = down.reason; },
                  caf::after(patience) >> [] { FAIL("no down message"); });
    return reason;
  }

  test_system system;
};

} // namespace

TEST_CASE("a handle that was told its actor's class calls as one that looked for it") {
  numbers log;
  fixture f;
  auto looked = f.spawn_idle([&](worker_impl&, int x) { log.push_back(x); });
  auto told = worker_ref::of<worker_impl>(looked.handle());
  CHECK(told.ref().pinned() == looked.ref().pinned());
  CHECK(f.call(looked, 1));
  CHECK(f.call(told, 2));
  CHECK(log == numbers{1, 2});
}

TEST_CASE("an idle actor at home is called, and counted, before the call returns") {
  numbers log;
  fixture f;
  const auto actor = f.spawn_idle([&](worker_impl&, int x) { log.push_back(x); });
  for (int x = 0; x < 5; ++x)
    CHECK(f.call(actor, x));
  CHECK(f.run([&] { return log; }) == numbers{0, 1, 2, 3, 4});
  CHECK(f.system.loop(0).stats().in_place == 5);
}

TEST_CASE("an actor without that function, and none, are not called") {
  fixture f;
  const worker_ref plain{f.system->spawn<plain_impl>(home::at(*f.system, 0))};
  CHECK_FALSE(f.call(plain, 1));
  CHECK(plain);
  plain.prefetch(5);
  CHECK_FALSE(f.call(worker_ref{}, 1));
  CHECK_FALSE(worker_ref{});
  worker_ref{}.prefetch(5);
}

TEST_CASE("an actor is told at home alone what it will be called with") {
  fixture f{2};
  const auto near = f.spawn_idle([](worker_impl&, int) { FAIL("called"); });
  const auto far = f.spawn_idle([](worker_impl&, int) { FAIL("called"); }, 1);
  const worker_ref plain{f.system->spawn<plain_impl>(home::at(*f.system, 0))};
  int seen = 0;
  f.run([&] {
    for (auto* to : {&near, &far, &plain})
      for (unsigned step = 0; step < worker_ref::fetch_steps; ++step)
        to->fetch_ahead(seen, step);
    worker_ref{}.fetch_ahead(seen, 0);
  });
  CHECK(seen == 123); // the first step is the handle's own
}

TEST_CASE("an actor that has not begun is not called") {
  numbers log;
  fixture f;
  const auto actor = f.spawn<caf::lazy_init>([&](worker_impl&, int x) { log.push_back(x); });
  CHECK_FALSE(f.call(actor, 1));
  CHECK(f.run([&] { return try_deliver_in_place(actor.ref(), 2); }));
  CHECK(f.call(actor, 3));
  CHECK(f.run([&] { return log; }) == numbers{2, 3});
}

TEST_CASE("a call does not overtake a message that was sent before") {
  numbers log;
  fixture f;
  const auto actor = f.spawn_idle([&](worker_impl&, int x) { log.push_back(x); });
  const bool called = f.run([&] {
    caf::anon_send(actor.ref().handle(), 1);
    int second = 2;
    const bool called_at_once = actor.try_call(second);
    deliver(actor.ref(), 2);
    return called_at_once;
  });
  CHECK_FALSE(called);
  CHECK(eventually([&] { return f.run([&] { return log; }) == numbers{1, 2}; }));
}

TEST_CASE("an actor is not called from elsewhere") {
  fixture f{2};
  const auto actor = f.spawn_idle([](worker_impl&, int) { FAIL("called"); }, 1);
  int x = 1;
  CHECK_FALSE(actor.try_call(x));
  CHECK_FALSE(f.call(actor, 1));
}

TEST_CASE("an actor is not called while it runs, however it was begun") {
  numbers log;
  fixture f;
  worker_ref actor;
  actor = f.spawn_idle([&](worker_impl&, int x) {
    log.push_back(x);
    CHECK_FALSE(actor.try_call(x));
    if (x == 1)
      CHECK_FALSE(try_deliver_in_place(actor.ref(), 2)); // from its mailbox, then
    log.push_back(-x);
  });
  CHECK(f.call(actor, 1));
  CHECK(eventually([&] { return f.run([&] { return log.size(); }) == 4; }));
  CHECK(f.run([&] { return log; }) == numbers{1, -1, 2, -2});
  f.run([&] { actor = {}; });
}

TEST_CASE("an actor that quits in a call ends as if it had been resumed") {
  int ends = 0;
  fixture f;
  const auto actor = f.spawn_idle([&](worker_impl& self, int) {
    self.attach_functor([&] { ++ends; });
    self.quit(caf::exit_reason::user_shutdown);
  });
  CHECK(f.call(actor, 1));
  CHECK(f.exit_of(actor) == caf::exit_reason::user_shutdown);
  CHECK(f.run([&] { return ends; }) == 1);
  CHECK_FALSE(f.call(actor, 2));
  f.system->await_all_actors_done();
}

TEST_CASE("an exception in a call ends the actor and not its caller") {
  int kind = GENERATE(1, 2);
  bool went_on = false;
  fixture f;
  const auto actor = f.spawn_idle([](worker_impl&, int x) {
    if (x == 1)
      throw std::runtime_error("in a call");
    throw 42; // NOLINT: anything may be thrown
  });
  f.run([&] {
    CHECK(actor.try_call(kind));
    went_on = true;
  });
  CHECK(went_on);
  CHECK(f.exit_of(actor) == caf::sec::runtime_error);
  CHECK_FALSE(f.call(actor, 1));
  f.system->await_all_actors_done();
}
