// The directory: where a DN lives, and which programs are signed on. It alone makes and ends DN
// actors. Off the path of events: a connection asks it once for each DN it registers on.
#pragma once

#include "actors/context.hpp"
#include "actors/interfaces.hpp"

namespace ringdown {

/// Makes the directory of one broker. It ends all DNs when it ends.
directory_actor spawn_directory(caf::actor_system& system, broker_context& context);

} // namespace ringdown
