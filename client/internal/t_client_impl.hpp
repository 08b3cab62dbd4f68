// The state of a client and what happens to it. Internal: t_client.hpp and background.hpp are the
// doors. No call here runs a handler of the program's but `prepare` and `run`, which touch nothing
// that another thread may change: so background.hpp can call them without its lock.
#pragma once

#include "client/internal/credentials_renewal.hpp"
#include "client/internal/notice_board.hpp"
#include "client/internal/pending_requests.hpp"
#include "client/internal/reconnecting.hpp"
#include "client/internal/registrar.hpp"
#include "client/internal/registration_table.hpp"
#include "client/t_client.hpp"

#include <atomic>

namespace ringdown::client {

class t_client::impl {
public:
  /// What the program, or the system, is to be asked for without a lock.
  struct errand {
    std::optional<place> where; ///< to connect to; none: credentials for the link that stands
  };
  /// What came of it.
  struct prepared {
    std::variant<std::monostate, numeric_endpoints, std::unique_ptr<transport>> how;
    std::optional<std::string> credentials; ///< none: there are none now
  };
  using listener = notice_board::listener;
  using timer = notice_board::timer;
  /// Handlers to be called with what they are to be told.
  using ready_call = notice_board::call;

  explicit impl(t_client_options options);

  // ---- the program's calls; none waits, none runs a handler. What is the program's own is taken
  // only by a call that succeeds, and destroyed by none: its destructors may call the client.

  void start();
  void begin_stop(steady_time until);
  /// A wish that is still being brought about.
  bool registration_may_come(const std::string& dn) const;
  registering register_on(const std::string& dn, const registration& how);
  void unregister_from(const std::string& dn);
  sending send(const outgoing_event& what, completion_handler&& done, const request_options& how);
  sending query(const std::string& dn, completion_handler&& done, const request_options& how);
  sending list(const address_list_request& what, completion_handler&& done,
               const request_options& how);
  /// `done` is copied: see `shared_by_many`.
  sending command_each(const bulk_command& what, const completion_handler& done,
                       const request_options& how);
  /// A handler whose copies cost and run nothing of the program's own.
  static completion_handler shared_by_many(completion_handler done);
  sending merge_calls(const std::string& dn, conn_id old, conn_id into, completion_handler&& done,
                      const request_options& how);
  sending end_call(const std::string& dn, conn_id call, completion_handler&& done,
                   const request_options& how);
  /// `ended`: what had to go to make room.
  bool listen(listener&& what, const std::string& dn, std::vector<listener>& ended) {
    return board_.listen(std::move(what), dn, ended);
  }
  bool call_after(timer&& what, std::chrono::milliseconds wait);

  // ---- the work

  /// Does what can be done now.
  void turn();
  /// An errand to be prepared and begun with, once.
  std::optional<errand> errand_due();
  prepared prepare(const errand& what);
  void begin(prepared&& how);
  /// The next handlers to be called.
  std::optional<ready_call> take() { return board_.take(); }
  void run(ready_call& call);
  steady_time next_deadline() const;
  /// The same, whatever waits to be told: handlers must let `turn` do what is due then.
  steady_time due() const;
  steady_time now() const { return options.now ? options.now() : std::chrono::steady_clock::now(); }
  void report(const char* where, const char* what);
  /// When a request of now has to be completed. Touches nothing that changes.
  steady_time deadline_of(const request_options& how) const;

  t_client_options options;
  connection link;
  registration_table registrations;
  pending_requests pending;
  link_phase phase = link_phase::idle;
  event_link_connected granted;
  std::atomic<std::size_t> failures{0};
  bool in_handler = false; // t_client's own; background_client compares threads

private:
  void show(const traffic& t);
  /// Tells of a handler that took long. `of`: what it was told, and about which DN.
  template <class Subject>
  void look_at_time(const char* where, Subject of, steady_time began);
  void change(link_phase to, link_notice n = {});
  bool link_runs() const;
  void drain();
  void dispatch(const event& e);
  void on_up();
  void on_down(const open_result& result);
  void end_stopped();
  void renew(const std::optional<std::string>& credentials);
  void send_again();
  send_status room_for(const std::string& dn, std::size_t kept_bytes);
  submission submit(const outgoing_event& what, bool distribute, bool again);
  /// One that is not sent again.
  template <class Submit>
  sending request_once(pending_requests::kind what, const std::string& dn,
                       completion_handler&& done, const request_options& how, Submit submit_it);

  reconnecting again_;
  credentials_renewal renewal_;
  registrar registrar_;
  bool more_events_ = false;
  steady_time stop_until_;
  bool start_again_ = false; ///< after the stop under way
  notice_board board_;
};

} // namespace ringdown::client
