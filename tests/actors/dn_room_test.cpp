// Room for DNs: no program has so many that others find none.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ringdown;
using namespace ringdown::test;

namespace {

const std::string empty_dn = "light unknown, v0 #0, recorders 0+0, clients 1";

} // namespace

TEST_CASE("DNs that a program leaves behind count against it, and make room for others soon") {
  limits bounds;
  bounds.dns_max = 5;
  bounds.registrations_per_connection_max = 2;
  office o{bounds};
  auto& churn = o.desktop("churn");
  for (std::uint32_t dn = 0; dn < 4; ++dn) {
    churn.says(register_on(2, {"800" + std::to_string(dn)}),
               unregister(3, {"800" + std::to_string(dn)}));
    CHECK(churn.hears(2).back() == "unregistered 3: 800" + std::to_string(dn));
  }
  churn.says(register_on(2, {"8004"}));
  CHECK(churn.hears() == lines{"Error 2: 1186 on 8004"});
  auto& desk = o.desktop();
  desk.says(register_on(2, {"7001"}));
  CHECK(desk.hears() == lines{"registered 2: 7001 share; " + empty_dn});
  auto& other = o.desktop("other");
  other.says(register_on(2, {"7002"}));
  CHECK(other.hears() == lines{"Error 2: 1186 on 7002"});
  o.pass(10s); // nobody's handle is on its way any more
  other.says(register_on(3, {"7002"}));
  CHECK(other.hears() == lines{"Error 3: 1186 on 7002"}); // but now those that are left end
  other.says(register_on(4, {"7002"}));
  CHECK(other.hears() == lines{"registered 4: 7002 share; " + empty_dn});
  churn.says(register_on(4, {"8004"}));
  CHECK(churn.hears() == lines{"registered 4: 8004 share; " + empty_dn});
}

TEST_CASE("programs that stay on all DNs they can get leave room for those who want few") {
  limits bounds;
  bounds.dns_max = 16;
  bounds.connections_max = 8;
  bounds.registrations_per_connection_max = 8;
  office o{bounds};
  auto takes_all = [&](const std::string& name) {
    auto& greedy = o.desktop(name);
    dn_names all;
    for (int dn = 0; dn < 8; ++dn)
      all.push_back(name + std::to_string(dn));
    greedy.says(register_on(2, all));
    auto heard = greedy.hears();
    CHECK(heard.size() == all.size());
    return std::count_if(heard.begin(), heard.end(),
                         [](auto& line) { return line.starts_with("registered"); });
  };
  CHECK(takes_all("greedy") == 8);
  CHECK(takes_all("greedier") == 6); // an eighth is left
  for (auto* name : {"one", "other"}) {
    auto& desk = o.desktop(name);
    desk.says(register_on(2, {name}));
    CHECK(desk.hears() == lines{"registered 2: " + std::string{name} + " share; " + empty_dn});
  }
  o.pass(60s); // they stay
  auto& late = o.desktop("late");
  late.says(register_on(2, {"7001"}));
  CHECK(late.hears() == lines{"Error 2: 1186 on 7001"}); // 14, and these two
}
