// Our own mistakes end the process, and say what does not hold.
#include "messages/ensure.hpp"

#include "tests/messages/ending.hpp"

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("what must hold ends the process where it does not, and says what and where") {
  CHECK(child_that([] { ensure(true, "all is well"); }).signal == 0);
  auto how = child_that([] { ensure(false, "two and two are four"); });
  CHECK(how.signal == SIGABRT);
  CHECK(how.said.find("does not hold: two and two are four (") != std::string::npos);
  CHECK(how.said.find("ensure_test.cpp:") != std::string::npos);
}

TEST_CASE("checks that cost time run in builds that are not shipped") {
  auto how = child_that([] { debug_ensure(false, "two and two are four"); });
  CHECK(how.signal == (debug_checks ? SIGABRT : 0));
}
