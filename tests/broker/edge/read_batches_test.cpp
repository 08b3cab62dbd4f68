// Reads that wait for each other: nothing changes but the time at which a connection hears of them.
#include "broker/edge/read_batches.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/send.hpp>
#include <caf/typed_behavior.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using edge::read_batches;
using lines = std::vector<std::string>;

namespace {

/// Writes down what happens to it: "take 1", or "fetch 1 at 0" for a step.
class witness final : public runtime::pinned_actor<connection_actor>,
                      public runtime::callable_in_place<const read_batch_ptr> {
public:
  witness(caf::actor_config& config, runtime::home where, lines* log)
    : pinned_to_home(config, where), log_(*log) {}

  void handle(const read_batch_ptr& batch) override {
    log_.push_back("take " + std::to_string(batch->time_us));
  }
  void fetch_ahead(const read_batch_ptr& batch, unsigned step) const noexcept override {
    log_.push_back("fetch " + std::to_string(batch->time_us) + " at " + std::to_string(step));
  }

protected:
  behavior_type make_behavior() override {
    return {
      [this](const read_batch_ptr& batch) { handle(batch); },
      [](const registration_report&) {},
      [](take_over_atom) {},
      [](authenticated_atom, letter_number, const authenticated&) {},
      [](due_atom) {},
      [](access_changed_atom) {},
      [](drain_atom) {},
      [](const close_order&) {},
      [](closed_atom, const link_end&) {},
      [](tick_atom) {},
    };
  }

private:
  lines& log_;
};

/// A loop's reads, driven on that loop.
struct fixture {
  fixture() { connection = spawn(0); }

  connection_ref spawn(std::size_t loop) {
    auto made =
      connection_ref::of<witness>(system->spawn<witness>(runtime::home::at(*system, loop), &log));
    auto* actor = made.ref().pinned();
    REQUIRE(eventually([&] {
      return on_loop(*actor->where().loop(), [&] { return actor->may_activate_in_place(); });
    }));
    return made;
  }
  template <class F>
  auto run(F f) {
    return on_loop(system.loop(0), std::move(f));
  }
  read_batch_ptr read(int number, std::size_t bytes = 10) {
    auto batch = reads.borrow(bytes);
    if (batch->capacity < bytes) {
      batch->bytes = std::make_unique<char[]>(bytes);
      batch->capacity = bytes;
    }
    batch->time_us = number;
    return batch;
  }
  void gather(int number) { reads.gather(connection, read(number)); }
  lines taken() {
    lines some;
    for (auto& line : log)
      if (line.starts_with("take"))
        some.push_back(line);
    return some;
  }

  test_system system{{scheduler_kind::epoll, 2}};
  read_batches reads;
  lines log;
  connection_ref connection;
};

} // namespace

TEST_CASE("gathered reads are passed on in their order, before one that does not wait") {
  fixture f;
  f.run([&] {
    for (int i = 1; i <= 3; ++i)
      f.gather(i);
    CHECK(f.log.empty());
    f.reads.pass(f.connection, f.read(4));
    CHECK(f.taken() == lines{"take 1", "take 2", "take 3", "take 4"});
    f.gather(5);
    f.reads.pass_gathered();
    f.reads.pass_gathered(); // nothing is left
    CHECK(f.taken().size() == 5);
  });
}

TEST_CASE("no more than gathered_max reads wait") {
  fixture f;
  f.run([&] {
    for (int i = 1; i < static_cast<int>(read_batches::gathered_max); ++i)
      f.gather(i);
    CHECK(f.taken().empty());
    f.gather(0);
    CHECK(f.taken().size() == read_batches::gathered_max);
    CHECK(f.taken().back() == "take 0");
  });
}

TEST_CASE("each step fetches for another read, and all of them before it is taken") {
  fixture f;
  f.run([&] {
    for (int i = 1; i <= 2; ++i)
      f.gather(i);
    f.reads.pass_gathered();
  });
  // The first step fetches the actor itself and asks it for nothing.
  CHECK(f.log == lines{"fetch 1 at 0", "fetch 2 at 0", "fetch 1 at 1", "fetch 2 at 1",
                       "fetch 1 at 2", "fetch 2 at 2", "take 1", "take 2"});
}

TEST_CASE("a read that is alone is taken at once") {
  fixture f;
  f.run([&] {
    f.gather(1);
    f.reads.pass_gathered();
  });
  CHECK(f.log == lines{"take 1"});
}

TEST_CASE("a connection on another loop hears of its reads by mail, and nothing is fetched there") {
  fixture f;
  auto far = f.spawn(1);
  f.run([&] {
    for (int i = 1; i <= 2; ++i)
      f.reads.gather(far, f.read(i));
    f.reads.pass_gathered();
  });
  CHECK(eventually([&] {
    return on_loop(f.system.loop(1), [&] { return f.log == lines{"take 1", "take 2"}; });
  }));
}

TEST_CASE("batches serve again: small ones for small reads, one large one for large reads") {
  fixture f;
  f.run([&] {
    std::vector<read_batch_ptr> small;
    std::vector<read_batch_ptr> large;
    for (std::size_t i = 0; i < read_batches::gathered_max + 5; ++i) {
      small.push_back(f.read(0, read_batches::gathered_bytes_max));
      large.push_back(f.read(0, read_batches::gathered_bytes_max + 1));
    }
    auto* last_small = small.front().get();
    auto* last_large = large.back().get();
    std::weak_ptr<read_batch> too_many = small.back();
    std::weak_ptr<read_batch> replaced = large.front();
    for (auto* all : {&small, &large})
      for (auto& one : *all)
        f.reads.give_back(std::move(one));
    CHECK(too_many.expired());
    CHECK(replaced.expired());
    CHECK(f.reads.borrow(read_batches::gathered_bytes_max + 1).get() == last_large);
    CHECK(f.reads.borrow(read_batches::gathered_bytes_max + 1)->capacity == 0); // a new one
    read_batch_ptr taken;
    for (std::size_t i = 0; i < read_batches::gathered_max; ++i)
      taken = f.reads.borrow(1);
    CHECK(taken.get() == last_small);
    CHECK(f.reads.borrow(1)->capacity == 0);
  });
}

TEST_CASE("a batch that had very many frames does not serve again") {
  fixture f;
  auto usual = f.read(1);
  usual->frames.resize(10);
  auto* usual_one = usual.get();
  auto crowded = f.read(1);
  crowded->frames.resize(1000);
  for (auto* one : {&usual, &crowded})
    f.reads.give_back(std::move(*one));
  CHECK(f.reads.borrow(1).get() == usual_one);
  CHECK(f.reads.borrow(1)->frames.capacity() == 0); // a new one
}

TEST_CASE("a batch that somebody holds does not serve again") {
  fixture f;
  auto batch = f.read(1);
  auto held = batch;
  f.reads.give_back(std::move(batch));
  CHECK(f.reads.borrow(1) != held);
}
