// The file that keeps epochs rising: over restarts, and when the clock was set back.
#include "broker/epochs.hpp"
#include "tests/broker/embedded/in_process.hpp"

#include <cstdlib>
#include <fstream>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// A folder for one test.
class folder {
public:
  folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "ringdown-epochs-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~folder() { std::filesystem::remove_all(path_); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file() const { return path_ / "epochs"; }

private:
  std::filesystem::path path_;
};

constexpr std::int64_t now_us = 1'700'000'000'000'000;
constexpr std::int64_t hour_us = 3'600'000'000;

/// What a DN gets that a broker brings up whose clock says this.
dn_epoch epoch_given(const configuration::config& config, std::int64_t clock_us) {
  kept_log log;
  auto options = quiet(log);
  options.utc_clock = [clock_us] { return clock_us; };
  broker b{config, options};
  REQUIRE(b.start());
  auto desktop = join(b, role::desktop);
  std::string dn[] = {"7001"};
  auto registered = answer_to<client::event_registered>(desktop, desktop.register_address(dn));
  return registered.snapshot.epoch;
}

} // namespace

TEST_CASE("the first start begins with the clock's time") {
  folder here;
  auto first = reserve_epochs(here.file(), now_us);
  CHECK(first.error.empty());
  CHECK(first.last.value == static_cast<std::uint64_t>(now_us));
}

TEST_CASE("every later start is above all that could have been given, whatever the clock says") {
  folder here;
  auto before = reserve_epochs(here.file(), now_us);
  for (auto clock : {now_us - hour_us, now_us, now_us + 1, std::int64_t{0}, std::int64_t{-1}}) {
    auto next = reserve_epochs(here.file(), clock);
    CHECK(next.error.empty());
    CHECK(next.last.value >= before.last.value + epochs_reserved);
    before = next;
  }
  auto years_later = reserve_epochs(here.file(), now_us * 2);
  CHECK(years_later.last.value == static_cast<std::uint64_t>(now_us * 2));
}

TEST_CASE("a file that is none of ours is named, and left as it is") {
  folder here;
  for (auto* content : {"", "seventeen\n", "17 apples\n", "99999999999999999999999\n"}) {
    std::ofstream{here.file()} << content;
    auto read = reserve_epochs(here.file(), now_us);
    CHECK(read.error.find(here.file().string()) != std::string::npos);
    std::ifstream in{here.file()};
    CHECK(std::string{std::istreambuf_iterator<char>{in}, {}} == content);
  }
}

TEST_CASE("a folder that is not there is named") {
  folder here;
  auto read = reserve_epochs(here.file() / "nowhere", now_us);
  CHECK(read.error.find("nowhere") != std::string::npos);
}

TEST_CASE("a broker that starts again with its clock set back gives higher epochs") {
  folder here;
  configuration::config config;
  config.server.state_directory = here.path().string();
  auto before = epoch_given(config, now_us);
  CHECK(before.value > static_cast<std::uint64_t>(now_us));
  auto after = epoch_given(config, now_us - hour_us);
  CHECK(after.value > before.value);
}

TEST_CASE("a broker whose state cannot be kept does not start") {
  folder here;
  kept_log log;
  configuration::config config;
  config.server.state_directory = (here.path() / "nowhere").string();
  broker b{config, quiet(log)};
  auto started = b.start();
  REQUIRE(started.errors.size() == 1);
  CHECK(started.errors[0].key == "server.state_directory");
  CHECK_THAT(started.text(), Catch::Matchers::Contains("nowhere"));
  CHECK_FALSE(b.connect());
}
