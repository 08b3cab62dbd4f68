// The pipe between a T-Client of this process and its link, with the edge thread played by hand.
#include "broker/edge/local_pipe.hpp"

#include <catch2/catch.hpp>

#include <poll.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace ringdown;
using namespace ringdown::edge;

namespace {

/// Runs what was posted when it is told to.
class hand_host final : public edge_host {
public:
  io_loop& loop() override { throw std::logic_error{"has no sockets"}; }
  bool is_current() const noexcept override { return true; }
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  void at_end_of_turn(std::function<void()>) override {}
  runtime::home where() const noexcept override { return {}; }
  void stop() override {}

  void turn() {
    auto tasks = std::exchange(tasks_, {});
    for (auto& task : tasks)
      task();
  }
  std::size_t waiting() const { return tasks_.size(); }

private:
  std::vector<std::function<void()>> tasks_;
};

struct listener final : stream_user {
  int reads = 0;
  int writes = 0;
  void readable() override { ++reads; }
  void writable() override { ++writes; }
};

bool is_told(transport& client, bool to_read, bool to_write) {
  pollfd one{client.descriptor(), client.poll_events(to_read, to_write), 0};
  return ::poll(&one, 1, 0) == 1;
}

std::string read_all(transport& client) {
  std::string all;
  char buffer[1000];
  for (;;) {
    auto got = client.read_some(buffer, sizeof buffer);
    if (got.status != transport_status::done)
      return all;
    all.append(buffer, got.bytes);
  }
}

struct pipe_test {
  hand_host host;
  local_pipe_ends ends = make_local_pipe(host);
  std::shared_ptr<listener> user = std::make_shared<listener>();
  char buffer[64 * 1024];
};

} // namespace

TEST_CASE("what the client writes, the link is told of once and reads in order") {
  pipe_test t;
  t.ends.broker->await_read(t.user);
  CHECK(t.host.waiting() == 0);
  CHECK(t.ends.client->write_some("one ").bytes == 4);
  CHECK(t.ends.client->write_some("two").bytes == 3);
  CHECK(t.host.waiting() == 1);
  CHECK(t.user->reads == 0); // never within a call
  t.host.turn();
  CHECK(t.user->reads == 1);
  auto got = t.ends.broker->read_some(t.buffer, 2);
  CHECK(std::string(t.buffer, got.bytes) == "on");
  got = t.ends.broker->read_some(t.buffer, sizeof t.buffer);
  CHECK(std::string(t.buffer, got.bytes) == "e two");
  CHECK(t.ends.broker->read_some(t.buffer, 1).status == transport_status::would_block);
  CHECK(t.ends.client->write_some("three").bytes == 5);
  CHECK(t.host.waiting() == 0); // nobody waits
  t.ends.broker->await_read(t.user);
  t.host.turn(); // there is something already
  CHECK(t.user->reads == 2);
}

TEST_CASE("what the link writes, a client that waits is told of by its descriptor") {
  pipe_test t;
  CHECK_FALSE(is_told(*t.ends.client, true, false));
  CHECK(t.ends.broker->write_some("hello").bytes == 5);
  pollfd one{t.ends.client->descriptor(), POLLIN, 0};
  CHECK(::poll(&one, 1, 0) == 1);
  CHECK(is_told(*t.ends.client, true, false)); // still: it was not read
  CHECK(read_all(*t.ends.client) == "hello");
  CHECK_FALSE(is_told(*t.ends.client, true, false));
  CHECK(is_told(*t.ends.client, false, true)); // there is room
}

