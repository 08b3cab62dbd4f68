// The outbox: what it admits, in what order it gives, and what it does when a client is slow.
#include "tests/actors/outbox_support.hpp"
#include "tests/messages/ending.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace ringdown;
using namespace ringdown::test;

using words = std::vector<std::string>;

// ---- the last word -------------------------------------------------------------------------

TEST_CASE("nothing stands behind the last word, whoever had room for it before") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  auto event = event_frame(*dn, 1);
  auto late = ack_frame(2);
  REQUIRE(bench.box.reserve(late.size(), traffic::reserved) == room::accepted);
  REQUIRE(bench.box.reserve_event(*dn, event.size(), traffic::ordinary) == room::accepted);
  // Others write in the moment in which the edge is told of the last word.
  bench.signal->meanwhile = [&] { static_cast<void>(bench.box.answer(ack_frame(3))); };
  bench.box.close_with(ack_frame(1));
  bench.box.write(late);
  bench.box.write_event(*dn, event, {});
  CHECK(bench.box.bytes() == ack_frame(1).size());
  bench.edge.drain();
  CHECK(bench.edge.read_in_short() == words{"answer 1"});
}

TEST_CASE("what waits is sent before the last word, and a second one is none") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  REQUIRE(bench.deliver(dn, 1));
  bench.box.close_with(ack_frame(1));
  bench.box.close_with(ack_frame(2));
  bench.edge.drain();
  CHECK(bench.edge.read_in_short() == words{"7001 1", "answer 1"});
  CHECK(bench.box.bytes() == 0);
}

TEST_CASE("an outbox whose reserve is full ends without a last word") {
  outbox_bench bench{small_outbox()};
  REQUIRE(bench.box.reserve(2800, traffic::reserved) == room::accepted);
  bench.box.close_with(ack_frame(1));
  CHECK(bench.box.closed());
  CHECK_FALSE(bench.box.overrun());
  CHECK(bench.box.bytes() == 2800);
}

// ---- bounds --------------------------------------------------------------------------------

TEST_CASE("an outbox admits ordinary frames up to its bytes, and not one more") {
  outbox_bench bench{small_outbox()};
  auto& box = bench.box;
  REQUIRE(box.reserve(1999, traffic::ordinary) == room::accepted);
  CHECK(box.reserve(2, traffic::ordinary) == room::full);
  CHECK(box.bytes() == 1999);
  CHECK(box.frames() == 1);
  REQUIRE(box.reserve(1, traffic::ordinary) == room::accepted);
  CHECK(box.reserve(1, traffic::ordinary) == room::full);
  CHECK(box.bytes() == 2000);
  box.unreserve(1);
  box.unreserve(1999);
  CHECK(box.bytes() == 0);
  CHECK(box.frames() == 0);
}

TEST_CASE("what is refused is never counted, not even for a moment") {
  outbox_bench bench{small_outbox()};
  std::atomic<bool> over = false;
  std::thread other{[&] {
    while (!over)
      static_cast<void>(bench.box.reserve(2001, traffic::ordinary));
  }};
  bool always = true;
  for (int i = 0; i < 300'000; ++i) {
    always &= bench.box.reserve(1000, traffic::reserved) == room::accepted;
    bench.box.unreserve(1000);
  }
  over = true;
  other.join();
  CHECK(always);
}

TEST_CASE("an outbox admits ordinary frames up to their number, and not one more") {
  outbox_bench bench{small_outbox()};
  for (int i = 0; i < 20; ++i)
    REQUIRE(bench.box.reserve(10, traffic::ordinary) == room::accepted);
  CHECK(bench.box.reserve(10, traffic::ordinary) == room::full);
  CHECK(bench.box.reserve(10, traffic::reserved) == room::accepted);
  CHECK(bench.box.frames() == 21);
}

TEST_CASE("the reserve admits an answer, a pause and a stop when the rest is full") {
  outbox_bench bench{small_outbox()};
  auto& box = bench.box;
  REQUIRE(box.reserve(2000, traffic::ordinary) == room::accepted);
  CHECK(box.reserve(1, traffic::ordinary) == room::full);
  REQUIRE(box.reserve(800, traffic::reserved) == room::accepted);
  CHECK(box.reserve(1, traffic::reserved) == room::full);
  CHECK(box.bytes() == 2800);
}

