// A DN's side of its screen: it tells the session what happens, and carries out in order what
// follows: outcomes, the broker's own orders, alarms. Holds the session, and the commands that have
// no outcome yet (command_book). Its actor does for it what only an actor can (`actor_side`).
#pragma once

#include "actors/batches.hpp"
#include "actors/dn/command_book.hpp"
#include "actors/dn/decide.hpp"
#include "actors/dn/state.hpp"
#include "actors/screen/session.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown {

class dn_screen {
public:
  /// The DN's actor.
  class actor_side {
  public:
    virtual session_ref begin_session(screen known) = 0;
    /// It ends for good, and nobody hears of it.
    virtual void end_session(session_ref session) = 0;
    virtual steady_ms steady_now() = 0;

  protected:
    ~actor_side() = default;
  };

  /// Both outlive it.
  dn_screen(dn_state& state, actor_side& actor) : state_(state), actor_(actor) {}
  dn_screen(const dn_screen&) = delete;
  dn_screen& operator=(const dn_screen&) = delete;

  /// Everything about the screen happens within one: nobody else changes it meanwhile, and what its
  /// ticks have brought about comes first.
  class scope {
  public:
    explicit scope(dn_screen& of);
    ~scope();
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

  private:
    dn_screen& of_;
    const bool is_outermost_;
  };

  // ---- the session -----------------------------------------------------------------------------

  /// From the first command or indication on, until nothing is left to remember.
  bool has_session() const noexcept { return static_cast<bool>(session_); }
  bool is_held_by(const caf::actor_addr& actor) const {
    return session_ && session_.handle().address() == actor;
  }
  /// A blank one without a session, or outside a scope.
  const screen& shown() const noexcept;
  /// The same; null without a session.
  const screen* known() const noexcept { return has_session() ? &shown() : nullptr; }
  /// Begins a session and asks the recorders that are there.
  void ask_recorders();
  void end();
  /// The session has failed.
  void fail();

  // ---- within a scope --------------------------------------------------------------------------

  /// Only with a session.
  void tell(const screen_event& event);
  /// Carries out what is due, in its order; what follows from that comes behind it.
  void settle();
  /// After the ACK and the delivery: from here on an outcome is owed.
  void accept_command(const dn_batch& batch, const dn_request& request,
                      const accepted_event& accepted, const reservation& got, const ack& answer);
  /// Before the delivery. A recorder on standby does not count: its word begins nothing.
  void tell_of_word(const dn_batch& batch, const dn_request& request,
                    const accepted_event& accepted);

  // ---- commands --------------------------------------------------------------------------------

  /// Null before the first command.
  command_book* book() const noexcept { return book_.get(); }
  /// Whoever has no outcome yet gets this one.
  void conclude_all_unknown();
  /// The broker's own event: `unknown`, or without a verb an alarm alone, of a recorder if one is
  /// named.
  void say(conn_id connection, capture_verb verb, broker_reason reason, bool alarm,
           client_id recorder = {});

private:
  // dn_screen.cpp
  void begin(steady_ms ask_after);
  void put(std::vector<screen_effect> effects);
  void carry_out(const decided& what);
  void carry_out(const hold_over& what);
  void carry_out(const send_order& what);
  void carry_out(const say_unknown& what);
  void carry_out(const raise_alarm& what);
  void carry_out(const arm_tick&) {}
  void tell_outcome(const accepted_command* command, outcome_event& event, bool is_kept);
  std::array<t_client*, 2> givers_of(const accepted_command* command);
  reservation deliver_own(outgoing event, capture_verb verb, broker_reason reason);
  command_book& opened_book();
  void show_on_board();
  void count_outcome(const outcome_event& event, const accepted_command& command);

  // What its operator is told (dn_log.cpp).
  void log_outcome(const outcome_event& event, const accepted_command* command);
  void log_alarm(broker_reason reason, client_id recorder);
  void log_if_unasked(const indication_heard& word);
  std::string_view application_of(client_id client) const;

  dn_state& state_;
  actor_side& actor_;
  session_ref session_;
  std::optional<session_turn> turn_;   // while the screen is looked at
  std::vector<screen_effect> effects_; // to be carried out, in their order
  std::unique_ptr<command_book> book_; // with the first command
  std::uint32_t own_orders_owed_ = 0;  // the broker's own without an outcome
};

} // namespace ringdown
