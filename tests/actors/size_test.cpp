// What every connection and every DN takes: there are 10,000 of each.
#include "actors/connection/connection_impl.hpp"
#include "actors/dn/dn.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;

namespace {

/// Bytes that are fetched for sure with so many cache lines, wherever in one they begin.
constexpr std::size_t fetched_with(std::size_t lines) {
  return (lines - 1) * runtime::cache_line_bytes + 1;
}

/// From where the lines begin to the end of what an actor has of its own.
template <class Actor, class Handle>
constexpr std::size_t own_bytes = sizeof(Actor) - sizeof(runtime::pinned_actor<Handle>) +
                                  sizeof(runtime::pinned_base);

/// What stands behind a DN's registrations: a plain event needs none of it.
constexpr std::size_t seldom_bytes = sizeof(dn_board_ptr) + sizeof(dn_screen) +
                                     sizeof(std::optional<steady_ms>) + sizeof(directory_actor);

// The lines that a connection fetches of a DN before it calls it are those that the call needs.
static_assert(own_bytes<dn_impl, dn_actor> - seldom_bytes <= fetched_with(read_ahead::dn_lines));

} // namespace

// docs/decisions/0007-what-a-connection-takes.md has the sum; CAF's part is CAF's.
TEST_CASE("what a connection and a DN have of their own stays small") {
  CHECK(sizeof(connection_impl) - sizeof(runtime::pinned_actor<connection_actor>) <= 152);
  CHECK(sizeof(dn_impl) - sizeof(runtime::pinned_actor<dn_actor>) <= 304);
  CHECK(sizeof(dn_board) <= 80);  // of each DN, with its name
  CHECK(sizeof(t_client) <= 408); // a quarter of it: who it is, and where it comes from
  CHECK(sizeof(registration) <= 24);
}

TEST_CASE("what a screen has from its first command or word on stays small") {
  CHECK(sizeof(screen) <= 368);
  CHECK(sizeof(screen_recorder) <= 184); // one or two
  CHECK(sizeof(screen_call) <= 48);
  CHECK(sizeof(screen_pause) <= 200); // while it stands
  CHECK(sizeof(screen_order) <= 128); // until it is decided
}
