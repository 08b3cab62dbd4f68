// The capture-session actor: carries out what `step` decides, and owns the armed tick.
#pragma once

#include "actors/context.hpp"
#include "actors/interfaces.hpp"

namespace ringdown {

/// Makes a session for the DN `owner`, at home where the DN is, of the ConnID that stands in
/// `known` (see `begin_session`). Its reports carry `serial`. It ends by itself with `end_session`.
session_ref spawn_session(caf::actor_system& system, runtime::home where, broker_context& context,
                          dn_actor owner, std::uint64_t serial, session_state known);

} // namespace ringdown
