// The HTML report: whole in itself, and drawn from what was measured.
#include "bench/html.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace ringdown::bench;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("a report stands alone: nothing is fetched and nothing runs") {
  load_options o;
  auto r = std::make_unique<load_result>();
  r->measured = 1s;
  for (std::uint64_t i = 1; i <= 1000; ++i)
    r->ack_latency.record(i * 1000);
  for (int i = 1; i <= 5; ++i)
    r->samples.push_back({i * 200ms, 200ms, 1000, 1000, 0, 5000, 9000, 3, 1024 * 1024});
  auto text = html_report("run --a <b> & \"c\"", o, *r);
  CHECK_THAT(text, Contains("run --a &lt;b&gt; &amp; &quot;c&quot;"));
  CHECK_THAT(text, Contains("99.9 %"));
  CHECK_THAT(text, Contains("Broker memory"));
  CHECK_THAT(text, Contains("Not verified")); // nothing was drained
  for (auto* outside : {"http:", "https:", "<script", "<link", "<img", "url(", "src="})
    CHECK(text.find(outside) == std::string::npos);
}

TEST_CASE("a plot leaves out what its axes cannot show, and survives having nothing") {
  plot p;
  p.log_y = true;
  p.lines = {{"none", {}}, {"zero", {{0, 0}, {1, 0}}}, {"flat", {{0, 5}, {1, 5}}}};
  auto text = svg_of(p);
  CHECK_THAT(text, Contains("flat"));
  CHECK(text.find("nan") == std::string::npos);
  CHECK(text.find("inf") == std::string::npos);
  p.lines.clear();
  CHECK(svg_of(p).find("nan") == std::string::npos);
}
