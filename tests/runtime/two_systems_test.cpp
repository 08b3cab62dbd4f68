// Two actor systems in one process send to each other and never run each other's actors.
#include "actors/runtime/pinned.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/send.hpp>

#include <catch2/catch.hpp>

#include <atomic>

using namespace ringdown::runtime;
using namespace ringdown::test;

namespace {

struct tally {
  std::atomic<int> rounds{0};
  std::atomic<int> strays{0};
};

// Whether the calling thread may run an actor of this system.
bool belongs_here(caf::actor_system& system) {
  const auto* here = actor_loop::current();
  if (auto* loops = loop_scheduler::of(system))
    return loops->current() != nullptr;
  return here == nullptr; // a stock worker is no loop
}

// Plays ball: sends each number less one back to its partner.
caf::behavior player(caf::event_based_actor* self, tally* t) {
  return {[=](int left, const caf::actor& partner) {
    if (!belongs_here(self->home_system()))
      ++t->strays;
    ++t->rounds;
    if (left > 0)
      self->send(partner, left - 1, caf::actor{self});
  }};
}

caf::behavior pinned_player(pinned_event_based_actor* self, tally* t) {
  return player(self, t);
}

void play(test_system& first, const caf::actor& a, const caf::actor& b, tally& t) {
  constexpr int rounds = 500;
  // In parallel, so that mailboxes are busy as well as blocked.
  for (int k = 0; k < 10; ++k) {
    caf::anon_send(a, rounds, b);
    caf::anon_send(b, rounds, a);
  }
  // And from an actor of one system that belongs to no loop: its execution unit is its own
  // system's.
  caf::scoped_actor self{*first};
  self->send(b, 0, a);
  CHECK(eventually([&] { return t.rounds == 20 * (rounds + 1) + 1; }));
  CHECK(t.strays == 0);
  for (const auto& actor : {a, b})
    caf::anon_send_exit(actor, caf::exit_reason::kill);
}

} // namespace

TEST_CASE("two systems on loops send to each other's plain actors") {
  tally t;
  test_system first{{scheduler_kind::epoll, 2}};
  test_system second{{scheduler_kind::plain, 2}};
  play(first, first->spawn(player, &t), second->spawn(player, &t), t);
}

TEST_CASE("two systems on loops send to each other's pinned actors") {
  tally t;
  test_system first{{scheduler_kind::epoll, 2}};
  test_system second{{scheduler_kind::epoll, 1}};
  play(first, spawn_at(*first, home::at(*first, 1), pinned_player, &t),
       spawn_at(*second, home::at(*second, 0), pinned_player, &t), t);
}

// CAF's own workers run whatever they enqueue, so towards a plain CAF system our side must be
// pinned.
TEST_CASE("a system on loops and one on CAF's own scheduler send to each other") {
  tally t;
  test_system loops{{scheduler_kind::epoll, 2}};
  test_system stock{{scheduler_kind::stock, 2}};
  SECTION("plain and pinned") {
    play(loops, spawn_at(*loops, home::at(*loops, 0), pinned_player, &t), stock->spawn(player, &t),
         t);
  }
  SECTION("both pinned: on the stock system that means not to be run by a loop") {
    play(stock, spawn_at(*loops, home::at(*loops, 1), pinned_player, &t),
         spawn_at(*stock, home{}, pinned_player, &t), t);
  }
}

TEST_CASE("a delivery to an actor of another system is not in place") {
  tally t;
  test_system first{{scheduler_kind::plain, 1}};
  test_system second{{scheduler_kind::plain, 1}};
  const pinned_ref<caf::actor> actor{spawn_at(*second, home::at(*second, 0), pinned_player, &t)};
  for (int k = 0; k < 100; ++k)
    CHECK_FALSE(
      on_loop(first.loop(0), [&] { return try_deliver_in_place(actor, 0, actor.handle()); }));
  CHECK(eventually([&] { return t.rounds == 100; }));
  CHECK(t.strays == 0);
}
