// A screen recorder: orders come in, indications go out.
//
//   t_client client{{.who = recorder_identity("recorder")}};
//   recorder screen{client, [](const recorder::order& o) {
//     return make_it_so(o.screen) ? std::optional{o.what.state} : std::nullopt;
//   }};
//   (void)screen.record("7001");
//   client.start();
//
// It keeps a believable state for each DN and ConnID (`recorder_model`), so an order says what the
// state should be after the command. What the handler returns is said to the DN, with the
// command's version and id if the client signs on with EXACT_VERSIONS (`recorder_identity` does);
// what it does not return, it says later with `say`. After each (re)registration, and each gap, the
// DN's snapshot brings the orders that were missed: a `pause` is done then. An order that has no
// answer yet comes again with it; one that has is only said again, if the broker does not know. A
// resume that the broker holds is no order until it is let go.
//
// A standby recorder gets all orders and says nothing. Over a `background_client` every call may be
// made by any thread. Handlers are called where the client calls its own. The client must outlive
// the recorder; what the handler captures must outlive the client's last handler.
#pragma once

#include "client/any_t_client.hpp"
#include "client/roles.hpp"

namespace ringdown::client {

/// A recorder with what this library makes use of: exact versions, directed answers.
identity recorder_identity(std::string application_name);

/// A screen recorder. Over a `background_client` every call may be made by any thread; over a
/// `t_client` by that client's.
class recorder {
public:
  /// Indications that wait for room in the window. Far above what a person's commands can cause;
  /// past it the oldest is given up and counted.
  static constexpr std::size_t unsaid_max = 10'000;
  /// After so long they are tried again, if no answer of their own made room before; so are those
  /// that the broker had no room for, unless it asks for longer.
  static constexpr std::chrono::milliseconds say_retry{100};

  struct order {
    /// What to be: on this DN and ConnID (0: all of the DN's), in this state.
    indication what;
    /// The command; `none`: from a snapshot.
    capture_verb verb = capture_verb::none;
    /// There is one screen: what it is to be now, with all of the DN's sessions. Paused if any of
    /// them is.
    capture_state screen = capture_state::disabled;
  };
  /// Returns the state that is so now; nothing: it will be said later. A throw counts as nothing
  /// and is reported (`t_client_options::on_handler_failure`).
  using order_handler = std::function<std::optional<capture_state>(const order&)>;

  recorder(any_t_client& client, order_handler on_order, const registration& how = {});
  /// Unregisters from all DNs. A handler that runs on the client's thread may still be at it.
  ~recorder();
  recorder(const recorder&) = delete;
  recorder& operator=(const recorder&) = delete;

  /// Registers on the DN, now or with the next link. `bad_dn`, or `too_many` DNs or listeners, and
  /// nothing has changed; again: nothing changes either.
  [[nodiscard]] registering record(const std::string& dn);
  /// Unregisters and forgets the DN's states. Of one that is not recorded: nothing.
  void leave(const std::string& dn);

  /// An order is done, and this is so now. If it cannot be sent for want of room, here or at the
  /// broker's, or without a link, it is said later. Nothing is said, or changed, if there was a
  /// newer order for it: that one's answer counts.
  void say(const order& done, capture_state state);
  /// The recorder's own: its state has changed without an order.
  void say(const std::string& dn, capture_state state, conn_id call = {});

  /// The state that was last said or ordered.
  capture_state state(const std::string& dn, conn_id call = {}) const;
  /// Indications given up because too many waited.
  std::size_t given_up() const;

private:
  struct shared;
  any_t_client& client_;
  std::shared_ptr<shared> shared_;
};

} // namespace ringdown::client
