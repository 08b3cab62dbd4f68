// What the host of a broker brought along, made safe: a function that throws must not end the actor
// that asked, with all its client's mail.
#pragma once

#include "actors/context.hpp"

#include <cstdint>

namespace ringdown {

/// UTC in microseconds, by the system's clock.
std::int64_t utc_now_us();

// Each is empty where the host has none, but for the clock, which is the system's then. What is
// thrown is told; then the answer is no, or the system's time. `told` outlives them.

authorize_function guarded(authorize_function ask, observer& told);
authenticate_function guarded(authenticate_function ask, observer& told);
utc_clock guarded(utc_clock clock, observer& told);

} // namespace ringdown
