// When overload counts as stood, and when memory counts as flat.
#include "bench/tell/memory_trend.hpp"
#include "bench/tell/overload.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace ringdown::bench;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr std::uint64_t MiB = 1024 * 1024;

/// A look at the memory every second.
std::vector<sample> memory_of(const std::vector<std::uint64_t>& bytes) {
  std::vector<sample> samples;
  for (auto value : bytes) {
    sample s;
    s.at = std::chrono::seconds{samples.size() + 1};
    s.resident_bytes = value;
    samples.push_back(s);
  }
  return samples;
}

/// All goals reached, each by a little.
overload_result stood() {
  overload_result r;
  r.capacity = 1000;
  auto& load = r.under_load;
  load.measured = 1s;
  load.acked = 801;
  load.drained = true;
  load.found.sent = 1000;
  load.found.acked = 994;
  load.found.refused = 6;
  load.errors = {{111, 3}, {238, 2}, {1186, 1}};
  load.samples = memory_of({60 * MiB, 60 * MiB, 60 * MiB, 61 * MiB});
  r.memory_bound = 61 * MiB;
  r.unloaded.ack.record(300'000);
  r.loaded.ack.record(19'000'000);
  r.loaded.sent = 1;
  return r;
}

/// The only one that is missed; empty if none is.
std::string missed(const overload_result& r) {
  std::string name;
  for (auto& g : goals_of(r))
    if (!g.is_reached.value_or(true))
      name += g.name;
  CHECK(name.empty() == all_reached(goals_of(r)));
  return name;
}

} // namespace

TEST_CASE("a broker stands overload if it reaches each goal") {
  CHECK(missed(stood()).empty());
  auto text = text_of(stood());
  CHECK_THAT(text, Contains("reached  figure, over 1 s"));
  CHECK_THAT(text, Contains("801 of 1000 events/s"));
  CHECK_THAT(text, Contains("6 refused, 3 x 111, 2 x 238, 1 x 1186; 0 without an answer"));
  CHECK_THAT(text, Contains("61.0 MiB at most; the bound printed at start is 61 MiB"));
  CHECK_THAT(text, Contains("60.0 MiB in the first half of the measured time, 60.5 in the second"));
  CHECK_THAT(text, Contains("unloaded 0.30 ms; 1 of 1 ACKed"));
  CHECK_THAT(text, !Contains(" NO "));
}

TEST_CASE("each goal of an overload can be missed") {
  auto r = stood();
  r.under_load.trouble = "disconnected";
  CHECK(missed(r) == "no crash");
  r = stood();
  r.under_load.acked = 799;
  CHECK(missed(r) == "rate");
  r = stood();
  r.under_load.found.sent = 1001; // one had no answer
  CHECK(missed(r) == "refusals told");
  r = stood();
  r.under_load.errors = {{111, 5}, {52, 1}}; // a fault is no way to say that it is too much
  CHECK(missed(r) == "refusals told");
  r = stood();
  r.memory_bound = 61 * MiB - 1;
  CHECK(missed(r) == "memory bounded");
  r = stood();
  r.memory_bound = 100 * MiB;
  r.under_load.samples = memory_of({60 * MiB, 60 * MiB, 70 * MiB, 80 * MiB});
  CHECK(missed(r) == "memory flat");
  r = stood();
  r.loaded.ack.record(21'000'000);
  r.loaded.sent = 2;
  CHECK(missed(r) == "pause ACKed");
  r = stood();
  r.loaded.sent = 2; // one was refused, or never answered
  CHECK(missed(r) == "pause ACKed");
  CHECK_THAT(text_of(r), Contains("pause ACKed     NO"));
}

TEST_CASE("what was not measured is no goal missed, and said so") {
  auto r = stood();
  r.under_load.samples.clear();
  CHECK(missed(r).empty());
  CHECK_THAT(text_of(r), Contains("memory bounded  ?        not measured"));
  auto out = json::object();
  add_to(out, r);
  CHECK(out["goals"][3]["is_reached"].is_null());
  CHECK(out["goals"][0]["is_reached"] == true);
}

TEST_CASE("the bound of memory is what the broker printed") {
  CHECK(printed_memory_bound("broker     limits  outbox_bytes_max=\"4 MiB\" "
                             "memory_budget_bytes=\"2 GiB\" memory_budget_reserve=\"64 MiB\" "
                             "connections_max=10500\n") == (2048 + 64) * MiB);
  CHECK(printed_memory_bound(R"(memory_budget_bytes="1000 B" memory_budget_reserve="1 KiB")") ==
        2024);
  CHECK(printed_memory_bound(R"(memory_budget_reserve="0 B" memory_budget_bytes="3 B")") == 3);
  for (auto* bad : {"", R"(memory_budget_bytes="2 GiB")", R"(memory_budget_reserve="2 GiB")",
                    "memory_budget_bytes=\nmemory_budget_reserve=",
                    R"(memory_budget_bytes="2 Gi" memory_budget_reserve="2 GiB")"}) {
    INFO(bad);
    CHECK_FALSE(printed_memory_bound(bad));
  }
}

TEST_CASE("memory that grows shows in an hour's growth, and a start does not") {
  std::vector<std::uint64_t> rising{10 * MiB, 50 * MiB};
  while (rising.size() < 20)
    rising.push_back(rising.back() + MiB);
  auto growth = growth_per_hour(memory_of(rising));
  REQUIRE(growth);
  CHECK(*growth == Approx(3600.0 * MiB));
  CHECK_FALSE(halves_of(memory_of(rising))->is_flat());
  auto peak = memory_of({50 * MiB, 50 * MiB, 50 * MiB, 50 * MiB, 90 * MiB, 50 * MiB});
  CHECK(halves_of(peak)->is_flat()); // an outbox that was full for a moment
  auto level = memory_of({10 * MiB, 30 * MiB, 50 * MiB, 50 * MiB, 50 * MiB, 50 * MiB});
  CHECK(*growth_per_hour(level) == Approx(0));
  CHECK(resident_max(level) == 50 * MiB);
}

TEST_CASE("of too few looks at the memory nothing is said") {
  auto few = memory_of({MiB, MiB, MiB});
  CHECK_FALSE(growth_per_hour(few));
  CHECK_FALSE(halves_of(few));
  auto gone = memory_of({MiB, MiB, MiB, MiB});
  gone.back().resident_bytes.reset();
  CHECK_FALSE(growth_per_hour(gone));
  CHECK_FALSE(resident_max({}));
}

TEST_CASE("a run whose memory rises more than it may does not count, nor one without a trend") {
  load_result r;
  r.measured = 20s;
  std::vector<std::uint64_t> rising;
  while (rising.size() < 20)
    rising.push_back((10 + rising.size()) * MiB);
  r.samples = memory_of(rising);
  CHECK_FALSE(growth_fault(r, 3601));
  CHECK_THAT(growth_fault(r, 3599).value_or(""),
             Contains("grew by 3600.00 MiB an hour, more than 3599"));
  r.measured = 9s;
  CHECK_THAT(growth_fault(r, 3601).value_or(""), Contains("not known: 9.0 s were measured"));
  r.measured = 20s;
  r.samples.back().resident_bytes.reset();
  CHECK_THAT(growth_fault(r, 3601).value_or(""), Contains("not known"));
}
