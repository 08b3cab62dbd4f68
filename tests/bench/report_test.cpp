// What reports say of the figures that they are given.
#include "bench/tell/report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace ringdown::bench;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr std::uint64_t MiB = 1024 * 1024;

/// Twenty seconds with 400 calls due, for a quarter of which no agent was free.
capture_result some_capture() {
  capture_result r;
  r.calls = 300;
  r.calls_not_taken = 100;
  r.measured = 20s;
  r.sends = 2500;
  r.acked = 1000;
  r.reads = 200;
  r.frames = 500;
  r.broker_cpu = 50ms;
  r.own_cpu = 10s;
  r.resident_before = 20 * MiB;
  r.resident_start = 30 * MiB;
  r.resident_end = 49 * MiB;
  for (std::uint64_t i = 0; i < 20; ++i)
    r.samples.push_back(
      {std::chrono::seconds{i + 1}, 1s, 100, 100, 0, 5000, 9000, 3, (30 + i) * MiB});
  return r;
}

} // namespace

TEST_CASE("a capture tells what it offered, what it achieved, and what that took") {
  auto text = text_of(capture_options{}, some_capture());
  CHECK_THAT(text, Contains("20.00   (calls due; achieved 75.0 %, 15.00 begun/s; 100 not taken"));
  CHECK_THAT(text, Contains("2.5 frames per read"));
  CHECK_THAT(text, Contains("50.00 us per command   (0 % of a core; this program 50 %)"));
  CHECK_THAT(text, Contains("49.0 MiB   (before the first connection 20.0, grown by 19.00 "));
  CHECK_THAT(text, Contains("3600.00 MiB an hour"));
  CHECK_THAT(text, !Contains("CLIENT LIMITED"));
}

TEST_CASE("programs read the same of a capture") {
  auto out = to_json(capture_options{}, some_capture());
  CHECK(out["offered_per_s"] == 20);
  CHECK(out["achieved_per_s"] == 15);
  CHECK(out["achieved_share"] == 0.75);
  CHECK(out["frames_per_read"] == 2.5);
  CHECK(out["broker_cpu_us_per_command"] == 50);
  CHECK(out["broker_resident_bytes"]["before"] == 20 * MiB);
  CHECK(out["broker_resident_growth_per_hour"] == Approx(3600.0 * MiB));
  CHECK(out["samples"].size() == 20);
  CHECK(out["client_was_the_limit"] == false);
}

TEST_CASE("a capture whose own program had no time left says so") {
  auto r = some_capture();
  r.own_cpu = 19s;
  CHECK_THAT(text_of(capture_options{}, r), Contains("CLIENT LIMITED"));
  CHECK(to_json(capture_options{}, r)["client_was_the_limit"] == true);
}

TEST_CASE("connections that come up tell what this program took for it") {
  idle_options o;
  idle_result r;
  r.opening = 2s;
  r.own_opening_cpu = 500ms;
  r.opening_cpu = 100ms;
  CHECK(to_json(o, r)["own_opening_cpu_share"] == 0.25);
  CHECK(to_json(o, r)["broker_opening_cpu_share"] == 0.05);
  CHECK_THAT(text_of(o, r),
             Contains("10.00 us per connection   (5 % of a core; this program 25 %)"));
}

TEST_CASE("a step of rising rates tells what this program took") {
  knee_result r;
  r.closed.drained = true;
  r.steps.emplace_back();
  r.steps[0].load.measured = 4s;
  r.steps[0].load.own_cpu = 1s;
  CHECK_THAT(text_of(r.steps[0]), Contains("        25 "));
  auto table = text_of(knee_options{}, r);
  CHECK_THAT(table, Contains(" own CPU %   verified\n"));
}
