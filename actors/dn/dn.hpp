// The DN actor: one directory number. It decides about each request in one turn, and it alone
// writes what a client sees of the DN; so all clients see one order. Its rooms: what it has at hand
// (state: its order, roster, delivery), the decision as a value (decide), its side of the screen
// (dn_screen: its session, its commands), and what is shown (snapshot).
//
//   desktop's connection        DN                 recorder's outbox     session
//        | dn_batch(pause) ---> | session_turn ----------------------------> |
//        |                      | decide -> accepted_event                    |
//        |                      | reserve ------------> |                     |
//        | <------- EventACK ---|                       |                     |
//        |                      | write --------------> |                     |
//        |                      | command_admitted -------------------------> | step
//        |                      | <------------------------------- effects ---|
//        | <----- EventOutcome -| carry_out
#pragma once

#include "actors/dn/decide.hpp"
#include "actors/dn/dn_screen.hpp"
#include "actors/dn/state.hpp"
#include "actors/interfaces.hpp"
#include "actors/meters_at.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ringdown {

/// Makes a DN's actor, at home on `where`, or if that is empty on the loop that its name leads to.
/// It is idle until told something.
dn_ref spawn_dn(caf::actor_system& system, runtime::home where, broker_context& context,
                directory_actor directory, dn_board_ptr board);

class dn_impl final : public runtime::pinned_actor<dn_actor>,
                      public runtime::callable_in_place<dn_batch>,
                      private dn_screen::actor_side {
public:
  dn_impl(caf::actor_config& config, runtime::home where, broker_context* context,
          directory_actor directory, dn_board_ptr board);

  const char* name() const override { return "dn"; }
  std::string called() const override { return state_.name(); }
  behavior_type make_behavior() override;
  /// Tells the clients that are still registered that the DN is gone.
  void on_exit() override;
  /// All requests of a batch.
  void handle(dn_batch& batch) override;

private:
  // Life (dn.cpp).
  void client_gone(const client_ptr& client);
  void remove();
  void end_registrations(error_code why);
  void retire();
  void arm_idle_tick();
  void tick();
  void drain();
  void arm_last_drain();

  // Requests (dn.cpp).
  void send_event(dn_batch& batch, const dn_request& request);
  void send_user_event(dn_batch& batch, const dn_request& request);
  sender_facts facts_of_sender(const t_client& client, capture_verb verb);
  ack acknowledge(dn_batch& batch, const dn_request& request, const reservation& got);
  decision decide_about(dn_batch& batch, const dn_request& request);
  void carry_out(dn_batch& batch, const dn_request& request, accepted_event& accepted);
  void replay(dn_batch& batch, const dn_request& request);
  void register_client(dn_batch& batch, const dn_request& request);
  void unregister_client(dn_batch& batch, const dn_request& request);

  // What it shows of itself (dn_shown.cpp).
  void query(dn_batch& batch, const dn_request& request);
  void show(const look_at_dn& asked);

  // Calls (dn_calls.cpp).
  void tell_of_call(dn_batch& batch, const dn_request& request);
  std::optional<fault> check_call(const dn_batch& batch, conn_id connection,
                                  std::string_view attribute);
  bool calls_are_told();

  // Registrations (dn.cpp).
  void drop(const client_ptr& client);
  void drop_closed();
  void access_changed(const client_ptr& client);

  // Its session's life (dn.cpp): what only an actor can do for its screen.
  session_ref begin_session(screen known) override;
  void end_session(session_ref session) override;
  steady_ms steady_now() override;
  void session_failed(const caf::down_msg& down);
  void rang();
  void ask_tick();
  void arm_ask_tick();

  error_context about(const dn_batch& batch) const;
  bool is_empty() const noexcept { return state_.clients.empty() && !screen_.has_session(); }

  caf::actor_clock::time_point last_use_;
  bool tick_armed_ = false;
  bool ask_armed_ = false;
  bool draining_ = false;
  bool last_drain_armed_ = false;
  bool is_removed_ = false; // from the configuration: what still comes is refused
  dn_state state_;
  dn_screen screen_;
  std::optional<steady_ms> calls_told_until_; // a call source was registered a moment ago
  directory_actor directory_;
};

} // namespace ringdown
