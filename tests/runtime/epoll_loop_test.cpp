// The loop on epoll by itself, without actors.
#include "broker/edge/epoll_loop.hpp"
#include "broker/edge/tcp_stream.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace ringdown;
using edge::epoll_loop;
using runtime::clock_type;
using runtime::time_point;

namespace {

/// Both ends of a stream between two descriptors.
struct pair_of_sockets {
  pair_of_sockets() {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
  }
  ~pair_of_sockets() {
    for (int end : ends)
      if (end >= 0)
        ::close(end);
  }
  void say(std::string_view text) {
    REQUIRE(::send(ends[1], text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  std::array<int, 2> ends{};
};

struct counting_user final : edge::epoll_user {
  void ready(std::uint32_t events) override {
    ++calls;
    seen |= events;
    if (on_ready)
      on_ready();
  }
  int calls = 0;
  std::uint32_t seen = 0;
  std::function<void()> on_ready;
};

/// A link's side of a stream: counts what it hears.
struct listening_user final : edge::stream_user {
  void readable() override { ++reads; }
  void writable() override { ++writes; }
  int reads = 0;
  int writes = 0;
};

/// A stream on one end of a pair, whose user reads when told.
struct stream_bench {
  epoll_loop loop;
  pair_of_sockets pair;
  edge::tcp_stream bytes{loop, std::exchange(pair.ends[0], -1)};
  std::shared_ptr<listening_user> user = std::make_shared<listening_user>();

  std::string read(std::size_t most = 100) {
    std::string text(most, ' ');
    auto got = bytes.read_some(text.data(), most);
    return got.status == transport_status::done  ? text.substr(0, got.bytes)
           : got.status == transport_status::end ? "the end"
                                                 : "nothing";
  }
  /// How many calls the user hears in some waits that do not block.
  int reads_heard(int waits = 3) {
    auto before = user->reads;
    for (int i = 0; i < waits; ++i)
      loop.wait(epoll_loop::poll_only);
    return user->reads - before;
  }
};

} // namespace

TEST_CASE("a deadline in the past polls: nothing blocks") {
  epoll_loop loop;
  CHECK(loop.wait(epoll_loop::poll_only) == 0);
  CHECK(loop.wait(clock_type::now() - 1s) == 0);
}

TEST_CASE("a deadline ends a wait, and not early") {
  epoll_loop loop;
  for (auto time : {1ms, 3ms, 12ms}) {
    const auto deadline = clock_type::now() + time;
    CHECK(loop.wait(deadline) == 0);
    CHECK(clock_type::now() >= deadline);
  }
}

TEST_CASE("a wake-up ends a wait, whether it comes before or during, again and again") {
  epoll_loop loop;
  for (int i = 0; i < 3; ++i) {
    loop.wake();
    loop.wait(time_point::max());
    std::thread other{[&] {
      std::this_thread::sleep_for(5ms);
      loop.wake();
    }};
    loop.wait(time_point::max());
    other.join();
  }
}

TEST_CASE("what becomes ready is said once") {
  epoll_loop loop;
  pair_of_sockets pair;
  counting_user user;
  REQUIRE(loop.add(pair.ends[0], user));
  loop.wait(epoll_loop::poll_only);
  CHECK((user.seen & EPOLLOUT) != 0); // there is room from the beginning
  pair.say("x");
  CHECK(loop.wait(time_point::max()) == 1);
  CHECK((user.seen & EPOLLIN) != 0);
  CHECK(loop.wait(epoll_loop::poll_only) == 0);
  pair.say("y");
  CHECK(loop.wait(time_point::max()) == 1);
  loop.remove(pair.ends[0], user);
  pair.say("z");
  CHECK(loop.wait(epoll_loop::poll_only) == 0);
}

TEST_CASE("a user that is removed by another in the same wait hears nothing more") {
  epoll_loop loop;
  std::array<pair_of_sockets, 3> pairs;
  std::array<counting_user, 3> users;
  for (std::size_t i = 0; i < 3; ++i) {
    REQUIRE(loop.add(pairs[i].ends[0], users[i]));
    users[i].on_ready = [&, i] {
      for (std::size_t other = 0; other < 3; ++other)
        if (other != i)
          loop.remove(pairs[other].ends[0], users[other]);
    };
    loop.call_again(users[i]);
  }
  for (int i = 0; i < 5; ++i)
    loop.wait(epoll_loop::poll_only);
  CHECK(users[0].calls + users[1].calls + users[2].calls >= 1);
  CHECK((users[0].calls > 0) + (users[1].calls > 0) + (users[2].calls > 0) == 1);
}

TEST_CASE("more ready sockets than one wait takes are all served") {
  constexpr std::size_t many = 700;
  rlimit files{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  files.rlim_cur =
    std::max<rlim_t>(files.rlim_cur, std::min<rlim_t>(files.rlim_max, 2 * many + 50));
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 2 * many + 50)
    return; // this machine allows no such number
  epoll_loop loop;
  std::vector<pair_of_sockets> pairs(many);
  std::vector<counting_user> users(many);
  for (std::size_t i = 0; i < many; ++i) {
    pairs[i].say("x");
    REQUIRE(loop.add(pairs[i].ends[0], users[i]));
  }
  for (int i = 0; i < 20; ++i)
    loop.wait(epoll_loop::poll_only);
  for (auto& user : users)
    REQUIRE(user.calls == 1);
}

TEST_CASE("a user that asks to be called again keeps neither a wait nor the others") {
  epoll_loop loop;
  pair_of_sockets pair;
  counting_user eager;
  counting_user other;
  eager.on_ready = [&] { loop.call_again(eager); };
  REQUIRE(loop.add(pair.ends[0], other));
  loop.call_again(eager);
  for (int i = 1; i <= 5; ++i) {
    loop.wait(time_point::max()); // does not block
    CHECK(eager.calls == i);
  }
  CHECK(other.calls == 1);
}

TEST_CASE("timers fire in their order, not early, and not once they are set anew or gone") {
  epoll_loop loop;
  std::vector<int> fired;
  epoll_loop::timer first{loop};
  epoll_loop::timer second{loop};
  auto gone = std::make_unique<epoll_loop::timer>(loop);
  const auto begin = clock_type::now();
  gone->call_after(1ms, [&] { fired.push_back(0); });
  first.call_after(1ms, [&] { fired.push_back(-1); });
  first.call_after(9ms, [&] { fired.push_back(1); });
  second.call_after(3ms, [&] {
    fired.push_back(2);
    second.call_after(20ms, [&] { fired.push_back(3); }); // behind the first, however late this is
  });
  gone.reset();
  while (fired.size() < 3)
    loop.wait(begin + 60s);
  CHECK(fired == std::vector<int>{2, 1, 3});
  CHECK(clock_type::now() >= begin + 9ms);
}

TEST_CASE("a wait's end comes once, behind all that it serves") {
  epoll_loop loop;
  std::string log;
  auto note = [&](char what) { log += loop.is_serving() ? what : '!'; };
  pair_of_sockets pair;
  counting_user user;
  user.on_ready = [&] {
    note('s');
    if (user.calls == 1)
      loop.call_again(user);
  };
  REQUIRE(loop.add(pair.ends[0], user));
  epoll_loop::timer timer{loop};
  timer.call_after(0ns, [&] { note('t'); });
  loop.at_end_of_wait([&] { log += loop.is_serving() ? '!' : '.'; });
  pair.say("x");
  for (int i = 0; i < 2; ++i)
    loop.wait(epoll_loop::poll_only);
  CHECK(log == "sst..");
  loop.remove(pair.ends[0], user);
}

TEST_CASE("a loop without files for itself says so") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  auto none = before;
  none.rlim_cur = 0;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  CHECK_THROWS_AS(epoll_loop{}, std::system_error);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

// ---- streams on it -------------------------------------------------------------------------

TEST_CASE("a reader hears once for each wait, and never within the call") {
  stream_bench b;
  b.bytes.await_read(b.user);
  CHECK(b.user->reads == 0);
  b.reads_heard(); // it may be told once that there might be something
  CHECK(b.read() == "nothing");
  b.bytes.await_read(b.user);
  CHECK(b.reads_heard() == 0);
  b.pair.say("hello");
  CHECK(b.reads_heard() == 1);
  b.pair.say("more");
  CHECK(b.reads_heard() == 0); // nobody waits
  CHECK(b.read() == "hellomore");
}

TEST_CASE("what a reader left, and what came while nobody waited, is told when it waits again") {
  stream_bench b;
  CHECK(b.read() == "nothing");
  b.pair.say("0123456789");
  b.bytes.await_read(b.user);
  CHECK(b.reads_heard() == 1);
  CHECK(b.read(4) == "0123"); // it stops in the middle
  b.bytes.await_read(b.user);
  CHECK(b.reads_heard() == 1);
  CHECK(b.read() == "456789");
  CHECK(b.read() == "nothing");
  b.pair.say("x");
  CHECK(b.reads_heard() == 0);
  b.bytes.await_read(b.user);
  CHECK(b.reads_heard() == 1);
  CHECK(b.read() == "x");
}

TEST_CASE("who has left bytes is read behind those who have news, and in its turn") {
  epoll_loop loop;
  std::array<pair_of_sockets, 3> pairs;
  std::vector<std::size_t> order;
  struct reading_user final : edge::stream_user {
    void readable() override {
      char byte = 0;
      order->push_back(index);
      static_cast<void>(bytes->read_some(&byte, 1)); // never all there is
      bytes->await_read(self.lock());
    }
    void writable() override {}
    std::vector<std::size_t>* order = nullptr;
    std::size_t index = 0;
    std::unique_ptr<edge::tcp_stream> bytes;
    std::weak_ptr<reading_user> self;
  };
  std::vector<std::shared_ptr<reading_user>> users;
  for (std::size_t i = 0; i < 3; ++i) {
    auto user = std::make_shared<reading_user>();
    user->order = &order;
    user->index = i;
    user->self = user;
    user->bytes = std::make_unique<edge::tcp_stream>(loop, std::exchange(pairs[i].ends[0], -1));
    user->bytes->await_read(user);
    users.push_back(user);
  }
  for (int i = 0; i < 10; ++i)
    loop.wait(epoll_loop::poll_only); // each has been told that there is nothing
  order.clear();
  pairs[0].say(std::string(100, 'x'));
  pairs[1].say(std::string(100, 'x'));
  loop.wait(epoll_loop::poll_only);
  REQUIRE(order.size() == 4); // both had news, and a turn each behind it
  order.clear();
  pairs[0].say("more"); // no news of one that waits for its turn
  pairs[2].say("x");
  loop.wait(epoll_loop::poll_only);
  REQUIRE(order.size() >= 3);
  CHECK(order[0] == 2);
  CHECK(std::count(order.begin(), order.end(), 0) == 1);
  CHECK(std::count(order.begin(), order.end(), 1) == 1);
  for (auto& user : users)
    user->bytes->close();
}

TEST_CASE("an end that comes together with the last bytes is heard behind them") {
  stream_bench b;
  CHECK(b.read() == "nothing");
  b.bytes.await_read(b.user);
  b.pair.say("last words");
  ::shutdown(b.pair.ends[1], SHUT_WR);
  CHECK(b.reads_heard() == 1);
  CHECK(b.read() == "last words"); // less than the buffer: without the end, there is no more
  b.bytes.await_read(b.user);
  CHECK(b.reads_heard() == 1);
  CHECK(b.read() == "the end");
}

TEST_CASE("a writer hears when there is room again") {
  stream_bench b;
  std::string much(64 * 1024, 'x');
  auto wrote = b.bytes.write_some(much);
  while (wrote.status == transport_status::done && wrote.bytes == much.size())
    wrote = b.bytes.write_some(much);
  b.bytes.await_write(b.user);
  for (int i = 0; i < 3; ++i)
    b.loop.wait(epoll_loop::poll_only);
  CHECK(b.user->writes == 0);
  std::string drained(1 << 20, ' ');
  while (::recv(b.pair.ends[1], drained.data(), drained.size(), 0) > 0)
    continue;
  for (int i = 0; i < 3 && b.user->writes == 0; ++i)
    b.loop.wait(clock_type::now() + 1s);
  CHECK(b.user->writes == 1);
  b.bytes.await_write(b.user); // there is room all the time
  b.loop.wait(time_point::max());
  CHECK(b.user->writes == 2);
}

TEST_CASE(
  "a stream that the kernel does not watch fails at its first read, and can go at any time") {
  epoll_loop loop;
  auto user = std::make_shared<listening_user>();
  bool is_read = GENERATE(true, false);
  {
    edge::tcp_stream bytes{loop, ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)}; // a file is not
    bytes.await_read(user);
    if (is_read) {
      loop.wait(epoll_loop::poll_only);
      CHECK(user->reads == 1);
      char byte = 0;
      CHECK(bytes.read_some(&byte, 1).status == transport_status::failed);
      bytes.await_read(user);
    }
  }
  auto before = user->reads;
  loop.wait(epoll_loop::poll_only);
  CHECK(user->reads == before);
  CHECK(user.use_count() == 1);
}

TEST_CASE("who waits at a stream that closes hears nothing, and is let go") {
  stream_bench b;
  b.bytes.await_read(b.user);
  b.bytes.await_write(b.user);
  b.pair.say("x");
  b.bytes.close();
  CHECK(b.reads_heard() == 0);
  CHECK(b.user->writes == 0);
  CHECK(b.user.use_count() == 1);
}