TEST_CASE("a full pipe takes no more until the other end has read") {
  pipe_test t;
  std::string much(local_pipe_bytes_max + 1000, 'x');
  CHECK(t.ends.client->write_some(much).bytes == local_pipe_bytes_max);
  CHECK(t.ends.client->write_some("x").status == transport_status::would_block);
  CHECK_FALSE(is_told(*t.ends.client, false, true));
  CHECK(t.ends.broker->read_some(t.buffer, 10).bytes == 10);
  CHECK(is_told(*t.ends.client, false, true));
  CHECK(t.ends.client->write_some(much).bytes == 10);

  CHECK(t.ends.broker->write_some(much).bytes == local_pipe_bytes_max);
  CHECK(t.ends.broker->write_some("x").status == transport_status::would_block);
  t.ends.broker->await_write(t.user);
  CHECK(t.host.waiting() == 0);
  CHECK(t.ends.client->read_some(t.buffer, 1).bytes == 1);
  t.host.turn();
  CHECK(t.user->writes == 1);
}

TEST_CASE("when the client goes, the link reads what was written and then the end") {
  pipe_test t;
  t.ends.broker->await_read(t.user);
  t.ends.broker->await_write(t.user);
  t.host.turn();
  CHECK(t.user->writes == 1); // there was room
  static_cast<void>(t.ends.client->write_some("last"));
  t.ends.client.reset();
  t.host.turn();
  CHECK(t.user->reads == 1);
  CHECK(t.ends.broker->read_some(t.buffer, 100).bytes == 4);
  CHECK(t.ends.broker->read_some(t.buffer, 100).status == transport_status::end);
  CHECK(t.ends.broker->write_some("x").status == transport_status::failed);
}

TEST_CASE("when the link ends, the client reads what was written and then the end") {
  pipe_test t;
  static_cast<void>(t.ends.broker->write_some("last"));
  t.ends.broker->end_writing();
  CHECK(is_told(*t.ends.client, true, false));
  CHECK(read_all(*t.ends.client) == "last");
  CHECK(t.ends.client->read_some(t.buffer, 1).status == transport_status::end);
  CHECK(t.ends.client->write_some("ignored").bytes == 7); // as with TCP: the link still reads
  t.ends.broker.reset();
  CHECK(t.ends.client->write_some("x").status == transport_status::failed);
  CHECK(is_told(*t.ends.client, false, true)); // a waiting writer hears that it is over
}

TEST_CASE("a link that waits when it is closed hears nothing and is let go") {
  pipe_test t;
  t.ends.broker->await_read(t.user);
  t.ends.broker->close();
  CHECK(t.user.use_count() == 1);
  static_cast<void>(t.ends.client->write_some("x"));
  CHECK(t.host.waiting() == 0);
}

TEST_CASE("bytes of any sizes come through whole, with the ends on two threads") {
  pipe_test t;
  constexpr std::size_t total = 8 * 1024 * 1024;
  auto byte_at = [](std::size_t i) { return static_cast<char>(i * 7 + (i >> 8)); };
  std::thread writer{[&] {
    std::mt19937 random{7};
    std::string chunk;
    for (std::size_t sent = 0; sent < total;) {
      if (chunk.empty()) {
        auto size = std::min<std::size_t>(1 + random() % 5000, total - sent);
        for (std::size_t i = 0; i < size; ++i)
          chunk.push_back(byte_at(sent + i));
      }
      auto did = t.ends.client->write_some(chunk);
      if (did.status == transport_status::done) {
        chunk.erase(0, did.bytes);
        sent += did.bytes;
        continue;
      }
      pollfd room{t.ends.client->descriptor(), t.ends.client->poll_events(false, true), 0};
      ::poll(&room, 1, 60'000);
    }
  }};
  std::size_t seen = 0;
  bool right = true;
  std::mt19937 random{11};
  while (seen < total) {
    auto got = t.ends.broker->read_some(t.buffer, 1 + random() % sizeof t.buffer);
    if (got.status != transport_status::done) {
      std::this_thread::yield();
      continue;
    }
    for (std::size_t i = 0; i < got.bytes; ++i)
      right = right && t.buffer[i] == byte_at(seen + i);
    seen += got.bytes;
  }
  writer.join();
  CHECK(right);
}
