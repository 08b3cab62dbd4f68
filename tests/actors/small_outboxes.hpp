// Bounds behind which a client that does not read is slow after a few events.
#pragma once

#include "messages/limits.hpp"

namespace ringdown::test {

inline limits small_outboxes() {
  limits bounds;
  bounds.outbox_bytes_max = 8000;
  bounds.outbox_bytes_reserve = 4000;
  bounds.outbox_high_water_bytes = 4000;
  bounds.outbox_low_water_bytes = 2000;
  return bounds;
}

/// The same, and of what was missed few indications are kept: for some 40 events of 200 bytes.
inline limits outboxes_that_coalesce_little() {
  auto bounds = small_outboxes();
  bounds.coalesced_bytes_max = 1000;
  return bounds;
}

} // namespace ringdown::test
