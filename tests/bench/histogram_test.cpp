#include "bench/load/histogram.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

using ringdown::bench::histogram;

TEST_CASE("an empty histogram says nothing") {
  histogram h;
  CHECK(h.count() == 0);
  CHECK(h.percentile(50) == 0);
  CHECK(h.max() == 0);
}

TEST_CASE("small values are exact and large ones are capped") {
  histogram h;
  for (std::uint64_t v = 1; v <= 100; ++v)
    h.record(v);
  CHECK(h.percentile(50) == 50);
  CHECK(h.percentile(0) == 1);
  CHECK(h.percentile(100) == 100);
  h.record(~std::uint64_t{0});
  CHECK(h.max() == histogram::value_max);
  CHECK(h.percentile(100) == histogram::value_max);
  h.clear();
  CHECK(h.count() == 0);
}

TEST_CASE("any percentile is at most 1.6 percent above the true one and never below") {
  CHECK(rc::check([] {
    auto bits = *rc::gen::inRange(1, 40);
    auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(
      rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << bits)));
    auto percent = *rc::gen::inRange(0, 1001) / 10.0;
    auto h = std::make_unique<histogram>();
    auto parts = std::make_unique<histogram>();
    for (std::size_t i = 0; i < values.size(); ++i)
      (i % 2 == 0 ? *h : *parts).record(values[i]);
    h->add(*parts);
    std::sort(values.begin(), values.end());
    auto rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
    auto truth = values[std::max<std::size_t>(static_cast<std::size_t>(rank), 1) - 1];
    auto said = h->percentile(percent);
    RC_ASSERT(h->count() == values.size());
    RC_ASSERT(h->max() == values.back());
    RC_ASSERT(said >= truth);
    RC_ASSERT(static_cast<double>(said) <= static_cast<double>(truth) * (1 + 1.0 / 64));
  }));
}
