// The actors' typed interfaces, all of them: who may be told what. A comment line per handler.
#pragma once

#include "actors/batches.hpp"
#include "actors/connection/control_requests.hpp"
#include "actors/dn/board.hpp"
#include "actors/dn/shown.hpp"
#include "actors/runtime/ask.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

// ---- words ----------------------------------------------------------------------------------

using client_gone_atom = caf::atom_constant<caf::atom("gone")>;
using remove_atom = caf::atom_constant<caf::atom("remove")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;
using session_rang_atom = caf::atom_constant<caf::atom("rang")>;
using ask_atom = caf::atom_constant<caf::atom("ask")>;
using idle_atom = caf::atom_constant<caf::atom("idle")>;
using retire_atom = caf::atom_constant<caf::atom("retire")>;
using go_on_atom = caf::atom_constant<caf::atom("goon")>;
using sign_on_atom = caf::atom_constant<caf::atom("signon")>;
using stays_atom = caf::atom_constant<caf::atom("stays")>;
using take_over_atom = caf::atom_constant<caf::atom("takeover")>;
using drain_atom = caf::atom_constant<caf::atom("drain")>;
using reload_atom = caf::atom_constant<caf::atom("reload")>;
using authenticated_atom = caf::atom_constant<caf::atom("authentic")>;
using due_atom = caf::atom_constant<caf::atom("due")>;
using access_changed_atom = caf::atom_constant<caf::atom("access")>;
using closed_atom = caf::atom_constant<caf::atom("closed")>;

// ---- letters --------------------------------------------------------------------------------

/// A page, and the `after` of the next one.
struct list_page {
  std::vector<std::shared_ptr<const dn_board>> boards;
  std::string next; ///< empty: there is none
  /// `next` is a DN that whoever asked may not see: the directory goes on before it answers.
  bool is_next_secret = false;
};

/// Tells a letter that is awaited from one that comes too late.
struct letter_number {
  std::uint32_t value = 0;
  friend bool operator==(const letter_number&, const letter_number&) = default;
};

/// Why a connection is to be closed.
struct close_order {
  disconnect_reason reason = disconnect_reason::unspecified;
  std::string text;
};

/// Why a link has ended. Without a reason it was lost.
struct link_end {
  disconnect_reason reason = disconnect_reason::unspecified;
  std::string_view text; ///< a literal: where memory is short nothing is copied
};

} // namespace ringdown

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::read_batch_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::dn_batch_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::client_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::registration_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::list_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::list_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::close_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::link_end)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::authenticated)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::letter_number)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::dn_epoch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::look_at_dn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::look_at_dns)

namespace ringdown {

// ---- actors ---------------------------------------------------------------------------------

/// One DN's screen: owns it, and its time. Its DN talks to it in its own turn (screen/session.hpp).
using session_actor = caf::typed_actor<
  // An armed tick came.
  caf::reacts_to<tick_atom>>;

/// One directory number: decides and delivers.
using dn_actor = caf::typed_actor<
  // Requests of one connection, in their order; each is answered once.
  caf::reacts_to<dn_batch_ptr>,
  // This client's connection is gone: its registration ends.
  caf::reacts_to<client_gone_atom, client_ptr>,
  // What this client may do has changed: so does its registration, or it ends with 165.
  caf::reacts_to<access_changed_atom, client_ptr>,
  // Its session's time has brought something about.
  caf::reacts_to<session_rang_atom>,
  // The DN is no longer configured: everybody is unregistered with 59, and what still comes
  // gets 59.
  caf::reacts_to<remove_atom>,
  // Idle long enough? Then the session ends, and the directory is asked to retire.
  caf::reacts_to<tick_atom>,
  // Recorders have been registered for a while: those that have said nothing are asked.
  caf::reacts_to<ask_atom>,
  // The broker drains: commands get some more time, and then the outcome `unknown`.
  caf::reacts_to<drain_atom>,
  // The directory agrees, no handle has gone out lately: end, or say that it stays.
  caf::reacts_to<retire_atom>,
  // An operator looks at it.
  caf::reacts_to<look_at_dn>>;
using dn_ref = runtime::callable_ref<dn_actor, dn_batch>;

/// What the directory hands out.
struct dn_handle {
  std::string dn;
  dn_ref actor;
};
using dn_handles = std::vector<dn_handle>;

/// The DNs that a connection asks for, and where one is to live that has no actor yet.
struct dns_wanted {
  using answer_type = dn_handles;
  std::vector<std::string> names;
  runtime::home near; ///< empty: on the loop that its name leads to
  instance_id by;     ///< the program: those that it brought up count against it
};

/// One T-Client's link.
using connection_actor = caf::typed_actor<
  // All whole frames of one read.
  caf::reacts_to<read_batch_ptr>,
  // A DN answered a registration or ended one.
  caf::reacts_to<registration_report>,
  // The same application and instance signed on elsewhere: say taken_over and close.
  caf::reacts_to<take_over_atom>,
  // Finish what is in flight, say why, close.
  caf::reacts_to<drain_atom>,
  // Who its client is, or why it is not let in.
  caf::reacts_to<authenticated_atom, letter_number, authenticated>,
  // The time that it asked its socket for has come.
  caf::reacts_to<due_atom>,
  // The access list has changed: is this client let in, and to what?
  caf::reacts_to<access_changed_atom>,
  // The edge or a rule wants the connection closed, with its reason told.
  caf::reacts_to<close_order>,
  // The socket is gone: why, if the connection has not ended it itself.
  caf::reacts_to<closed_atom, link_end>,
  // While draining: is everything answered?
  caf::reacts_to<tick_atom>>;
using connection_ref = runtime::callable_ref<connection_actor, const read_batch_ptr>;

/// A program that signs on; the answer is its client id.
struct sign_on_wanted {
  using answer_type = client_id;
  client_ptr client;
  connection_actor connection;
};

} // namespace ringdown

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::client_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::sign_on_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::dns_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::dn_handle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ringdown::dn_handles)

