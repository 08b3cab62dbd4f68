// What else the machine did during a run, and what reports say of it.
#include "bench/machine/machine_watch.hpp"
#include "bench/tell/circumstances.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <unistd.h>

using namespace ringdown::bench;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// Ten seconds of two processors.
machine_use used(std::chrono::nanoseconds stolen, std::optional<std::chrono::nanoseconds> others) {
  return {10s, 20s, stolen, others};
}

circumstances some_circumstances(const machine_use& use) {
  circumstances c;
  c.date = "2026-11-30T18:42:06Z";
  c.host = {"bench1", "Linux 6.1", "some processor", 2};
  c.bench_version = "0.1.0";
  c.broker = "ringdownd 0.1.0";
  c.verb = "run";
  c.command = "ringdown-bench run --seconds 10";
  c.flags = {{"--seconds", "10"}, {"--core", "1"}};
  c.machine = {use, {use, use}};
  return c;
}

} // namespace

TEST_CASE("what processors did is read from the kernel's counts, guests once, waiting not") {
  auto times = processor_times_in("cpu  1000 200 300 9999 888 40 50 70 66 5\ncpu0 1 1 1 1\n", 100);
  REQUIRE(times);
  CHECK(times->busy == 15'900ms);
  CHECK(times->stolen == 700ms);
  for (auto* garbage : {"", "cpu", "cpu  1 2 3", "intr 1 2 3 4 5 6 7 8", "cpu  a b c d e f g h"}) {
    INFO(garbage);
    CHECK_FALSE(processor_times_in(garbage, 100));
  }
}

TEST_CASE("a run is disturbed when others used the machine, or its host did") {
  CHECK_FALSE(used(0ms, 0ms).is_disturbed());
  CHECK_FALSE(used(190ms, 990ms).is_disturbed());
  CHECK(used(210ms, 0ms).is_disturbed());
  CHECK(used(0ms, 1'010ms).is_disturbed());
  CHECK(used(210ms, std::nullopt).is_disturbed());
  CHECK_FALSE(used(0ms, std::nullopt).is_disturbed()); // nobody knows
}

TEST_CASE("stretches of a comparison add up, and what one of them does not know is not known") {
  machine_use sum;
  sum += used(100ms, 200ms);
  sum += used(100ms, 400ms);
  CHECK(sum.stolen_share() == Approx(0.005));
  CHECK(sum.others_share().value() == Approx(0.015));
  sum += used(0ms, std::nullopt);
  CHECK_FALSE(sum.others_share());
}

TEST_CASE("the machine's own clock sees what a watch of this process takes as its own") {
  machine_watch watch{::getpid()};
  auto seen = watch.finish();
  CHECK(seen.whole.capacity > 0ns);
  CHECK(seen.whole.others);
  machine_watch of_nobody{std::nullopt};
  CHECK_FALSE(of_nobody.finish().whole.others);
}

TEST_CASE("a report says when, where, of which versions and with which flags it came about") {
  auto c = some_circumstances(used(20ms, 100ms));
  auto text = text_of(c);
  for (auto* told : {"2026-11-30T18:42:06Z", "bench1, Linux 6.1, 2 x some processor",
                     "ringdown-bench 0.1.0, broker ringdownd 0.1.0", "run --seconds 10",
                     " --seconds=10 --core=1", "other programs 0.5 %, stolen 0.1 %"})
    CHECK_THAT(text, Contains(told));
  CHECK_THAT(text, !Contains("DISTURBED"));
  CHECK(markdown_of(c) == "\n```text\n" + text + "```\n");
  auto out = to_json(c);
  CHECK(out["kernel"] == "Linux 6.1");
  CHECK(out["flags"]["--core"] == "1");
  CHECK(out["machine"]["disturbed"] == false);
  CHECK(out["machine"]["others_share"] == Approx(0.005));
  CHECK(out["machine"]["samples"].size() == 2);
}

TEST_CASE("a run that was disturbed says so, with what disturbed it") {
  auto c = some_circumstances(used(400ms, 2s));
  CHECK_THAT(text_of(c), Contains("DISTURBED       other programs 10.0 %, stolen 2.0 %"));
  CHECK(to_json(c)["machine"]["disturbed"] == true);
  c = some_circumstances(used(400ms, std::nullopt));
  CHECK_THAT(text_of(c), Contains("DISTURBED       other programs unknown, stolen 2.0 %"));
  CHECK(to_json(c)["machine"]["others_share"].is_null());
}

TEST_CASE("what disturbed a run is drawn over its time") {
  auto plots = plots_of(some_circumstances(used(400ms, 2s)).machine);
  REQUIRE(plots.size() == 1);
  CHECK(plots[0].name == "machine");
  REQUIRE(plots[0].what.lines.size() == 2);
  CHECK(plots[0].what.lines[0].points.size() == 2);
  CHECK(plots_of(machine_history{}).empty()); // it was too short
}
