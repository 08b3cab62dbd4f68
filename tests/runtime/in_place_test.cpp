// The rules of delivery in place: nothing is overtaken, nothing is entered twice, and an actor that
// ends, however it ends, ends as if it had been resumed.
#include "actors/runtime/pinned.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_behavior.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

// A batch as the edge makes it: shared memory that never leaves the process.
struct batch {
  std::vector<int> items;
};
using batch_ptr = std::shared_ptr<const batch>;
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(batch_ptr)

using namespace ringdown::runtime;
using namespace ringdown::test;
using ringdown::edge::io_loop;

namespace {

using numbers = std::vector<int>;
using scripted = caf::typed_actor<caf::reacts_to<int>, caf::reacts_to<batch_ptr>>;

class scripted_actor;
using script = std::function<void(scripted_actor&, int)>;

// Does what a script says for each message; everything happens on its home, so plain members will
// do.
class scripted_actor : public pinned_actor<scripted> {
public:
  scripted_actor(caf::actor_config& config, home where, script on_message)
    : pinned_actor<scripted>(config, where), on_message_(std::move(on_message)) {}

protected:
  behavior_type make_behavior() override {
    return {[this](int x) { on_message_(*this, x); },
            [this](const batch_ptr& b) {
              for (int x : b->items)
                on_message_(*this, x);
            }};
  }

private:
  script on_message_;
};

// What the actors write to is declared before it, handles to them after it.
struct fixture {
  explicit fixture(size_t loops = 1) : system{{scheduler_kind::epoll, loops}} {}

  home at(size_t loop = 0) { return home::at(*system, loop); }

  template <caf::spawn_options Options = caf::no_spawn_options>
  pinned_ref<scripted> spawn(script s, size_t loop = 0) {
    return {system->spawn<scripted_actor, Options>(at(loop), std::move(s))};
  }

  // Spawns an actor that appends to `log` and waits until it is idle.
  pinned_ref<scripted> spawn_idle(script s, size_t loop = 0) {
    auto actor = spawn(std::move(s), loop);
    wait_until_idle(actor);
    return actor;
  }

  void wait_until_idle(const pinned_ref<scripted>& actor) {
    auto* pinned = actor.pinned();
    REQUIRE(eventually([&] {
      return on_loop(*pinned->where().loop(), [&] { return pinned->may_activate_in_place(); });
    }));
  }

  // Runs `f` on the first loop.
  template <class F>
  auto run(F f) {
    return on_loop(system.loop(0), std::move(f));
  }

  caf::error exit_of(const pinned_ref<scripted>& actor) {
    caf::scoped_actor self{*system};
    self->monitor(actor.handle());
    caf::error reason;
    self->receive([&](caf::down_msg& down) { reason = down.reason; },
                  caf::after(patience) >> [] { FAIL("no down message"); });
    return reason;
  }

  test_system system;
};

} // namespace

TEST_CASE("an idle actor at home is activated before deliver returns") {
  numbers log;
  fixture f;
  const auto actor = f.spawn_idle([&](scripted_actor&, int x) { log.push_back(x); });
  const auto seen = f.run([&] {
    for (int k = 0; k < 5; ++k) {
      if (!try_deliver_in_place(actor, k))
        log.push_back(-1);
    }
    return log;
  });
  CHECK(seen == numbers{0, 1, 2, 3, 4});
  CHECK(f.system.loop(0).stats().in_place == 5);
}

TEST_CASE("a batch that CAF cannot copy to another node is delivered in place") {
  numbers log;
  fixture f;
  const auto actor = f.spawn_idle([&](scripted_actor&, int x) { log.push_back(x); });
  const batch_ptr b = std::make_shared<batch>(batch{{3, 4, 5}});
  CHECK(f.run([&] { return try_deliver_in_place(actor, b); }));
  CHECK(f.run([&] { return log; }) == numbers{3, 4, 5});
  CHECK(b.use_count() == 1);
}

TEST_CASE("a delivery does not overtake a message that was sent before") {
  numbers log;
  fixture f;
  const auto actor = f.spawn_idle([&](scripted_actor&, int x) { log.push_back(x); });
  const auto in_place = f.run([&] {
    caf::anon_send(actor.handle(), 1);
    return try_deliver_in_place(actor, 2);
  });
  CHECK_FALSE(in_place);
  f.wait_until_idle(actor);
  CHECK(f.run([&] { return log; }) == numbers{1, 2});
}

TEST_CASE("an actor that has not started yet is not run in place, and hears the message") {
  numbers log;
  fixture f;
  pinned_ref<scripted> actor;
  const auto in_place = f.run([&] {
    actor = f.spawn([&](scripted_actor&, int x) { log.push_back(x); });
    return try_deliver_in_place(actor, 1);
  });
  CHECK_FALSE(in_place);
  f.wait_until_idle(actor);
  CHECK(f.run([&] { return log; }) == numbers{1});
}

