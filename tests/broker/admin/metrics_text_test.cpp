#include "broker/admin/metrics_text.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::admin;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_CASE("a number is the sum of what all loops and all other threads counted") {
  meter_set counts;
  counts.make_blocks(2);
  counts.of_loop(0).sign_ons.count(role::desktop);
  counts.of_loop(1).sign_ons.add(2, role::desktop);
  counts.shared().sign_ons.count(role::desktop);
  auto text = metrics_text(counts, {});
  CHECK(has_line(text, "# TYPE ringdown_sign_ons_total counter"));
  CHECK(has_line(text, "ringdown_sign_ons_total{role=\"desktop\"} 4"));
  CHECK(has_line(text, "ringdown_sign_ons_total{role=\"recorder\"} 0"));
}

TEST_CASE(
  "a gauge that one loop raised and another lowered is what is left, and never below zero") {
  meter_set counts;
  counts.make_blocks(2);
  counts.of_loop(0).dns.add(3);
  counts.of_loop(1).dns.subtract(2);
  CHECK(has_line(metrics_text(counts, {}), "ringdown_dns 1"));
  counts.of_loop(1).dns.subtract(2);
  CHECK(has_line(metrics_text(counts, {}), "ringdown_dns 0"));
}

TEST_CASE("a number with two labels has a line for each pair of values") {
  meter_set counts;
  counts.shared().outcomes.count(capture_verb::pause, outcome::timed_out);
  auto text = metrics_text(counts, {});
  CHECK(has_line(text, "ringdown_outcomes_total{command=\"pause\",outcome=\"timed_out\"} 1"));
  CHECK(has_line(text, "ringdown_outcomes_total{command=\"pause\",outcome=\"confirmed\"} 0"));
  CHECK(has_line(text, "ringdown_outcomes_total{command=\"query\",outcome=\"failed\"} 0"));
}

TEST_CASE("a histogram counts what is at most each bound, in seconds") {
  meter_set counts;
  auto& times = counts.shared().outcome_seconds;
  for (auto ms : {3, 5, 6, 9'000})
    times.observe(static_cast<std::uint64_t>(ms), capture_verb::stop);
  auto text = metrics_text(counts, {});
  const std::string name = "ringdown_outcome_seconds";
  CHECK(has_line(text, name + "_bucket{command=\"stop\",le=\"0.005\"} 2"));
  CHECK(has_line(text, name + "_bucket{command=\"stop\",le=\"0.01\"} 3"));
  CHECK(has_line(text, name + "_bucket{command=\"stop\",le=\"5\"} 3"));
  CHECK(has_line(text, name + "_bucket{command=\"stop\",le=\"+Inf\"} 4"));
  CHECK(has_line(text, name + "_sum{command=\"stop\"} 9.014"));
  CHECK(has_line(text, name + "_count{command=\"stop\"} 4"));
}

TEST_CASE("what each loop counts for itself is told of each") {
  meter_set counts;
  counts.make_blocks(2);
  counts.of_loop(1).events_per_read.observe(64);
  auto text = metrics_text(counts, {});
  CHECK(has_line(text, "ringdown_events_per_read_count{loop=\"0\"} 0"));
  CHECK(has_line(text, "ringdown_events_per_read_bucket{loop=\"1\",le=\"32\"} 0"));
  CHECK(has_line(text, "ringdown_events_per_read_bucket{loop=\"1\",le=\"64\"} 1"));
  CHECK(has_line(text, "ringdown_events_per_read_sum{loop=\"1\"} 64"));
}

TEST_CASE("readings stand among the numbers, with their labels") {
  static constexpr double bounds[] = {0.5};
  std::vector<reading> readings{
    {reading_id::loop_lag_seconds, {"0"}, 0.25},
    {reading_id::loop_turn_seconds, {"0"}, 1.5, {2, 1}, bounds},
    {reading_id::build_info, {"1\"0", "a\\b", "c", "d"}, 1},
  };
  auto text = metrics_text(meter_set{}, readings);
  CHECK(has_line(text, "ringdown_loop_lag_seconds{loop=\"0\"} 0.25"));
  CHECK(has_line(text, "ringdown_loop_turn_seconds_bucket{loop=\"0\",le=\"0.5\"} 2"));
  CHECK(has_line(text, "ringdown_loop_turn_seconds_bucket{loop=\"0\",le=\"+Inf\"} 3"));
  CHECK(has_line(text, "ringdown_loop_turn_seconds_sum{loop=\"0\"} 1.5"));
  CHECK(has_line(text, "ringdown_build_info{version=\"1\\\"0\",caf=\"a\\\\b\",protobuf=\"c\","
                       "openssl=\"d\"} 1"));
}
