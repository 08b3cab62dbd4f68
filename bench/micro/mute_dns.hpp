// A directory whose DNs answer without looking: what is left is the way to a DN.
#pragma once

#include "actors/context.hpp"
#include "actors/interfaces.hpp"

namespace ringdown::bench {

/// Instead of `spawn_directory`.
directory_ref spawn_mute_directory(caf::actor_system& system, broker_context& context);

} // namespace ringdown::bench
