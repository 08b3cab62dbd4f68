// A hint to the processor.
#pragma once

namespace ringdown::runtime {

/// Begins to fetch the cache line at `at` from memory. Nothing is read; any address will do.
inline void prefetch(const void* at) noexcept {
  __builtin_prefetch(at);
  // GCC takes a function that only prefetches for one without effects, and drops calls of it.
  asm volatile("" : : "r"(at));
}

} // namespace ringdown::runtime
