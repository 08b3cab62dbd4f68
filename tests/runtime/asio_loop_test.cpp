// The loop on Boost.Asio by itself, without actors.
#include "broker/edge/asio_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <thread>

using namespace std::chrono_literals;
using ringdown::edge::asio_loop;
using ringdown::runtime::clock_type;
using ringdown::runtime::time_point;

TEST_CASE("a deadline in the past polls: nothing blocks and ready handlers run") {
  asio_loop loop;
  CHECK(loop.wait(asio_loop::poll_only) == 0);
  CHECK(loop.wait(clock_type::now() - 1s) == 0);
  int ran = 0;
  for (int k = 0; k < 3; ++k)
    boost::asio::post(loop.context(), [&] { ++ran; });
  CHECK(loop.wait(asio_loop::poll_only) == 3);
  CHECK(ran == 3);
}

TEST_CASE("a deadline ends a wait, and not early") {
  asio_loop loop;
  for (auto time : {1ms, 3ms, 12ms}) {
    const auto deadline = clock_type::now() + time;
    CHECK(loop.wait(deadline) == 0);
    CHECK(clock_type::now() >= deadline);
  }
}

TEST_CASE("a wake-up ends a wait, whether it comes before or during") {
  asio_loop loop;
  loop.wake();
  loop.wait(time_point::max());
  std::thread other{[&] {
    std::this_thread::sleep_for(5ms);
    loop.wake();
  }};
  loop.wait(time_point::max());
  other.join();
}

TEST_CASE("one handler at a time runs alone, a burst runs together from its second wait") {
  asio_loop loop;
  int ran = 0;
  const auto burst = [&](int n) {
    for (int k = 0; k < n; ++k)
      boost::asio::post(loop.context(), [&] { ++ran; });
  };
  // However a wait is tuned, it finds all in the end and never blocks while handlers are ready.
  burst(1);
  CHECK(loop.wait(time_point::max()) == 1);
  for (int round = 0; round < 20; ++round) {
    const int before = ran;
    burst(50);
    int waits = 0;
    while (ran < before + 50) {
      REQUIRE(loop.wait(time_point::max()) > 0);
      ++waits;
    }
    if (round > 0)
      CHECK(waits <= 10);
  }
}

TEST_CASE("handlers that are always ready do not keep a wait for ever") {
  asio_loop loop;
  uint64_t ran = 0;
  std::function<void()> again = [&] {
    ++ran;
    boost::asio::post(loop.context(), again);
  };
  for (int k = 0; k < 4; ++k)
    again();
  for (int k = 0; k < 50; ++k)
    CHECK(loop.wait(asio_loop::poll_only) <= 512);
  CHECK(ran >= 50);
}

TEST_CASE("timers of Asio itself work beside the deadline") {
  asio_loop loop;
  boost::asio::steady_timer timer{loop.context(), 5ms};
  bool fired = false;
  timer.async_wait([&](const boost::system::error_code& error) { fired = !error; });
  const auto end = clock_type::now() + 60s;
  while (!fired && clock_type::now() < end)
    loop.wait(clock_type::now() + 1ms);
  CHECK(fired);
}
