// The workloads by name, the limits they need, and files for other tools.
#include "bench/load/workload.hpp"
#include "bench/tell/hgrm.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace ringdown::bench;
using Catch::Matchers::Contains;

TEST_CASE("every workload makes a run") {
  for (auto& w : workloads()) {
    load_options o;
    w.shape(o);
    if (o.open_loop && o.open_loop->kind == arrival::ramp)
      o.open_loop->ramp_time = o.seconds;
    INFO(w.name);
    CHECK_FALSE(unusable(o));
    CHECK(find_workload(w.name) == &w);
  }
  CHECK(find_workload("no such") == nullptr);
}

TEST_CASE("a broker is given room only where its defaults are too small") {
  load_options o;
  CHECK(limits_for(o).empty());
  o.dns = 2'000'000;
  auto flags = limits_for(o);
  REQUIRE(flags.size() == 2);
  CHECK_THAT(flags[0], Contains("dns_max"));
  CHECK_THAT(flags[1], Contains("registrations_per_connection_max"));
  CHECK(limits_for(19'000, 10, 1, 1900) ==
        std::vector<std::string>{"--limits.connections_max=19016",
                                 "--limits.registrations_per_dn_max=1900",
                                 "--limits.recorders_per_dn_max=1900",
                                 "--limits.frame_bytes_max=486400"}); // that tells of them
}

TEST_CASE("a percentile file rises to the maximum and counts every record") {
  auto h = std::make_unique<histogram>();
  for (std::uint64_t us = 1; us <= 1000; ++us)
    h->record(us * 1000);
  auto points = distribution(*h);
  REQUIRE(points.size() > 10);
  for (std::size_t i = 1; i < points.size(); ++i) {
    CHECK(points[i].percent >= points[i - 1].percent);
    CHECK(points[i].value >= points[i - 1].value);
  }
  CHECK(points.back().percent == 100);
  CHECK(points.back().count == 1000);
  auto text = hgrm_text(*h);
  CHECK_THAT(text, Contains("Percentile"));
  CHECK_THAT(text, Contains("#[Max     =     1000.000, Total count    =         1000]"));
  CHECK(distribution(*std::make_unique<histogram>()).empty());
}
