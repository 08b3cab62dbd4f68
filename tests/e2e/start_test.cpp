// How the daemon starts, or says in one line why it does not.
#include "tests/e2e/expect.hpp"

#include <algorithm>
#include <filesystem>

using namespace ringdown;
using namespace ringdown::e2e;
using Catch::Matchers::Contains;

namespace {

const flags no_file{"--config=/dev/null", "--listen.port=0"};

/// A folder that goes with the test.
class temporary_folder {
public:
  temporary_folder() { std::filesystem::create_directory(path_); }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  temporary_file name_; // nobody else's
  std::filesystem::path path_ = name_.path() + "-folder";
};

/// Status 2, nothing on standard output, and one line that names the thing.
void check_refused(const finished& start, const std::vector<std::string>& words) {
  INFO(start.err);
  CHECK(start.status == 2);
  CHECK(start.out.empty());
  CHECK(std::count(start.err.begin(), start.err.end(), '\n') == 1);
  CHECK(start.err.starts_with("ringdownd: "));
  for (auto& word : words)
    CHECK_THAT(start.err, Contains(word));
}

} // namespace

TEST_CASE("A port in use is named") {
  running_broker first;
  auto port = std::to_string(first.port());
  auto second = run_ringdownd({"--config=/dev/null", "--listen.port=" + port});
  check_refused(second, {"127.0.0.1", port, "in use"});
  CHECK(signed_on(first, v1::ROLE_DESKTOP).link().version() == 1); // the first does not mind
  CHECK(first.stop() == 0);
}

TEST_CASE("A configuration that cannot be read is named, with its place") {
  check_refused(run_ringdownd({"--config=/no/such/file.toml"}), {"/no/such/file.toml"});
  check_refused(run_ringdownd({"--config=/"}), {"/", "irectory"});
  check_refused(run_ringdownd({"--config"}), {"--config"});
  temporary_file broken{"[listen]\nport = = 5\n"};
  check_refused(run_ringdownd({"--config", broken.path()}), {broken.path() + ":2:"});
  temporary_file misspelt{"[limits]\n\noutbox_bytes_maxx = 5\n"};
  check_refused(run_ringdownd({"--config", misspelt.path()}),
                {misspelt.path() + ":3:1", "outbox_bytes_maxx", "outbox_bytes_max"});
  check_refused(run_ringdownd(no_file + flags{"--dns.file=/no/such/list"}),
                {"/no/such/list", "dns.file"});
}

TEST_CASE("A bad value is named with what is accepted") {
  using values = std::vector<std::string>;
  const std::pair<std::string, values> bad[] = {
    {"--listen.port=65536", {"listen.port", "65536", "0 to 65535"}},
    {"--listen.port=", {"listen.port"}},
    {"--listen.address=localhost", {"listen.address", "localhost"}},
    {"--runtime.scheduler=fast", {"runtime.scheduler", "loop", "stock"}},
    {"--runtime.loops=0", {"runtime.loops", "1 to 64"}},
    {"--limits.sign_on_timeout=5 parsecs", {"limits.sign_on_timeout"}},
    {"--limits.frame_bytes_max=1 MiB", {"limits.frame_bytes_max", "outbox_low_water_bytes"}},
    {"--dns.list=7001,,7002", {"dns.list"}},
    {"--listen.prt=1", {"listen.prt", "listen.port"}},
    {"listen.port=1", {"listen.port=1"}},
  };
  for (auto& [flag, words] : bad) {
    INFO(flag);
    check_refused(run_ringdownd({"--config=/dev/null", flag}), words);
  }
  process::surroundings around;
  around.environment = {{"RINGDOWN_LISTEN_PORT", "many"}};
  check_refused(run_ringdownd({"--config=/dev/null"}, around), {"RINGDOWN_LISTEN_PORT", "many"});
}

TEST_CASE("Beyond this machine it listens only if it is told that everybody may come") {
  for (auto* address : {"0.0.0.0", "::", "192.0.2.1"})
    check_refused(run_ringdownd(no_file + flags{std::string{"--listen.address="} + address}),
                  {"listen.address", "allow_unauthenticated"});
  // Then it tries, and says that the address is not this machine's.
  check_refused(run_ringdownd(no_file + flags{"--listen.address=192.0.2.1",
                                              "--listen.allow_unauthenticated=true"}),
                {"192.0.2.1"});
}