namespace ringdown {

/// Where a DN lives, and who is signed on.
using directory_actor = caf::typed_actor<
  // Finds or makes the actors of these DNs. Fewer than asked for if dns_max is reached: the rest
  // have no actor. Where one is about to end, the answer waits until it has, or stays.
  caf::replies_to<dns_wanted>::with<dn_handles>,
  // A page of the DNs in use, in the order of their names.
  caf::replies_to<list_request>::with<list_page>,
  // A client signs on: its id. An older connection of the same program is told taken_over first.
  // Where connections of one program take over from each other again and again, it waits.
  caf::replies_to<sign_on_wanted>::with<client_id>,
  // That client's connection is gone.
  caf::reacts_to<client_gone_atom, client_ptr>,
  // A DN has had nothing to do for dn_idle_timeout: may it end? Answered by retire_atom, or not.
  caf::reacts_to<idle_atom, std::string, dn_epoch>,
  // A DN that was told to retire has something to do again.
  caf::reacts_to<stays_atom, std::string, dn_epoch>,
  // The list of configured DNs changed: those no longer in it end.
  caf::reacts_to<reload_atom>,
  // The broker drains: all DNs are told.
  caf::reacts_to<drain_atom>,
  // The next of the DNs, of what all of them are to be told.
  caf::reacts_to<go_on_atom>,
  // DNs that were removed have answered long enough.
  caf::reacts_to<tick_atom>,
  // A sign-on that had to wait.
  caf::reacts_to<sign_on_atom>,
  // An operator looks at a page of the DNs, and at one of them.
  caf::reacts_to<look_at_dns>, caf::reacts_to<look_at_dn>>;
using directory_ref =
  runtime::callable_ref<directory_actor, runtime::asked<dns_wanted>, runtime::asked<sign_on_wanted>,
                        runtime::asked<list_request>>;

/// What the connection actor may ask of its socket. Implemented by the edge, whose connection
/// outlives the actor's last call; called by the connection actor only, on any thread the
/// scheduler runs it on.
class socket_side {
public:
  virtual ~socket_side() = default;
  /// Signed on: frames may now be of full size, and heartbeats run at these times.
  virtual void established(std::chrono::milliseconds heartbeat_interval,
                           std::chrono::milliseconds heartbeat_timeout) = 0;
  /// The actor hears `due` at this time or soon after, once; in place of what was asked before. A
  /// link that has gone keeps nobody waiting, and needs no timer.
  virtual void wake_at(std::chrono::steady_clock::time_point due) = 0;
  /// Nothing more is read. What the outbox holds is sent, within linger_timeout; then the socket
  /// is closed and the actor hears `closed`.
  virtual void close_after_flush() = 0;
};

} // namespace ringdown
