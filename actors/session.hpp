// The capture-session actor: carries out what `step` decides, and owns the armed tick.
#pragma once

#include "actors/context.hpp"
#include "actors/interfaces.hpp"

namespace ringdown {

/// Makes the session of one ConnID for the DN `owner`, at home where the DN is. Its reports carry
/// `serial`; `words` are known from the session before. It ends by itself with `end_session`.
session_actor spawn_session(caf::actor_system& system, runtime::home where, broker_context& context,
                            dn_actor owner, conn_id connection, std::uint64_t serial,
                            std::vector<recorder_word> words);

} // namespace ringdown
