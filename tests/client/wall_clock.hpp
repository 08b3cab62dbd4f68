// For tests of what people are told of times.
#pragma once

#include <cstdlib>
#include <ctime>

namespace ringdown::test {

/// Clocks on walls are those of UTC from now on.
inline void keep_utc() {
  ::setenv("TZ", "UTC0", 1);
  ::tzset();
}

} // namespace ringdown::test
