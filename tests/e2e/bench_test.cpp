// ringdown-bench against the real daemon.
#include "tests/e2e/expect.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

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

/// A receiver that does not read. What it is sent fills the kernel's room and the broker's small
/// outbox within the time, also where all is slow.
const flags stuck_run{"run",
                      "--seconds=1.5",
                      "--warmup=0.1",
                      "--dns=100",
                      "--producers=4",
                      "--slow=1",
                      "--slow-rate=0",
                      "--bytes=8000",
                      "--broker-flag=--limits.outbox_bytes_max=1 MiB",
                      "--broker-flag=--limits.outbox_high_water_bytes=512 KiB",
                      "--broker-flag=--limits.outbox_low_water_bytes=256 KiB"};

/// The files whose names are `path`, a dot and something more.
std::vector<std::filesystem::path> files_beginning_with(const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<fs::path> found;
  auto name = fs::path{path}.filename().string() + ".";
  for (auto& entry : fs::directory_iterator{fs::path{path}.parent_path()})
    if (entry.path().filename().string().starts_with(name))
      found.push_back(entry.path());
  return found;
}

/// Some requests were refused with this code and no other; none is without its answer.
void check_refused_with(const char* code, const json& r) {
  INFO(r["errors"] << r["verified"]);
  CHECK(r["verified"]["good"] == true);
  REQUIRE(r["errors"].size() == 1);
  CHECK(r["errors"][code] > 0);
  CHECK(r["errors"][code] == r["verified"]["refused"]);
  CHECK(r["verified"]["sent"] == r["verified"]["acked"].get<std::uint64_t>() +
                                   r["verified"]["refused"].get<std::uint64_t>());
}

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

TEST_CASE("Too much load is pushed back, and a pause beside it is acknowledged each time") {
  auto r = bench(flags{"overload", "--seconds=0.5", "--warmup=0.1", "--dns=100", "--producers=4",
                       "--unloaded=0.3"});
  CHECK(r["verified"]["good"] == true);
  CHECK(r["kept"] > 0);
  for (auto* when : {"unloaded", "overloaded"}) {
    auto& pause = r["pause"][when];
    INFO(when);
    CHECK(pause["sent"] > 0);
    CHECK(pause["ack_us"]["count"] == pause["sent"]);
    CHECK(pause["errors"].empty());
  }
}

TEST_CASE("A fan-out has as many receivers as it names") {
  auto r = bench({"run", "--seconds=0.2", "--warmup=0.1", "--workload=fan-out", "--fan-out=5"});
  CHECK(r["verified"]["good"] == true);
  CHECK(r["verified"]["delivered"] == 5 * r["verified"]["acked"].get<std::uint64_t>());
}

TEST_CASE("A comparison refuses to write histograms, before anything runs") {
  process child{RINGDOWN_BENCH_PROGRAM, {"compare", "--hgrm", "never-written"}};
  CHECK(child.wait() == 2);
  CHECK_THAT(child.err(), Catch::Matchers::Contains("--hgrm: compare writes no such file"));
}

