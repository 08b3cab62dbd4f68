// Where an actor counts: in the block of the loop that it is at home on.
#pragma once

#include "actors/context.hpp"
#include "actors/runtime/pinned.hpp"

namespace ringdown {

/// The block for who runs at `where`, and there alone; for who runs anywhere, that of all threads.
inline meters& counted_at(const broker_context& context, runtime::home where) noexcept {
  auto* loop = where.loop();
  return loop != nullptr ? context.counts.of_loop(loop->index()) : context.counts.shared();
}

} // namespace ringdown
