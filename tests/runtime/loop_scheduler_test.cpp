// The contract with CAF: every kind of actor and every service of the framework works on loops.
#include "actors/runtime/loop_scheduler.hpp"
#include "actors/runtime/pinned.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/after.hpp>
#include <caf/blocking_actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

using namespace ringdown::runtime;
using namespace ringdown::test;

namespace {

auto every_threaded_scheduler() {
  return GENERATE(values<scenario>({{scheduler_kind::epoll, 1},
                                    {scheduler_kind::epoll, 2},
                                    {scheduler_kind::epoll, 4},
                                    {scheduler_kind::plain, 1},
                                    {scheduler_kind::plain, 2},
                                    {scheduler_kind::stock, 2}}));
}

auto every_loop_scheduler() {
  return GENERATE(values<scenario>({{scheduler_kind::epoll, 1},
                                    {scheduler_kind::epoll, 2},
                                    {scheduler_kind::epoll, 4},
                                    {scheduler_kind::plain, 2}}));
}

// A function-based actor. Each takes an argument: CAF dereferences a null pointer to no arguments.

caf::behavior echo(caf::event_based_actor*, int add) {
  return {[add](int x) { return x + add; }};
}

using adder = caf::typed_actor<caf::replies_to<int>::with<int>>;

adder::behavior_type typed_echo(adder::pointer, int add) {
  return {[add](int x) { return x + add; }};
}

void blocking_echo(caf::blocking_actor* self, int add) {
  self->receive([add](int x) { return x + add; });
}

// Never idle: it always has another message to itself.
caf::behavior endless(caf::event_based_actor* self, std::atomic<uint64_t>* runs) {
  self->send(self, caf::tick_atom::value);
  return {[=](caf::tick_atom) {
    ++*runs;
    self->send(self, caf::tick_atom::value);
  }};
}

caf::behavior counter(caf::event_based_actor*, std::atomic<uint64_t>* sum) {
  return {[sum](int) { ++*sum; }};
}

void end(const caf::actor& actor) {
  caf::anon_send_exit(actor, caf::exit_reason::kill);
}

} // namespace

TEST_CASE("scoped, event-based, typed, detached and blocking actors talk to each other") {
  const auto where = every_threaded_scheduler();
  CAPTURE(where);
  test_system system{where};
  const auto floating = system->spawn(echo, 1);
  const auto typed = system->spawn(typed_echo, 2);
  const auto detached = system->spawn<caf::detached>(echo, 3);
  const auto blocking = system->spawn<caf::detached>(blocking_echo, 4);
  CHECK(system.ask<int>(floating, 10) == 11);
  CHECK(system.ask<int>(typed, 10) == 12);
  CHECK(system.ask<int>(detached, 10) == 13);
  CHECK(system.ask<int>(blocking, 10) == 14);
  for (const auto& actor : {floating, detached})
    end(actor);
  caf::anon_send_exit(typed, caf::exit_reason::kill);
  system->await_all_actors_done();
}

TEST_CASE("delayed messages arrive in the order of their times") {
  const auto where = every_threaded_scheduler();
  CAPTURE(where);
  test_system system{where};
  caf::scoped_actor self{*system};
  const caf::actor boss{self};
  const auto sleeper = [](caf::event_based_actor* me, caf::actor to) -> caf::behavior {
    for (int k : {3, 1, 2})
      me->delayed_send(me, k * 5ms, k);
    return {[=](int k) { me->send(to, k); }};
  };
  const auto actor = system->spawn(sleeper, boss);
  caf::delayed_anon_send(boss, 20ms, 4); // from a foreign thread
  std::vector<int> order;
  for (int k = 0; k < 4; ++k)
    self->receive([&](int x) { order.push_back(x); },
                  caf::after(patience) >> [] { FAIL("no delayed message"); });
  // The fourth waits on its own: its order to the third is not promised.
  order.erase(std::find(order.begin(), order.end(), 4));
  CHECK(order == std::vector<int>{1, 2, 3});
  end(actor);
}

