// What a host brings along, made safe: a function of its own that throws must not end the actor
// that calls it, with all its client's mail.
#pragma once

#include "actors/context.hpp"

#include <string>

namespace ringdown {

/// What was thrown, in words, where it is handled.
std::string what_is_thrown() noexcept;

/// Refuses where it throws, and tells so. Empty stays empty.
authorize_function guarded(authorize_function ask, observer& told);
/// The system's time where it throws, or where there is none.
utc_clock guarded(utc_clock clock, observer& told);

} // namespace ringdown
