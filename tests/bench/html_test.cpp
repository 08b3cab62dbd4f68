// Reports and pictures: whole in themselves, and drawn from what was measured.
#include "bench/tell/html.hpp"
#include "bench/tell/plots.hpp"
#include "bench/tell/report.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace ringdown::bench;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

load_result some_result() {
  load_result r;
  r.measured = 1s;
  r.acked = r.delivered = 1000;
  r.drained = true;
  for (std::uint64_t i = 1; i <= 1000; ++i)
    r.ack_latency.record(i * 1000);
  for (int i = 1; i <= 5; ++i)
    r.samples.push_back({i * 200ms, 200ms, 1000, 1000, 0, 5000, 9000, 3, 1024 * 1024});
  return r;
}

void check_nothing_from_outside(const std::string& text) {
  for (auto* outside : {"https:", "<script", "<link", "<img", "url(", "src=", "href", "@import"}) {
    INFO(outside);
    CHECK(text.find(outside) == std::string::npos);
  }
}

std::size_t count_of(const std::string& text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++count;
  return count;
}

knee_result some_knee() {
  knee_result k;
  k.closed = some_result();
  for (double offered : {500.0, 1000.0, 2000.0})
    k.steps.push_back({offered, some_result()});
  return k;
}

} // namespace

TEST_CASE("a report stands alone: nothing is fetched and nothing runs") {
  load_options o;
  auto r = some_result();
  r.drained = false;
  auto text = html_report("run --a <b> & \"c\"", r.good(), text_of(o, r), plots_of(r));
  CHECK_THAT(text, Contains("run --a &lt;b&gt; &amp; &quot;c&quot;"));
  CHECK_THAT(text, Contains("99.9 %"));
  CHECK_THAT(text, Contains("Broker memory"));
  CHECK_THAT(text, Contains("Not verified"));
  check_nothing_from_outside(text);
  CHECK(text.find("http:") == std::string::npos);
}

TEST_CASE("a plot leaves out what its axes cannot show, and survives having nothing") {
  plot p;
  p.log_y = true;
  p.lines = {{"none", {}}, {"zero", {{0, 0}, {1, 0}}}, {"flat", {{0, 5}, {1, 5}}}};
  auto text = inline_svg(draw(p));
  CHECK_THAT(text, Contains("flat"));
  CHECK(text.find("nan") == std::string::npos);
  CHECK(text.find("inf") == std::string::npos);
  p.lines.clear();
  CHECK(inline_svg(draw(p)).find("nan") == std::string::npos);
}

TEST_CASE("a picture is a file of its own, with a ground and with the units of both axes") {
  for (auto& one : plots_of(some_result())) {
    INFO(one.name);
    auto text = svg_file(draw(one.what));
    CHECK(text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    CHECK(count_of(text, "http:") == 1);
    CHECK_THAT(text, Contains("fill=\"#fff\""));
    CHECK_THAT(text, Contains(">" + one.what.x_name + "<"));
    CHECK_THAT(text, Contains(">" + one.what.y_name + "<"));
    check_nothing_from_outside(text);
  }
}

TEST_CASE("bars stand for what was measured, and only for that") {
  bar_chart c{"CPU & cost", "microseconds", {"1x1", "16x64"}, {}};
  c.members = {{"ours", {{50, 48, 55}, {2.5, 2, 3}}}, {"theirs", {{0, 0, 0}, {0.8, 0.7, 0.9}}}};
  auto text = svg_file(draw(c));
  CHECK_THAT(text, Contains("CPU &amp; cost"));
  CHECK_THAT(text, Contains(">2.5<"));
  CHECK_THAT(text, Contains(">0.8<"));
  CHECK_THAT(text, Contains("theirs"));
  CHECK(count_of(text, "class=\"value\"") == 3);
  CHECK(text.find("nan") == std::string::npos);
  CHECK(svg_file(draw(bar_chart{})).find("nan") == std::string::npos);
}

TEST_CASE("the knee is the highest rate that was kept up with") {
  auto k = some_knee(); // each accepted 1,000 in a second
  CHECK(k.good());
  CHECK(k.knee_per_s() == 1000);
  CHECK(k.steps[1].keeps_up());
  CHECK_FALSE(k.steps[2].keeps_up());
  k.steps[2].load.drained = false;
  CHECK_FALSE(k.good());
  auto plots = plots_of(k);
  REQUIRE(plots[0].name == "knee");
  CHECK(plots[0].what.lines.size() == 3);
  auto text = html_report("knee", k.good(), text_of(knee_options{}, k), plots);
  CHECK_THAT(text, Contains("does not keep up"));
  CHECK_THAT(text, Contains("p99.9"));
  CHECK_THAT(text, Contains("offered events per second"));
  CHECK(plots[0].what.lines[0].points[2].first == 2000); // what was offered, not what was accepted
}

TEST_CASE("a report of rising rates holds all plots of the rate that was kept up with") {
  auto k = some_knee();
  auto text = html_report("knee", k.good(), text_of(knee_options{}, k), plots_of(k));
  CHECK(count_of(text, "<svg") == 5);
  for (auto* title : {"Latency by percentile", "Rate over time", "ACK latency over time",
                      "Broker memory over time"})
    CHECK_THAT(text, Contains(std::string{title} + ", 1000 events/s offered<"));
  check_nothing_from_outside(text);
  for (auto& step : k.steps)
    step.load.acked = 1;
  CHECK_THAT(plots_of(k)[1].what.title, Contains("Latency by percentile, closed loop"));
}

TEST_CASE("a report of overload holds its goals, its pauses and their plot") {
  overload_result r;
  r.under_load = some_result();
  r.unloaded.ack.record(300'000);
  r.loaded.ack.record(900'000);
  auto plots = plots_of(r);
  REQUIRE(plots.size() == 1);
  REQUIRE(plots[0].what.lines.size() == 2);
  for (auto& line : plots[0].what.lines)
    CHECK_FALSE(line.points.empty());
  CHECK_THAT(plots[0].what.title, Contains("Pause"));
}

TEST_CASE("each latency of a result has a name of its own for its file") {
  auto names = [](const std::vector<named_latency>& all) {
    std::vector<std::string> out;
    for (auto& one : all)
      out.push_back(one.name);
    return out;
  };
  using list = std::vector<std::string>;
  CHECK(names(latencies_of(load_result{})) == list{"ack", "delivery"});
  CHECK(names(latencies_of(capture_result{})) == list{"ack", "light", "outcome", "pause"});
  CHECK(names(latencies_of(idle_result{})) == list{"opening", "sign-on"});
  CHECK(names(latencies_of(overload_result{})) == list{"pause-unloaded", "pause-loaded"});
  auto k = some_knee();
  k.steps.resize(1);
  CHECK(names(latencies_of(k)) == list{"500.ack", "500.delivery"});
  CHECK(latencies_of(k)[0].latency.count() == 1000);
}

TEST_CASE("a run that took no sample has no plot over time") {
  capture_result r;
  CHECK(plots_of(r).size() == 1);
  r.samples = some_result().samples;
  CHECK(plots_of(r).size() == 4);
  CHECK(plots_of(r)[0].what.lines.size() == 4);
}
