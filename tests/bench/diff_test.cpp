// Two reports side by side: what is compared, what is refused, what is doubtful.
#include "bench/tell/diff.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace ringdown::bench;
using Catch::Matchers::Contains;

namespace {

json report(double rate) {
  return {{"load", "closed"},
          {"producers", 16},
          {"dns", 10'000},
          {"seconds", 5.01},
          {"events_per_s", rate},
          {"ack_us", {{"p50", 10.0}, {"p99", 40.0}}},
          {"client_was_the_limit", false},
          {"verified", {{"acked", 500}, {"good", true}}},
          {"samples", json::array({{{"at_s", 1}}})},
          {"circumstances",
           {{"date", "2026-11-30T18:42:06Z"},
            {"verb", "run"},
            {"host", "bench1"},
            {"kernel", "Linux 6.1"},
            {"processor", "some"},
            {"processors", 2},
            {"broker", "ringdownd 0.1.0"},
            {"command", "ringdown-bench run"},
            {"machine", {{"stolen_share", 0.0}, {"disturbed", false}}}}}};
}

const figure_pair* find(const report_diff& d, const std::string& name) {
  for (auto& pair : d.figures)
    if (pair.name == name)
      return &pair;
  return nullptr;
}

} // namespace

TEST_CASE("figures of the same load stand side by side with their ratio") {
  auto before = report(1000);
  auto after = report(1500);
  after["ack_us"]["p99"] = 20.0;
  after["seconds"] = 5.02; // never twice the same
  after["new_figure"] = 3;
  before["dropped"] = 0;
  auto d = diff_of(before, after);
  CHECK(d.fault.empty());
  CHECK(d.doubts.empty());
  CHECK(find(d, "events_per_s")->ratio() == 1.5);
  CHECK(find(d, "ack_us.p99")->ratio() == 0.5);
  CHECK_FALSE(find(d, "new_figure")->before);
  CHECK_FALSE(find(d, "dropped")->ratio());
  for (auto* no_figure :
       {"producers", "seconds", "samples.0.at_s", "verified.acked", "circumstances.processors"})
    CHECK(find(d, no_figure) == nullptr);
  auto text = text_of(d, before, after);
  CHECK_THAT(text, Contains("old  2026-11-30T18:42:06Z  broker ringdownd 0.1.0"));
  CHECK_THAT(text, Contains("events_per_s") && Contains("1000           1500     1.500\n"));
  auto out = to_json(d, before, after);
  CHECK(out["figures"]["events_per_s"]["ratio"] == 1.5);
  CHECK(out["figures"]["new_figure"]["old"].is_null());
  CHECK(out["old"]["host"] == "bench1");
}

TEST_CASE("the steps of rising rates are compared one by one, without what makes their load") {
  auto before = report(1000);
  before["load"] = "knee";
  before["steps"] =
    json::array({{{"load", "constant"}, {"rate", 100.0}, {"offered_per_s", 100.0}},
                 {{"load", "constant"}, {"rate", 200.0}, {"offered_per_s", 200.0}}});
  auto after = before;
  after["steps"][1]["offered_per_s"] = 400.0;
  after["steps"][1]["rate"] = 400.0;
  auto d = diff_of(before, after);
  CHECK(d.fault.empty());
  CHECK(find(d, "steps.1.offered_per_s")->ratio() == 2);
  CHECK(find(d, "steps.1.rate") == nullptr);
}

TEST_CASE("different loads are not compared, and it is said in what they differ") {
  auto other = report(1000);
  SECTION("a number") {
    other["producers"] = 8;
    CHECK(diff_of(report(1000), other).fault == "the loads differ: producers 16 and 8");
  }
  SECTION("what one of them has not") {
    other["rate"] = 20'000.0;
    CHECK(diff_of(report(1000), other).fault == "the loads differ: rate null and 20000.0");
  }
  SECTION("the time") {
    other["seconds"] = 10.0;
    CHECK(diff_of(report(1000), other).fault == "the loads differ: seconds 5.01 and 10.0");
  }
  SECTION("the verb") {
    other["circumstances"]["verb"] = "overload";
    CHECK_THAT(diff_of(report(1000), other).fault, Contains("verb \"run\" and \"overload\""));
  }
  CHECK(diff_of(report(1000), other).figures.empty());
}

TEST_CASE("an overload finds its rate itself, and is the same load for all that") {
  auto before = report(1000);
  before["circumstances"]["verb"] = "overload";
  before["rate"] = 1e6;
  auto after = before;
  after["rate"] = 2e6;
  CHECK(diff_of(before, after).fault.empty());
}

TEST_CASE("what is no report of a load is refused by its name") {
  CHECK_THAT(diff_of(json(nullptr), report(1)).fault, Contains("old: no report"));
  CHECK_THAT(diff_of(report(1), {{"load", "closed"}}).fault,
             Contains("new: no report of ringdown-bench --json, or of an older version"));
  auto table = report(1);
  table["compare"] = json::array();
  CHECK_THAT(diff_of(table, report(1)).fault, Contains("old: the table of `compare`"));
}

TEST_CASE("a run that does not count makes the ratios doubtful") {
  auto other = report(1000);
  std::string doubt;
  SECTION("not verified") {
    other["verified"]["good"] = false;
    doubt = "the new run is not verified";
  }
  SECTION("a verb that says it at the top") {
    other["good"] = false;
    doubt = "the new run is not verified";
  }
  SECTION("disturbed") {
    other["circumstances"]["machine"]["disturbed"] = true;
    doubt = "the new run was disturbed";
  }
  SECTION("client limited") {
    other["client_was_the_limit"] = true;
    doubt = "the new run's figures are ringdown-bench's own";
  }
  SECTION("elsewhere") {
    other["circumstances"]["host"] = "bench2";
    doubt = R"(another host: "bench1" and "bench2")";
  }
  auto d = diff_of(report(1000), other);
  CHECK(d.doubts == std::vector{doubt});
  CHECK_THAT(text_of(d, report(1000), other), Contains("DOUBTFUL        " + doubt));
}
