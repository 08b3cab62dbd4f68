// An agent's desktop: commands to the recorder of one DN, and the recording light.
//
//   t_client client{{.who = desktop_identity("agent-desktop")}};
//   desktop agent{client, "7001", [](light l) { show(l); }};
//   client.start();
//   ...
//   (void)agent.pause(call, [](const completion& c) { if (!c) warn(c); });
//
// EventACK means accepted, not done: what is so, the light says. It shows what recorders said and
// never what was only asked for, and `unknown` as soon as the link, the registration or an event
// is lost.
//
// One helper for each DN of a client: it takes the registration with it when it goes.
//
// Over a `background_client` every call may be made by any thread. Handlers are called where the
// client calls its own. The client must outlive the desktop; what the handlers capture must
// outlive the client's last handler.
#pragma once

#include "client/any_t_client.hpp"
#include "client/roles.hpp"

namespace ringdown::client {

/// A desktop with what this library makes use of: directed answers, newest indications when slow.
identity desktop_identity(std::string application_name);

class desktop {
public:
  using light_handler = std::function<void(light)>;

  /// Registers on the DN. `on_light` is called when the light changes, from unknown on.
  desktop(any_t_client& client, std::string dn, light_handler on_light = {},
          const registration& how = {});
  /// Unregisters. A handler that runs on the client's thread may still be at it.
  ~desktop();
  desktop(const desktop&) = delete;
  desktop& operator=(const desktop&) = delete;

  /// Whether the wish to be registered was taken (a DN may be none, or there are too many).
  registering registered() const noexcept { return registering_; }
  const std::string& dn() const noexcept;
  light shown() const noexcept;

  // Commands, each under a command id of its own. At once: accepted, or why not; then `done`,
  // exactly once. `pause` and `stop` are sent again after a lost link, within their timeout.
  [[nodiscard]] sending start(conn_id call = {}, completion_handler done = {});
  [[nodiscard]] sending stop(conn_id call = {}, completion_handler done = {});
  [[nodiscard]] sending pause(conn_id call = {}, completion_handler done = {});
  [[nodiscard]] sending resume(conn_id call = {}, completion_handler done = {});
  /// Asks the recorder; its answer comes as an indication. Refused with 118 if there is none.
  [[nodiscard]] sending query(conn_id call = {}, completion_handler done = {});

  /// The same and waits for the broker's answer, at most this long (not where handlers run).
  [[nodiscard]] completion ask(capture_verb command, conn_id call,
                               std::chrono::milliseconds timeout);

private:
  struct state;
  sending send(capture_verb command, conn_id call, completion_handler done);

  any_t_client& client_;
  std::shared_ptr<state> state_;
  registering registering_ = registering::accepted;
};

} // namespace ringdown::client
