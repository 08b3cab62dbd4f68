// What a loop remembers of its long turns, in virtual time.
#include "actors/runtime/pinned.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/send.hpp>
#include <caf/typed_behavior.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <string>

using namespace ringdown::runtime;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

using worker = caf::typed_actor<caf::reacts_to<int>>;
using worker_ref = callable_ref<worker, int>;

/// Does something with each number, whichever way it comes.
class named_worker final : public pinned_actor<worker>, public callable_in_place<int> {
public:
  named_worker(caf::actor_config& config, home where, std::string name,
               std::function<void(int)> work)
    : pinned_actor<worker>(config, where), name_(std::move(name)), work_(std::move(work)) {}

  const char* name() const override { return "worker"; }
  std::string called() const override { return name_; }
  void handle(int& x) override { work_(x); }
  void on_exit() override { work_ = nullptr; }

protected:
  behavior_type make_behavior() override {
    return {[this](int x) { handle(x); }};
  }

private:
  const std::string name_;
  std::function<void(int)> work_;
};

struct workshop {
  test_system system{{scheduler_kind::cranked, 1}};
  actor_loop& loop = system.loop(0);

  worker_ref hire(std::string name, std::function<void(int)> work) {
    worker_ref one{
      system->spawn<named_worker>(home::at(*system, 0), std::move(name), std::move(work))};
    system.settle();
    return one;
  }
  /// An actor whose work takes as many milliseconds as it is told.
  worker_ref hire(std::string name) {
    return hire(std::move(name), [this](int ms) { takes(ms); });
  }
  void takes(int ms) { system.clock.pass(std::chrono::milliseconds{ms}); }
  /// As if by a socket.
  void by_handler(std::function<void()> what) {
    dynamic_cast<manual_loop&>(loop.io()).call(std::move(what));
    system.settle();
  }
};

void end(const worker_ref& one) {
  caf::anon_send_exit(one.handle(), caf::exit_reason::user_shutdown);
}

} // namespace

TEST_CASE("a turn that is not long is not remembered") {
  workshop w;
  auto one = w.hire("anna");
  caf::anon_send(one.handle(), 10);
  w.system.settle();
  CHECK_FALSE(w.loop.take_long_turn());
  end(one);
  w.system.settle();
}

TEST_CASE("a long turn says how long it was and what ran; it is told once") {
  workshop w;
  auto one = w.hire("anna");
  caf::anon_send(one.handle(), 20);
  w.system.settle();
  auto longest = w.loop.take_long_turn();
  REQUIRE(longest);
  CHECK(longest->took_us == 20'000);
  CHECK(longest->io_us == 0);
  CHECK(longest->resumes == 1);
  CHECK(longest->in_place == 0);
  CHECK(longest->actor.empty()); // the loop was not looked at closely
  CHECK_FALSE(w.loop.take_long_turn());
  end(one);
  w.system.settle();
}

TEST_CASE("behind a long turn the actor that makes the next one is named, for a minute") {
  workshop w;
  auto one = w.hire("anna");
  auto other = w.hire("otto");
  auto told_of = [&](const worker_ref& to, int ms) {
    caf::anon_send(to.handle(), ms);
    w.system.settle();
    return w.loop.take_long_turn().value_or(long_turn{});
  };
  CHECK(told_of(one, 20).actor.empty());
  auto second = told_of(other, 30);
  CHECK(second.actor == "worker otto");
  CHECK(second.actor_us == 30'000);
  w.system.clock.pass(61s);
  w.system.settle();
  CHECK(told_of(one, 1).actor.empty()); // short: and nobody looks any more
  auto later = told_of(one, 20);
  CHECK(later.took_us == 20'000);
  CHECK(later.actor.empty());
  for (auto& each : {one, other})
    end(each);
  w.system.settle();
}

TEST_CASE("what an actor calls in place is not its own time") {
  workshop w;
  auto inner = w.hire("inner");
  auto outer = w.hire("outer", [&](int ms) {
    w.takes(2);
    static_cast<void>(inner.try_call(ms));
  });
  auto call = [&] {
    w.by_handler([&] {
      static_cast<void>(w.loop.now());
      int ms = 20;
      CHECK(outer.try_call(ms));
    });
    return w.loop.take_long_turn().value_or(long_turn{});
  };
  static_cast<void>(call());
  auto second = call();
  CHECK(second.took_us == 22'000);
  CHECK(second.io_us == 22'000); // within a handler
  CHECK(second.handlers == 1);
  CHECK(second.in_place == 2);
  CHECK(second.actor == "worker inner");
  CHECK(second.actor_us == 20'000);
  for (auto& each : {inner, outer})
    end(each);
  w.system.settle();
}
