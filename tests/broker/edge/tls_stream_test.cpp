// TLS over a stream that gives and takes as it likes.
#include "tests/broker/edge/tls_bench.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <utility>

using namespace ringdown;
using namespace ringdown::edge;
using namespace ringdown::test;

TEST_CASE("a turn costs one read and one write, however many records there are in it") {
  bench b;
  for (int i = 0; i < 100; ++i)
    b.say("an event");
  auto got = b.read();
  CHECK(got.status == transport_status::done);
  CHECK(got.bytes == 800);
  CHECK(b.below->reads == 1);
  CHECK(b.below->writes == 0);
  auto answer = text_of(200 * 1024);
  CHECK(b.stream->write_some(answer).bytes == answer.size());
  CHECK(b.below->writes == 1);
  CHECK(b.hear() == answer);
  CHECK(b.budget.used() == 0);
}

TEST_CASE("nothing that was decrypted is left behind when a turn's share is read") {
  bench b;
  b.say(text_of(200 * 1024));
  std::string all;
  while (all.size() < 200 * 1024) {
    REQUIRE(b.read().status == transport_status::done);
    all += b.last;
    // Whoever waits now waits for the wire alone.
    b.stream->await_read(b.user);
    CHECK(b.soon.empty());
  }
  CHECK(all == text_of(200 * 1024));
  CHECK(b.below->largest_read == ciphertext_per_read_max);
  CHECK(b.read().status == transport_status::would_block);
}

TEST_CASE("what a small read leaves is told of soon, never within the call, and counts as memory") {
  bench b;
  b.say(text_of(40 * 1024));
  std::string all;
  b.user->on_readable = [&] {
    while (b.read(1000).status == transport_status::done && all.size() % 3000 != 0)
      all += b.last;
    all += b.last;
    b.stream->await_read(b.user);
  };
  b.stream->await_read(b.user);
  CHECK(b.user->told_to_read == 0);
  b.below->tell_reader();
  CHECK(b.user->told_to_read == 1);
  CHECK(b.budget.used() > 0);
  b.below->reads = 0;
  for (int i = 0; i < 1000 && all.size() < 40 * 1024; ++i) {
    REQUIRE((!b.soon.empty() || b.below->has_something_to_read()));
    b.turn();
  }
  CHECK(all == text_of(40 * 1024));
  b.turn();
  CHECK(b.soon.empty());
  CHECK(b.budget.used() == 0);
}

