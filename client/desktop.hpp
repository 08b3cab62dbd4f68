// An agent's desktop: commands to the recorder of one DN, and the recording light.
//
//   t_client client{{.who = desktop_identity("agent-desktop")}};
//   desktop agent{client, "7001", [](const light_view& now) { show(now); }};
//   client.start();
//   ...
//   (void)agent.pause(call, {}, [](const event_outcome& o) {
//     if (o.result != outcome::confirmed)
//       warn(o);
//   });
//
// EventACK means accepted, not done. What became of a command, its outcome says; what is so, the
// light. That shows what recorders said and never what was only asked for, and `unknown` as soon as
// the link, the registration or an event is lost. Beside it stand the pauses (who, since when,
// why), the commands that wait for their end, and the alarms: the desktop asks for the DN's
// snapshot whenever that may have changed, and for as long as anything of it stands.
//
// Exactly one outcome is told of each command that was sent and not refused, while the desktop
// lives: the broker's, or `unknown` (with no `time_us`) if none can come: nobody knows whether the
// command was accepted, the broker that accepted it is gone, it was decided while the link was
// down, the client has stopped or given up, or the command's time is over. To such a one the light
// is the answer. A `start` or `resume` that is `held` by a pause has one more, told to the same
// handler: what became of it when no pause stood any more (`released_command` is its id), maybe
// hours later.
//
// One helper for each DN of a client: it takes the registration with it when it goes.
//
// Over a `background_client` every call may be made by any thread. Handlers are called where the
// client calls its own. The client must outlive the desktop; what the handlers capture must
// outlive the client's last handler.
#pragma once

#include "client/any_t_client.hpp"
#include "client/command_ledger.hpp"
#include "client/light_model.hpp"

namespace ringdown::client {

/// A desktop with what this library makes use of: outcomes, directed answers, newest indications
/// when slow.
identity desktop_identity(std::string application_name);

/// All that an agent is shown.
struct light_view {
  light state = light::unknown;
  std::optional<pending_command> pending;  ///< the newest of this desktop's own
  std::vector<standing_pause> pauses = {}; ///< the oldest first
  std::vector<open_order> waiting = {};    ///< commands that are held by them
  std::vector<standing_alarm> alarms = {}; ///< a person must look
  /// These three are as the broker has them. False: as they were last heard, before the link, the
  /// registration or an event was lost.
  bool is_current = false;
  unknown_because because = unknown_because::no_link; ///< of a `state` that is unknown

  /// The pause for whose end commands wait: the newest. Null: none stands.
  const standing_pause* held_by() const noexcept {
    return pauses.empty() ? nullptr : &pauses.back();
  }
  bool operator==(const light_view&) const = default;
};

using light_handler = std::function<void(const light_view&)>;

/// What a desktop is made with; it keeps a copy.
struct desktop_options {
  registration how = {};
  /// Hears the outcomes of commands that have no handler of their own.
  outcome_handler on_outcome = {};
  /// Goes with each command that names nobody else; see `set_agent`.
  std::string agent_id = {};
};

/// An agent's desktop: the light of one DN, its pauses and alarms, and commands to its recorders.
/// Each command that was sent has exactly one outcome. Called by whichever threads its client may
/// be, which outlives it.
class desktop {
public:
  /// How long the outcome of a command without a `confirm_timeout` of its own is waited for. The
  /// broker's own then counts, and it does not tell how long that is: normally 2 s, and no longer
  /// than this unless an operator wants it so. Reached only if the broker breaks its promise.
  static constexpr std::chrono::milliseconds outcome_wait_max{60'000};
  /// How long after its deadline an outcome may be on its way: room for a short reconnect.
  static constexpr std::chrono::milliseconds outcome_margin{3'000};
  /// So often the snapshot is asked for while something stands that may end without an event: a
  /// pause with its call, an alarm, a holder that comes back.
  static constexpr std::chrono::milliseconds renewed_after{10'000};

  /// Registers on the DN. `on_light` is called when what is shown changes, from unknown on; also
  /// when it stays unknown for another reason.
  desktop(any_t_client& client, std::string dn, light_handler on_light = {},
          desktop_options options = {});
  /// Unregisters. A handler that runs on the client's thread may still be at it.
  ~desktop();
  desktop(const desktop&) = delete;
  desktop& operator=(const desktop&) = delete;

  /// Whether the wish to be registered was taken (a DN may be none, or there are too many).
  registering registered() const noexcept { return registering_; }
  const std::string& dn() const noexcept;
  /// From the next command on, whose hand it is; at most `agent_id_bytes_max`.
  void set_agent(std::string agent_id);

  light shown() const;
  light_view view() const;

  // Commands, each under a command id of its own. At once: accepted, or why not; then `done`,
  // exactly once, and the outcome. All but `query` are sent again after a lost link, within their
  // timeout: the broker knows them by their id.
  [[nodiscard]] sending start(conn_id call = {}, completion_handler done = {},
                              outcome_handler told = {});
  [[nodiscard]] sending stop(conn_id call = {}, completion_handler done = {},
                             outcome_handler told = {});
  [[nodiscard]] sending pause(conn_id call = {}, completion_handler done = {},
                              outcome_handler told = {});
  [[nodiscard]] sending resume(conn_id call = {}, completion_handler done = {},
                               outcome_handler told = {});
  /// Asks the recorder; its answer comes as an indication. Refused with 118 if there is none.
  [[nodiscard]] sending query(conn_id call = {}, completion_handler done = {},
                              outcome_handler told = {});
  /// Any of these with what else it may carry, such as a call, a `reason`, `if_version` or user
  /// data. The DN and the verb are filled in; so are a command id and the agent if there are none.
  [[nodiscard]] sending send(capture_verb command, outgoing_event with,
                             completion_handler done = {}, outcome_handler told = {});

  /// A command that waits for the broker's answer, at most this long (not where handlers run). Its
  /// outcome is told to `on_outcome`.
  [[nodiscard]] completion ask(capture_verb command, conn_id call,
                               std::chrono::milliseconds timeout);

private:
  struct state;

  any_t_client& client_;
  std::shared_ptr<state> state_;
  registering registering_ = registering::accepted;
};

} // namespace ringdown::client
