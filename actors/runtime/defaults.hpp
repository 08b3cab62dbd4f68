// All fixed numbers of the loop scheduler, each with its unit and its reason.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

namespace ringdown::runtime::defaults {

/// Loops of one scheduler. One loop carries up to one core's load; more loops than cores buy
/// nothing and each hand-off between loops costs 30 us.
inline constexpr size_t loops = 1;
inline constexpr size_t loops_max = 64;

/// Time for actors in one turn before I/O, timers and other threads are looked at again. Long
/// enough for a full burst (some 500 activations), short enough that nobody notices: with a bound
/// on the count alone, four actors that talk to themselves delayed others by up to 268 ms.
inline constexpr std::chrono::microseconds turn_budget{500};

/// Resumes between two looks at the clock inside a turn: a read costs 25 ns, an activation 500 ns.
inline constexpr size_t resumes_per_clock_read = 16;

/// Messages one actor may take per resume before others get their turn. CAF's own default is no
/// bound at all.
inline constexpr size_t messages_per_resume = 100;

/// Busy polling before a loop sleeps. Measured without gain, and it burns a core.
inline constexpr std::chrono::microseconds spin{0};

/// How deep in-place activations nest (an edge handler, a connection, a DN: 3) before a message
/// goes through the mailbox instead. Bounds the stack.
inline constexpr size_t in_place_depth_max = 16;

/// A turn that takes longer is counted as long: some handler blocked or computed for too long.
inline constexpr std::chrono::milliseconds long_turn{10};

/// So long behind a long turn a loop times its actors, to name the one that makes the next. What
/// makes one turn long mostly makes another within a minute.
inline constexpr std::chrono::seconds watched_for{60};
/// An actor that takes less by itself is not what makes a turn long.
inline constexpr std::chrono::milliseconds named_activation{1};

/// How long turns take is counted up to each of these, in microseconds: from a turn of an idle loop
/// to one that everybody feels.
inline constexpr std::array<unsigned, 10> turn_bounds_us{
  50, 100, 500, 1'000, 5'000, 10'000, 50'000, 100'000, 500'000, 2'000'000};

/// Turns a loop still makes after `stop` while it is not idle, so that jobs that cross between
/// loops are run. What is left then is cleaned up without being run: an endless actor must not keep
/// the process alive.
inline constexpr size_t stop_turns_max = 64;

static_assert(turn_budget < long_turn);
static_assert(loops >= 1 && loops <= loops_max);

} // namespace ringdown::runtime::defaults