TEST_CASE("A verb writes its histograms, its plots, and a report with both its text and plots") {
  struct written {
    flags words;
    std::vector<std::string> files;
    std::string text; ///< in the report
  };
  auto verb = GENERATE(
    written{short_run, {"ack.hgrm", "delivery.hgrm", "latency.svg", "rate.svg"}, "verified"},
    written{{"capture", "--agents=20", "--calls=100000", "--seconds=1.5", "--call-seconds=1"},
            {"ack.hgrm", "light.hgrm", "outcome.hgrm", "pause.hgrm", "latency.svg", "rate.svg"},
            "offered/s"},
    written{{"idle", "--connections=20", "--dns=20", "--seconds=0.1"},
            {"opening.hgrm", "sign-on.hgrm", "latency.svg"},
            "registrations/s"},
    written{{"storm", "--connections=20", "--dns=20"},
            {"opening.hgrm", "sign-on.hgrm", "latency.svg"},
            "served at once"},
    written{{"knee", "--seconds=0.3", "--warmup=0.1", "--dns=100", "--producers=4", "--steps=1",
             "--up-to=0.1"},
            {"knee.svg", "latency.svg", "rate.svg", "ack-over-time.svg", "memory.svg"},
            "keeps up with"},
    written{
      {"overload", "--seconds=0.5", "--warmup=0.1", "--dns=100", "--producers=4", "--unloaded=0.3"},
      {"ack.hgrm", "pause-unloaded.hgrm", "pause-loaded.hgrm", "latency.svg", "pause.svg"},
      "pause ACKed"});
  INFO(verb.words.front());
  temporary_file beginning; // of their names
  auto html = beginning.path() + ".html";
  bench(verb.words + flags{"--hgrm", beginning.path(), "--svg", beginning.path(), "--html", html});
  auto content = [](const std::string& path) {
    std::ifstream file{path};
    return std::string{std::istreambuf_iterator<char>{file}, {}};
  };
  for (auto& name : verb.files) {
    INFO(name);
    auto text = content(beginning.path() + "." + name);
    CHECK_THAT(text, Catch::Matchers::Contains(name.ends_with("hgrm") ? "#[Max" : "<svg"));
    CHECK_THAT(text, !Catch::Matchers::Contains("Total count    =            0"));
  }
  if (verb.words.front() == "knee") // by its rate
    CHECK(std::ranges::count_if(files_beginning_with(beginning.path()), [](auto& file) {
            return file.string().ends_with(".ack.hgrm");
          }) == 1);
  auto page = content(html);
  CHECK_THAT(page, Catch::Matchers::Contains(verb.text) && Catch::Matchers::Contains("<svg"));
  for (auto& file : files_beginning_with(beginning.path()))
    std::filesystem::remove(file);
}

TEST_CASE("Whoever exceeds the window is refused, and each refusal is told") {
  auto r = bench(short_run + flags{"--window=500", "--exceed-window",
                                   "--broker-flag=--limits.requests_outstanding_max=16"});
  check_refused_with("111", r);
}

TEST_CASE("Commands that the one recorder has no room for are refused, and each refusal is told") {
  check_refused_with("238", bench(stuck_run + flags{"--command=start"}));
}

// AddressSanitizer makes reads so small that none goes beyond what is left.
#ifndef RINGDOWN_PROGRAMS_UNDER_ASAN
TEST_CASE("When the memory for queues is spent requests are refused, and each refusal is told") {
  // The outbox that fills, and half a read: requests of the read that goes beyond it are refused.
  check_refused_with(
    "1186", bench(stuck_run + flags{"--broker-flag=--limits.memory_budget_bytes=1056 KiB"}));
}
#endif

TEST_CASE("Overload says of each goal whether it was reached, beside the bound that is printed") {
  auto r = bench(flags{"overload", "--seconds=1", "--warmup=0.1", "--dns=100", "--producers=4",
                       "--unloaded=0.3", "--broker-flag=--limits.memory_budget_bytes=1 GiB",
                       "--broker-flag=--limits.memory_budget_reserve=0"});
  CHECK(r["memory_bound_bytes"] == 1024 * 1024 * 1024);
  REQUIRE(r["goals"].size() == 6);
  for (auto& goal : r["goals"]) {
    INFO(goal);
    CHECK(goal["figure"] != "");
    // A second brings too few samples of the memory if the machine is slow.
    CHECK((goal["is_reached"].is_boolean() || goal["name"] == "memory flat"));
  }
  CHECK(r["goals"][0]["is_reached"] == true); // no crash
  CHECK(r["goals"][2]["is_reached"] == true); // refusals told
}

TEST_CASE("A soak is the workload of that name, and too short for a trend tells none") {
  auto r = bench({"run", "--soak", "--seconds=1", "--warmup=0.1", "--rate=1000"});
  CHECK(r["load"] == "poisson");
  CHECK(r["verified"]["good"] == true);
  CHECK_FALSE(r.contains("broker_resident_growth_per_hour"));
}

