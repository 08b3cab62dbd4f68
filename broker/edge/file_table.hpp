// The kernel's table of this process's open files.
#pragma once

#include <cstddef>

namespace ringdown::edge {

/// A broker's files that are not connections: listener, spare, loops, log, and some room for the
/// program around it.
inline constexpr std::size_t own_files = 64;

/// Makes room for so many open files now, as far as the process may have them. The table else
/// doubles while connections come, and where a process has threads each time waits until every
/// processor has let go of the old one: some 16 ms in which the loop serves nobody.
void grow_file_table(std::size_t files) noexcept;

} // namespace ringdown::edge
