// What Linux tells about a process, for measuring.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace ringdown::load {

/// The CPU time of a whole process so far, to the nanosecond; nothing if it is gone.
std::optional<std::chrono::nanoseconds> cpu_time(pid_t process);
/// The same of this process.
std::chrono::nanoseconds own_cpu_time();
/// Its resident memory; nothing if it is gone.
std::optional<std::uint64_t> resident_bytes(pid_t process);
/// Keeps this process on one processor; false if that is not possible.
bool pin_to(unsigned processor);
/// Raises the limit of open files to at least `files`; false if the system forbids it.
bool allow_open_files(std::uint64_t files);

} // namespace ringdown::load