TEST_CASE("a delayed message is never early") {
  const auto where = every_threaded_scheduler();
  CAPTURE(where);
  test_system system{where};
  caf::scoped_actor self{*system};
  for (auto delay : {1ms, 7ms, 30ms}) {
    const auto before = clock_type::now();
    caf::delayed_anon_send(caf::actor{self}, delay, 1);
    self->receive([&](int) { CHECK(clock_type::now() - before >= delay); },
                  caf::after(patience) >> [] { FAIL("no delayed message"); });
  }
}

TEST_CASE("a receive timeout fires once nothing was heard, and again after each message") {
  const auto where = every_threaded_scheduler();
  CAPTURE(where);
  test_system system{where};
  caf::scoped_actor self{*system};
  const auto waiter = [](caf::event_based_actor* me, caf::actor to) -> caf::behavior {
    return {[](int) {}, caf::after(5ms) >> [=] { me->send(to, caf::tick_atom::value); }};
  };
  const auto actor = system->spawn(waiter, caf::actor{self});
  for (int k = 0; k < 3; ++k) {
    caf::anon_send(actor, 1);
    self->receive([](caf::tick_atom) {},
                  caf::after(patience) >> [] { FAIL("no receive timeout"); });
  }
  end(actor);
}

TEST_CASE("a request to an actor that does not answer times out, one that answers does not") {
  const auto where = every_threaded_scheduler();
  CAPTURE(where);
  test_system system{where};
  caf::scoped_actor self{*system};
  const auto silent = system->spawn(
    [](caf::event_based_actor* me, int) -> caf::behavior {
      return {[me](int) { return me->make_response_promise<int>(); }, [](double) {}};
    },
    0);
  const auto good = system->spawn(echo, 1);
  const auto asker = [](caf::event_based_actor* me, caf::actor to, caf::actor whom,
                        std::chrono::milliseconds timeout) -> caf::behavior {
    me->request(whom, timeout, 1)
      .then([=](int x) { me->send(to, x); },
            [=](caf::error& e) { me->send(to, e == caf::sec::request_timeout ? -1 : -2); });
    return {[](double) {}};
  };
  const auto one = system->spawn(asker, caf::actor{self}, silent, std::chrono::milliseconds{20});
  self->receive([](int x) { CHECK(x == -1); }, caf::after(patience) >> [] { FAIL("no answer"); });
  const auto two = system->spawn(asker, caf::actor{self}, good, std::chrono::milliseconds{60000});
  self->receive([](int x) { CHECK(x == 2); }, caf::after(patience) >> [] { FAIL("no answer"); });
  // And from a blocking actor.
  int answer = 0;
  self->request(silent, 20ms, 1)
    .receive([&](int) { answer = 1; },
             [&](caf::error& e) { answer = e == caf::sec::request_timeout ? -1 : -2; });
  CHECK(answer == -1);
  for (const auto& actor : {silent, good, one, two})
    end(actor);
}

TEST_CASE("timeouts of actors that ended are gone, wherever they were armed") {
  const auto where = every_loop_scheduler();
  CAPTURE(where);
  test_system system{where};
  const auto patient = [](caf::event_based_actor* me, int) -> caf::behavior {
    // Each message arms the receive timeout anew, on whichever loop the actor runs.
    return {[](int) {}, [me](caf::ok_atom) { me->quit(); },
            caf::after(std::chrono::minutes{60}) >> [] {}};
  };
  std::vector<caf::actor> actors;
  for (int k = 0; k < 40; ++k)
    actors.push_back(system->spawn(patient, 0));
  for (int round = 0; round < 20; ++round)
    for (size_t i = 0; i < where.loops; ++i)
      on_loop(system.loop(i), [&] {
        for (const auto& actor : actors)
          caf::anon_send(actor, round);
        return 0;
      });
  for (const auto& actor : actors)
    caf::anon_send(actor, caf::ok_atom::value);
  system->await_all_actors_done();
  const auto armed = [&] {
    uint64_t sum = 0;
    for (size_t i = 0; i < where.loops; ++i)
      sum += on_loop(system.loop(i), [&, i] { return system.loop(i).stats().timers; });
    return sum;
  };
  CHECK(eventually([&] { return armed() == 0; }));
}