TEST_CASE("a full outbox has room again when the client has read") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  std::uint64_t sequence = 0;
  while (bench.deliver(dn, sequence + 1, traffic::ordinary, 150))
    ++sequence;
  CHECK(sequence > 8);
  bench.edge.drain();
  CHECK(bench.deliver(dn, sequence + 2, traffic::ordinary, 150));
}

TEST_CASE("bytes count until the kernel took them, the frames until the last byte") {
  outbox_bench bench{small_outbox()};
  auto frame = ack_frame(1) + ack_frame(2);
  REQUIRE(bench.box.answer(ack_frame(1)));
  REQUIRE(bench.box.answer(ack_frame(2)));
  CHECK(bench.box.bytes() == frame.size());
  CHECK(bench.box.frames() == 2);
  bench.edge.take();
  CHECK(bench.box.bytes() == frame.size());
  bench.edge.send(frame.size() - 1);
  CHECK(bench.box.bytes() == 1);
  CHECK(bench.box.frames() == 2);
  bench.edge.send(1);
  CHECK(bench.box.bytes() == 0);
  CHECK(bench.box.frames() == 0);
}

TEST_CASE("an outbox is above high water only past its mark") {
  outbox_bench bench{small_outbox()};
  REQUIRE(bench.box.reserve(1500, traffic::ordinary) == room::accepted);
  CHECK_FALSE(bench.box.above_high_water());
  REQUIRE(bench.box.reserve(1, traffic::ordinary) == room::accepted);
  CHECK(bench.box.above_high_water());
}

// ---- order and signals ---------------------------------------------------------------------

TEST_CASE("a client reads in the order of writing, whatever the kind") {
  outbox_bench bench{small_outbox()};
  auto one = some_dn("7001");
  auto other = some_dn("7002");
  CHECK(bench.deliver(one, 1));
  CHECK(bench.box.answer(ack_frame(5)));
  CHECK(bench.deliver(other, 1));
  CHECK(bench.deliver(one, 2, traffic::reserved));
  bench.edge.take();
  CHECK(bench.deliver(one, 3));
  CHECK(bench.box.answer(ack_frame(6)));
  bench.edge.drain();
  CHECK(bench.edge.read_in_short() ==
        words{"7001 1", "answer 5", "7002 1", "7001 2", "7001 3", "answer 6"});
}

TEST_CASE("the edge is told once of what waits, and again after it took") {
  outbox_bench bench{small_outbox()};
  REQUIRE(bench.box.answer(ack_frame(1)));
  REQUIRE(bench.box.answer(ack_frame(2)));
  CHECK(bench.signal->ready == 1);
  bench.edge.take();
  REQUIRE(bench.box.answer(ack_frame(3)));
  CHECK(bench.signal->ready == 2);
}

// ---- gaps ----------------------------------------------------------------------------------

namespace {

/// Fills the box with ordinary frames of no DN until nothing of 150 bytes goes in.
void fill(outbox_bench& bench) {
  auto frame = ack_frame(99, 140);
  while (bench.box.reserve(frame.size(), traffic::ordinary) == room::accepted)
    bench.box.write(frame);
}

words without_filling(outbox_bench& bench) {
  auto all = bench.edge.read_in_short();
  std::erase(all, "answer 99");
  return all;
}

} // namespace

TEST_CASE("what a slow client missed is told as one range when it reads again") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  REQUIRE(bench.deliver(dn, 1));
  fill(bench);
  for (std::uint64_t sequence = 2; sequence <= 9; ++sequence)
    CHECK_FALSE(bench.deliver(dn, sequence, traffic::ordinary, 150));
  CHECK(bench.box.has_gap());
  CHECK(bench.box.missed_total() == 8);
  bench.edge.drain();
  CHECK_FALSE(bench.box.has_gap());
  CHECK(without_filling(bench) == words{"7001 1", "7001 missed 2-9"});
  CHECK(bench.deliver(dn, 10));
  bench.edge.drain();
  CHECK(without_filling(bench) == words{"7001 1", "7001 missed 2-9", "7001 10"});
}