TEST_CASE("A run ends with 1 if memory grows more than it may, and says so") {
  // An hour's growth is chance after ten seconds, but it is between these.
  auto [growth_max, status] = GENERATE(table<std::string, int>({{"1e7", 0}, {"-1e7", 1}}));
  process child{RINGDOWN_BENCH_PROGRAM,
                {"run", "--seconds=10", "--warmup=0.1", "--rate=100", "--growth-max=" + growth_max,
                 "--spawn", ringdownd_program(), "--broker-flag=--config=/dev/null", "--core=-1",
                 "--broker-core=-1", "--quiet"}};
  CHECK(child.wait() == status);
  CHECK_THAT(child.out(), Catch::Matchers::Contains("memory growth"));
  CHECK((child.err().find("MiB an hour, more than -1e+07") != std::string::npos) == (status == 1));
}

TEST_CASE("A bound on memory's growth is refused where it could not be told") {
  auto [words, text] = GENERATE(table<flags, std::string>(
    {{flags{}, "--growth-max: the broker's memory is not measured: give --spawn or --broker-pid"},
     {{"--spawn", ringdownd_program(), "--seconds=9"},
      "--growth-max: a trend needs --seconds 10"}}));
  process child{RINGDOWN_BENCH_PROGRAM, flags{"run", "--growth-max=1"} + words};
  CHECK(child.wait() == 2);
  CHECK_THAT(child.err(), Catch::Matchers::Contains(text));
}

TEST_CASE("Latency is measured at rising rates") {
  auto r = bench(flags{"knee", "--seconds=0.2", "--warmup=0.1", "--dns=100", "--producers=4",
                       "--steps=3", "--up-to=0.3"});
  CHECK(r["good"] == true);
  REQUIRE(r["steps"].size() == 3);
  for (auto& step : r["steps"])
    CHECK(step["ack_us"]["p99.9"] > 0);
}

TEST_CASE("Connections that come up at once are counted and weighed") {
  auto r = bench({"idle", "--connections=200", "--dns=50", "--seconds=0.1", "--at-once=200"});
  CHECK(r["registrations_per_s"] > 0);
  CHECK(r["broker_bytes_per_connection"] > 0);
  CHECK(r["own_opening_cpu_share"] > 0);
  CHECK(r["broker_opening_cpu_share"] > 0);
}

TEST_CASE(
  "What is about to come up is told: a storm all at once, and nothing of idling for no time") {
  auto [words, plan] = GENERATE(table<flags, std::string>(
    {{{"storm", "--connections=300"}, "300 connections come up, all at once\n"},
     {{"storm", "--connections=300", "--at-once=9"}, "300 connections come up, 9 at a time\n"},
     {{"idle", "--connections=300", "--seconds=0.1"},
      "300 connections come up, 256 at a time, and idle for 0.1 s\n"}}));
  process child{RINGDOWN_BENCH_PROGRAM,
                words + flags{"--spawn", ringdownd_program(), "--broker-flag=--config=/dev/null",
                              "--core=-1", "--broker-core=-1"}};
  REQUIRE(child.wait() == 0);
  CHECK_THAT(child.err(), Catch::Matchers::StartsWith(plan));
}

TEST_CASE("In a login storm all are served, or told when to come again and served then") {
  auto r = bench({"storm", "--connections=300", "--dns=300", "--patience=60",
                  "--broker-flag=--limits.connections_unsigned_max=20"});
  CHECK(r["sign_on_us"]["count"] == 300);
  CHECK(r["refused"]["connections"] > 0);
  CHECK(r["refused"]["attempts"] == r["refused"]["told_when_to_come_again"]);
}

