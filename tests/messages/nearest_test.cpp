// Words that are nearly right.
#include "messages/nearest.hpp"

#include <rapidcheck/catch.h>

#include <array>
#include <string>

using namespace ringdown;

TEST_CASE("the distance of two words counts their edits") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("port", "prot") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  rc::prop("it is the same both ways, and 0 for equals only",
           [](const std::string& a, const std::string& b) {
             RC_ASSERT(edit_distance(a, b) == edit_distance(b, a));
             RC_ASSERT((edit_distance(a, b) == 0) == (a == b));
           });
}

TEST_CASE("the nearest name is near") {
  constexpr std::array<std::string_view, 3> names{"port", "address", "loops"};
  CHECK(nearest("prt", names) == "port");
  CHECK(nearest("adress", names) == "address");
  CHECK(nearest("loop", names) == "loops");
  CHECK(nearest("xyz", names).empty());
  CHECK(nearest("", names).empty());
  CHECK(nearest(std::string(100'000, 'a'), names).empty());
}
