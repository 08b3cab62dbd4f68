// The light that a DN shows as a whole, for every mix of sessions.
#include "actors/dn.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ringdown;

namespace {

constexpr capture_state states[] = {capture_state::unknown, capture_state::enabled,
                                    capture_state::disabled, capture_state::paused};

std::vector<session_record> sessions_that_see(const std::vector<capture_state>& observed) {
  std::vector<session_record> sessions;
  for (auto state : observed) {
    sessions.emplace_back();
    sessions.back().state.observed = state;
    // What is wanted is no light.
    sessions.back().state.desired = capture_state::paused;
  }
  return sessions;
}

} // namespace

TEST_CASE("the light is paused if any session is, then unknown, then enabled, then disabled") {
  for (auto a : states)
    for (auto b : states)
      for (auto c : states) {
        std::vector<capture_state> observed{a, b, c};
        auto any = [&](capture_state wanted) {
          return std::count(observed.begin(), observed.end(), wanted) != 0;
        };
        auto expected = any(capture_state::paused)    ? capture_state::paused
                        : any(capture_state::unknown) ? capture_state::unknown
                        : any(capture_state::enabled) ? capture_state::enabled
                                                      : capture_state::disabled;
        for (auto without : states)
          CHECK(effective_state(sessions_that_see(observed), without) == expected);
      }
}

TEST_CASE("without sessions the light is what the last one left") {
  for (auto without : states)
    CHECK(effective_state({}, without) == without);
}
