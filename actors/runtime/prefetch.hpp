// A hint to the processor.
#pragma once

#include <cstddef>

namespace ringdown::runtime {

inline constexpr std::size_t cache_line_bytes = 64;

/// Begins to fetch the cache line at `at` from memory. Nothing is read; any address will do.
inline void prefetch(const void* at) noexcept {
  __builtin_prefetch(at);
  // GCC takes a function that only prefetches for one without effects, and drops calls of it.
  asm volatile("" : : "r"(at));
}

/// The same of all lines of `bytes` from `at` on.
inline void prefetch(const void* at, std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; i += cache_line_bytes)
    prefetch(static_cast<const char*>(at) + i);
}

} // namespace ringdown::runtime
