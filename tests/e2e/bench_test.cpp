// ringdown-bench against the real daemon.
#include "tests/e2e/expect.hpp"

using namespace ringdown;
using namespace ringdown::e2e;
using nlohmann::json;

namespace {

/// ringdown-bench with a daemon of its own; its result as JSON.
json bench(const flags& words) {
  process child{RINGDOWN_BENCH_PROGRAM,
                words + flags{"--spawn", ringdownd_program(), "--broker-flag=--config=/dev/null",
                              "--core=-1", "--broker-core=-1", "--json", "--quiet"}};
  auto status = child.wait();
  INFO(child.out() << child.err());
  REQUIRE(status == 0);
  return json::parse(child.out());
}

const flags short_run{"run", "--seconds=0.3", "--warmup=0.1", "--dns=100", "--producers=4"};

} // namespace

TEST_CASE("A short run verifies the daemon, closed and open loop") {
  auto more = GENERATE(flags{}, flags{"--rate=2000", "--arrival=poisson"},
                       flags{"--receivers=3", "--fan-out=3"});
  auto r = bench(short_run + more);
  CHECK(r["verified"]["good"] == true);
  CHECK(r["verified"]["acked"] > 0);
  CHECK(r["ack_us"]["count"] > 0);
  CHECK(r["broker_cpu_us_per_event"] > 0);
  CHECK(r["broker_resident_bytes"]["end"] > 0);
}

TEST_CASE("Connections that come up at once are counted and weighed") {
  auto r = bench({"idle", "--connections=200", "--dns=50", "--seconds=0.1", "--at-once=200"});
  CHECK(r["registrations_per_s"] > 0);
  CHECK(r["broker_bytes_per_connection"] > 0);
}

TEST_CASE("A broker that is not there is said so") {
  process child{RINGDOWN_BENCH_PROGRAM, {"run", "--spawn", "/nonexistent", "--core=-1"}};
  CHECK(child.wait() == 2);
  CHECK_THAT(child.err(), Catch::Matchers::Contains("/nonexistent"));
}
