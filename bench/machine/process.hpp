// What Linux tells about a process, for measuring.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace ringdown::bench {

/// The CPU time of a whole process so far, to the nanosecond; nothing if it is gone.
std::optional<std::chrono::nanoseconds> cpu_time(pid_t process);
/// The same of this process, and of the calling thread.
std::chrono::nanoseconds own_process_cpu_time();
std::chrono::nanoseconds own_thread_cpu_time();
/// Its resident memory; nothing if it is gone.
std::optional<std::uint64_t> resident_bytes(pid_t process);
/// Keeps this process on one processor; false if that is not possible.
bool pin_to(unsigned processor);
/// The processors that this process may run on; 1 at least.
unsigned usable_processors() noexcept;
/// Raises the limit of open files to at least `files`; false if the system forbids it.
bool allow_open_files(std::uint64_t files);
/// The same for so many sockets; what is wrong, or nothing.
std::optional<std::string> make_room_for_links(std::size_t links);
/// Lets the calling thread run as soon as it can, before those of ordinary programs; false if the
/// system forbids it. For a thread that mostly waits.
bool run_before_others() noexcept;
/// Lets waits of this thread end as near to their time as the kernel can.
void wake_up_exactly() noexcept;

} // namespace ringdown::bench
