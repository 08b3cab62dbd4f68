// Our own mistakes. What clients send is never checked with these: that gets an answer.
#pragma once

#include <cstdint>

namespace ringdown {

/// Whether checks run that cost time, and find what tests are to find: in builds that are not
/// shipped (cmake/RingdownOptions.cmake).
#ifdef RINGDOWN_DEBUG_CHECKS
inline constexpr bool debug_checks = true;
#else
inline constexpr bool debug_checks = false;
#endif

/// Ends the process, and says on stderr what does not hold, and where.
[[noreturn]] void does_not_hold(const char* what, const char* file, unsigned line) noexcept;

/// What must hold in every build, because a promise would break silently without it.
inline void ensure(bool holds, const char* what, const char* file = __builtin_FILE(),
                   unsigned line = __builtin_LINE()) noexcept {
  if (!holds) [[unlikely]]
    does_not_hold(what, file, line);
}

/// The same where `debug_checks` are on; else nothing. `holds` must have no effect of its own.
inline void debug_ensure(bool holds, const char* what, const char* file = __builtin_FILE(),
                         unsigned line = __builtin_LINE()) noexcept {
  if constexpr (debug_checks)
    ensure(holds, what, file, line);
}

/// What this thread is called where it is looked at who comes; 0: by its own mark. A test that
/// makes one thread's turns by several, one after another, gives them one.
inline thread_local std::int32_t given_thread_mark = 0;

/// Never 0; of no other thread that is there.
inline std::int32_t thread_mark() noexcept {
  static thread_local const char own = 0;
  auto address = reinterpret_cast<std::uintptr_t>(&own);
  return given_thread_mark != 0
           ? given_thread_mark
           : static_cast<std::int32_t>((address >> 4 ^ address >> 36) & 0x7fffffff) | 1;
}

} // namespace ringdown