TEST_CASE("an older timeout that comes late does not replace a newer one") {
  test_system system{{scheduler_kind::plain, 1}};
  const auto actor = system->spawn(echo, 1);
  auto* self = caf::actor_cast<caf::abstract_actor*>(actor);
  on_loop(system.loop(0), [&] {
    timer_wheel wheel{system.loop(0)};
    const auto now = clock_type::now();
    const auto type = caf::atom("receive");
    wheel.set_ordinary_timeout(now + 1h, self, type, 2);
    wheel.set_ordinary_timeout(now + 2h, self, type, 1);
    CHECK(wheel.next_due() == now + 1h);
    wheel.set_ordinary_timeout(now + 3h, self, type, 3);
    CHECK(wheel.next_due() == now + 3h);
    CHECK(wheel.schedule().size() == 1);
    wheel.cancel_all_of(self->id());
    CHECK(wheel.schedule().empty());
    return 0;
  });
  end(actor);
}

TEST_CASE("an exception ends an actor: its monitor and its requester hear of it, the loop lives") {
  const auto where = every_threaded_scheduler();
  CAPTURE(where);
  test_system system{where};
  caf::scoped_actor self{*system};
  const auto thrower = system->spawn(
    [](caf::event_based_actor*, int) -> caf::behavior {
      return {[](int) -> int { throw std::runtime_error("as told"); }};
    },
    0);
  self->monitor(thrower);
  bool error = false;
  self->request(thrower, patience, 1)
    .receive([](int) { FAIL("an answer"); }, [&](caf::error&) { error = true; });
  CHECK(error);
  self->receive([&](caf::down_msg& down) { CHECK(down.source == thrower.address()); },
                caf::after(patience) >> [] { FAIL("no down message"); });
  const auto survivor = system->spawn(echo, 1);
  CHECK(system.ask<int>(survivor, 1) == 2);
  end(survivor);
}

TEST_CASE("60,000 messages from foreign threads all arrive") {
  const auto where = every_threaded_scheduler();
  CAPTURE(where);
  std::atomic<uint64_t> heard{0};
  test_system system{where};
  std::vector<caf::actor> actors;
  for (int k = 0; k < 100; ++k)
    actors.push_back(system->spawn<caf::lazy_init>(counter, &heard));
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (int k = 0; k < 20000; ++k)
        caf::anon_send(actors[static_cast<size_t>(k % 100)], k);
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(eventually([&] { return heard == 60000; }));
  for (const auto& actor : actors)
    end(actor);
}

TEST_CASE("a message to a sleeping loop wakes it, one at a time") {
  const auto where = every_loop_scheduler();
  CAPTURE(where);
  test_system system{where};
  const auto actor = system->spawn(echo, 1);
  for (int k = 0; k < 2000; ++k)
    REQUIRE(system.ask<int>(actor, k) == k + 1);
  for (int k = 0; k < 2000; ++k)
    REQUIRE(on_loop(system.loop(static_cast<size_t>(k) % where.loops), [k] { return k; }) == k);
  end(actor);
}

namespace {

// Passes a number round a ring of actors on all loops, one less each time.
class ring_member : public pinned_event_based_actor {
public:
  ring_member(caf::actor_config& config, home where, std::vector<caf::actor>* ring, size_t index,
              std::atomic<int>* finished)
    : pinned_event_based_actor(config, where), ring_(ring), index_(index), done_(finished) {}

protected:
  caf::behavior make_behavior() override {
    return {[this](int left) {
      if (left == 0)
        ++*done_;
      else
        send((*ring_)[(index_ + 1) % ring_->size()], left - 1);
    }};
  }

private:
  std::vector<caf::actor>* ring_;
  size_t index_;
  std::atomic<int>* done_;
};

} // namespace

