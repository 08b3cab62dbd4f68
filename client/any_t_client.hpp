// The client as helpers see it (client/desktop.hpp, client/recorder.hpp): what `t_client`, which a
// program polls, and `background_client`, which has a thread of its own, have in common.
#pragma once

#include "client/t_client_values.hpp"

namespace ringdown::client {

/// What both clients promise, and all that helpers need of one. Which threads may call it,
/// the class says that stands behind it.
class any_t_client {
public:
  any_t_client() = default;
  any_t_client(const any_t_client&) = delete;
  any_t_client& operator=(const any_t_client&) = delete;
  virtual ~any_t_client() = default;

  /// From now on, over all reconnects, be registered on this DN, or no more (`every_dn`: on all of
  /// them, as a listener). How it goes is told
  /// by `registration_notice`. Registering again changes the mode and flags.
  [[nodiscard]] virtual registering register_on(const std::string& dn,
                                                const registration& how = {}) = 0;
  /// Asks for no notice: from the call on, nothing more of this DN is told.
  virtual void unregister_from(const std::string& dn) = 0;
  virtual registration_phase registration_of(const std::string& dn) const = 0;

  /// Waits until the registration stands. False: it has failed, is not wanted, the client has given
  /// up or was stopped, the time is over, or this is where handlers are called.
  [[nodiscard]] virtual bool await_registered(const std::string& dn,
                                              std::chrono::milliseconds timeout) = 0;

  /// Sends, or says at once why not; never waits. Accepted: `done` is called exactly once, where
  /// handlers are called, within the request's timeout.
  [[nodiscard]] virtual sending send(const outgoing_event& what, completion_handler done,
                                     const request_options& how = {}) = 0;
  /// Asks the broker for the DN's snapshot (EventAddressInfo).
  [[nodiscard]] virtual sending query_address(const std::string& dn, completion_handler done,
                                              const request_options& how = {}) = 0;
  /// Asks for a page of the DNs in use (EventAddressList). For roles supervisor and admin.
  [[nodiscard]] virtual sending list_addresses(const address_list_request& what,
                                               completion_handler done,
                                               const request_options& how = {}) = 0;
  /// `pause`, `stop` or `resume` for many DNs in one request. `done` is called once for each DN, as
  /// its answer comes (`completion::this_dn`); `id` is that of the first, those of the others
  /// follow. Each DN's outcome is told as a notice of its own. Never sent twice by itself; with a
  /// command id the program may, with `retry`.
  [[nodiscard]] virtual sending command_addresses(const bulk_command& what, completion_handler done,
                                                  const request_options& how = {}) = 0;
  /// From role call_source: two calls of the DN have become one, known by `into` from now on; a
  /// call is over. Acknowledged by EventACK; never sent twice.
  [[nodiscard]] virtual sending merge_calls(const std::string& dn, conn_id old, conn_id into,
                                            completion_handler done,
                                            const request_options& how = {}) = 0;
  [[nodiscard]] virtual sending end_call(const std::string& dn, conn_id call,
                                         completion_handler done,
                                         const request_options& how = {}) = 0;
  /// Sends and waits for the completion, for at most the request's timeout. Where handlers are
  /// called it answers `called_in_handler` and sends nothing.
  [[nodiscard]] virtual completion ask(const outgoing_event& what,
                                       const request_options& how = {}) = 0;

  /// Tells `handler` of everything about this DN and of the link; an empty DN: of everything. It
  /// ends with `owner`, which is kept alive during a call. False above `listeners_max`.
  [[nodiscard]] virtual bool listen(std::weak_ptr<void> owner, const std::string& dn,
                                    notice_handler handler) = 0;
  /// The same for the whole life of the client.
  [[nodiscard]] virtual bool listen(notice_handler handler) = 0;

  /// Calls `handler` once, where handlers are called, after this long or when the client stops. It
  /// ends with `owner`, which is kept alive during the call. False above `timers_max`, and once the
  /// client is stopped.
  [[nodiscard]] virtual bool call_after(std::weak_ptr<void> owner, std::chrono::milliseconds wait,
                                        std::function<void()> handler) = 0;

  /// What this client takes the time to be.
  virtual steady_time now() const = 0;
  /// As given, with its instance id.
  virtual const identity& who() const = 0;
  virtual link_phase phase() const = 0;
  /// What the broker granted with the last link that stood.
  virtual event_link_connected link() const = 0;
  /// Handlers that have thrown so far.
  virtual std::size_t handler_failures() const = 0;
};

} // namespace ringdown::client