TEST_CASE("a part of a record is no news, and its memory is counted") {
  bench b;
  b.say(text_of(10'000));
  auto whole = std::exchange(b.below->coming, {});
  b.below->coming = whole.substr(0, whole.size() - 1);
  b.stream->await_read(b.user);
  b.turn();
  CHECK(b.user->told_to_read == 1);
  CHECK(b.read().status == transport_status::would_block);
  CHECK(b.budget.used() > 10'000);
  b.below->coming = whole.substr(whole.size() - 1);
  CHECK(b.read().bytes == 10'000);
  CHECK(b.budget.used() == 0);
}

TEST_CASE("a reader whom there was no memory to tell is told when it asks again") {
  bench b;
  b.say(text_of(40 * 1024));
  while (b.read(1000).status == transport_status::would_block) { // until a record is whole
  }
  REQUIRE(b.last.size() == 1000);
  b.has_no_memory = true;
  CHECK_THROWS_AS(b.stream->await_read(b.user), std::bad_alloc);
  b.stream->await_read(b.user);
  b.turn();
  CHECK(b.user->told_to_read == 1);
}

// ---- writing -------------------------------------------------------------------------------

TEST_CASE("what the wire does not take waits, counts as memory, and leaves by itself") {
  bench b;
  std::size_t room = 1000;
  b.below->takes = [&](std::size_t) { return std::exchange(room, 0); };
  auto text = text_of(100'000);
  CHECK(b.stream->write_some(text).bytes == text.size());
  CHECK(b.stream->held() >= text.size() - 1000);
  CHECK(b.budget.used() == b.stream->held());
  // Nothing more is taken meanwhile, whoever asks.
  CHECK(b.stream->write_some("more").status == transport_status::would_block);
  b.stream->await_write(b.user);
  std::string heard;
  while (b.stream->held() > 0) {
    CHECK(b.user->told_to_write == 0);
    room = 5000;
    b.turn();
    heard += b.hear();
  }
  CHECK(b.user->told_to_write == 1);
  CHECK(b.budget.used() == 0);
  CHECK(b.stream->write_some("more").bytes == 4);
  room = 5000;
  b.turn();
  CHECK(heard + b.hear() == text + "more");
}

TEST_CASE("one write takes a bounded part of what there is") {
  bench b;
  auto text = text_of(1024 * 1024);
  auto did = b.stream->write_some(text);
  CHECK(did.status == transport_status::done);
  CHECK(did.bytes == plaintext_per_write_max);
  CHECK(b.stream->write_some("").bytes == 0);
}

TEST_CASE("a wire that fails while it is written to fails the stream") {
  bench b;
  b.below->is_broken = true;
  auto did = b.stream->write_some("something");
  CHECK(did.status == transport_status::failed);
  CHECK(did.error == EPIPE);
  CHECK(b.stream->write_some("again").status == transport_status::failed);
  CHECK(b.read().error == ECONNRESET);
}

// ---- ends ----------------------------------------------------------------------------------

TEST_CASE("a close_notify is the end, behind all that was said") {
  bench b;
  b.say("last words");
  b.hands.close_notify();
  b.below->coming += b.hands.take_ciphertext();
  b.below->ends = true;
  CHECK(b.read().bytes == 10);
  b.stream->await_read(b.user);
  CHECK(b.user->told_to_read == 0);
  b.turn();
  CHECK(b.user->told_to_read == 1);
  CHECK(b.read().status == transport_status::end);
  // Behind the end only a failure is told; what is owed can still be said.
  b.stream->await_read(b.user);
  b.turn();
  b.turn();
  CHECK(b.user->told_to_read == 1);
  CHECK(b.stream->write_some("an answer").bytes == 9);
  b.hear();
  b.below->is_broken = true;
  b.turn();
  CHECK(b.user->told_to_read == 2);
  CHECK(b.read().status == transport_status::failed);
}

TEST_CASE("a wire that ends without a close_notify may have been cut: the stream has failed") {
  bench b;
  b.say("last words");
  b.below->ends = true;
  CHECK(b.read().bytes == 10);
  auto got = b.read();
  CHECK(got.status == transport_status::failed);
  CHECK(got.error == ECONNABORTED);
}

TEST_CASE("who ends is heard to its last word, then the wire ends") {
  bench b;
  std::size_t room = 0;
  b.below->takes = [&](std::size_t) { return std::exchange(room, 0); };
  CHECK(b.stream->write_some("last words").bytes == 10);
  b.stream->end_writing();
  CHECK_FALSE(b.below->has_ended);
  CHECK(b.stream->write_some("more").status == transport_status::failed);
  room = 1000;
  b.turn();
  CHECK(b.below->has_ended);
  CHECK(b.hear() == "last words");
  CHECK(b.hands.has_heard_end());
}

TEST_CASE("the end of the other side is held back while one's own last words wait") {
  bench b;
  std::size_t room = 0;
  b.below->takes = [&](std::size_t) { return std::exchange(room, 0); };
  b.hands.close_notify();
  b.below->coming += b.hands.take_ciphertext();
  CHECK(b.read().status == transport_status::end);
  b.stream->write_some("last words");
  b.stream->end_writing();
  CHECK(b.read().status == transport_status::would_block); // or the last words would be lost
  b.stream->await_read(b.user);
  room = 1000;
  b.turn();
  CHECK(b.user->told_to_read == 0);
  b.turn();
  CHECK(b.user->told_to_read == 1);
  CHECK(b.read().status == transport_status::end);
}

TEST_CASE("a stream that is closed tells nobody, and lets its user go") {
  bench b;
  b.say("some words");
  CHECK(b.read(100).bytes == 10);
  b.say(text_of(5000));
  CHECK(b.read(6000).bytes == 5000);
  b.say(text_of(5000));
  CHECK(b.read(4000).status == transport_status::would_block); // a part of a record
  CHECK(b.budget.used() > 0);
  b.stream->await_read(b.user);
  b.stream->await_write(b.user);
  auto reader = b.below->reader;
  b.stream->close();
  CHECK(b.below->is_closed);
  b.turn();
  CHECK(b.user->told_to_read + b.user->told_to_write == 0);
  CHECK(b.user.use_count() == 1);
  CHECK(b.budget.used() == 0);
}

TEST_CASE("a user may close the stream, and end it, within what it is told") {
  bench b;
  b.say("an event");
  b.user->on_writable = [&] { b.stream.reset(); };
  b.user->on_readable = [&] { b.stream.reset(); };
  b.stream->await_read(b.user);
  b.stream->await_write(b.user);
  auto reader = std::exchange(b.below->reader, nullptr);
  auto writer = std::exchange(b.below->writer, nullptr);
  writer->writable();
  reader->readable(); // as a socket with both kinds of news tells them
  CHECK(b.user->told_to_read + b.user->told_to_write == 1);
}

// ---- what comes is not what was sent -------------------------------------------------------

TEST_CASE("ciphertext that ends at any byte gives whole records only, and then a failure") {
  auto version = GENERATE(TLS1_3_VERSION, TLS1_2_VERSION);
  bench probe{version};
  probe.say("first");
  auto one = probe.below->coming.size();
  probe.say("second");
  auto size = probe.below->coming.size();
  for (std::size_t cut = 0; cut < size; ++cut) {
    bench b{version};
    b.say("first");
    b.say("second");
    REQUIRE(b.below->coming.size() == size);
    b.below->coming.resize(cut);
    b.below->ends = true;
    if (cut >= one) {
      REQUIRE(b.read().status == transport_status::done);
      REQUIRE(b.last == "first");
    }
    auto got = b.read();
    if (got.status == transport_status::would_block) // a part of a record, before the end
      got = b.read();
    REQUIRE(got.status == transport_status::failed);
  }
}

TEST_CASE("a flipped bit anywhere ends the stream, and the other side is told") {
  auto version = GENERATE(TLS1_3_VERSION, TLS1_2_VERSION);
  bench probe{version};
  probe.say("an event");
  auto size = probe.below->coming.size();
  for (std::size_t at = 0; at < size; ++at) {
    bench b{version};
    b.say("an event");
    b.below->coming[at] = static_cast<char>(b.below->coming[at] ^ 0x10);
    b.below->coming += std::string(20'000, 'x'); // a longer record would wait for its rest
    auto got = b.read();
    INFO("byte " << at);
    REQUIRE(got.status == transport_status::failed);
    REQUIRE(got.error == EPROTO);
    REQUIRE(b.stream->write_some("more").status != transport_status::would_block);
  }
}

TEST_CASE("garbage behind good records does not take them with it") {
  bench b;
  b.say("an event");
  b.below->coming += "garbage that is no record at all";
  CHECK(b.read().bytes == 8);
  b.stream->await_read(b.user);
  b.turn();
  CHECK(b.user->told_to_read == 1);
  CHECK(b.read().error == EPROTO);
  CHECK(b.below->arrived.size() > 5); // an alert
}

TEST_CASE("a client that renegotiates is refused, and may go on") {
  bench b{TLS1_2_VERSION};
  b.hands.renegotiate();
  b.below->coming = b.hands.take_ciphertext();
  REQUIRE_FALSE(b.below->coming.empty());
  auto got = b.read();
  CHECK(got.status == transport_status::would_block);
  CHECK(b.below->arrived.size() > 5); // the alert no_renegotiation
}

TEST_CASE("clients that provoke alerts and read none of them are bounded") {
  bench b{TLS1_2_VERSION};
  b.below->takes = [](std::size_t) { return std::size_t{0}; };
  transport_result got{transport_status::would_block, 0, 0};
  std::size_t most = 0;
  for (int i = 0; i < 20'000 && got.status == transport_status::would_block; ++i) {
    b.hands.renegotiate();
    b.below->coming = b.hands.take_ciphertext();
    if (b.below->coming.empty())
      break; // OpenSSL's own client has one under way and makes no second
    got = b.read();
    most = std::max(most, b.stream->held());
  }
  CHECK(most <= 2 * ciphertext_waiting_max);
}

// ---- everything, by chance -----------------------------------------------------------------

namespace {

/// Both ways at once over a wire of moods: the stream's user echoes what it reads.
struct echo {
  explicit echo(unsigned seed)
    : random(seed), b(seed % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION), is_1_3(seed % 2 == 0) {
    auto mood = [this](std::size_t bytes) {
      return one_in(3) ? 0 : 1 + random() % std::min<std::size_t>(bytes, one_in(4) ? 7 : 4000);
    };
    b.below->gives = mood;
    b.below->takes = mood;
    b.user->on_readable = [this] {
      REQUIRE(std::exchange(waits_to_read, false));
      read();
    };
    b.user->on_writable = [this] {
      REQUIRE(std::exchange(waits_to_write, false));
      write();
    };
  }

  bool one_in(unsigned n) { return random() % n == 0; }

  void read() {
    auto got = b.read(1 + random() % (one_in(2) ? 64 * 1024 : 100));
    REQUIRE((got.status == transport_status::done || got.status == transport_status::would_block));
    to_send += b.last;
    if (!waits_to_write)
      write();
    await_read();
  }
  void await_read() {
    if (!std::exchange(waits_to_read, true))
      b.stream->await_read(b.user);
  }
  void write() {
    while (!to_send.empty()) {
      auto did = b.stream->write_some(to_send);
      REQUIRE(
        (did.status == transport_status::done || did.status == transport_status::would_block));
      to_send.erase(0, did.bytes);
      if (did.status == transport_status::would_block) {
        waits_to_write = true;
        return b.stream->await_write(b.user);
      }
    }
  }
  void client_acts() {
    if (said.size() < 60'000 && one_in(2)) {
      auto words = text_of(1 + random() % 3000, static_cast<unsigned>(random()));
      said += words;
      b.say(words);
    }
    if (is_1_3 && one_in(20))
      b.hands.update_keys(one_in(2));
    heard += b.hear();
  }
  bool is_done() const { return said.size() >= 60'000 && heard.size() == said.size(); }

  std::mt19937 random;
  bench b;
  const bool is_1_3;
  bool waits_to_read = false;
  bool waits_to_write = false;
  std::string said, heard, to_send;
};

} // namespace

TEST_CASE("whatever the wire does, all is echoed whole, with keys that change on the way") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    echo e{seed};
    e.await_read();
    for (int i = 0; i < 100'000 && !e.is_done(); ++i) {
      e.client_acts();
      e.b.turn();
    }
    REQUIRE(e.is_done());
    REQUIRE(e.heard == e.said);
    e.b.stream->trim();
    REQUIRE(e.b.budget.used() == 0);
  }
}
