// A client's credit, against a map: requests and their bytes, until each was answered.
#include "actors/request_window.hpp"

#include "tests/messages/ending.hpp"

#include <rapidcheck/catch.h>

#include <map>
#include <set>
#include <thread>
#include <vector>

using namespace ringdown;

using admission = request_window::admission;

namespace {

limits small_window() {
  limits bounds;
  bounds.requests_outstanding_max = 10;
  bounds.requests_outstanding_reserve = 3;
  bounds.request_bytes_outstanding_max = 1000;
  bounds.request_bytes_outstanding_reserve = 500;
  return bounds;
}

} // namespace

TEST_CASE("a ReferenceID is taken until its answer, and free again after it") {
  auto bounds = small_window();
  request_window window{bounds};
  CHECK(window.admit({7}, 10, false) == admission::accepted);
  CHECK(window.admit({7}, 10, false) == admission::reused);
  CHECK(window.admit({7}, 10, true) == admission::reused);
  CHECK(window.outstanding() == 1);
  window.answered({7});
  CHECK(window.outstanding() == 0);
  CHECK(window.admit({7}, 10, false) == admission::accepted);
}

TEST_CASE("ReferenceIDs are spread, whatever the steps in which a client counts") {
  for (std::uint32_t step = 1; step <= 1u << 20; step *= 2) {
    CAPTURE(step);
    std::set<std::size_t> places;
    for (std::uint32_t i = 1; i <= 1024; ++i)
      places.insert(spread({i * step}) % 2048);
    CHECK(places.size() > 256); // four at one place on average: at random some 806 places
  }
}

TEST_CASE("a window is full at its requests, and pause and stop have a reserve") {
  auto bounds = small_window();
  request_window window{bounds};
  for (std::uint32_t i = 1; i <= 10; ++i)
    REQUIRE(window.admit({i}, 1, false) == admission::accepted);
  CHECK(window.admit({11}, 1, false) == admission::full);
  for (std::uint32_t i = 11; i <= 13; ++i)
    CHECK(window.admit({i}, 1, true) == admission::accepted);
  CHECK(window.admit({14}, 1, true) == admission::full);
  CHECK(window.admit({13}, 1, true) == admission::reused); // said rather than full
  window.answered({1});
  CHECK(window.admit({14}, 1, false) == admission::full); // still above the ordinary bound
  CHECK(window.admit({14}, 1, true) == admission::accepted);
}

TEST_CASE("a window is full at its bytes, and pause and stop have a reserve") {
  auto bounds = small_window();
  request_window window{bounds};
  REQUIRE(window.admit({1}, 600, false) == admission::accepted);
  CHECK(window.admit({2}, 401, false) == admission::full);
  REQUIRE(window.admit({2}, 400, false) == admission::accepted);
  CHECK(window.admit({3}, 1, false) == admission::full);
  CHECK(window.admit({3}, 501, true) == admission::full);
  CHECK(window.admit({3}, 500, true) == admission::accepted);
  window.answered({1});
  window.answered({3});
  CHECK(window.admit({4}, 600, false) == admission::accepted);
}

TEST_CASE("a request for several DNs is outstanding until its last answer") {
  auto bounds = small_window();
  request_window window{bounds};
  REQUIRE(window.admit({5}, 100, false, 3) == admission::accepted);
  window.answered({5});
  window.answered({5});
  CHECK(window.outstanding() == 1);
  CHECK(window.admit({5}, 100, false) == admission::reused);
  window.answered({5});
  CHECK(window.outstanding() == 0);
}

TEST_CASE("credit that is given back twice is found in builds that are not shipped") {
  auto bounds = small_window();
  auto outstanding_after = [&](std::vector<std::uint32_t> answers) {
    return ringdown::test::child_that([&] {
      request_window window{bounds};
      ensure(window.admit({5}, 100, false, 2) == admission::accepted, "there is room");
      for (auto one : answers)
        window.answered({one});
      std::fprintf(stderr, "%zu outstanding", window.outstanding());
    });
  };
  CHECK(outstanding_after({5}).said == "1 outstanding");
  CHECK(outstanding_after({5, 5}).said == "0 outstanding");
  for (auto& [answers, left] : std::vector<std::pair<std::vector<std::uint32_t>, std::string>>{
         {{5, 5, 5}, "0 outstanding"}, {{6}, "1 outstanding"}, {{5, 6, 5}, "0 outstanding"}}) {
    auto how = outstanding_after(answers);
    CHECK(how.signal == (debug_checks ? SIGABRT : 0));
    if (debug_checks)
      CHECK(how.said.find("credit is given back once") != std::string::npos);
    else
      CHECK(how.said == left);
  }
}

