#include "broker/admin/routes.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace ringdown::admin;

TEST_CASE("a path leads to its route, and what stands in its place to the argument") {
  auto found = find_route("GET", {"api", "v1", "dns", "70/01"});
  REQUIRE(found.at != nullptr);
  CHECK(found.at->id == route_id::dn);
  CHECK(found.argument == "70/01");
  found = find_route("POST", {"api", "v1", "connections", "0a", "disconnect"});
  REQUIRE(found.at != nullptr);
  CHECK(found.at->id == route_id::disconnect);
  CHECK(found.argument == "0a");
}

TEST_CASE("a path with another method is told which are its own") {
  auto found = find_route("DELETE", {"api", "v1", "drain"});
  CHECK(found.at == nullptr);
  CHECK(found.allowed == "POST");
  CHECK(find_route("POST", {"metrics"}).allowed == "GET");
}

TEST_CASE("a path that is none has no method") {
  for (auto& segments : std::vector<std::vector<std::string>>{
         {}, {"livez", "x"}, {"api"}, {"api", "v1", "connections", "1", "drain"}, {"api", "v2"}}) {
    auto found = find_route("GET", segments);
    CHECK(found.at == nullptr);
    CHECK(found.allowed.empty());
  }
}

TEST_CASE("whoever changes something needs the right to, and whoever looks another") {
  std::set<route_id> seen;
  for (auto& one : routes()) {
    CHECK(seen.insert(one.id).second);
    // A trace is opened and closed by those who look: nobody else notices.
    bool changes = one.method == "POST" && !one.path.starts_with("/api/v1/traces");
    CHECK((one.needs == right::write) == changes);
    if (one.path.starts_with("/api/"))
      CHECK(one.needs != right::none);
  }
}
