// The programs that are signed on: one connection for each, waits for those that fight, and no slot
// that a client can choose. Its rows have no actors here.
#include "actors/directory/program_register.hpp"

#include "tests/actors/outbox_support.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <set>
#include <string>
#include <string_view>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

const keyed_hash hash{17};

struct hall {
  limits bounds;
  memory_budget budget{bounds};
  program_register programs{hash};
  program_register::time_point now{};

  client_ptr client(std::string application, std::uint8_t instance = 1) {
    auto one = std::make_shared<t_client>(bounds, budget, std::make_shared<counting_signal>());
    one->who.application = std::move(application);
    one->who.instance.bytes[0] = instance;
    return one;
  }
  std::optional<program_register::taken_over> sign_on(const client_ptr& one) {
    return programs.sign_on({one, {}}, now);
  }
};

} // namespace

TEST_CASE("a program has one connection, the newest; another name or instance is another program") {
  hall h;
  auto first = h.client("crm"), second = h.client("crm");
  CHECK_FALSE(h.sign_on(first));
  CHECK_FALSE(h.sign_on(h.client("crm", 2)));
  CHECK_FALSE(h.sign_on(h.client("dialer")));
  auto last = h.sign_on(second);
  REQUIRE(last);
  CHECK(last->older.client == first);
  h.programs.sign_off(first); // it is not the program's connection any more
  last = h.sign_on(first);
  REQUIRE(last);
  CHECK(last->older.client == second);
  h.programs.sign_off(first);
  CHECK_FALSE(h.sign_on(second));
}

TEST_CASE(
  "from the fourth take-over in a row a newcomer waits, longer each time, until it is calm") {
  hall h;
  auto wait = [&] { return h.programs.wait_of(h.client("crm"), h.now); };
  h.sign_on(h.client("crm"));
  for (int i = 1; i <= 3; ++i) {
    CHECK(wait() == 0ms);
    CHECK_FALSE(h.sign_on(h.client("crm"))->is_fight);
    h.now += program_register::calm_after - 1ms;
  }
  auto expected = program_register::first_wait;
  for (int i = 4; i <= 12; ++i) {
    CAPTURE(i);
    CHECK(wait() == std::min(expected, program_register::longest_wait));
    expected *= 2;
    CHECK(h.sign_on(h.client("crm"))->is_fight == (i == 4)); // it is said once
  }
  CHECK(h.programs.wait_of(h.client("dialer"), h.now) == 0ms);
  h.now += program_register::calm_after;
  CHECK(wait() == 0ms);
  CHECK_FALSE(h.sign_on(h.client("crm"))->is_fight);
}

TEST_CASE("names that share a slot under a hash that everybody knows do not, of one instance id") {
  constexpr std::size_t mask = 1023;
  hall h;
  std::set<std::size_t> ours;
  std::size_t chosen = 0;
  for (int number = 0; chosen < 64; ++number) {
    auto name = "program " + std::to_string(number);
    if ((std::hash<std::string_view>{}(name)&mask) != 0)
      continue;
    ++chosen;
    auto one = h.client(name);
    CHECK_FALSE(h.sign_on(one));
    ours.insert(program_register::place_of(one->who, hash) & mask);
  }
  CHECK(ours.size() > 50); // at random some 62
  auto crm = h.client("crm");
  CHECK(program_register::place_of(crm->who, hash) !=
        program_register::place_of(crm->who, keyed_hash{18}));
}
