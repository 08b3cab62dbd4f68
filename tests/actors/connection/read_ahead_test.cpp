// Frames have their turns in order, each once, however they were looked at before; and what their
// turns need is fetched before them.
#include "actors/connection/read_ahead.hpp"
#include "tests/actors/requests.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;

namespace {

using words = std::vector<std::string>;

/// A table of DNs that only tells what it was asked to fetch; a DN's hash is its number.
struct told_table {
  words* told;

  std::size_t hash(std::string_view name) const { return std::stoul(std::string{name}); }
  void prefetch(std::size_t hash) const { told->push_back("slot " + std::to_string(hash)); }
  void prefetch_entry(std::size_t hash) const { told->push_back("entry " + std::to_string(hash)); }
  void prefetch_dn(std::string_view name, std::size_t) const {
    told->push_back("DN " + std::string{name});
  }
};

/// A read of sends to DN 1, 2, ... with ReferenceIDs of the same numbers.
struct sends {
  explicit sends(std::uint32_t count) {
    for (std::uint32_t i = 1; i <= count; ++i)
      bytes.push_back(send(i, std::to_string(i), "pause").SerializeAsString());
    for (auto& frame : bytes)
      batch.frames.push_back(frame);
  }
  words bytes;
  read_batch batch;
};

std::string in_turn(const frame_ahead& frame) {
  return "turn " + std::to_string(frame.frame.reference.value);
}

words expected_turns(std::uint32_t first, std::uint32_t last) {
  words all;
  for (auto i = first; i <= last; ++i)
    all.push_back("turn " + std::to_string(i));
  return all;
}

/// Only the turns of what was told.
words turns_of(const words& told) {
  words turns;
  for (auto& word : told)
    if (word.starts_with("turn"))
      turns.push_back(word);
  return turns;
}

} // namespace

TEST_CASE("every frame of a read has its turn, in order, whatever the read's length") {
  limits bounds;
  read_ahead ahead; // one serves for all
  for (std::uint32_t count = 0; count <= 3 * read_ahead::stretch_frames + 1; ++count)
    for (std::uint32_t first : {0u, 1u, count / 2, count}) {
      if (first > count)
        continue;
      sends all{count};
      words told;
      auto next = ahead.read(
        all.batch, first, bounds, told_table{&told}, [] { return true; },
        [&](const frame_ahead& frame) {
          told.push_back(in_turn(frame));
          CHECK(frame.is_send);
          CHECK(frame.event.this_dn == std::to_string(frame.frame.reference.value));
          CHECK(frame.dn_hash == frame.frame.reference.value);
          CHECK(frame.bytes == all.batch.frames[frame.frame.reference.value - 1].size());
        });
      INFO(count << " frames from " << first);
      CHECK(next == count);
      CHECK(turns_of(told) == expected_turns(first + 1, count));
    }
}

TEST_CASE("a turn may be the last, and the rest keep theirs") {
  limits bounds;
  read_ahead ahead;
  const std::uint32_t count = 2 * read_ahead::stretch_frames;
  for (std::uint32_t last = 0; last <= count; ++last) {
    sends all{count};
    words told;
    auto next = ahead.read(
      all.batch, 0, bounds, told_table{&told}, [&] { return turns_of(told).size() < last; },
      [&](const frame_ahead& frame) { told.push_back(in_turn(frame)); });
    CHECK(next == last);
    CHECK(turns_of(told) == expected_turns(1, last));
  }
}

TEST_CASE("what a frame's turn needs is fetched a stretch before: its DN's slot, then the entry") {
  limits bounds;
  read_ahead ahead;
  sends all{read_ahead::stretch_frames + 2};
  words told;
  static_cast<void>(ahead.read(
    all.batch, 0, bounds, told_table{&told}, [] { return true; },
    [&](const frame_ahead& frame) { told.push_back(in_turn(frame)); }));
  words expected;
  auto fetch = [&](const std::string& what, int from, int to) {
    for (int i = from; i <= to; ++i)
      expected.push_back(what + " " + std::to_string(i));
  };
  fetch("slot", 1, 8);
  fetch("entry", 1, 8);
  fetch("slot", 9, 10);
  fetch("turn", 1, 8);
  fetch("entry", 9, 10);
  fetch("turn", 9, 10);
  CHECK(told == expected);
}

TEST_CASE("what is no send is looked at only, and fetches nothing") {
  limits bounds;
  read_ahead ahead;
  auto query = query_address(5, "7001").SerializeAsString();
  read_batch batch;
  batch.frames = {query, "\xff\xff"};
  words told;
  static_cast<void>(ahead.read(
    batch, 0, bounds, told_table{&told}, [] { return true; },
    [&](const frame_ahead& frame) {
      CHECK_FALSE(frame.is_send);
      CHECK(frame.event.this_dn.empty());
      told.push_back(in_turn(frame) + (frame.frame.malformed ? " malformed" : ""));
    }));
  CHECK(told == words{"turn 5", "turn 0 malformed"});
}

TEST_CASE("a read of one frame is fetched for in steps, and not looked at again in its turn") {
  limits bounds;
  memory_budget budget{bounds};
  t_client client{bounds, budget, nullptr};
  read_ahead ahead;
  sends one{1};
  words told;
  told_table dns{&told};
  for (unsigned step = 0; step <= read_ahead::fetch_steps; ++step) {
    told.push_back("step " + std::to_string(step));
    read_ahead::fetch(one.batch, step, client, bounds, dns);
  }
  auto next = ahead.read(
    one.batch, 0, bounds, dns, [] { return true; },
    [&](const frame_ahead& frame) { told.push_back(in_turn(frame)); });
  CHECK(next == 1);
  CHECK(told ==
        words{"step 0", "slot 1", "step 1", "entry 1", "step 2", "DN 1", "step 3", "turn 1"});
}

TEST_CASE("steps may be left out, and a read that was fetched for may go unread") {
  limits bounds;
  memory_budget budget{bounds};
  t_client client{bounds, budget, nullptr};
  words told;
  told_table dns{&told};
  sends several{2};
  sends one{1};
  for (unsigned step = 1; step < read_ahead::fetch_steps; ++step)
    read_ahead::fetch(one.batch, step, client, bounds, dns); // without the first: nothing is known
  for (unsigned step = 0; step < read_ahead::fetch_steps; ++step)
    read_ahead::fetch(several.batch, step, client, bounds, dns); // these are read ahead otherwise
  CHECK(told.empty());
  read_ahead::fetch(one.batch, 0, client, bounds, dns);
  read_ahead ahead;
  auto next = ahead.read(
    one.batch, 0, bounds, dns, [] { return false; },
    [&](const frame_ahead&) { FAIL("it may not be read"); });
  CHECK(next == 0);
  one.batch.reset();
  CHECK_FALSE(one.batch.ahead);
}

TEST_CASE("DNs are called in order, and fetched four ahead") {
  words told;
  auto add = [&](std::string what) {
    return [&told, what](std::size_t i) { told.push_back(what + " " + std::to_string(i)); };
  };
  static_assert(read_ahead::dns_ahead == 4);
  read_ahead::call_dns(6, add("fetch"), add("call"));
  CHECK(told == words{"fetch 0", "fetch 1", "fetch 2", "fetch 3", "fetch 4", "call 0", "fetch 5",
                      "call 1", "call 2", "call 3", "call 4", "call 5"});
  told.clear();
  read_ahead::call_dns(2, add("fetch"), add("call"));
  CHECK(told == words{"fetch 0", "fetch 1", "call 0", "call 1"});
}