TEST_CASE("EventMissed names the DN's epoch") {
  outbox_bench bench{small_outbox()};
  auto old_life = some_dn("7001", 3);
  auto new_life = some_dn("7001", 4);
  fill(bench);
  CHECK_FALSE(bench.deliver(old_life, 17, traffic::ordinary, 150));
  CHECK_FALSE(bench.deliver(new_life, 1, traffic::ordinary, 150));
  CHECK_FALSE(bench.deliver(new_life, 2, traffic::ordinary, 150));
  bench.edge.drain();
  std::vector<std::vector<std::uint64_t>> told;
  for (auto& frame : bench.edge.read())
    if (frame.has_event_missed())
      told.push_back({frame.event_missed().dn_epoch(), frame.event_missed().from_sequence(),
                      frame.event_missed().to_sequence()});
  CHECK(told == std::vector<std::vector<std::uint64_t>>{{3, 17, 17}, {4, 1, 2}});
}

TEST_CASE("while a gap is open an ordinary event joins it, though there would be room") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  fill(bench);
  CHECK_FALSE(bench.deliver(dn, 1, traffic::ordinary, 150));
  CHECK_FALSE(bench.deliver(dn, 2)); // small enough, but the range must stay one
  bench.edge.drain();
  CHECK(without_filling(bench) == words{"7001 missed 1-2"});
}

TEST_CASE("a gap is told before a pause that goes through the reserve") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  REQUIRE(bench.deliver(dn, 1));
  fill(bench);
  CHECK_FALSE(bench.deliver(dn, 2, traffic::ordinary, 150));
  CHECK_FALSE(bench.deliver(dn, 3, traffic::ordinary, 150));
  CHECK(bench.deliver(dn, 4, traffic::reserved));
  CHECK_FALSE(bench.box.has_gap());
  CHECK_FALSE(bench.deliver(dn, 5, traffic::ordinary, 150));
  bench.edge.drain();
  CHECK(without_filling(bench) == words{"7001 1", "7001 missed 2-3", "7001 4", "7001 missed 5-5"});
}

TEST_CASE("a gap of one DN does not hold back another") {
  outbox_bench bench{small_outbox()};
  auto quiet = some_dn("7001");
  auto busy = some_dn("7002");
  fill(bench);
  CHECK_FALSE(bench.deliver(busy, 1, traffic::ordinary, 150));
  CHECK(bench.deliver(quiet, 1)); // a small one still fits
  CHECK(bench.deliver(quiet, 2, traffic::reserved));
  CHECK(bench.box.has_gap());
  bench.edge.drain();
  CHECK(without_filling(bench) == words{"7001 1", "7001 2", "7002 missed 1-1"});
}

TEST_CASE("a client is told what it missed only when it has read below the low-water mark") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  fill(bench);
  CHECK_FALSE(bench.deliver(dn, 1, traffic::ordinary, 150));
  bench.edge.take();
  bench.edge.send(bench.box.bytes() - bench.bounds.outbox_low_water_bytes);
  CHECK(bench.box.bytes() == bench.bounds.outbox_low_water_bytes);
  CHECK(bench.box.has_gap());
  auto told = bench.signal->ready.load();
  bench.edge.send(400);
  CHECK_FALSE(bench.box.has_gap());
  CHECK(bench.signal->ready == told + 1); // somebody must come for EventMissed
  bench.edge.drain();
  CHECK(without_filling(bench) == words{"7001 missed 1-1"});
}

TEST_CASE("a miss noted when the client has read everything is told all the same") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  bench.box.note_missed(dn, {5}, {}, {});
  CHECK(bench.signal->ready == 1);
  bench.edge.drain();
  CHECK(bench.edge.read_in_short() == words{"7001 missed 5-5"});
}

