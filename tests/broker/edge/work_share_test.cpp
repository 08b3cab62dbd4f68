// How many frames of a client's input have their turn at once.
#include "broker/edge/work_share.hpp"

#include <catch2/catch.hpp>

using namespace ringdown::edge;
using namespace std::chrono_literals;

TEST_CASE("nothing is known of a new client: its first part is small") {
  work_share share;
  CHECK(share.frames() == work_share::frames_at_first);
}

TEST_CASE("whoever makes little work soon has the largest parts, and no larger ones") {
  work_share share;
  for (int i = 0; i < 6; ++i)
    share.took(share.frames(), work_share::time_max);
  CHECK(share.frames() == work_share::frames_max);
  share.took(share.frames(), 1us);
  CHECK(share.frames() == work_share::frames_max);
}

TEST_CASE("a part is as large as fits into its time, and room comes back in steps") {
  work_share share;
  share.took(64, 8 * work_share::time_max);
  CHECK(share.frames() == 8);
  share.took(8, work_share::time_max);
  CHECK(share.frames() == 16);
  share.took(16, 2 * work_share::time_max);
  CHECK(share.frames() == 8);
}

TEST_CASE("however much work it is, a frame has its turn") {
  work_share share;
  share.took(1, 1h);
  CHECK(share.frames() == 1);
  for (int i = 0; i < 9; ++i)
    share.took(share.frames(), 0ns);
  CHECK(share.frames() == work_share::frames_max);
}
