// The T-Client that a program uses: it finds a broker, signs on, registers, and does so again after
// each loss, until it is stopped.
//
//   t_client client{{.places = {endpoint{"a", 7480}, endpoint{"b", 7480}}, .who = {...}}};
//   (void)client.register_on("7001");
//   client.start();
//   for (;;)
//     client.poll(1s);           // calls the handlers
//
// What it promises:
// - Each accepted request ends in exactly one completion, within its timeout. After a loss, a
//   request without its reply is told as `unknown_outcome`.
// - No request is sent twice by itself, except one that has a command id and
//   `again_after_loss`, under the same id and with `retry` set.
// - Registrations are kept as a wish and asked for with each new link; what may have been missed in
//   between is told (`gap_notice`), from the numbers of the DN's snapshot.
// - Nothing throws for a network fault, nothing waits but `poll`, `ask` and `stop`, all with a
//   deadline, and, for a host that is a name, the system's resolver within `poll`.
// - A handler that throws is reported; the client goes on.
//
// No thread of its own (client/background.hpp has one): handlers are called within `poll`, `ask`
// and `stop`, never within another call. A handler may call everything but these three, and must
// not destroy the client. One thread at a time.
#pragma once

#include "client/any_t_client.hpp"

namespace ringdown::client {

/// A T-Client that its program polls: it finds a broker, signs on, registers, and does so again
/// after each loss, until it is stopped. Each accepted request ends in exactly one completion. It
/// belongs to one thread at a time.
class t_client final : public any_t_client {
public:
  explicit t_client(t_client_options options);
  /// Closes at once, without a completion for what is outstanding: `stop` first.
  ~t_client() override;

  /// Begins to connect, or tries again at once where it waits or has given up. Calling it while
  /// the link stands or is being made changes nothing; while it is being stopped: it follows that.
  void start();
  /// Signs off, waits for the answers of what is outstanding, ends the rest as `unknown_outcome`
  /// (`stopped`). At most this long, plus the handlers. Within a handler it only begins.
  void stop(std::chrono::milliseconds timeout);

  /// Does what can be done, calls handlers, and returns once there was something to tell, or after
  /// this long (or a signal). True: something was told, if only to nobody. Within a handler: false,
  /// at once.
  bool poll(std::chrono::milliseconds timeout);

  /// For a program with a loop of its own: poll the descriptor (-1: none) for these events (to be
  /// asked before each wait), and call `poll(0ms)` then, and at this time at the latest.
  int descriptor() const noexcept;
  short poll_events() noexcept;
  steady_time next_deadline() const;

  registering register_on(const std::string& dn, const registration& how = {}) override;
  void unregister_from(const std::string& dn) override;
  registration_phase registration_of(const std::string& dn) const override;
  bool await_registered(const std::string& dn, std::chrono::milliseconds timeout) override;
  sending send(const outgoing_event& what, completion_handler done,
               const request_options& how = {}) override;
  sending query_address(const std::string& dn, completion_handler done,
                        const request_options& how = {}) override;
  sending list_addresses(const address_list_request& what, completion_handler done,
                         const request_options& how = {}) override;
  sending command_addresses(const bulk_command& what, completion_handler done,
                            const request_options& how = {}) override;
  sending merge_calls(const std::string& dn, conn_id old, conn_id into, completion_handler done,
                      const request_options& how = {}) override;
  sending end_call(const std::string& dn, conn_id call, completion_handler done,
                   const request_options& how = {}) override;
  completion ask(const outgoing_event& what, const request_options& how = {}) override;
  bool listen(std::weak_ptr<void> owner, const std::string& dn, notice_handler handler) override;
  bool listen(notice_handler handler) override;
  bool call_after(std::weak_ptr<void> owner, std::chrono::milliseconds wait,
                  std::function<void()> handler) override;
  steady_time now() const override;
  const identity& who() const override;
  link_phase phase() const override;
  event_link_connected link() const override;
  std::size_t handler_failures() const override;

  /// Requests without their completion.
  std::size_t requests_pending() const;

private:
  friend class background_client;
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ringdown::client