TEST_CASE("A log file that cannot be opened is named") {
  temporary_file place;
  auto missing = place.path() + "-missing";
  check_refused(run_ringdownd(no_file + flags{"--log.file=" + missing + "/ringdownd.log"}),
                {missing});
  CHECK_FALSE(std::filesystem::exists(missing)); // a name mistyped makes no directory
  check_refused(run_ringdownd(no_file + flags{"--log.file=" + place.path() + "/ringdownd.log"}),
                {place.path()});
  check_refused(run_ringdownd(no_file + flags{"--log.file=/proc/ringdownd.log"}),
                {"/proc/ringdownd.log"});
}

TEST_CASE("More connections than open files are refused at the start") {
  process::surroundings few;
  few.open_files_max = 256;
  check_refused(run_ringdownd(no_file + flags{"--limits.connections_max=1000",
                                              "--limits.connections_unsigned_max=100"},
                              few),
                {"limits.connections_max", "1000", "256"});
}

TEST_CASE("The configuration can be checked and printed without starting") {
  auto checked = run_ringdownd(no_file + flags{"--check-config"});
  CHECK(checked.status == 0);
  CHECK(checked.err.empty());
  CHECK_THAT(checked.out, Contains("right"));
  check_refused(run_ringdownd(no_file + flags{"--check-config", "--runtime.loops=0"}),
                {"runtime.loops"});

  // Flag over environment over file over default, each with its origin.
  temporary_file file{
    "[listen]\nport = 1001\n[limits]\ndns_max = 1001\nsign_on_timeout = \"7 s\"\n"};
  process::surroundings around;
  around.environment = {{"RINGDOWN_LISTEN_PORT", "1002"}, {"RINGDOWN_LIMITS_DNS_MAX", "1002"}};
  auto printed =
    run_ringdownd({"--config", file.path(), "--listen.port=1003", "--print-config"}, around);
  CHECK(printed.status == 0);
  CHECK_THAT(printed.out, Contains("port = 1003  # --listen.port"));
  CHECK_THAT(printed.out, Contains("dns_max = 1002  # RINGDOWN_LIMITS_DNS_MAX"));
  CHECK_THAT(printed.out, Contains(file.path() + ":5"));
  CHECK_THAT(printed.out, Contains("# default"));
  // What was printed is a configuration.
  temporary_file again{printed.out};
  CHECK(run_ringdownd({"--config", again.path(), "--check-config"}).status == 0);
}

TEST_CASE("It says who it is, and its help names every key") {
  auto version = run_ringdownd({"--version"});
  CHECK(version.status == 0);
  CHECK(version.out.starts_with("ringdownd "));
  auto help = run_ringdownd({"--help"});
  CHECK(help.status == 0);
  for (auto* word : {"--config", "--check-config", "--print-config", "--listen.port",
                     "--limits.outbox_bytes_max", "--scheduler", "SIGHUP", "SIGTERM"})
    CHECK_THAT(help.out, Contains(word));
}

TEST_CASE("A variable that names no key is a warning and no more") {
  process::surroundings around;
  around.environment = {{"RINGDOWN_LISTEN_PRT", "1"}};
  running_broker broker{{}, around};
  CHECK_THAT(broker.child().err(),
             Contains("RINGDOWN_LISTEN_PRT") && Contains("RINGDOWN_LISTEN_PORT"));
  CHECK(broker.stop() == 0);
}

TEST_CASE("What outlives it is kept in systemd's folder, or in the one that is configured") {
  temporary_folder of_systemd;
  temporary_folder configured;
  process::surroundings around;
  around.environment = {{"STATE_DIRECTORY", of_systemd.path().string()}};
  running_broker broker{{}, around};
  CHECK(broker.stop() == 0);
  CHECK(std::filesystem::exists(of_systemd.path() / "epochs"));
  std::filesystem::remove(of_systemd.path() / "epochs");
  running_broker other{{"--server.state_directory=" + configured.path().string()}, around};
  CHECK(other.stop() == 0);
  CHECK(std::filesystem::exists(configured.path() / "epochs"));
  CHECK_FALSE(std::filesystem::exists(of_systemd.path() / "epochs"));
}