TEST_CASE("more gaps than fit below the low-water mark are told little by little") {
  outbox_bench bench{small_outbox()};
  std::vector<dn_identity_ptr> dns;
  for (int i = 0; i < 50; ++i)
    dns.push_back(some_dn(std::string(200, 'a') + std::to_string(100 + i)));
  fill(bench);
  for (auto& dn : dns)
    CHECK_FALSE(bench.deliver(dn, 1, traffic::ordinary, 150));
  while (bench.box.has_gap() || bench.box.bytes() != 0) {
    bench.edge.take();
    bench.edge.send(100);
    REQUIRE(bench.box.bytes() <= bench.bounds.outbox_bytes_max);
  }
  auto told = without_filling(bench);
  REQUIRE(told.size() == 50);
  for (std::size_t i = 0; i < 50; ++i)
    CHECK(told[i] == dns[i]->name + " missed 1-1");
}

// ---- the newest indications ----------------------------------------------------------------

TEST_CASE("a slow client gets the newest indication of each session, in the order of the DN") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  fill(bench);
  CHECK_FALSE(bench.deliver(dn, 1, traffic::ordinary, 150));
  CHECK_FALSE(bench.indicate(dn, 2, 0xa));
  CHECK_FALSE(bench.indicate(dn, 3, 0xb));
  CHECK_FALSE(bench.indicate(dn, 4, 0xa)); // newer than 2, and now behind 3
  CHECK_FALSE(bench.deliver(dn, 5));
  bench.edge.drain();
  CHECK(without_filling(bench) == words{"7001 missed 1-5", "7001 3 newest", "7001 4 newest"});
}

TEST_CASE("the newest indications come before a pause that goes through the reserve") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  fill(bench);
  CHECK_FALSE(bench.indicate(dn, 1, 0xa, 150));
  CHECK_FALSE(bench.indicate(dn, 2, 0xa));
  CHECK(bench.deliver(dn, 3, traffic::reserved));
  bench.edge.drain();
  CHECK(without_filling(bench) == words{"7001 missed 1-2", "7001 2 newest", "7001 3"});
}

TEST_CASE("kept indications have a bound, past which they only count as missed") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  fill(bench);
  bench.box.note_missed(dn, {1}, {}, {}); // the open gap itself is memory, too
  auto held = bench.budget.used();
  for (std::uint64_t session = 2; session <= 9; ++session)
    CHECK_FALSE(bench.indicate(dn, session, session, 150));
  CHECK(bench.budget.used() > held);
  CHECK(bench.budget.used() <= held + bench.bounds.coalesced_bytes_max);
  // What is newer takes the place of its own session's, and never leaves an older one standing.
  CHECK_FALSE(bench.indicate(dn, 10, 2, 300));
  bench.edge.drain();
  CHECK(without_filling(bench) == words{"7001 missed 1-10", "7001 3 newest"});
}

// ---- the end -------------------------------------------------------------------------------

TEST_CASE("an answer that not even the reserve can hold closes the outbox") {
  outbox_bench bench{small_outbox()};
  REQUIRE(bench.box.reserve(2700, traffic::reserved) == room::accepted);
  CHECK_FALSE(bench.box.answer(ack_frame(1, 200)));
  CHECK(bench.box.closed());
  CHECK(bench.box.overrun());
  CHECK(bench.signal->ready == 1);
}

TEST_CASE("a closed outbox refuses everything, and what waits can still be sent") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  REQUIRE(bench.box.answer(ack_frame(1)));
  bench.edge.take();
  bench.box.close();
  bench.box.close();
  CHECK(bench.signal->ready == 2); // the answer, and the end once
  CHECK(bench.box.closed());
  CHECK_FALSE(bench.box.overrun());
  CHECK(bench.box.reserve(1, traffic::ordinary) == room::closed);
  CHECK(bench.box.reserve(1, traffic::reserved) == room::closed);
  CHECK(bench.box.reserve_event(*dn, 1, traffic::reserved) == room::closed);
  CHECK_FALSE(bench.box.answer(ack_frame(2)));
  bench.edge.drain();
  CHECK(bench.edge.read_in_short() == words{"answer 1"});
}

TEST_CASE("nothing follows the last word, not even what was missed") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  fill(bench);
  CHECK_FALSE(bench.deliver(dn, 1, traffic::ordinary, 150));
  REQUIRE(bench.box.answer(ack_frame(7)));
  bench.box.close();
  while (bench.box.bytes() != 0) {
    bench.edge.take();
    bench.edge.send(bench.edge.left());
  }
  CHECK(without_filling(bench) == words{"answer 7"});
}