TEST_CASE("a lazily spawned actor starts in place") {
  numbers log;
  fixture f;
  const auto actor = f.spawn<caf::lazy_init>([&](scripted_actor&, int x) { log.push_back(x); });
  CHECK(f.run([&] { return try_deliver_in_place(actor, 1); }));
  CHECK(f.run([&] { return log; }) == numbers{1});
}

TEST_CASE("from another loop or a foreign thread a delivery takes the mailbox") {
  numbers log;
  fixture f{2};
  const auto actor = f.spawn_idle([&](scripted_actor&, int x) { log.push_back(x); }, 1);
  CHECK_FALSE(try_deliver_in_place(actor, 1));
  CHECK_FALSE(f.run([&] { return try_deliver_in_place(actor, 2); }));
  CHECK(eventually([&] {
    return on_loop(f.system.loop(1), [&] { return log; }) == numbers{1, 2};
  }));
}

TEST_CASE("an actor is never entered while it runs") {
  numbers log;
  fixture f;
  pinned_ref<scripted> first;
  pinned_ref<scripted> second;
  // The first calls the second, which calls back: that must wait until the first has returned.
  first = f.spawn_idle([&](scripted_actor&, int x) {
    log.push_back(x);
    if (x == 1) {
      deliver(first, 4); // to itself
      CHECK(try_deliver_in_place(second, 2));
    }
    log.push_back(-x);
  });
  second = f.spawn_idle([&](scripted_actor&, int x) {
    log.push_back(x);
    CHECK_FALSE(try_deliver_in_place(first, 3));
    log.push_back(-x);
  });
  CHECK(f.run([&] { return try_deliver_in_place(first, 1); }));
  f.wait_until_idle(first);
  CHECK(f.run([&] { return log; }) == numbers{1, 2, -2, -1, 4, -4, 3, -3});
  f.run([&] { first = second = {}; });
}

TEST_CASE("an actor resumed from its mailbox is not entered in place either") {
  numbers log;
  fixture f;
  pinned_ref<scripted> actor;
  actor = f.spawn_idle([&](scripted_actor&, int x) {
    log.push_back(x);
    if (x < 3)
      CHECK_FALSE(try_deliver_in_place(actor, x + 1));
    log.push_back(-x);
  });
  caf::anon_send(actor.handle(), 1);
  CHECK(eventually([&] { return f.run([&] { return log.size(); }) == 6; }));
  CHECK(f.run([&] { return log; }) == numbers{1, -1, 2, -2, 3, -3});
  f.run([&] { actor = {}; });
}

TEST_CASE("a chain of deliveries is cut before the stack is too deep, and arrives") {
  constexpr int length = 1000;
  int depth = 0;
  int depth_max = 0;
  int arrived = 0;
  fixture f;
  std::vector<pinned_ref<scripted>> chain(length);
  for (size_t i = 0; i < length; ++i)
    chain[i] = f.spawn_idle([&, i](scripted_actor&, int x) {
      depth_max = std::max(depth_max, ++depth);
      ++arrived;
      if (i + 1 < length)
        deliver(chain[i + 1], x);
      --depth;
    });
  f.run([&] { deliver(chain[0], 1); });
  CHECK(eventually([&] { return f.run([&] { return arrived; }) == length; }));
  // One more than the bound: an actor from the run queue can be below the nested ones.
  CHECK(depth_max <= static_cast<int>(defaults::in_place_depth_max) + 1);
}

TEST_CASE("an actor that quits in place ends as if it had been resumed") {
  numbers log;
  int ends = 0;
  fixture f;
  const auto actor = f.spawn_idle([&](scripted_actor& self, int x) {
    log.push_back(x);
    if (x == 1) {
      caf::anon_send(scripted{&self}, 2); // dropped with the mailbox
      self.attach_functor([&] { ++ends; });
      self.quit(caf::exit_reason::user_shutdown);
    }
  });
  CHECK(f.run([&] { return try_deliver_in_place(actor, 1); }));
  CHECK(f.exit_of(actor) == caf::exit_reason::user_shutdown);
  CHECK(f.run([&] { return ends; }) == 1);
  // To a dead actor everything is dropped, by whichever way.
  CHECK_FALSE(f.run([&] { return try_deliver_in_place(actor, 3); }));
  deliver(actor, 4);
  CHECK(f.run([&] { return log; }) == numbers{1});
  f.system->await_all_actors_done();
}

