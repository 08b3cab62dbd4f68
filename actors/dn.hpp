// The DN actor: one directory number. It decides about each request in one turn, and it alone
// writes what a client sees of the DN; so all clients see one order.
//
//   desktop's connection        DN                 recorder's outbox     session
//        | dn_batch(pause) ---> | admit_send            |                  |
//        |                      | reserve ------------> |                  |
//        | <------- EventACK ---|                       |                  |
//        |                      | write_event --------> |                  |
//        |                      | command_admitted -----------------------> | step
#pragma once

#include "actors/admit.hpp"
#include "actors/context.hpp"
#include "actors/interfaces.hpp"

#include <string>
#include <vector>

namespace ringdown::v1 {
class Snapshot;
}

namespace ringdown {

/// Makes a DN's actor, at home on the loop that its name leads to. It is idle until told something.
dn_actor spawn_dn(caf::actor_system& system, broker_context& context, directory_actor directory,
                  std::string name, dn_epoch epoch);

/// One client's registration.
struct registration {
  client_ptr client;
  registration_mode mode = registration_mode::share;
  bool echo = false;
  bool standby = false;
  bool hear_outcomes = false;
  report_function report;

  bool is_recorder() const noexcept { return client->who.role == role::recorder; }
  /// A recorder that counts: it stands in no other's shadow and its connection stands.
  bool is_active_recorder() const noexcept {
    return is_recorder() && !standby && !client->box.closed();
  }
};

/// The DN's side of a capture session.
struct session_record {
  session_state state; // as the DN knows it; what a snapshot shows
  std::uint64_t serial = 0;
  std::int64_t changed_time_us = 0;
  bool ending = false;                 // asked to make room
  std::uint64_t letters = 0;           // told to the session so far
  std::uint64_t command_letter = 0;    // the last of them that was a command
  std::uint64_t indication_letter = 0; // ... an indication
  runtime::pinned_ref<session_actor> actor;
};

/// The light that the DN as a whole shows: paused if any session is, then unknown, then enabled.
/// `without_sessions` is what stands if there are none. Pure.
capture_state effective_state(const std::vector<session_record>& sessions,
                              capture_state without_sessions);

class dn_impl : public runtime::pinned_actor<dn_actor> {
public:
  dn_impl(caf::actor_config& config, runtime::home where, broker_context* context,
          directory_actor directory, std::string name, dn_epoch epoch);

  const char* name() const override { return "dn"; }
  behavior_type make_behavior() override;
  /// Tells the clients that are still registered that the DN is gone.
  void on_exit() override;

private:
  // Requests.
  void handle(dn_batch& batch);
  void send_event(dn_batch& batch, const dn_request& request);
  void register_client(dn_batch& batch, const dn_request& request);
  void unregister_client(dn_batch& batch, const dn_request& request);
  void query(dn_batch& batch, const dn_request& request);
  void describe(v1::Snapshot& snapshot) const;

  // Registrations.
  registration* find(const t_client& client) noexcept;
  void drop(const client_ptr& client);
  void drop_closed();
  void recorder_left(client_id recorder);
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
  bool wants(const registration& r, const outgoing& event) const noexcept;
  std::size_t prefix_for(const registration& r, const outgoing& event, char* out) const noexcept;
  struct reserved {
    std::size_t accepted = 0;
    std::size_t full = 0;
  };
  reserved reserve_at_recorders(const outgoing& event);
  void deliver(const outgoing& event);
  void miss(const registration& r, const outgoing& event);
  void say_unknown(conn_id connection, broker_reason reason);

  // Capture sessions.
  session_record* find_session(conn_id connection) noexcept;
  session_record& session_for(conn_id connection);
  capture_state light_after(const send_event_view& request);
  void make_room_for_session();
  void tell(session_record& session, const session_event& event);
  void tell_all(const session_event& event);
  void note_command(const send_event_view& request);
  void note_indication(const send_event_view& request, client_id recorder);
  void handle_report(const session_report& report);
  void finish(std::vector<session_record>::iterator record, const session_report& report);
  void begin_again(const session_record& last);
  void session_died(const caf::down_msg& down);

  error_context about(const dn_batch& batch) const;
  std::int64_t now_us() const { return context_.utc_now(); }
  bool is_empty() const noexcept { return registrations_.empty() && sessions_.empty(); }
  void arm_idle_tick();
  void tick();

  // What each event needs, together; then the rest.
  broker_context& context_;
  dn_identity_ptr identity_;
  dn_sequence sequence_;
  command_version version_;
  std::vector<registration> registrations_;
  std::vector<session_record> sessions_;
  capture_state without_sessions_ = capture_state::unknown;
  bool saw_closed_ = false;
  bool tick_armed_ = false;
  std::vector<room> rooms_; // of the event being delivered, one per registration
  std::uint64_t sessions_made_ = 0;
  caf::actor_clock::time_point last_use_;
  directory_actor directory_;
};

} // namespace ringdown
