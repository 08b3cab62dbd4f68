// For a program that runs CAF: its own actors as T-Clients. The only public header that shows CAF.
//
//   caf_bridge bridge{my_system};
//   client::t_client_options options{.places = {inside}, .who = client::desktop_identity("x")};
//   auto port = bridge.attach(my_actor, options);
//   anon_send(port, bridge_register{"7001"});
//
//   my_actor              port (an actor of my_system)       the bridge's thread
//     bridge_register ->    |  queued, at most requests_max ->   t_client
//     bridge_send     ->    |                               ->   t_client ... the broker
//     bridge_done     <-----------------------------------------  its completion, exactly one
//     bridge_heard    <-----------------------------------------  notices
//
// The broker's actor system and the host's never run each other's actors: between them is a link's
// stream of bytes, and what the bridge tells an actor is enqueued without an execution unit, for
// the host's own scheduler. It works over an embedded broker's links and over TCP alike.
#pragma once

#include "client/t_client_values.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace ringdown {

// ---- what an actor says to its port ---------------------------------------------------------

/// As `t_client::register_on`; how it goes is told by `bridge_heard`. `failed` without an error:
/// not taken, for its DN is none, or there are too many, of DNs or of letters that wait.
struct bridge_register {
  std::string dn;
  client::registration how = {};
};
/// As `t_client::unregister_from`. Never refused; of a DN that this port was not asked to register
/// on, it does nothing.
struct bridge_unregister {
  std::string dn;
};
/// As `t_client::send`. Answered by one `bridge_done` with the same token.
struct bridge_send {
  std::uint64_t token = 0;
  client::outgoing_event event = {};
  client::request_options how = {};
};

// ---- what it hears --------------------------------------------------------------------------

/// A notice of the client's: an event, the link, a registration.
struct bridge_heard {
  client::notice what;
};
/// `not_sent` with `sent`: it was not accepted (`window_full`, `disconnected`, ...) and has had no
/// effect.
struct bridge_done {
  std::uint64_t token = 0;
  client::completion result = {};
};

} // namespace ringdown

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::bridge_register)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::bridge_unregister)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::bridge_send)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::bridge_heard)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::bridge_done)

namespace ringdown {

/// One thread for all of its T-Clients. Thread-safe, but for construction and destruction.
class caf_bridge {
public:
  /// Letters of one actor that the bridge's thread has not looked at yet, but `bridge_unregister`:
  /// above it `bridge_done` says `window_full` at once, and `bridge_heard` that a registration has
  /// failed. As many as a broker's window holds.
  static constexpr std::size_t requests_max = 1024;
  /// What the destructor gives all clients together to sign off.
  static constexpr std::chrono::milliseconds stop_timeout{2'000};

  /// `host` outlives the bridge. Throws `std::system_error` if there is no file or no thread left.
  explicit caf_bridge(caf::actor_system& host);
  /// Signs all clients off and ends their ports. Requests without a reply end as `unknown_outcome`;
  /// what a port had not read yet is not answered (`monitor` the port).
  ~caf_bridge();
  caf_bridge(const caf_bridge&) = delete;
  caf_bridge& operator=(const caf_bridge&) = delete;

  /// Makes a T-Client for `owner` and begins to connect. The client signs off when `owner` or the
  /// port ends, as any actor does that nobody refers to: keep it. The owner is not kept alive.
  /// `options.now` is not used. `owner` is an actor, not null; there may be as many as the host
  /// makes, each with a client's bounds.
  [[nodiscard]] caf::actor attach(const caf::actor& owner, client::t_client_options options);

private:
  class pump;
  caf::actor_system& host_;
  std::shared_ptr<pump> pump_;
};

} // namespace ringdown