TEST_CASE("Agents' calls are played to their end, each command confirmed once") {
  auto r = bench({"capture", "--agents=20", "--agents-per-link=4", "--calls=100000",
                  "--seconds=1.5", "--call-seconds=0.1"});
  CHECK(r["verified"]["good"] == true);
  CHECK(r["offered_per_s"] > 0);
  CHECK(r["achieved_per_s"] <= r["offered_per_s"]);
  CHECK(r["frames_per_read"] > 0);
  CHECK(r["broker_cpu_us_per_command"] > 0);
  CHECK(r["broker_resident_bytes"]["start"] > r["broker_resident_bytes"]["before"]);
  REQUIRE_FALSE(r["samples"].empty());
  CHECK(r["samples"][0]["acked_per_s"] > 0);
  CHECK(r["samples"][0]["delivered_per_s"] > 0);
  CHECK(r["calls"] > 0);
  CHECK(r["outcomes"]["confirmed"] == r["verified"]["commands"]);
  CHECK(r["verified"]["commands"] == 5 * r["calls"].get<std::uint64_t>());
}

TEST_CASE("A capture tells its progress, unless that is unwanted") {
  bool is_quiet = GENERATE(false, true);
  process child{RINGDOWN_BENCH_PROGRAM,
                flags{"capture", "--agents=20", "--calls=10000", "--seconds=1.5",
                      "--call-seconds=0.1", "--spawn", ringdownd_program(),
                      "--broker-flag=--config=/dev/null", "--core=-1", "--broker-core=-1"} +
                  (is_quiet ? flags{"--quiet"} : flags{})};
  REQUIRE(child.wait() == 0);
  CHECK((child.err().find("events/s") == std::string::npos) == is_quiet);
  CHECK_THAT(child.out(), Catch::Matchers::Contains("us per command"));
}

TEST_CASE("A DN that the broker does not know ends a run with its error") {
  process child{RINGDOWN_BENCH_PROGRAM,
                {"capture", "--agents=2", "--spawn", ringdownd_program(),
                 "--broker-flag=--config=/dev/null", "--broker-flag=--dns.list=bench0000000",
                 "--core=-1", "--broker-core=-1", "--quiet"}};
  CHECK(child.wait() == 2); // the second agent's DN
  CHECK_THAT(child.err(), Catch::Matchers::Contains("59"));
}

TEST_CASE(
  "A broker in the same process is measured too, with its progress unless that is unwanted") {
  bool is_quiet = GENERATE(false, true);
  flags words{"--seconds=0.5", "--warmup=0.1",     "--dns=100", "--producers=4",
              "--core=-1",     "--broker-core=-1", "--json"};
  process child{RINGDOWN_BENCH_EMBEDDED_PROGRAM, words + (is_quiet ? flags{"--quiet"} : flags{})};
  REQUIRE(child.wait() == 0);
  CHECK((child.err().find("events/s") == std::string::npos) == is_quiet);
  auto r = json::parse(child.out());
  CHECK(r["verified"]["good"] == true);
  CHECK(r["verified"]["acked"] > 0);
  CHECK(r["broker_cpu_us_per_event"] > 0);
}

TEST_CASE("A comparison gives each its turn, and the floor is one of them") {
  auto r = bench({"compare", "--peers=ringdown,floor", "--loads=2x4,open:1000", "--rounds=2",
                  "--seconds=0.2", "--warmup=0.1", "--dns=50"});
  REQUIRE(r["compare"].size() == 4);
  for (auto& row : r["compare"]) {
    CHECK(row["events_per_s"]["rounds"].size() == 2);
    CHECK(row["events_per_s"]["median"] > 0);
    CHECK(row["own_cpu_percent"]["median"] > 0);
  }
}

TEST_CASE("A broker that fails under a load is left out, and the others are compared") {
  process child{RINGDOWN_BENCH_PROGRAM,
                {"compare", "--peers=ringdown,floor", "--loads=2x4", "--rounds=1", "--seconds=0.2",
                 "--warmup=0.1", "--dns=50", "--spawn", ringdownd_program(),
                 "--broker-flag=--config=/dev/null", "--broker-flag=--no.such.flag=1", "--core=-1",
                 "--broker-core=-1", "--json"}};
  CHECK(child.wait() == 1);
  CHECK_THAT(child.err(), Catch::Matchers::Contains("ringdown   failed"));
  CHECK_THAT(child.err(), Catch::Matchers::Contains("(own CPU ")); // of the one that goes on
  auto rows = json::parse(child.out())["compare"];
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["failure"] != "");
  CHECK(rows[0]["events_per_s"]["rounds"].empty());
  CHECK(rows[1]["failure"] == "");
  CHECK(rows[1]["events_per_s"]["median"] > 0);
}

