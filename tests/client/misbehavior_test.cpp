// What `ringdown recorder --misbehave` understands.
#include "client/cli/misbehavior.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

namespace {

std::string bad(std::string_view text) {
  misbehavior into;
  auto problem = add_misbehavior(text, into);
  REQUIRE(problem);
  CHECK(into == misbehavior{});
  return *problem;
}

} // namespace

TEST_CASE("a recorder's misbehaviors add up") {
  misbehavior into;
  for (auto* text : {"ignore pause", "ignore stop", "fail start", "confirm after 3s",
                     "confirm after 250ms", "crash on stop", "stop answering heartbeats"})
    CHECK_FALSE(add_misbehavior(text, into));
  CHECK(into.ignored == std::set{capture_verb::pause, capture_verb::stop});
  CHECK(into.failed == std::set{capture_verb::start});
  CHECK(into.confirm_after == 250ms);
  CHECK(into.crash_on == std::set{capture_verb::stop});
  CHECK(into.silent);
}

TEST_CASE("what is no misbehavior is told with what is accepted") {
  auto kinds = "; accepted: ignore VERB, fail VERB, confirm after TIME, crash on VERB, stop "
               "answering heartbeats";
  for (auto* text : {"", "pause", "ignore", "ignorepause", "Ignore pause", "stop answering"})
    CHECK(bad(text) == "unknown misbehavior '" + std::string{text} + "'" + kinds);
  auto verbs = "; accepted: start, stop, pause, resume";
  CHECK(bad("ignore query") == std::string{"a query is answered by the client library"} + verbs);
  CHECK(bad("fail paws") == std::string{"unknown command 'paws'"} + verbs);
  CHECK(bad("ignore paws") == std::string{"unknown command 'paws'"} + verbs);
  CHECK(bad("crash on paused") == std::string{"unknown command 'paused'"} + verbs);
  CHECK(bad("confirm after 3") == "'3' is no time; accepted: a time up to 1h, such as 200ms or 2s");
  CHECK(bad("confirm after ").find("is no time") != std::string::npos);
}

TEST_CASE("a misbehavior's complaint cannot steer a terminal and stays short") {
  auto text = bad("\x1b[31m" + std::string(10'000, 'x'));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.size() < 1000);
}
