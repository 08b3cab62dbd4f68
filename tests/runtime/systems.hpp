// Actor systems to run the same test on: loops on epoll, loops without I/O, CAF's own scheduler;
// and, in virtual time, loops that are cranked by hand and CAF's testing scheduler.
#pragma once

#include "actors/runtime/loop_scheduler.hpp"
#include "broker/edge/epoll_loop.hpp"
#include "tests/runtime/crank.hpp"
#include "tests/runtime/plain_loop.hpp"

#include <caf/actor_system.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace ringdown::test {

using namespace std::chrono_literals;

/// Detects hangs, asserts nothing about speed: the machine may be busy.
constexpr auto patience = 60s;

enum class scheduler_kind { epoll, plain, stock, testing, cranked };

struct scenario {
  scheduler_kind kind;
  size_t loops;

  bool on_loops() const {
    return kind == scheduler_kind::epoll || kind == scheduler_kind::plain ||
           kind == scheduler_kind::cranked;
  }
  bool is_virtual() const {
    return kind == scheduler_kind::testing || kind == scheduler_kind::cranked;
  }
};

inline std::ostream& operator<<(std::ostream& out, const scenario& s) {
  static constexpr const char* names[] = {"epoll", "plain", "stock", "testing", "cranked"};
  return out << names[static_cast<size_t>(s.kind)] << " " << s.loops;
}

inline runtime::loop_options options_for(scenario s, hand_clock& clock) {
  if (s.kind == scheduler_kind::cranked)
    return cranked_options(s.loops, clock);
  runtime::loop_options options;
  options.loops = s.loops;
  if (s.kind == scheduler_kind::epoll)
    options.make_loop = [](size_t) { return std::make_unique<edge::epoll_loop>(); };
  else
    options.make_loop = [](size_t) { return std::make_unique<plain_loop>(); };
  return options;
}

inline std::unique_ptr<caf::actor_system_config> config_for(scenario s, hand_clock& clock) {
  if (s.on_loops())
    return std::make_unique<runtime::loop_system_config>(options_for(s, clock));
  if (s.kind == scheduler_kind::stock)
    return std::make_unique<runtime::stock_system_config>(s.loops);
  auto config = std::make_unique<caf::actor_system_config>();
  config->config_file_path = "";
  config->set("scheduler.policy", caf::atom("testing"));
  return config;
}

/// Runs `f` on the loop and returns its result; throws if that takes too long.
template <class F>
auto on_loop(runtime::actor_loop& loop, F f) {
  using result = decltype(f());
  auto task = std::make_shared<std::packaged_task<result()>>(std::move(f));
  auto future = task->get_future();
  loop.post([task] { (*task)(); });
  if (future.wait_for(patience) != std::future_status::ready)
    throw std::runtime_error("a loop did not run a task");
  return future.get();
}

/// Waits until `done()` holds; false if that takes too long.
inline bool eventually(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// An actor system for a scenario. Its destructor does not wait for actors that nobody ends.
class test_system {
public:
  explicit test_system(scenario s) : config_(config_for(s, clock)), system_(*config_) {
    system_.await_actors_before_shutdown(false);
    if (s.kind == scheduler_kind::cranked)
      crank_.emplace(*runtime::loop_scheduler::of(system_), clock);
  }

  caf::actor_system& operator*() { return system_; }
  caf::actor_system* operator->() { return &system_; }
  runtime::actor_loop& loop(size_t i) { return runtime::loop_scheduler::of(system_)->loop(i); }

  /// Of loops that are cranked.
  crank& by_hand() { return crank_.value(); }

  /// Runs what is ready in virtual time; elsewhere it runs by itself.
  void settle() {
    if (crank_)
      crank_->settle();
    else if (auto* testing = dynamic_cast<caf::scheduler::test_coordinator*>(&system_.scheduler()))
      testing->run();
  }

  /// Lets virtual time pass; elsewhere real time passes by itself.
  void pass(std::chrono::nanoseconds time) {
    if (crank_)
      crank_->pass(time);
    else if (auto* testing =
               dynamic_cast<caf::scheduler::test_coordinator*>(&system_.scheduler())) {
      testing->run();
      testing->advance_time(time);
      testing->run();
    }
  }

  /// Sends a request and returns the answer; throws on an error.
  template <class Answer, class Handle, class... Ts>
  Answer ask(const Handle& to, Ts&&... xs) {
    caf::scoped_actor self{system_};
    auto pending = self->request(to, patience, std::forward<Ts>(xs)...);
    settle();
    Answer answer{};
    pending.receive([&](Answer& x) { answer = std::move(x); },
                    [&](caf::error& e) { throw std::runtime_error(system_.render(e)); });
    return answer;
  }

  hand_clock clock; ///< of loops that are cranked

private:
  std::unique_ptr<caf::actor_system_config> config_;
  caf::actor_system system_;
  std::optional<crank> crank_;
};

} // namespace ringdown::test
