// The DN's decision about a request, as a pure function: who may send what, in the order of checks
// that docs/errors.md gives. No clock, no outbox, no actor; so every combination can be listed in a
// test, and the connection uses the same rules for what it must refuse by itself.
#pragma once

#include "messages/errors.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"
#include "messages/send_event.hpp"

#include <optional>

namespace ringdown {

/// What the decision needs to know of the sender.
struct sender_facts {
  ringdown::role role = ringdown::role::unspecified;
  /// How it is registered on the DN; nothing if it is not.
  std::optional<registration_mode> mode;
  /// What its grants, and the injected authorize function, say.
  bool authorized = true;
};

/// What the decision needs to know of the DN.
struct dn_facts {
  /// It is in the configured list, or there is none.
  bool configured = true;
  /// Of the last admitted command.
  command_version version;
  /// Registered recorders that are not standby and whose connection stands.
  std::size_t recorders_active = 0;
  /// What was last heard of the session that the command is for.
  capture_state observed = capture_state::unknown;
  /// Commands that wait for their outcome.
  std::size_t commands_pending = 0;
  /// What the DN knows of the request's command id.
  enum class command_seen : std::uint8_t { never, same, other_content };
  command_seen seen = command_seen::never;
  /// Strict mode.
  bool strict = false;
  /// A pause stands: a `resume` has something to lift, whatever is recorded.
  bool paused = false;
};

/// What an accepted event does.
struct admission {
  std::optional<fault> refusal;
  /// Seen before under its command id: the same answer, and no effect.
  bool replay = false;
  /// The event takes the DN's next version (start, stop, pause, resume).
  bool takes_version = false;
  /// It may use the reserve of queues (`pause`, `stop`).
  bool safety = false;
  /// At least one active recorder must take it, if there is any: else 238.
  bool for_recorders = false;
};

/// Whether `check_send` finds nothing, on a DN that is configured. Asked first: nearly every
/// request has no fault at all.
bool is_clean(const sender_facts& sender, const send_event_view& request) noexcept;

/// The checks up to and with check::content. Both the DN and, for what exceeds a window, the
/// connection go through them, so that the first fault by order is answered, whoever answers.
std::optional<fault> check_send(const sender_facts& sender, bool dn_configured,
                                const send_event_view& request, const limits& bounds);

/// The whole decision for RequestSendEvent and RequestDistributeUserEvent, but for 238, which only
/// the attempt to queue can tell.
admission admit_send(const sender_facts& sender, const dn_facts& dn, const send_event_view& request,
                     const limits& bounds);

/// What the decision about a registration needs to know of the others on the DN.
struct registration_facts {
  bool configured = true;
  /// Another client (not a recorder) holds the DN privately.
  bool private_taken = false;
  /// Another client stands in the way of a private registration: neither a recorder or call source
  /// nor a supervisor or admin in mode monitor.
  bool others_present = false;
  bool already_registered = false;
  std::size_t registered = 0;
  std::size_t recorders = 0; ///< of them
};

/// The decision for RequestRegisterAddress; nothing means accepted.
std::optional<fault> admit_registration(const sender_facts& sender, registration_mode mode,
                                        const registration_facts& dn, const limits& bounds);

} // namespace ringdown