namespace {

struct outstanding_request {
  std::uint32_t answers;
  std::size_t bytes;
};

class model {
public:
  explicit model(const limits& bounds) : bounds_(bounds) {}

  admission admit(std::uint32_t reference, std::size_t bytes, bool safety, std::uint32_t answers) {
    if (requests_.contains(reference))
      return admission::reused;
    auto spare = safety ? 1u : 0u;
    std::size_t held = 0;
    for (auto& [key, request] : requests_)
      held += request.bytes;
    if (requests_.size() + 1 >
          bounds_.requests_outstanding_max + spare * bounds_.requests_outstanding_reserve ||
        held + bytes >
          bounds_.request_bytes_outstanding_max + spare * bounds_.request_bytes_outstanding_reserve)
      return admission::full;
    requests_[reference] = {answers, bytes};
    return admission::accepted;
  }
  void answered(std::uint32_t reference) {
    auto request = requests_.find(reference);
    if (--request->second.answers == 0)
      requests_.erase(request);
  }
  bool has(std::uint32_t reference) const { return requests_.contains(reference); }
  std::size_t outstanding() const { return requests_.size(); }

private:
  const limits& bounds_;
  std::map<std::uint32_t, outstanding_request> requests_;
};

/// ReferenceIDs that meet in the table: they differ in bits that a small table does not look at.
std::uint32_t pick_reference() {
  auto low = *rc::gen::inRange<std::uint32_t>(1, 6);
  auto high = *rc::gen::elementOf(std::vector<std::uint32_t>{0, 8, 16, 64, 1u << 12, 1u << 31});
  return *rc::gen::element(low + high, *rc::gen::arbitrary<std::uint32_t>(), low);
}

} // namespace

TEST_CASE("a window says what a map of its requests would say") {
  rc::prop("window against its model", [] {
    auto bounds = small_window();
    bounds.requests_outstanding_max = *rc::gen::inRange<std::size_t>(1, 40);
    request_window window{bounds};
    model expected{bounds};
    auto steps = *rc::gen::inRange(0, 300);
    std::vector<std::uint32_t> used{1};
    for (int i = 0; i < steps; ++i) {
      if (*rc::gen::inRange(0, 5) < 3) {
        auto reference = pick_reference();
        auto bytes = *rc::gen::inRange<std::size_t>(0, 90);
        auto safety = *rc::gen::arbitrary<bool>();
        auto answers = *rc::gen::inRange<std::uint32_t>(1, 4);
        used.push_back(reference);
        RC_ASSERT(window.admit({reference}, bytes, safety, answers) ==
                  expected.admit(reference, bytes, safety, answers));
      } else {
        auto reference = *rc::gen::elementOf(used);
        if (!expected.has(reference))
          continue;
        window.answered({reference});
        expected.answered(reference);
      }
      RC_ASSERT(window.outstanding() == expected.outstanding());
    }
  });
}

TEST_CASE("answers given on other threads free the window") {
  limits bounds;
  bounds.requests_outstanding_max = 64;
  request_window window{bounds};
  constexpr std::uint32_t requests = 4'000; // the window many times over
  std::atomic<std::uint32_t> admitted{0};
  std::thread answering{[&] {
    for (std::uint32_t next = 1; next <= requests; ++next) {
      while (admitted < next)
        std::this_thread::yield();
      window.answered({next});
    }
  }};
  for (std::uint32_t next = 1; next <= requests; ++next) {
    while (window.admit({next}, 10, false) != admission::accepted)
      std::this_thread::yield();
    admitted = next;
  }
  answering.join();
  CHECK(window.outstanding() == 0);
}

TEST_CASE("a second thread where only one may come is found in builds that are not shipped") {
  using ringdown::test::child_that;
  limits bounds;
  auto both_use = [&](threads users) {
    return child_that([&, users] {
             request_window window{bounds, users};
             static_cast<void>(window.outstanding());
             std::thread{[&] { static_cast<void>(window.outstanding()); }}.join();
           })
      .signal;
  };
  CHECK(both_use(threads::many) == 0);
  CHECK(both_use(threads::one) == (debug_checks ? SIGABRT : 0));
}