TEST_CASE("a slow client of many DNs is told of each what it missed") {
  outbox_bench bench{small_outbox()};
  fill(bench);
  auto held = bench.budget.used();
  std::vector<dn_identity_ptr> dns;
  for (int i = 0; i < 3000; ++i) {
    dns.push_back(some_dn(std::to_string(7000 + i)));
    CHECK_FALSE(bench.deliver(dns.back(), 1, traffic::ordinary, 150));
  }
  CHECK(bench.budget.used() >= held + 3000 * 100); // open gaps are memory, too
  for (std::size_t i = 0; i < dns.size(); i += 2)
    CHECK_FALSE(bench.deliver(dns[i], 2));
  bench.edge.drain();
  CHECK(bench.budget.used() <= held + 10'000);
  auto told = without_filling(bench);
  REQUIRE(told.size() == dns.size());
  for (std::size_t i = 0; i < dns.size(); ++i)
    CHECK(told[i] == dns[i]->name + (i % 2 == 0 ? " missed 1-2" : " missed 1-1"));
}

TEST_CASE("a closed outbox says so for a DN with a gap, too") {
  outbox_bench bench{small_outbox()};
  auto dn = some_dn("7001");
  fill(bench);
  CHECK_FALSE(bench.deliver(dn, 1, traffic::ordinary, 150));
  bench.box.close();
  CHECK(bench.box.reserve_event(*dn, 1, traffic::ordinary) == room::closed);
}

TEST_CASE("the budget gets back all that an outbox held") {
  limits bounds = small_outbox();
  memory_budget budget{bounds};
  auto signal = std::make_shared<counting_signal>();
  {
    outbox box{bounds, budget, signal};
    fake_edge edge{box};
    for (std::uint32_t i = 1; i <= 20; ++i)
      static_cast<void>(box.answer(ack_frame(i, 90)));
    CHECK(budget.used() >= 1800);
    edge.drain();
    edge.trim();
    CHECK(budget.used() == 0);
    // With frames waiting, kept indications and an open gap.
    for (std::uint32_t i = 1; i <= 20; ++i)
      static_cast<void>(box.answer(ack_frame(i, 90)));
    auto dn = some_dn("7001");
    box.note_missed(dn, {1}, {7}, event_frame(*dn, 1, 100, 7, true));
    edge.take();
    static_cast<void>(box.answer(ack_frame(21, 90)));
    CHECK(budget.used() >= 2000);
  }
  CHECK(budget.used() == 0);
}

TEST_CASE("an idle outbox does not keep the buffer of a burst") {
  limits bounds;
  memory_budget budget{bounds};
  outbox box{bounds, budget, std::make_shared<counting_signal>()};
  fake_edge edge{box};
  for (std::uint32_t i = 1; i <= 1000; ++i)
    REQUIRE(box.answer(ack_frame(i, 1000)));
  edge.drain();
  for (std::uint32_t i = 1; i <= 10; ++i) {
    REQUIRE(box.answer(ack_frame(i)));
    edge.drain();
  }
  CHECK(budget.used() < 10'000);
}

// ---- our own mistakes ----------------------------------------------------------------------

TEST_CASE("room that was not reserved, or is given back twice, is found where it is not shipped") {
  auto found = debug_checks ? SIGABRT : 0;
  limits bounds;
  memory_budget budget{bounds};
  outbox box{bounds, budget, std::make_shared<counting_signal>()};
  REQUIRE(box.reserve(100, traffic::ordinary) == room::accepted);
  CHECK(child_that([&] { box.unreserve(100); }).signal == 0);
  CHECK(child_that([&] { box.unreserve(101); }).signal == found); // more bytes
  CHECK(child_that([&] {
          box.unreserve(50);
          box.unreserve(50); // more frames
        }).signal == found);
}

TEST_CASE("the budget finds who gives back more than it has, where it is not shipped") {
  limits bounds;
  memory_budget budget{bounds};
  budget.add(100);
  CHECK(child_that([&] { budget.remove(100); }).signal == 0);
  CHECK(child_that([&] { budget.remove(101); }).signal == (debug_checks ? SIGABRT : 0));
}