TEST_CASE("messages travel round a ring of actors on all loops") {
  const auto where = every_loop_scheduler();
  CAPTURE(where);
  std::vector<caf::actor> ring(10);
  std::atomic<int> done{0};
  test_system system{where};
  for (size_t i = 0; i < ring.size(); ++i)
    ring[i] = system->spawn<ring_member>(home::at(*system, i), &ring, i, &done);
  for (int k = 0; k < 20; ++k)
    caf::anon_send(ring[0], 1000);
  CHECK(eventually([&] { return done == 20; }));
  for (const auto& actor : ring)
    end(actor);
  system->await_all_actors_done();
}

TEST_CASE("actors that never rest do not starve others, timers, tasks or hooks") {
  const auto where = every_loop_scheduler();
  CAPTURE(where);
  std::atomic<uint64_t> runs{0};
  std::atomic<uint64_t> hook_calls{0};
  test_system system{where};
  std::vector<caf::actor> endless_ones;
  for (size_t k = 0; k < 4 * where.loops; ++k)
    endless_ones.push_back(system->spawn(endless, &runs));
  on_loop(system.loop(0), [&] { return system.loop(0).at_end_of_turn([&] { ++hook_calls; }); });
  const auto actor = system->spawn(echo, 1);
  for (int k = 0; k < 100; ++k)
    REQUIRE(system.ask<int>(actor, k) == k + 1);
  caf::scoped_actor self{*system};
  caf::delayed_anon_send(caf::actor{self}, 5ms, 1);
  self->receive([](int) {}, caf::after(patience) >> [] { FAIL("no delayed message"); });
  for (size_t i = 0; i < where.loops; ++i)
    CHECK(on_loop(system.loop(i), [] { return true; }));
  const auto before = hook_calls.load();
  CHECK(eventually([&] { return hook_calls > before; }));
  CHECK(runs > 0);
  end(actor);
  for (const auto& one : endless_ones)
    end(one);
}

TEST_CASE("what an end-of-turn hook enqueues runs before the loop sleeps") {
  std::atomic<bool> send{false};
  std::atomic<bool> heard{false};
  std::atomic<size_t> sleeps_before{0};
  std::atomic<size_t> sleeps_after{0};
  std::function<void()> hear;
  test_system system{{scheduler_kind::plain, 1}};
  auto& loop = system.loop(0);
  const auto& io = dynamic_cast<plain_loop&>(loop.io());
  hear = [&] {
    sleeps_after = io.sleeps.load();
    heard = true;
  };
  const auto listener = [](caf::event_based_actor*, std::function<void()>* f) -> caf::behavior {
    return {[f](int) { (*f)(); }};
  };
  const auto actor = system->spawn(listener, &hear);
  on_loop(loop, [&] {
    return loop.at_end_of_turn([&] {
      if (!send.exchange(false))
        return;
      sleeps_before = io.sleeps.load();
      caf::anon_send(actor, 1);
    });
  });
  for (int k = 0; k < 100; ++k) {
    heard = false;
    on_loop(loop, [&] { return send = true; });
    REQUIRE(eventually([&] { return heard.load(); }));
    REQUIRE(sleeps_after == sleeps_before);
  }
  on_loop(loop, [&] {
    loop.remove_hook(1); // it holds the actor
    return 0;
  });
  end(actor);
}

