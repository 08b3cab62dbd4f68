#include "tests/actors/complaint.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

namespace ringdown::test {

void complain(const std::string& what) {
  FAIL_CHECK(what);
}

void give_up(const std::string& what) {
  FAIL(what);
  std::abort(); // not reached: FAIL throws
}

} // namespace ringdown::test
