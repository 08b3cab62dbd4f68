// For tests of clients that do not read.
#pragma once

#include "tests/e2e/harness/daemon.hpp"

namespace ringdown::e2e {

/// Queues so small that a client that does not read shows after a few hundred kilobytes. The
/// outbox's reserve is each test's own choice.
inline const flags small_queues{
  "--limits.frame_bytes_max=8 KiB",         "--limits.user_data_bytes_max=4000",
  "--limits.outbox_low_water_bytes=16 KiB", "--limits.outbox_high_water_bytes=32 KiB",
  "--limits.outbox_bytes_max=64 KiB",       "--limits.slow_consumer_timeout=10 min"};

} // namespace ringdown::e2e
