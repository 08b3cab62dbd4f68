#include "bench/machine/process.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace ringdown::bench {

namespace {

std::optional<std::chrono::nanoseconds> read_clock(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0)
    return std::nullopt;
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

} // namespace

std::optional<std::chrono::nanoseconds> cpu_time(pid_t process) {
  clockid_t clock{};
  if (::clock_getcpuclockid(process, &clock) != 0)
    return std::nullopt;
  return read_clock(clock);
}

std::chrono::nanoseconds own_process_cpu_time() {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID).value_or(std::chrono::nanoseconds{0});
}

std::chrono::nanoseconds own_thread_cpu_time() {
  return read_clock(CLOCK_THREAD_CPUTIME_ID).value_or(std::chrono::nanoseconds{0});
}

std::optional<std::uint64_t> resident_bytes(pid_t process) {
  std::ifstream file{"/proc/" + std::to_string(process) + "/statm"};
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (!(file >> total >> resident))
    return std::nullopt;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

bool pin_to(unsigned processor) {
  if (processor >= CPU_SETSIZE)
    return false;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

unsigned usable_processors() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  bool is_known = ::sched_getaffinity(0, sizeof set, &set) == 0;
  return is_known ? std::max(1u, static_cast<unsigned>(CPU_COUNT(&set))) : 1u;
}

bool allow_open_files(std::uint64_t files) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return false;
  if (limit.rlim_cur >= files)
    return true;
  limit.rlim_cur = files;
  if (limit.rlim_max < files)
    limit.rlim_max = files; // only root may
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

std::optional<std::string> make_room_for_links(std::size_t links) {
  constexpr std::size_t own_files = 64;
  if (allow_open_files(links + own_files))
    return std::nullopt;
  return "the limit of open files is too low for " + std::to_string(links) +
         " connections (ulimit -n)";
}

bool run_before_others() noexcept {
  wake_up_exactly();
  sched_param lowest{};
  lowest.sched_priority = ::sched_get_priority_min(SCHED_FIFO);
  return ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &lowest) == 0;
}

void wake_up_exactly() noexcept {
  constexpr unsigned long nanosecond = 1;
  static_cast<void>(::prctl(PR_SET_TIMERSLACK, nanosecond));
}

} // namespace ringdown::bench
