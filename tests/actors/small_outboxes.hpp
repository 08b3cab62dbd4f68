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

} // namespace ringdown::test
