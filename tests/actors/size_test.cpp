// What every connection and every DN takes: there are 10,000 of each.
#include "actors/connection/connection_impl.hpp"
#include "actors/dn.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;

// docs/decisions/0007-what-a-connection-takes.md has the sum; CAF's part is CAF's.
TEST_CASE("what a connection and a DN have of their own stays small") {
  CHECK(sizeof(connection_impl) - sizeof(runtime::pinned_actor<connection_actor>) <= 128);
  CHECK(sizeof(dn_impl) - sizeof(runtime::pinned_actor<dn_actor>) <= 224);
  CHECK(sizeof(t_client) <= 304);
  CHECK(sizeof(registration) <= 24);
}
