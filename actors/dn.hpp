// The DN actor: one directory number. It decides about each request in one turn, and it alone
// writes what a client sees of the DN; so all clients see one order.
//
//   desktop's connection        DN                 recorder's outbox     session
//        | dn_batch(pause) ---> | admit_send            |                  |
//        |                      | reserve ------------> |                  |
//        | <------- EventACK ---|                       |                  |
//        |                      | write_event --------> |                  |
//        |                      | command_admitted -----------------------> | step
//        |                      | <------------------------------ decided --|
//        | <----- EventOutcome -| settle
#pragma once

#include "actors/admit.hpp"
#include "actors/command_table.hpp"
#include "actors/context.hpp"
#include "actors/interfaces.hpp"
#include "messages/outcome_event.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <deque>
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
                directory_actor directory, std::string name, dn_epoch epoch);

/// One client's registration.
struct registration {
  client_ptr client;
  registration_mode mode = registration_mode::share;
  role of = role::unspecified; ///< the client's role: each event asks it of each registration
  bool echo = false;
  bool standby = false;
  bool hear_outcomes = false;
  /// Of an active recorder: what the event being delivered found; nothing if it does not want it.
  std::optional<room> got;

  bool is_recorder() const noexcept { return of == role::recorder; }
  /// A recorder that counts: it stands in no other's shadow and its connection stands.
  bool is_active_recorder() const noexcept {
    return is_recorder() && !standby && !client->box.closed();
  }
};

/// Who gave the command that stands.
struct commander {
  client_id id;
  std::string application;
  instance_id instance;
};

/// A recorder's last word to a session (and the last one of another call), and the letter by which
/// the session was told.
struct told_word {
  indication_heard word;
  std::uint64_t letter = 0;
};

/// The DN's side of a capture session.
struct session_record {
  session_state state; // as the DN knows it; what a snapshot shows
  std::uint64_t serial = 0;
  std::int64_t changed_time_us = 0;
  std::int64_t desired_time_us = 0;
  commander desired_by;
  std::vector<commander> holders; // who paused and has not resumed, if all of them must
  bool resume_waits = false;      // for the last holder
  std::vector<conn_id> former;    // ConnIDs that were merged into this session
  bool held = false;              // its resume waits until no other call is paused
  bool ending = false;            // asked to end
  broker_reason end_reason = broker_reason::unspecified;
  std::uint64_t merging_into = 0; // the serial of the session that it becomes part of
  std::uint64_t merge_letter = 0; // that told it so
  std::uint64_t letters = 0;      // told to the session so far
  std::vector<told_word> told;    // each recorder's last word
  std::vector<indication_heard> said_since_merge; // what the other session hears in its place
  std::uint64_t mail_read = 0;                    // reports that came through the mailbox
  session_ref actor;

  /// Whether this ConnID, or a call that was merged into it, is the session's.
  bool is_of(conn_id connection) const noexcept {
    return state.connection == connection ||
           std::find(former.begin(), former.end(), connection) != former.end();
  }
};

/// Something is to be recorded, or is not to be: losing sight of it calls for a person.
inline bool must_be_guarded(const session_record& session) noexcept {
  return session.state.desired == capture_state::enabled ||
         session.state.desired == capture_state::paused;
}

/// What keeps a resume back.
struct hold {
  conn_id by;
  bool by_holders = false; ///< other desktops have paused the same call
};

/// An accepted command whose outcome the DN owes.
struct accepted_command {
  command_admitted told;
  client_ptr sender;
  command_id id;
  conn_id connection;
  std::optional<conn_id> held_by;
  std::int64_t time_us = 0;
  std::uint64_t session = 0; // its serial
  std::uint64_t letter = 0;
};

/// What a DN knows of its commands.
struct command_book {
  command_book(const limits& bounds, memory_budget& budget) : ids(bounds, budget) {}

  std::deque<accepted_command> accepted; // by sequence
  command_table ids;
  std::deque<encoded_outcome> outcomes; // the newest, for RequestQueryAddress
};

/// The light that the DN as a whole shows: paused if any session is, then unknown, then enabled.
/// `without_sessions` is what stands if there are none. Pure.
capture_state effective_state(const std::vector<session_record>& sessions,
                              capture_state without_sessions);

