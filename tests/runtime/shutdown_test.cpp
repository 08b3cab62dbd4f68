// Shutdown: nothing hangs and, under AddressSanitizer, nothing leaks, whatever is left over.
#include "actors/runtime/pinned.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/after.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <vector>

using namespace ringdown::runtime;
using namespace ringdown::test;

namespace {

auto every_loop_scheduler() {
  return GENERATE(values<scenario>({{scheduler_kind::epoll, 1},
                                    {scheduler_kind::epoll, 2},
                                    {scheduler_kind::epoll, 4},
                                    {scheduler_kind::plain, 2}}));
}

// State on the heap that must be destroyed however the actor ends.
struct heavy_state {
  std::shared_ptr<int> heavy;
  std::vector<caf::actor> peers;
  static inline const char* name = "heavy";
};

using heavy_actor = caf::stateful_actor<heavy_state, pinned_event_based_actor>;

caf::behavior bounce(heavy_actor* self, std::shared_ptr<int> heavy) {
  self->state.heavy = std::move(heavy);
  self->set_exit_handler([](caf::scheduled_actor*, caf::exit_msg&) {}); // outlives its links
  return {[self](caf::actor& peer) {
            self->link_to(peer);
            self->state.peers.push_back(std::move(peer));
          },
          [self](int x) {
            for (const auto& peer : self->state.peers)
              self->send(peer, x + 1);
          }};
}

} // namespace

TEST_CASE("a system shuts down with timers left") {
  const auto where = every_loop_scheduler();
  CAPTURE(where);
  const auto heavy = std::make_shared<int>(1);
  {
    test_system system{where};
    const auto forgetful = [](caf::event_based_actor* self,
                              std::shared_ptr<int> kept) -> caf::behavior {
      self->delayed_send(self, 1h, kept.use_count());
      return {[kept](long) {}, caf::after(60min) >> [] {}};
    };
    for (int k = 0; k < 10; ++k)
      caf::delayed_anon_send(system->spawn(forgetful, heavy), 1h, 1L);
  }
  CHECK(heavy.use_count() == 1);
}

TEST_CASE("a system shuts down while its loops hand jobs to each other") {
  const auto where = every_loop_scheduler();
  CAPTURE(where);
  const auto heavy = std::make_shared<int>(1);
  for (int round = 0; round < 5; ++round) {
    test_system system{where};
    std::vector<caf::actor> actors;
    for (size_t i = 0; i < 8; ++i)
      actors.push_back(spawn_at(*system, home::at(*system, i), bounce, heavy));
    for (size_t i = 0; i < 8; ++i)
      caf::anon_send(actors[i], actors[(i + 1) % 8]);
    for (const auto& actor : actors)
      caf::anon_send(actor, 1);
    // It ends in the middle of traffic that would never end.
  }
  CHECK(eventually([&] { return heavy.use_count() == 1; }));
}

TEST_CASE("a system shuts down with endless actors, tasks and foreign senders") {
  const auto where = every_loop_scheduler();
  CAPTURE(where);
  const auto heavy = std::make_shared<int>(1);
  {
    test_system system{where};
    const auto endless = [](caf::event_based_actor* self,
                            std::shared_ptr<int> kept) -> caf::behavior {
      self->send(self, 1);
      return {[=](int x) { self->send(self, x + *kept); }};
    };
    for (int k = 0; k < 8; ++k)
      system->spawn(endless, heavy);
    for (size_t i = 0; i < where.loops; ++i) {
      auto& loop = system.loop(i);
      // A task that posts itself again for as long as the loop runs.
      auto again = std::make_shared<std::function<void()>>();
      *again = [&loop, heavy, weak = std::weak_ptr{again}] {
        if (auto next = weak.lock())
          loop.post([next] { (*next)(); });
      };
      loop.post([again] { (*again)(); });
    }
  }
  CHECK(heavy.use_count() == 1);
}

TEST_CASE("an actor that was never run is ended at shutdown, and its state destroyed") {
  const auto where = every_loop_scheduler();
  CAPTURE(where);
  const auto heavy = std::make_shared<int>(1);
  {
    test_system system{where};
    // Keep the loops busy, so that what is spawned behind stays in their queues.
    for (size_t i = 0; i < where.loops; ++i)
      system.loop(i).post([] { std::this_thread::sleep_for(20ms); });
    for (size_t i = 0; i < 20; ++i)
      caf::anon_send(spawn_at(*system, home::at(*system, i), bounce, heavy), 1);
  }
  CHECK(heavy.use_count() == 1);
}

TEST_CASE("actors that wait for each other's end all end") {
  const auto where = every_loop_scheduler();
  CAPTURE(where);
  test_system system{where};
  const auto heavy = std::make_shared<int>(1);
  const auto first = spawn_at(*system, home::at(*system, 0), bounce, heavy);
  const auto second = spawn_at(*system, home::at(*system, 1), bounce, heavy);
  caf::anon_send(first, second);
  caf::anon_send(second, first);
  caf::anon_send_exit(first, caf::exit_reason::kill);
  caf::anon_send_exit(second, caf::exit_reason::kill);
  system->await_all_actors_done();
  CHECK(eventually([&] { return heavy.use_count() == 1; }));
}
