// A program that runs out of files or threads: its broker says so, and goes on as far as it can.
#include "tests/broker/embedded/files_left.hpp"
#include "tests/broker/embedded/in_process.hpp"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

/// How many threads this program may still begin; the one after them fails, others do not.
std::atomic<int> threads_left{1'000'000};

} // namespace

/// Stands before the C library's for the whole program.
extern "C" int pthread_create(pthread_t* made, const pthread_attr_t* how, void* (*run)(void*),
                              void* argument) noexcept {
  if (threads_left.fetch_sub(1) == 0)
    return EAGAIN;
  static const auto next =
    reinterpret_cast<decltype(&::pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  return next(made, how, run, argument);
}

TEST_CASE("a start that runs out of files says so, whichever was the last it got") {
  auto config = run_as(GENERATE(from_range(every_way)));
  config.listen.port = 0;
  bool runs = false;
  for (rlim_t files = 0; !runs; ++files) {
    REQUIRE(files < 100);
    kept_log log;
    auto options = quiet(log);
    options.listen = true;
    broker b{config, options};
    start_result started;
    {
      files_left few{files};
      started = b.start();
    }
    runs = bool{started};
    CHECK(bool{b.connect()} == runs);
    if (runs)
      break;
    REQUIRE(started.errors.size() == 1);
    auto& key = started.errors[0].key;
    CHECK((key == "runtime.loops" || key == "listen.port"));
  }
}

TEST_CASE("who is in is served, though the program has run out of files") {
  kept_log log;
  broker b{run_as(GENERATE(from_range(every_way))), quiet(log)};
  REQUIRE(b.start());
  files_left one{1};
  auto link = b.connect();
  REQUIRE(link);
  auto refused = b.connect();
  CHECK(refused.text == "out of open files");
  connection desktop;
  REQUIRE(desktop.open(std::move(link.transport), as(role::desktop)));
  register_on(desktop, "7001");
  answer_to<event_ack>(desktop, send(desktop, "7001", capture_verb::pause));
  auto counted = b.counters();
  CHECK(counted.connections == 1);
  CHECK(counted.connections_unsigned == 0);
  CHECK(counted.accepted == 1);
  CHECK(counted.refused == 1);
}

TEST_CASE("a start that runs out of threads says so and ends those that it has") {
  auto how = GENERATE(way::one_loop, way::two_loops); // CAF's own scheduler does not survive it
  auto config = run_as(how);
  auto threads = 1 + static_cast<int>(config.runtime.loops); // the first makes the others
  for (int thread = 0; thread < threads; ++thread) {
    kept_log log;
    broker b{config, quiet(log)};
    threads_left = thread;
    auto started = b.start();
    threads_left = 1'000'000;
    REQUIRE(started.errors.size() == 1);
    CHECK(started.errors[0].key == "runtime.loops");
    CHECK_FALSE(b.connect());
  }
  kept_log log;
  broker b{config, quiet(log)};
  CHECK(b.start());
}

TEST_CASE("a broker stops though no thread can be had for it") {
  kept_log log;
  broker b{run_as(GENERATE(from_range(every_way))), quiet(log)};
  REQUIRE(b.start());
  auto desktop = registered(b, role::desktop, "7001");
  threads_left = 0;
  b.stop();
  threads_left = 1'000'000;
  auto e = desktop.wait(patience);
  REQUIRE(e);
  CHECK(std::holds_alternative<link_lost>(*e));
}