class dn_impl final : public runtime::pinned_actor<dn_actor>,
                      public runtime::callable_in_place<dn_batch> {
public:
  dn_impl(caf::actor_config& config, runtime::home where, broker_context* context,
          directory_actor directory, std::string name, dn_epoch epoch);

  const char* name() const override { return "dn"; }
  behavior_type make_behavior() override;
  /// Tells the clients that are still registered that the DN is gone.
  void on_exit() override;
  /// All requests of a batch.
  void take(dn_batch& batch) override;

private:
  // Life.
  void client_gone(const client_ptr& client);
  void reported(const session_report& report);
  void remove();
  void end_registrations(error_code why);
  void end_sessions();
  void retire();

  // Requests.
  void send_event(dn_batch& batch, const dn_request& request);
  dn_facts facts_for(const dn_batch& batch, const send_event_view& asked);
  void replay(dn_batch& batch, const dn_request& request);
  void merge_calls(dn_batch& batch, const dn_request& request);
  void end_call(dn_batch& batch, const dn_request& request);
  std::optional<fault> check_call(const dn_batch& batch, conn_id connection,
                                  std::string_view attribute);
  void acknowledge(dn_batch& batch, reference_id reference);
  void register_client(dn_batch& batch, const dn_request& request);
  void unregister_client(dn_batch& batch, const dn_request& request);
  void query(dn_batch& batch, const dn_request& request);
  void describe(v1::Snapshot& snapshot);
  void describe_pending(v1::Snapshot& snapshot);

  // Registrations.
  registration* find(const t_client& client) noexcept;
  void drop(const client_ptr& client);
  void drop_closed();
  void recorder_left(client_id recorder, bool was_active);
  registration_facts facts_about(const t_client& applicant) const;
  std::size_t recorders_active() const noexcept;

  // Delivery: reserve, acknowledge, write.
  struct outgoing {
    user_event_header header;
    std::string_view event;
    event_kind kind = event_kind::user_event;
    traffic priority = traffic::ordinary;
    conn_id session;
    const t_client* sender = nullptr;
    client_id directed_to;
    reference_id reference;
  };
  outgoing compose(const dn_batch& batch, const dn_request& request, const admission& decision,
                   command_version version, bool held);
  bool wants(const registration& r, const outgoing& event) const noexcept;
  static std::string_view head_for(const registration& r, const outgoing& event,
                                   event_head& shared) noexcept;
  struct reserved {
    std::size_t accepted = 0;
    std::size_t full = 0;
  };
  reserved reserve_at_recorders(const outgoing& event, event_head& head);
  std::string_view write_once(const outgoing& event, const event_head& head);
  void deliver(const outgoing& event, event_head& shared);
  void miss(const registration& r, const outgoing& event);
  void say(conn_id connection, capture_verb verb, broker_reason reason, bool alarm);
  void deliver_own(outgoing event, capture_verb verb, broker_reason reason);
  std::vector<awaited_recorder> send_resume(const session_record& session, broker_reason why);

  // Commands: from their acceptance to their outcome.
  std::vector<awaited_recorder> recorders_asked() const;
  void accept_command(const dn_batch& batch, const send_event_view& request, dn_sequence sequence,
                      const ack& answer, const std::optional<hold>& held);
  void conclude(const decided& what);
  void conclude(std::deque<accepted_command>::iterator command, const decided& what);
  void conclude_unknown(std::uint64_t session);
  void conclude_all_unknown();
  encoded_outcome encode(const accepted_command& command, const decided& what) const;
  void tell_outcome(const accepted_command& command, const std::string& frame);
  bool remembers_commands();
  void drain();

  // Capture sessions.
  session_record* find_session(conn_id connection) noexcept;
  session_record* session_by(std::uint64_t serial) noexcept;
  const session_record* paused_beside(conn_id connection) noexcept;
  std::optional<hold> hold_for(conn_id connection, const t_client& client) noexcept;
  void note_holder(session_record& session, capture_verb verb, const client_identity& who);
  void resume_by_broker(session_record& session, broker_reason why);
  void release_held();
  void recorder_came(const registration& r);
  bool has_commander(const session_record& session) const noexcept;
  void commander_left(const t_client& client);
  void commander_came(const t_client& client);
  std::vector<accepted_command*> commands_behind(std::uint64_t session, std::uint64_t letter);
  void conclude_rest(const session_record& last, const session_report& ended);
  session_state read_rest(const session_record& last, const session_report& ended);
  void go_on_in(session_record& target, const session_state& last,
                const std::vector<indication_heard>& since, std::uint64_t serial);
  void merge_into_instead(std::uint64_t one, std::uint64_t other);
  session_record& session_for(conn_id connection);
  session_record& begin(session_state known);
  capture_state light_after(const send_event_view& request);
  void make_room_for_session();
  void tell(session_record& session, const session_event& event);
  void tell_all(const session_event& event);
  void tell_word(session_record& session, const indication_heard& word);
  session_record& note_command(const send_event_view& request, const client_identity& by,
                               bool held);
  void note_indication(const send_event_view& request, const client_identity& recorder);
  void note(session_record& session, const indication_heard& word);
  void settle();
  void handle_report(const session_report& report);
  void finish(std::vector<session_record>::iterator record, const session_report& report);
  void begin_again(const session_record& last, const session_report& ended);
  void session_died(const caf::down_msg& down);

  error_context about(const dn_batch& batch) const;
  std::int64_t now_us() const { return context_.utc_now(); }
  steady_ms steady_now();
  caf::actor_clock::time_point turn_time();
  bool is_empty() const noexcept { return registrations_.empty() && sessions_.empty(); }
  void arm_idle_tick();
  void tick();

  // What each event needs, together; then the rest. See `dn_lines` in connection.cpp.
  broker_context& context_;
  const dn_epoch epoch_;
  dn_sequence sequence_;
  command_version version_;
  std::vector<session_record> sessions_;
  capture_state without_sessions_ = capture_state::unknown;
  bool saw_closed_ = false;
  bool tick_armed_ = false;
  bool draining_ = false;
  bool is_removed_ = false; // from the configuration: what still comes is refused
  caf::actor_clock::time_point last_use_;
  dn_identity_ptr identity_;
  // A desktop and a recorder are what a DN has: they need no memory of their own.
  boost::container::small_vector<registration, 2> registrations_;
  client_id light_by_; // whose word `without_sessions_` is; 0: of all that confirmed
  std::unique_ptr<command_book> book_; // with the first command
  std::uint64_t sessions_made_ = 0;
  std::vector<session_report> reports_; // of sessions that were called, to be handled after it
  directory_actor directory_;
};

} // namespace ringdown
