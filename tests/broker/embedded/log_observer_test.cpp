// What the actors tell, on its way into the log.
#include "broker/log_observer.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace ringdown;

TEST_CASE("a line has all that an actor tells, however much that is") {
  std::vector<std::string> lines;
  logging::options options;
  options.to = [&](logging::level, logging::component, std::string_view line) {
    lines.emplace_back(line);
  };
  logging::logger log{options};
  log_observer{log}.log("dn", observer::severity::info, "much",
                        {{"a", "1"},  {"b", "2"},  {"c", "3"},  {"d", "4"},  {"e", "5"},
                         {"f", "6"},  {"g", "7"},  {"h", "8"},  {"i", "9"},  {"j", "10"},
                         {"k", "11"}, {"l", "12"}, {"m", "13"}, {"n", "14"}, {"o", "15"},
                         {"p", "16"}, {"q", "17"}, {"r", "18"}, {"s", "19"}, {"t", "20"}});
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Catch::Matchers::EndsWith(
                         "dn         much  a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9 j=10 k=11 l=12 "
                         "m=13 n=14 o=15 p=16 q=17 r=18 s=19 t=20"));
}
