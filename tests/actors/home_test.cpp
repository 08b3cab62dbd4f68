// Which loop a new DN lives on: its desktop's, so that commands do not cross; but not for those who
// stand for many agents.
#include "tests/actors/in_brief.hpp"
#include "tests/actors/office.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr std::size_t loops = 4;

/// In real time: no recorder is asked while a busy machine works.
limits unhurried() {
  limits bounds;
  bounds.confirm_timeout = bounds.confirm_timeout_max;
  return bounds;
}

std::vector<std::string> dn_names_from(int first, int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i)
    names.push_back(std::to_string(first + i));
  return names;
}

std::size_t by_its_name(const office& o, const std::string& dn) {
  return o.context.hash(dn) % loops;
}

void register_each(party& who, const std::vector<std::string>& dns) {
  std::uint32_t reference = 1;
  for (auto& dn : dns) {
    who.says(register_on(++reference, {dn}));
    CHECK_THAT(who.hears(1), in_brief({"registered " + std::to_string(reference) + ": " + dn}));
  }
}

} // namespace

TEST_CASE("a new DN lives on the loop of the desktop that registers on it first") {
  office o{{}, {runs_on::loops, loops}};
  for (std::size_t loop = 0; loop < loops; ++loop) { // connections stand on the loops in turn
    auto dns = dn_names_from(7000 + 100 * static_cast<int>(loop), 8);
    register_each(o.desktop("desk" + std::to_string(loop)), dns);
    for (auto& dn : dns)
      CHECK(o.loop_of(dn) == loop);
  }
}

TEST_CASE("a DN stays where it lives, whoever registers later") {
  office o{{}, {runs_on::loops, loops}};
  register_each(o.desktop("on loop 0"), {"7001"});
  register_each(o.desktop("on loop 1"), {"7001"});
  CHECK(o.loop_of("7001") == 0);
}

TEST_CASE("a recorder's DNs live where their names lead to") {
  office o{unhurried(), {runs_on::loops, loops}};
  auto dns = dn_names_from(7000, 16);
  register_each(o.recorder(), dns);
  register_each(o.desktop(), dns);
  for (auto& dn : dns)
    CHECK(o.loop_of(dn) == by_its_name(o, dn));
}

TEST_CASE("the DNs of a desktop that stands for more than 1,024 agents are spread") {
  office o{{}, {runs_on::loops, loops}};
  auto& gateway = o.desktop("gateway");
  auto near = dn_names_from(10000, 1024);
  auto more = dn_names_from(20000, 16);
  auto most = static_cast<std::ptrdiff_t>(o.context.bounds.dns_per_request_max);
  for (auto part = near.begin(); part != near.end();) {
    auto end = part + std::min(most, near.end() - part);
    gateway.says(register_on(2, {part, end}));
    CHECK(gateway.frames(static_cast<std::size_t>(end - part)).size() ==
          static_cast<std::size_t>(end - part));
    part = end;
  }
  register_each(gateway, more);
  for (auto& dn : near)
    CHECK(o.loop_of(dn) == 0);
  for (auto& dn : more)
    CHECK(o.loop_of(dn) == by_its_name(o, dn));
}
