// The directory: where a DN lives, and which programs are signed on. It alone makes and ends DN
// actors. Off the path of events: a connection asks it once for each DN it registers on.
#pragma once

#include "actors/context.hpp"
#include "actors/interfaces.hpp"

#include <cstdint>
#include <optional>

namespace ringdown {

/// Makes the directory of one broker. It ends all DNs when it ends.
directory_actor spawn_directory(caf::actor_system& system, broker_context& context);

/// The directory's two questions, for `ask_in_place`. A directory that fails over one leaves no
/// answer.
struct sign_on_call {
  const client_ptr& client;
  const connection_actor& connection;
  std::optional<std::uint64_t> id;
};
struct dns_call {
  const dns_wanted& wanted;
  std::optional<dn_handles> found;
};

/// Asks the directory so that the caller reads on with the answer, and all that a client says at
/// its start is answered at once. False if that cannot be (another loop, mail that waits, a
/// directory that was not made here): then it must be asked by mail.
bool ask_in_place(const directory_actor& directory, sign_on_call& question) noexcept;
bool ask_in_place(const directory_actor& directory, dns_call& question) noexcept;

} // namespace ringdown
