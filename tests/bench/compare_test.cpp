// What a comparison computes from its rounds, and how its loads are named.
#include "bench/compare.hpp"
#include "bench/peers/peer.hpp"

#include <catch2/catch.hpp>

using namespace ringdown::bench;

TEST_CASE("a median stands in the middle of its spread") {
  auto odd = spread_of({3, 1, 2});
  CHECK(odd.median == 2);
  CHECK(odd.low == 1);
  CHECK(odd.high == 3);
  CHECK(spread_of({4, 1}).median == 2.5);
  CHECK(spread_of({}).median == 0);
}

TEST_CASE("ratios are taken within a round, and not of what was not measured") {
  CHECK(ratios({2, 9, 4}, {1, 3, 8}) == std::vector<double>{2, 3, 0.5});
  CHECK(ratios({2, 0, 4}, {1, 3, 0}) == std::vector<double>{2});
  CHECK(ratios({2, 3}, {1}) == std::vector<double>{2});
}

TEST_CASE("loads of a comparison are read by name") {
  auto closed = load_of("256x1");
  REQUIRE(closed);
  CHECK(closed->producers == 256);
  CHECK(closed->window == 1);
  CHECK(closed->receivers == 1);
  CHECK_FALSE(closed->rate);
  auto wide = load_of("16x64/8");
  REQUIRE(wide);
  CHECK(wide->receivers == 8);
  auto open = load_of("open:20000");
  REQUIRE(open);
  CHECK(open->rate == 20'000);
  for (auto* bad : {"", "x", "16x", "x64", "16x64/", "16x64/0", "0x1", "open:", "open:-1",
                    "16x64x1", "16 x64", "open:20k"}) {
    INFO(bad);
    CHECK_FALSE(load_of(bad));
  }
}

TEST_CASE("a load of a comparison makes a run with every receiver on all DNs") {
  load_options o;
  shape(o, *load_of("4x2/8"));
  CHECK(o.producers == 4);
  CHECK(o.window == 2);
  CHECK(o.receivers == 8);
  CHECK(o.fan_out == 8);
  CHECK_FALSE(o.open_loop);
}

TEST_CASE("peers are known by name") {
  for (auto& p : peers())
    CHECK(find_peer(p.name) == &p);
  CHECK(find_peer("carrier pigeon") == nullptr);
}