TEST_CASE("hooks run in order, may add and remove hooks, and stop when removed") {
  std::vector<int> calls; // loop thread only
  actor_loop::hook_id first = 0;
  actor_loop::hook_id second = 0;
  test_system system{{scheduler_kind::plain, 1}};
  auto& loop = system.loop(0);
  const auto take_calls = [&] { return on_loop(loop, [&] { return std::exchange(calls, {}); }); };
  on_loop(loop, [&] {
    first = loop.at_end_of_turn([&] {
      calls.push_back(1);
      loop.remove_hook(first); // itself, while it runs
      loop.at_end_of_turn([&] { calls.push_back(3); });
    });
    second = loop.at_end_of_turn([&] { calls.push_back(2); });
    loop.remove_hook(12345);
    return 0;
  });
  // A loop may make turns for no reason, so there may be more rounds than one.
  auto got = take_calls();
  REQUIRE(got.size() >= 3);
  CHECK(std::vector<int>(got.begin(), got.begin() + 3) == std::vector<int>{1, 2, 3});
  CHECK(std::count(got.begin(), got.end(), 1) == 1);
  on_loop(loop, [&] {
    calls.clear();
    loop.remove_hook(second);
    return 0;
  });
  got = take_calls();
  REQUIRE(!got.empty());
  CHECK(std::count(got.begin(), got.end(), 3) == static_cast<long>(got.size()));
}

TEST_CASE("tasks of one thread run in their order, on their loop") {
  const auto where = every_loop_scheduler();
  CAPTURE(where);
  std::vector<int> order; // loop thread only
  test_system system{where};
  auto& loop = system.loop(where.loops - 1);
  std::vector<int> expected;
  for (int k = 0; k < 1000; ++k) {
    loop.post([&order, &loop, k] { order.push_back(loop.is_current() ? k : -1); });
    expected.push_back(k);
  }
  CHECK(on_loop(loop, [&] { return order; }) == expected);
  CHECK(actor_loop::current() == nullptr);
  CHECK(on_loop(loop, [] { return actor_loop::current(); }) == &loop);
}

TEST_CASE("a turn that takes long is counted") {
  test_system system{{scheduler_kind::plain, 1}};
  auto& loop = system.loop(0);
  on_loop(loop, [] {
    std::this_thread::sleep_for(defaults::long_turn + 1ms);
    return 0;
  });
  CHECK(eventually([&] { return loop.stats().long_turns >= 1; }));
  CHECK(loop.stats().turn_max_us > 10000);
  CHECK(loop.stats().turns > 0);
}

TEST_CASE("a scheduler that spins sleeps in the end") {
  scenario where{scheduler_kind::plain, 1};
  hand_clock unused;
  auto options = options_for(where, unused);
  options.spin = 200us;
  loop_system_config config{options};
  caf::actor_system system{config};
  auto& loop = loop_scheduler::of(system)->loop(0);
  const auto& io = dynamic_cast<plain_loop&>(loop.io());
  CHECK(eventually([&] { return io.sleeps > 0; }));
  CHECK(on_loop(loop, [] { return 1; }) == 1);
}

TEST_CASE("options that make no sense are refused") {
  hand_clock unused;
  const auto refused = [&](auto change) {
    auto options = options_for({scheduler_kind::plain, 1}, unused);
    change(options);
    CHECK_THROWS_AS(loop_system_config{options}, std::invalid_argument);
  };
  refused([](auto& o) { o.loops = 0; });
  refused([](auto& o) { o.loops = defaults::loops_max + 1; });
  refused([](auto& o) { o.make_loop = nullptr; });
  refused([](auto& o) { o.turn_budget = 0us; });
  refused([](auto& o) { o.messages_per_resume = 0; });
  refused([](auto& o) { o.spin = -1us; });
  refused([](auto& o) { o.resumes_per_clock_read = 0; });
}

TEST_CASE("of() finds the loop scheduler, and nothing on the others") {
  test_system loops{{scheduler_kind::plain, 3}};
  REQUIRE(loop_scheduler::of(*loops) != nullptr);
  CHECK(loop_scheduler::of(*loops)->loops() == 3);
  CHECK(loop_scheduler::of(*loops)->loop(2).index() == 2);
  test_system stock{{scheduler_kind::stock, 1}};
  CHECK(loop_scheduler::of(*stock) == nullptr);
  test_system testing{{scheduler_kind::testing, 1}};
  CHECK(loop_scheduler::of(*testing) == nullptr);
}
