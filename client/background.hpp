// The same client with a thread of its own, for programs without a loop.
//
//   background_client client{{.places = {endpoint{"broker", 7480}}}};
//   (void)client.listen([](const notice& n) { ... });       // on the client's thread
//   client.start();
//   auto done = client.ask(outgoing_event::capture("7001", capture_verb::pause));
//   client.stop(2s);
//
// Thread-safe: every call but construction and destruction may be made by any thread at any time.
// Handlers are called one after the other on the client's thread, without a lock held: they may
// make every call too. A call that would wait there is refused: `ask` with `called_in_handler`,
// `await_registered` with false; `stop` only begins. No call but these three waits for the network,
// the resolver or a handler. `on_traffic` is called under the client's lock, by whichever thread
// sends; it must not call the client.
#pragma once

#include "client/any_t_client.hpp"

namespace ringdown::client {

/// A `t_client` with a thread of its own. Thread-safe: every call but construction and destruction.
/// Handlers are called one after the other on that thread, without a lock held.
class background_client final : public any_t_client {
public:
  /// How long `stop` lets handlers finish after the sign-off.
  static constexpr std::chrono::milliseconds handlers_grace{1'000};
  /// What the destructor gives the sign-off.
  static constexpr std::chrono::milliseconds destructor_timeout{1'000};

  /// `options.now` is not used: this client lives in real time.
  explicit background_client(t_client_options options);
  /// Stops, and waits for the handler that runs, if one does. Not from a handler.
  ~background_client() override;

  /// Starts the thread and begins to connect; or tries again at once, as `t_client::start`. Works
  /// after `stop` too; while one is under way, the client starts again at its end.
  void start();
  /// Signs off, waits for the answers of what is outstanding, ends the rest as `unknown_outcome`
  /// and the thread. At most `timeout` and `handlers_grace`. True: all is told; no handler runs
  /// until a `start`. False: a handler has not returned yet, or this is a handler; the thread ends
  /// after it.
  bool stop(std::chrono::milliseconds timeout);

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

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace ringdown::client
