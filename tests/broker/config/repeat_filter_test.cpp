// A fault that repeats does not fill the disk, and nothing is lost without a word.
#include "broker/logging/repeat_filter.hpp"

#include <catch2/catch.hpp>

#include <numeric>

using namespace ringdown::logging;
using namespace std::chrono_literals;

namespace {

const repeat_filter::time_point start{std::chrono::hours{24 * 365 * 50}};

std::uint64_t suppressed(const std::vector<repeat_filter::summary>& all) {
  return std::accumulate(all.begin(), all.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& s) { return sum + s.suppressed; });
}

} // namespace

TEST_CASE("a message passes so many times a second; the rest is counted") {
  repeat_filter filter{3};
  int passed = 0;
  for (int i = 0; i < 10; ++i)
    passed += filter.admit(component::edge, level::warn, "full", start + i * 10ms) ? 1 : 0;
  CHECK(passed == 3);
  std::vector<repeat_filter::summary> told;
  filter.collect(start + 999ms, told);
  CHECK(told.empty());
  filter.collect(start + 1s, told);
  REQUIRE(told.size() == 1);
  CHECK(told[0].suppressed == 7);
  CHECK(told[0].message == "full");
  CHECK(told[0].from == component::edge);
  filter.collect(start + 2s, told);
  CHECK(told.size() == 1);
  CHECK(filter.admit(component::edge, level::warn, "full", start + 1s));
}

TEST_CASE("a new second is counted anew even if nobody collected") {
  repeat_filter filter{1};
  CHECK(filter.admit(component::edge, level::warn, "full", start));
  CHECK_FALSE(filter.admit(component::edge, level::warn, "full", start));
  CHECK(filter.admit(component::edge, level::warn, "full", start + 1s));
  std::vector<repeat_filter::summary> told;
  filter.collect(start + 1s, told);
  CHECK(suppressed(told) == 1);
}

TEST_CASE("component, level and message are told apart") {
  repeat_filter filter{1};
  CHECK(filter.admit(component::edge, level::warn, "full", start));
  CHECK(filter.admit(component::dn, level::warn, "full", start));
  CHECK(filter.admit(component::edge, level::error, "full", start));
  CHECK(filter.admit(component::edge, level::warn, "empty", start));
  CHECK_FALSE(filter.admit(component::dn, level::warn, "full", start));
}

TEST_CASE("a clock that was set back does not silence a message for hours") {
  repeat_filter filter{1};
  CHECK(filter.admit(component::edge, level::warn, "full", start));
  CHECK(filter.admit(component::edge, level::warn, "full", start - 1h));
}

TEST_CASE("0 means no bound") {
  repeat_filter filter{0};
  for (int i = 0; i < 100; ++i)
    CHECK(filter.admit(component::edge, level::warn, "full", start));
}

TEST_CASE("many different messages take bounded room, and no count is lost") {
  repeat_filter filter{1};
  for (std::size_t i = 0; i < repeat_kinds_max + 50; ++i) {
    const auto text = "message " + std::to_string(i);
    const auto at = start + i * 1ms;
    CHECK(filter.admit(component::edge, level::warn, text, at));
    CHECK_FALSE(filter.admit(component::edge, level::warn, text, at));
  }
  std::vector<repeat_filter::summary> told;
  filter.collect_all(told);
  CHECK(suppressed(told) == repeat_kinds_max + 50);
  told.clear();
  filter.collect_all(told);
  CHECK(told.empty());
}

TEST_CASE("a kind that floods is bounded by bytes, and the first lines of every other pass") {
  repeat_filter filter{2, 1000};
  int passed = 0;
  for (int i = 0; i < 100; ++i)
    if (filter.admit(component::dn, level::info, "call ended", start)) {
      ++passed;
      filter.count(200);
    }
  CHECK(passed == 5);
  CHECK(filter.admit(component::connection, level::info, "signed on", start));
  CHECK(filter.admit(component::connection, level::info, "signed on", start));
  CHECK_FALSE(filter.admit(component::connection, level::info, "signed on", start));
  CHECK(filter.admit(component::dn, level::error, "alarm", start)); // no bytes are asked of it
  std::vector<repeat_filter::summary> told;
  filter.collect(start + 1s, told);
  CHECK(suppressed(told) == 96);
  CHECK(filter.admit(component::dn, level::info, "call ended", start + 1s));
}
