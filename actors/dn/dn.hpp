// The DN actor: one directory number. It decides about each request in one turn, and it alone
// writes what a client sees of the DN; so all clients see one order. Its rooms: who is registered
// (roster), how events go out (delivery), what was accepted (command_book), the decision as a value
// (decide), and what is shown (snapshot). The screen is its session's.
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

#include "actors/context.hpp"
#include "actors/dn/board.hpp"
#include "actors/dn/command_book.hpp"
#include "actors/dn/decide.hpp"
#include "actors/dn/delivery.hpp"
#include "actors/dn/roster.hpp"
#include "actors/interfaces.hpp"
#include "actors/screen/session.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::v1 {
class Snapshot;
} // namespace ringdown::v1

namespace ringdown {

/// Makes a DN's actor, at home on `where`, or if that is empty on the loop that its name leads to.
/// It is idle until told something.
dn_ref spawn_dn(caf::actor_system& system, runtime::home where, broker_context& context,
                directory_actor directory, dn_board_ptr board);

class dn_impl final : public runtime::pinned_actor<dn_actor>,
                      public runtime::callable_in_place<dn_batch> {
public:
  dn_impl(caf::actor_config& config, runtime::home where, broker_context* context,
          directory_actor directory, dn_board_ptr board);

  const char* name() const override { return "dn"; }
  behavior_type make_behavior() override;
  /// Tells the clients that are still registered that the DN is gone.
  void on_exit() override;
  /// All requests of a batch.
  void take(dn_batch& batch) override;

private:
  // Life (dn.cpp).
  void client_gone(const client_ptr& client);
  void remove();
  void end_registrations(error_code why);
  void retire();
  void arm_idle_tick();
  void tick();
  void drain();

  // Requests (dn.cpp).
  void send_event(dn_batch& batch, const dn_request& request);
  decision decide_about(dn_batch& batch, const dn_request& request);
  void carry_out(dn_batch& batch, const dn_request& request, accepted_event& accepted);
  void replay(dn_batch& batch, const dn_request& request);
  void tell_of_call(dn_batch& batch, const dn_request& request);
  void register_client(dn_batch& batch, const dn_request& request);
  void unregister_client(dn_batch& batch, const dn_request& request);
  void query(dn_batch& batch, const dn_request& request);
  void describe(v1::Snapshot& snapshot);
  std::optional<fault> check_call(const dn_batch& batch, conn_id connection,
                                  std::string_view attribute);

  // Registrations (dn.cpp).
  void drop(const client_ptr& client);
  void drop_closed();
  void show_roster_on_board();
  bool calls_are_told();
  screen_rules rules() const { return {context_.bounds, context_.confirm}; }

  /// Everything about the screen happens within one: nobody else changes it meanwhile, and what its
  /// ticks have brought about comes first.
  class screen_scope {
  public:
    explicit screen_scope(dn_impl& dn);
    ~screen_scope();
    screen_scope(const screen_scope&) = delete;
    screen_scope& operator=(const screen_scope&) = delete;

  private:
    dn_impl& dn_;
    const bool is_outermost_;
  };

  // The screen (dn_screen.cpp).
  const screen& shown() const noexcept;
  void begin_session(steady_ms ask_after);
  void end_session();
  void session_failed(const caf::down_msg& down);
  void tell(const screen_event& event);
  void rang();
  void settle();
  void put(std::vector<screen_effect> effects);
  void take(const decided& what);
  void take(const hold_over& what);
  void take(const send_order& what);
  void take(const say_unknown& what);
  void take(const raise_alarm& what);
  void take(const arm_tick&) {}
  void accept_command(const dn_batch& batch, const dn_request& request,
                      const accepted_event& accepted, const reservation& got, const ack& answer);
  void tell_of_word(const dn_batch& batch, const dn_request& request,
                    const accepted_event& accepted);
  void conclude_all_unknown();
  void tell_outcome(const accepted_command* command, outcome_event& event, bool is_kept);
  void tell_watchers(const t_client* told, std::string_view frame);
  void tell_released(dn_sequence held, const decided& by);
  reservation deliver_own(outgoing event, capture_verb verb, broker_reason reason);
  void say(conn_id connection, capture_verb verb, broker_reason reason, bool alarm,
           client_id recorder = {});
  void ask_tick();
  void show_on_board();
  void arm_ask_tick();

  // What its operator is told (dn_log.cpp).
  void log_outcome(const outcome_event& event, const accepted_command* command);
  void log_alarm(broker_reason reason, client_id recorder);
  void log_if_unasked(const indication_heard& word);
  std::string_view application_of(client_id client) const;

  error_context about(const dn_batch& batch) const;
  std::int64_t now_us() const { return context_.utc_now(); }
  steady_ms steady_now();
  moment present() { return {steady_now(), now_us()}; }
  caf::actor_clock::time_point turn_time();
  command_book& book();
  bool is_empty() const noexcept { return roster_.empty() && !session_; }

  // What each event needs, together; then the rest. See `dn_lines` in connection/read_ahead.hpp.
  broker_context& context_;
  const dn_epoch epoch_;
  dn_sequence sequence_;
  command_version version_;
  capture_state light_ = capture_state::unknown; // the session's, as of its last step
  bool saw_closed_ = false;
  bool tick_armed_ = false;
  bool ask_armed_ = false;
  bool draining_ = false;
  std::uint32_t own_orders_owed_ = 0; // the broker's own without an outcome
  bool is_removed_ = false;           // from the configuration: what still comes is refused
  caf::actor_clock::time_point last_use_;
  delivery delivery_;
  session_ref session_; // from the first command or indication on
  roster roster_;
  std::unique_ptr<command_book> book_;        // with the first command
  std::optional<session_turn> turn_;          // while the screen is looked at
  std::vector<screen_effect> effects_;        // to be carried out, in their order
  std::optional<steady_ms> calls_told_until_; // a call source was registered a moment ago
  const dn_board_ptr board_;
  directory_actor directory_;
};

} // namespace ringdown
