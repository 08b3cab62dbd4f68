// Memory for an orderly end. When the process gets no more for the first time, it has a reserve
// still: what asked is served from there, and so is what the end needs.
#pragma once

namespace ringdown {

/// Sets the reserve aside; from now on the first allocation that finds no memory gives it back, and
/// is tried again. Call it once. Without room for a reserve there is none.
void keep_memory_reserve();

/// It was needed: the process is to end. SIGALRM wakes whoever waits for signals in that moment.
bool is_memory_reserve_spent() noexcept;

} // namespace ringdown
