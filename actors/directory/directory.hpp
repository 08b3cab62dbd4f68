// The directory: where a DN lives, and which programs are signed on. It alone makes and ends DN
// actors. Off the path of events: a connection asks it once for each DN it registers on.
//
//   connection        directory           DN
//       |--dns_wanted---->|--spawn--------->|
//       |<--dn_handles----|                 |   without an actor: another node owns the DN
//                         |<-----idle-------|   nobody has used it for dn_idle_timeout
//                         |---retire------->|   unless its handle is on its way to somebody
//                         |<--down / stays--|   it has ended, or has something to do again
//
// A broker without a directory is none: whoever makes one is told if it fails.
#pragma once

#include "actors/context.hpp"
#include "actors/directory/placement.hpp"
#include "actors/interfaces.hpp"

#include <functional>
#include <memory>
#include <string>

namespace ringdown {

struct directory_options {
  /// Null: all DNs are here, under epochs that rise from the clock's time on.
  std::unique_ptr<placement> where_dns_live;
  /// Called once if it ends by itself, in its thread: must not block. Its DNs have told their
  /// clients then, or will. Empty: nobody wants to know.
  std::function<void(const std::string& why)> on_failure;
};

/// Makes the directory of one broker. It ends all DNs when it ends.
directory_ref spawn_directory(caf::actor_system& system, broker_context& context,
                              directory_options options = {});

} // namespace ringdown
