// The connection actor: one T-Client's link. It reads what the client says, keeps the client's
// window, and hands each DN its requests; DNs answer to the client's outbox themselves.
//
//   awaiting_sign_on --> signing_on --> signed_on --> draining ---> closing --> (ends)
//                                           '-> signing_off --'
//
// It is fed by the edge in place, a batch for each read, and told by the edge when the socket is
// gone. However it ends, its registrations go with it.
#pragma once

#include "actors/context.hpp"
#include "actors/interfaces.hpp"

#include <memory>

namespace ringdown {

/// Makes the actor of a new connection, at home on `where` (the loop that reads its socket).
/// `directory` must outlive it.
connection_ref spawn_connection(caf::actor_system& system, runtime::home where,
                                broker_context& context, const directory_ref& directory,
                                client_ptr client, std::shared_ptr<socket_side> edge);

} // namespace ringdown
