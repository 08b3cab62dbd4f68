// What ringdown-bench tells beside its figures, and where it looks for a broker.
#include "tests/e2e/expect.hpp"

#include <fstream>

using namespace ringdown;
using namespace ringdown::e2e;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

const flags short_run{"run",
                      "--seconds=0.3",
                      "--warmup=0.1",
                      "--dns=100",
                      "--core=-1",
                      "--broker-core=-1",
                      "--broker-flag=--config=/dev/null",
                      "--quiet"};

struct ended {
  int status;
  std::string out;
  std::string err;
};
ended bench(const flags& words, const std::string& broker = {}) {
  process::surroundings around;
  if (!broker.empty())
    around.environment = {{"RINGDOWN_CONNECT", broker}};
  process child{RINGDOWN_BENCH_PROGRAM, words, around};
  auto status = child.wait();
  return {status, child.out(), child.err()};
}

/// A short run's JSON in a file.
void report_into(const temporary_file& file, const flags& more) {
  auto run = bench(short_run + flags{"--json", "--spawn", ringdownd_program()} + more);
  INFO(run.err);
  REQUIRE(run.status == 0);
  std::ofstream{file.path()} << run.out;
}

} // namespace

TEST_CASE("A report says where it comes from, of which versions, with all flags") {
  auto run = bench(short_run + flags{"--json", "--spawn", ringdownd_program(), "--seed=7",
                                     "--rate=2000", "--arrival=poisson"});
  REQUIRE(run.status == 0);
  auto r = json::parse(run.out);
  auto& around = r["circumstances"];
  INFO(around);
  CHECK(around["date"].get<std::string>().size() == std::string{"2026-11-30T18:42:06Z"}.size());
  CHECK_THAT(around["kernel"], Contains("Linux "));
  CHECK_THAT(around["broker"], Contains("ringdown "));
  CHECK(around["bench_version"] != "");
  CHECK(around["verb"] == "run");
  CHECK(around["flags"]["--dns"] == "100");
  CHECK(around["flags"]["--workload"] == "w1"); // by default
  CHECK(around["flags"]["--quiet"] == "true");
  CHECK(around["machine"]["others_share"].is_number());
  CHECK(around["machine"]["disturbed"].is_boolean());
  CHECK(r["seed"] == 7);
  run = bench(short_run + flags{"--spawn", ringdownd_program()});
  for (auto* told : {"\nverified ", "\ndate ", "\nhost ", "\nversions ", "\nbeside the run ",
                     "\nall flags ", " --dns=100"})
    CHECK_THAT(run.out, Contains(told));
}

TEST_CASE("Two results of one load stand side by side, and of two loads they do not") {
  temporary_file before;
  temporary_file after;
  temporary_file other;
  report_into(before, {});
  report_into(after, {});
  report_into(other, {"--producers=4"});
  auto both = bench({"diff", before.path(), after.path()});
  CHECK(both.status <= 1); // 1: this machine is not left alone
  CHECK_THAT(both.out, Contains("events_per_s") && Contains("new/old"));
  CHECK((both.status == 1) == (both.out.find("DOUBTFUL") != std::string::npos));
  auto refused = bench({"diff", before.path(), other.path()});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Contains("cannot be compared: the loads differ: producers 16 and 4"));
  CHECK(refused.out.empty());
  auto none = bench({"diff", before.path(), "/nowhere.json"});
  CHECK(none.status == 2);
  CHECK_THAT(none.err, Contains("/nowhere.json: expected a file that --json has written"));
}

TEST_CASE("A broker that is not there is named by its address, given or in the environment") {
  auto by_flag = bench(short_run + flags{"--connect=127.0.0.1:1"});
  CHECK(by_flag.status == 2);
  CHECK_THAT(by_flag.err, Contains("127.0.0.1:1: Connection refused"));
  auto by_environment = bench(short_run, "127.0.0.1:2");
  CHECK(by_environment.status == 2);
  CHECK_THAT(by_environment.err, Contains("127.0.0.1:2: Connection refused"));
}

TEST_CASE("A verb's help shows the flags of all verbs too") {
  for (auto* verb : {"run", "knee", "overload", "capture", "compare", "idle", "storm", "diff"}) {
    INFO(verb);
    auto help = bench({verb, "--help"});
    CHECK(help.status == 0);
    CHECK_THAT(help.out,
               Contains("For every verb:") && Contains("--connect ") && Contains("--broker-pid "));
  }
}