TEST_CASE("A comparison counts connections too, and deliveries to many") {
  auto r = bench({"compare", "--peers=ringdown,floor", "--loads=fanout:20,connections:100",
                  "--rounds=1", "--seconds=0.2", "--warmup=0.1"});
  REQUIRE(r["compare"].size() == 4);
  for (auto* name : {"events_per_s", "broker_cpu_us_per_delivery"})
    CHECK(r["compare"][0][name]["median"] > 0);
  for (auto* name : {"registrations_per_s", "broker_bytes_per_connection"})
    CHECK(r["compare"][2][name]["median"] > 0);
}

TEST_CASE("A comparison by TLS has the cipher of each, and leaves out who speaks none") {
  auto r = bench({"compare", "--tls", "--peers=ringdown,floor", "--loads=2x4,connections:50",
                  "--rounds=1", "--seconds=0.2", "--warmup=0.1", "--dns=50"});
  REQUIRE(r["compare"].size() == 4);
  CHECK(r["tls"]["ringdown"] == "TLSv1.3, TLS_AES_128_GCM_SHA256, x25519");
  CHECK(r["compare"][0]["events_per_s"]["median"] > 0);
  CHECK(r["compare"][1]["failure"] == "no TLS");
  CHECK(r["compare"][2]["broker_bytes_per_connection"]["median"] > 0);
}

TEST_CASE("Agents at work are timed beside logins by both doors of one broker") {
  auto r = bench(
    {"logins", "--connections=100", "--agents=5", "--commands=200", "--rounds=1", "--rest=0.3"});
  CHECK(r["good"] == true);
  REQUIRE(r["beside"].size() == 3);
  CHECK(r["beside"][0]["commands"]["ack_us"]["count"] > 0);
  for (std::size_t storm : {1u, 2u})
    CHECK(r["beside"][storm]["opening_us"]["count"] == 100);
  CHECK(r["beside"][2].contains("tls"));
  process child{RINGDOWN_BENCH_PROGRAM, {"logins"}};
  CHECK(child.wait() == 2);
  CHECK_THAT(child.err(), Catch::Matchers::Contains("logins needs --spawn"));
}

TEST_CASE("A broker that is not there is said so") {
  process child{RINGDOWN_BENCH_PROGRAM, {"run", "--spawn", "/nonexistent", "--core=-1"}};
  CHECK(child.wait() == 2);
  CHECK_THAT(child.err(), Catch::Matchers::Contains("/nonexistent"));
}

TEST_CASE("It says which version it is") {
  process version{RINGDOWN_BENCH_PROGRAM, {"--version"}};
  CHECK(version.wait() == 0);
  CHECK_THAT(version.out(), Catch::Matchers::Matches(R"(ringdown-bench \d+\.\d+\.\d+\S*\n)"));
}

TEST_CASE("A verb that is nearly right is named, and without one all are") {
  process wrong{RINGDOWN_BENCH_PROGRAM, {"captrue"}};
  CHECK(wrong.wait() == 2);
  CHECK(wrong.err() == "ringdown-bench: unknown verb 'captrue'; did you mean 'capture'?\n");
  process none{RINGDOWN_BENCH_PROGRAM, {"--quiet"}};
  CHECK(none.wait() == 2);
  CHECK_THAT(none.err(),
             Catch::Matchers::StartsWith("ringdown-bench: a verb is missing; accepted:\n  run "));
  CHECK_THAT(none.err(), Catch::Matchers::Contains("capture"));
}
