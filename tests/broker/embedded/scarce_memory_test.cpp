// A program that gets no more memory, and a broker that fails: it says so, lets nobody in, tells
// its clients, and can be ended in order.
#include "tests/broker/embedded/in_process.hpp"

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>
#include <thread>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

/// So many allocations of these sizes fail, but on the test's own thread.
std::atomic<int> refusals_left{0};
std::atomic<std::size_t> refused_from{0};
std::atomic<std::size_t> refused_to{0};
thread_local bool is_tests_own = false;

void* memory_of(std::size_t size) noexcept {
  bool is_refused =
    size >= refused_from && size < refused_to && !is_tests_own && refusals_left.fetch_sub(1) > 0;
  return is_refused ? nullptr : std::malloc(size);
}

void* memory_or_throw(std::size_t size) {
  auto* memory = memory_of(size);
  return memory != nullptr ? memory : throw std::bad_alloc{};
}

class no_memory_for {
public:
  no_memory_for(std::size_t from, std::size_t to, int times) {
    is_tests_own = true;
    refusals_left = times;
    refused_from = from;
    refused_to = to;
  }
  ~no_memory_for() { refused_to = 0; }
};

} // namespace

// They stand before the library's for the whole program.
void* operator new(std::size_t size) {
  return memory_or_throw(size);
}
void* operator new[](std::size_t size) {
  return memory_or_throw(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return memory_of(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return memory_of(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

template <class Predicate>
void await(Predicate done) {
  auto deadline = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(1ms);
  }
}

/// Passes over what comes before.
template <class Event>
Event next_of(connection& link) {
  for (;;) {
    auto e = link.wait(patience);
    REQUIRE(e);
    if (auto* found = std::get_if<Event>(&*e))
      return *found;
  }
}

} // namespace

TEST_CASE("a broker whose directory fails says so, and its clients are told") {
  auto config = run_as(GENERATE(from_range(every_way)));
  kept_log log;
  broker b{config, quiet(log)};
  REQUIRE(b.start());
  std::string left(200, '7'); // nobody else has anything of this size
  auto desktop = registered(b, role::desktop, left);
  answer_to<event_unregistered>(desktop, desktop.unregister_address(std::array{left}));
  register_on(desktop, "7001");
  for (int i = 0; i < 20; ++i) // meanwhile that DN has come to rest
    answer_to<event_address_info>(desktop, desktop.query_address("7001"));
  CHECK_FALSE(b.has_failed());
  config.dns.list = {"7001"};
  {
    no_memory_for its_name{left.size() + 1, left.size() + 2, 1};
    REQUIRE(b.reload(config)); // all DNs are looked at
    await([&] { return b.has_failed(); });
  }
  CHECK(log.tells("the directory failed"));
  CHECK(b.connect().text == "the broker is shutting down");
  auto gone = next_of<event_unregistered>(desktop);
  CHECK(gone.this_dn == "7001");
  CHECK(gone.code == 52);
  b.stop();
  next_of<link_lost>(desktop);
}

TEST_CASE("a read for which there is no memory ends its link, and the broker says it has failed") {
  kept_log log;
  broker b{run_as(GENERATE(from_range(every_way))), quiet(log)};
  REQUIRE(b.start());
  auto other = registered(b, role::desktop, "7001");
  auto desktop = registered(b, role::desktop, "7002");
  CHECK_FALSE(b.has_failed());
  {
    no_memory_for reads{limits{}.read_bytes_per_turn_max, std::numeric_limits<std::size_t>::max(),
                        std::numeric_limits<int>::max()};
    outgoing_event large{.this_dn = "7002"}; // what it is read into goes along with it
    large.data.add("too much", std::string(40'000, 'x'));
    await([&] {
      static_cast<void>(desktop.send_event(large));
      desktop.poll(0ms);
      return b.has_failed();
    });
  }
  CHECK(log.tells("a loop failed"));
  CHECK(log.tells("out of memory"));
  CHECK(b.connect().text == "the broker is shutting down");
  next_of<link_lost>(desktop);
  answer_to<event_ack>(other, send(other, "7001", capture_verb::pause)); // who is in is served
  b.stop();
}

TEST_CASE("a broker that its host holds for failed lets nobody in, for the first reason") {
  kept_log log;
  broker b{run_as(way::one_loop), quiet(log)};
  REQUIRE(b.start());
  b.fail("out of memory");
  b.fail("it rains");
  CHECK(b.has_failed());
  CHECK(log.tells("out of memory"));
  CHECK_FALSE(log.has("it rains"));
  CHECK_FALSE(b.connect());
  CHECK(b.stop(patience));
}
