// The logger as the broker uses it.
#include "broker/logging/logging.hpp"
#include "tests/broker/config/loading.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <thread>

using namespace ringdown::logging;
using namespace std::chrono_literals;

namespace {

/// A logger whose lines and clock are the test's.
struct recorded {
  std::vector<std::string> lines;
  std::chrono::system_clock::time_point now{std::chrono::hours{24 * 365 * 50}};

  options with(options o = {}) {
    o.to = [this](level, component, std::string_view line) { lines.emplace_back(line); };
    o.clock = [this] { return now; };
    return o;
  }
};

/// What a log has written into its file.
std::string written(logger& log, const std::filesystem::path& path) {
  REQUIRE(log.flush(60s)); // bounds a hang
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

TEST_CASE("each component has its threshold, and it changes at run time") {
  recorded r;
  logger log{r.with()};
  CHECK(log.enabled(component::edge, level::info));
  CHECK_FALSE(log.enabled(component::edge, level::debug));
  log.debug(component::edge, "unheard");
  CHECK(r.lines.empty());

  auto levels = all_at(level::error);
  levels[static_cast<std::size_t>(component::dn)] = level::trace;
  log.set_levels(levels);
  log.warn(component::edge, "unheard");
  log.write(component::dn, level::trace, "heard");
  REQUIRE(r.lines.size() == 1);
  CHECK(r.lines[0].find("TRACE dn         heard") != std::string::npos);

  log.set_levels(all_at(level::off));
  log.error(component::dn, "unheard");
  CHECK(r.lines.size() == 1);
}

TEST_CASE("nothing is ever written at level off") {
  recorded r;
  logger log{r.with()};
  log.set_levels(all_at(level::trace));
  log.write(component::edge, level::off, "no");
  log.set_levels(all_at(level::off));
  log.write(component::edge, level::off, "no");
  CHECK(r.lines.empty());
}

TEST_CASE("the format changes at run time") {
  recorded r;
  logger log{r.with()};
  log.info(component::edge, "one");
  log.set_format(format::json);
  log.info(component::edge, "two");
  REQUIRE(r.lines.size() == 2);
  CHECK(r.lines[0].starts_with("2019-12-20 00:00:00.000 INFO"));
  CHECK(r.lines[1].starts_with(R"({"time":"2019-12-20T00:00:00.000000Z")"));
}

TEST_CASE("a sink hears level and component of each line") {
  std::vector<std::pair<level, component>> heard;
  options o;
  o.to = [&](level l, component c, std::string_view) { heard.emplace_back(l, c); };
  logger log{std::move(o)};
  log.warn(component::runtime, "m");
  CHECK(heard == std::vector<std::pair<level, component>>{{level::warn, component::runtime}});
}

TEST_CASE("repeated warnings are held back and then counted in one line") {
  recorded r;
  logger log{r.with({.repeats_per_second_max = 2})};
  for (int i = 0; i < 5; ++i)
    log.warn(component::edge, "accept failed", {{"error", "too many files"}});
  CHECK(r.lines.size() == 2);
  log.info(component::edge, "still here");
  CHECK(r.lines.size() == 3);
  r.now += 1s;
  log.info(component::edge, "later");
  REQUIRE(r.lines.size() == 5);
  CHECK(r.lines[3].ends_with(
    "WARN  edge       repeated message suppressed  suppressed=3 repeated=\"accept failed\""));
  CHECK(r.lines[4].ends_with("later"));
}

TEST_CASE("what was held back is told by the tick, and at the end") {
  recorded r;
  {
    logger log{r.with({.repeats_per_second_max = 1})};
    log.error(component::dn, "full");
    log.error(component::dn, "full");
    log.tick();
    CHECK(r.lines.size() == 1);
    r.now += 1s;
    log.tick();
    REQUIRE(r.lines.size() == 2);
    CHECK(r.lines[1].find("suppressed=1") != std::string::npos);
    log.error(component::dn, "full");
    log.error(component::dn, "full");
    log.error(component::dn, "full");
    CHECK(r.lines.size() == 3);
  }
  REQUIRE(r.lines.size() == 4);
  CHECK(r.lines[3].find("suppressed=2") != std::string::npos);
}

TEST_CASE("lines of level info are held back by their bytes only") {
  recorded r;
  logger log{r.with({.repeats_per_second_max = 1, .bytes_per_second_max = 1000})};
  for (int i = 0; i < 1000; ++i)
    log.info(component::edge, "connection accepted");
  const auto size = r.lines[0].size() + 1;
  const auto passed = r.lines.size();
  CHECK(passed * size >= 1000);
  CHECK((passed - 1) * size <= 1000 + size); // the first of a kind always passes
  log.info(component::dn, "call ended");     // others are not silenced by it
  CHECK(r.lines.size() == passed + 1);
  r.now += 1s;
  log.tick();
  REQUIRE(r.lines.size() == passed + 2);
  CHECK(r.lines.back().ends_with(
    "INFO  edge       repeated message suppressed  suppressed=" + std::to_string(1000 - passed) +
    " repeated=\"connection accepted\""));
}

TEST_CASE("unless told otherwise 64 KiB of level info are written in a second") {
  recorded r;
  logger log{r.with()};
  for (int i = 0; i < 2000; ++i)
    log.info(component::edge, "connection accepted");
  const auto size = r.lines[0].size() + 1;
  CHECK(r.lines.size() * size >= 64 * 1024);
  CHECK((r.lines.size() - 1) * size <= 64 * 1024);
}

TEST_CASE("the bound on bytes changes at run time, and 0 is none") {
  recorded r;
  logger log{r.with({.repeats_per_second_max = 0, .bytes_per_second_max = 1})};
  log.info(component::edge, "one");
  log.info(component::edge, "two");
  CHECK(r.lines.size() == 1);
  log.set_bytes_per_second_max(0);
  for (int i = 0; i < 20; ++i)
    log.info(component::edge, "three");
  CHECK(r.lines.size() == 21);
}

TEST_CASE("a line has all of its fields, however many they are") {
  recorded r;
  logger log{r.with()};
  const std::vector<field> many(20, field{"a", 1});
  log.write(component::dn, level::info, "many", many);
  REQUIRE(r.lines.size() == 1);
  std::size_t found = 0;
  for (auto at = r.lines[0].find("a=1"); at != std::string::npos;
       at = r.lines[0].find("a=1", at + 1))
    ++found;
  CHECK(found == 20);
}

TEST_CASE("a file is appended to, line by line, and can be opened anew after rotation") {
  const ringdown::test::folder f;
  const auto path = f.path() / "ringdown.log";
  logger log;
  REQUIRE_FALSE(log.open_file(path));
  log.info(component::broker, "first");
  // Not only when the program ends.
  CHECK(written(log, path).ends_with("INFO  broker     first\n"));
  std::filesystem::rename(path, f.path() / "ringdown.log.1");
  REQUIRE_FALSE(log.open_file(path));
  log.info(component::broker, "second");
  CHECK(written(log, path).ends_with("second\n"));
  CHECK(written(log, path).find("first") == std::string::npos);
  CHECK(written(log, f.path() / "ringdown.log.1").ends_with("first\n"));
  REQUIRE_FALSE(log.open_file(path));
  log.info(component::broker, "third");
  CHECK(written(log, path).find("second\n") != std::string::npos);
}

TEST_CASE("a file that cannot be opened is told, and the log stays where it was") {
  const ringdown::test::folder f;
  logger log;
  REQUIRE_FALSE(log.open_file(f.path() / "a.log"));
  const auto fault = log.open_file(f.path()); // a folder
  REQUIRE(fault);
  CHECK_FALSE(fault->empty());
  log.info(component::broker, "still here");
  CHECK(written(log, f.path() / "a.log").ends_with("still here\n"));
}

TEST_CASE("threads write whole lines") {
  recorded r;
  logger log{r.with({.bytes_per_second_max = 0})};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&log, t] {
      for (int i = 0; i < 500; ++i) {
        log.info(component::edge, "line", {{"thread", t}, {"i", i}});
        if (i % 100 == 0)
          log.set_levels(all_at(level::info));
      }
    });
  for (auto& t : threads)
    t.join();
  REQUIRE(r.lines.size() == 2000);
  for (const auto& line : r.lines)
    CHECK(line.find("INFO  edge       line  thread=") == 24);
}

TEST_CASE("a sink that fails does not reach the one who logs") {
  options o;
  o.to = [](level, component, std::string_view) { throw std::runtime_error{"disk full"}; };
  logger log{std::move(o)};
  log.info(component::broker, "lost");
  CHECK(log.enabled(component::broker, level::info));
}