TEST_CASE("an exception in place ends the actor and not its caller") {
  fixture f;
  const auto actor =
    f.spawn_idle([&](scripted_actor&, int) { throw std::runtime_error("in place"); });
  bool went_on = false;
  CHECK(f.run([&] {
    const bool in_place = try_deliver_in_place(actor, 1);
    went_on = true;
    return in_place;
  }));
  CHECK(went_on);
  CHECK(f.exit_of(actor) == caf::sec::runtime_error);
  f.system->await_all_actors_done();
}

TEST_CASE("an exception that is not a std::exception ends the actor as well") {
  fixture f;
  const auto actor = f.spawn_idle([&](scripted_actor&, int) { throw 5; });
  CHECK(f.run([&] { return try_deliver_in_place(actor, 1); }));
  CHECK(f.exit_of(actor) == caf::sec::runtime_error);
}

namespace {

// Misbehaves where CAF lets an exception through: at its end, or before its first message.
class rude_actor : public pinned_actor<scripted> {
public:
  rude_actor(caf::actor_config& config, home where, bool at_start)
    : pinned_actor<scripted>(config, where), at_start_(at_start) {}

  void on_exit() override {
    if (!at_start_)
      throw std::runtime_error("on_exit");
  }

protected:
  behavior_type make_behavior() override {
    if (at_start_)
      throw std::runtime_error("make_behavior");
    return {[this](int) { quit(); }, [](const batch_ptr&) {}};
  }

private:
  bool at_start_;
};

} // namespace

TEST_CASE("an exception in on_exit or make_behavior ends the actor and nothing else") {
  fixture f;
  const bool in_place = GENERATE(true, false);
  const bool at_start = GENERATE(true, false);
  CAPTURE(in_place, at_start);
  const pinned_ref<scripted> actor{f.system->spawn<rude_actor, caf::lazy_init>(f.at(), at_start)};
  if (in_place)
    CHECK(f.run([&] { return try_deliver_in_place(actor, 1); }));
  else
    caf::anon_send(actor.handle(), 1);
  f.system->await_all_actors_done();
  const auto reason = f.exit_of(actor);
  // What CAF could not catch ends with the reason of the quit or with runtime_error: never
  // silently.
  CHECK((reason == caf::sec::runtime_error || !reason));
  CHECK(f.run([] { return true; })); // the loop lives
}

TEST_CASE("a handler may drop the last reference to its own actor") {
  numbers log;
  const auto guard = std::make_shared<int>(0);
  fixture f;
  pinned_ref<scripted> actor;
  actor = f.spawn_idle([&, guard](scripted_actor& self, int x) {
    self.quit();
    actor = {};
    log.push_back(x + *guard);
  });
  CHECK(f.run([&] { return try_deliver_in_place(actor, 1); }));
  CHECK(f.run([&] { return log; }) == numbers{1});
  CHECK(eventually([&] { return guard.use_count() == 1; }));
}

namespace {

// Puts odd numbers aside until it hears 0.
class skipping_actor : public pinned_event_based_actor {
public:
  skipping_actor(caf::actor_config& config, home where, numbers* log)
    : pinned_event_based_actor(config, where), log_(log) {}

protected:
  caf::behavior make_behavior() override {
    set_default_handler(caf::skip);
    return {[this](int x) -> caf::result<void> {
      if (x % 2 != 0 && !open_)
        return caf::skip();
      open_ = open_ || x == 0;
      log_->push_back(x);
      return caf::unit;
    }};
  }

private:
  numbers* log_;
  bool open_ = false;
};

} // namespace

TEST_CASE("a message that is skipped in place is put aside, and not lost or overtaken") {
  numbers log;
  fixture f;
  const pinned_ref<caf::actor> actor{f.system->spawn<skipping_actor>(f.at(), &log)};
  const auto send = [&](int x) { f.run([&] { deliver(actor, x); }); };
  for (int x : {2, 1, 4, 3, 0, 5})
    send(x);
  CHECK(eventually([&] { return f.run([&] { return log.size(); }) == 6; }));
  CHECK(f.run([&] { return log; }) == numbers{2, 4, 0, 1, 3, 5});
}

TEST_CASE("what runs in place from an I/O handler sees the time of its own turn") {
  time_point seen;
  fixture f;
  const auto actor =
    f.spawn_idle([&](scripted_actor& self, int) { seen = self.home_system().clock().now(); });
  for (int k = 0; k < 20; ++k) {
    REQUIRE(f.run([] { return true; }));
    const auto before = clock_type::now();
    std::promise<void> done;
    std::unique_ptr<io_loop::timer> handler;
    f.run([&] {
      handler = std::make_unique<io_loop::timer>(io_loop::of(f.system.loop(0)));
      handler->call_after(std::chrono::nanoseconds{0}, [&] {
        deliver(actor, 1);
        done.set_value();
      });
    });
    REQUIRE(done.get_future().wait_for(patience) == std::future_status::ready);
    f.run([&] { handler.reset(); });
    CHECK(seen >= before);
  }
}
