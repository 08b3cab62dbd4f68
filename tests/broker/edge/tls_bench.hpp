// What the tests of a TLS stream stand on: a client, a wire in memory, and a loop by hand.
#pragma once

#include "broker/edge/tls_stream.hpp"
#include "messages/limits.hpp"
#include "tests/broker/edge/wire_below.hpp"
#include "tests/broker/security/handshake_in_memory.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <utility>

namespace ringdown::test {

using namespace ringdown::edge;

/// Who reads and writes: reads all when told, and remembers how often it was told.
struct party final : stream_user {
  void readable() override {
    ++told_to_read;
    if (on_readable)
      on_readable();
  }
  void writable() override {
    ++told_to_write;
    if (on_writable)
      on_writable();
  }

  int told_to_read = 0;
  int told_to_write = 0;
  std::function<void()> on_readable;
  std::function<void()> on_writable;
};

/// A client, the wire, the stream over it, and a loop by hand.
struct bench {
  explicit bench(int version = TLS1_3_VERSION)
    : context(client_context({.version_max = version})), hands(*any_server(), *context) {
    REQUIRE(hands.run());
    below->coming = hands.take_ciphertext(); // nothing, of an honest client
    stream = std::make_unique<tls_stream>(std::make_unique<wire_below>(below), hands.take_server(),
                                          buffers, budget, [this](std::function<void()> task) {
                                            if (std::exchange(has_no_memory, false))
                                              throw std::bad_alloc{};
                                            soon.push_back(std::move(task));
                                          });
  }

  /// The client says it, and the wire has it.
  void say(std::string_view plain) {
    REQUIRE(hands.say(plain));
    below->coming += hands.take_ciphertext();
  }
  std::string hear() { return hands.hear(std::exchange(below->arrived, {})); }
  transport_result read(std::size_t size = 64 * 1024) {
    last.assign(size, '\0');
    auto got = stream->read_some(last.data(), size);
    last.resize(got.bytes);
    return got;
  }
  /// One turn of a loop.
  void turn() {
    for (auto left = soon.size(); left > 0; --left) {
      auto task = std::move(soon.front());
      soon.pop_front();
      task();
    }
    if (below->has_something_to_read())
      below->tell_reader();
    below->tell_writer();
  }

  memory_budget budget{limits{}};
  tls_buffers buffers;
  std::deque<std::function<void()>> soon;
  bool has_no_memory = false; ///< for the next of them
  std::shared_ptr<wire_state> below = std::make_shared<wire_state>();
  context_ptr context;
  handshake_in_memory hands;
  std::shared_ptr<party> user = std::make_shared<party>();
  std::unique_ptr<tls_stream> stream;
  std::string last; ///< what was read
};

inline std::string text_of(std::size_t size, unsigned seed = 1) {
  std::minstd_rand random{seed};
  std::string text(size, ' ');
  for (auto& c : text)
    c = static_cast<char>('a' + random() % 26);
  return text;
}

} // namespace ringdown::test
