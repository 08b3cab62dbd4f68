// What a program says to the client and hears from it (client/t_client.hpp), as plain values, with
// every bound of the client's own. No Protobuf, no threads.
#pragma once

#include "client/backoff.hpp"
#include "client/connection.hpp"

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace ringdown::client {

// ---- where, who, how much ------------------------------------------------------------------

/// In place of a DN, to register on: every DN, also those to come. For a supervisor or an admin in
/// mode monitor. No DN has this name, and its registration has no snapshot: `list_addresses` shows
/// what is so, also after a lost link.
inline const std::string every_dn{"\x01"
                                  "every DN"};

/// Makes a stream to a broker, such as one inside this process; null if there is none now. Called
/// where handlers are called, for each attempt.
using transport_factory = std::function<std::unique_ptr<transport>()>;
/// Where a broker is.
using place = std::variant<endpoint, transport_factory>;

/// This client's credentials as they are now; nothing if there are none now: it is asked again
/// later. Called where handlers are called, for each attempt to connect and before the broker lets
/// them expire. What must first be asked of somebody else is kept ready: meanwhile nothing is read.
using credentials_function = std::function<std::optional<std::string>()>;

/// What the client may cost its program, beside the `bounds` of its link.
struct t_client_bounds {
  /// Accepted requests that are not completed yet: above it `window_full`. A broker's window is
  /// 1,024 by default; the rest waits over a reconnect.
  std::size_t requests_max = 4096;
  /// Bytes of user data kept to be sent again: above it `buffer_full`.
  std::size_t request_bytes_max = 4 * 1024 * 1024;
  /// DNs to be registered on: the broker's own limit for one connection. Above it `too_many`.
  std::size_t registrations_max = 100'000;
  /// Listeners (helpers such as `desktop`): one for each DN.
  std::size_t listeners_max = 100'000;
  /// Handlers that wait for their time (`call_after`): one for each listener that tries again.
  std::size_t timers_max = 100'000;
  /// Notices and completions that wait for their handlers, where these run on another thread. Past
  /// it the link stays unread.
  std::size_t waiting_max = 4096;
  /// A request's own time if it does not say. Far above a broker's answer, far below a person's
  /// patience.
  std::chrono::milliseconds request_timeout{5'000};
  /// The longest that a request may ask for; longer is cut.
  std::chrono::milliseconds request_timeout_max{3'600'000};
  /// Without an answer so long, a registration is asked for again. For one that goes out with the
  /// sign-on it counts from the end of `bounds::connect_timeout`.
  std::chrono::milliseconds registration_timeout{10'000};
  /// How long after a refusal that may pass (overloaded, a fault of the broker's), if it does not
  /// say.
  std::chrono::milliseconds registration_retry{1'000};
  /// Credentials are renewed at 80 % of the time that is left to them, and at least so long before
  /// they expire: some round trips, and a clock that drifts.
  std::chrono::milliseconds credentials_margin{10'000};
  /// After a renewal, or one that has failed, the next is not asked for sooner: whoever makes the
  /// credentials needs time too.
  std::chrono::milliseconds credentials_retry{5'000};
  /// A handler that takes longer is told of (`on_slow_handler`), or one that takes longer than the
  /// heartbeat's interval: a person notices a light so late.
  std::chrono::milliseconds handler_slow_after{500};
};

/// A handler of the program's has thrown. The client goes on.
struct handler_failure {
  std::string where; ///< which: "completion", "notice", "timer", "traffic", "transport_factory",
                     ///< "credentials"
  std::string what;  ///< `std::exception::what()`, or "not a std::exception"
};

/// A handler of the program's has kept its thread for long. Meanwhile nothing was read, no other
/// handler was called and no heartbeat went out. What takes long belongs on a thread of the
/// program's own.
struct slow_handler {
  std::string where;   ///< which handler: "completion", "notice", "timer"
  std::string about;   ///< what it was told: a verb, "outcome", "registration", "gap", "link"
  std::string this_dn; ///< empty: of no DN
  std::chrono::milliseconds took{0};
  /// After so long the link is lost; 0: there is none yet.
  std::chrono::milliseconds heartbeat_timeout{0};
};

// ---- what comes and goes, for logs ---------------------------------------------------------

/// Any event of the broker's. Valid during the call only.
struct event_received {
  const event& what;
};
/// RequestSendEvent, or its older form. Valid during the call only.
struct event_sent {
  reference_id reference;
  const outgoing_event& what;
  bool distribute = false;
  bool again = false; ///< under the same command id as before
};
/// RequestRegisterAddress for some DNs at once. Valid during the call only.
struct registration_sent {
  reference_id reference;
  std::span<const std::string> dns;
  registration how;
};
/// RequestCommandAddresses. Valid during the call only.
struct bulk_sent {
  reference_id reference;
  const bulk_command& what;
};
/// RequestQueryAddress, the program's own or a helper's.
struct question_sent {
  reference_id reference;
  const std::string& this_dn;
};
/// Valid during the call only.
using traffic =
  std::variant<event_received, event_sent, registration_sent, bulk_sent, question_sent>;

/// What a client is made with; it keeps a copy. The default finds a broker on this machine.
struct t_client_options {
  /// Tried in turn, from the first. Empty: `endpoint{}`.
  std::vector<place> places = {};
  /// The instance id stays the same over all reconnects; zero: a random one.
  identity who = {};
  /// In place of `who.credentials`, which are sent as they are. With it credentials are renewed on
  /// the link that stands.
  credentials_function credentials = {};
  bounds link = {};
  t_client_bounds limits = {};
  backoff_bounds backoff = {};
  /// False: one attempt; a link that fails or is lost is given up.
  bool reconnect = true;
  /// True: also after `taken_over` or a refused sign-on. Normally wrong: the same instance that
  /// signed on elsewhere would be thrown out in turn, for ever; and credentials do not become
  /// right by repetition, but accounts get locked.
  bool reconnect_when_refused = false;
  /// Called at once, inside the client's own calls; must not call back into the client. A
  /// registration that goes out with the sign-on is shown when the link is up.
  std::function<void(const traffic&)> on_traffic = {};
  /// Nothing given: failures are only counted (`handler_failures()`).
  std::function<void(const handler_failure&)> on_handler_failure = {};
  /// Called behind a handler that took long; must not call the client.
  std::function<void(const slow_handler&)> on_slow_handler = {};
  /// For tests: the time (`poll(0ms)` only) and 64 random bits. Empty: the system's.
  time_source now = {};
  std::function<std::uint64_t()> random = {};
};

// ---- requests and what became of them ------------------------------------------------------

/// The client's number for a request that it accepted; the same when it is sent again.
using request_id = strong_number<struct request_id_tag, std::uint64_t>;

/// How one request is sent. The default suits a command of an agent who looks on.
struct request_options {
  /// From now to the completion; 0: `request_timeout`.
  std::chrono::milliseconds timeout{0};
  /// After a lost link, send it again under the same command id (`retry` set) as long as there is
  /// time. Without effect for a request without a command id: that is never sent twice. A
  /// broker that does not know the id any more does a `pause` or `stop`, which do no harm twice,
  /// and refuses a `start` or `resume` as of unknown outcome.
  bool again_after_loss = false;
  /// Send the older form, RequestDistributeUserEvent.
  bool distribute = false;
};

/// What became of a call that sends. Accepted: its completion follows, exactly one.
struct sending {
  send_status status = send_status::disconnected;
  request_id id;
  reference_id reference; ///< on the present link

  explicit operator bool() const noexcept { return status == send_status::accepted; }
};

enum class request_status : std::uint8_t {
  acknowledged,     ///< `answer` is EventACK (to a query of an address or for a list: that)
  refused,          ///< `answer` is EventError: it has had no effect
  unknown_outcome,  ///< it may have had its effect or not; `doubt` says why
  not_sent,         ///< blocking calls only: `sent` says why; it has had no effect
  called_in_handler ///< blocking calls only: not where handlers run; it has had no effect
};

enum class doubt_reason : std::uint8_t {
  none,
  link_lost,     ///< before its reply
  timed_out,     ///< no reply within its time
  stopped,       ///< the program stopped the client before its reply
  broker_fault,  ///< EventError of the class UNKNOWN_OUTCOME
  refused_again, ///< sent twice and refused the second time: the first may have had its effect
  wrong_answer,  ///< answered by something else than it asked for
};

std::string_view to_string(request_status s) noexcept;
std::string_view to_string(doubt_reason d) noexcept;

/// The end of a request.
struct completion {
  request_status status = request_status::unknown_outcome;
  doubt_reason doubt = doubt_reason::none;
  send_status sent = send_status::accepted;
  request_id request;
  std::string this_dn; ///< that it was about
  std::size_t times_sent = 0;
  std::optional<event> answer;

  explicit operator bool() const noexcept { return status == request_status::acknowledged; }
  // Null if the answer is none of these.
  const event_ack* ack() const noexcept;
  const event_error* error() const noexcept;
  const event_address_info* info() const noexcept;
  const event_address_list* list() const noexcept;
};
using completion_handler = std::function<void(const completion&)>;

// ---- what a program is told unasked --------------------------------------------------------

enum class link_phase : std::uint8_t {
  idle,       ///< not started
  connecting, ///< and signing on
  up,
  waiting,  ///< for the next attempt
  given_up, ///< until `start` is called again
  stopping, ///< signing off
  stopped,
};
std::string_view to_string(link_phase p) noexcept;

/// The link's phase has changed. Registrations stand and fall with the link: they are asked for
/// again by themselves, and each is told when it stands.
struct link_notice {
  link_phase phase = link_phase::idle;
  std::string where;                                         ///< "127.0.0.1:7480"
  link_fault fault = link_fault::none;                       ///< why it is not up
  disconnect_reason reason = disconnect_reason::unspecified; ///< with `ended_by_broker`
  std::string text;
  std::optional<event_error> error;      ///< with `sign_on_refused`
  std::chrono::milliseconds retry_in{0}; ///< with `waiting`
  bool broker_restarted = false; ///< with `up`: not the instance of the last link; states are new
};

enum class registration_phase : std::uint8_t {
  none,   ///< not wanted
  wanted, ///< to be asked for, or asked
  registered,
  failed, ///< refused; asked again with the next link, or when the program asks
};
std::string_view to_string(registration_phase p) noexcept;

/// A registration stands now, or not (any more).
struct registration_notice {
  std::string this_dn;
  registration_phase phase = registration_phase::none;
  std::optional<dn_snapshot> snapshot; ///< with `registered`, but for `every_dn`
  std::optional<event_error> error;    ///< why not, from the broker; none: no answer in time
  bool will_retry = false;             ///< not registered, and asked for again by itself
};

/// Events of a DN that this client may have missed. Ask for the snapshot, or take the one of the
/// registration that follows it.
struct gap_notice {
  enum class cause : std::uint8_t {
    slow,     ///< EventMissed: this client did not read fast enough
    link,     ///< the DN went on while the link was down
    new_epoch ///< the DN was reborn: numbers start again, how many were missed is not known
  };
  std::string this_dn;
  cause why = cause::slow;
  dn_sequence from; ///< the first; 0 with `new_epoch`
  dn_sequence to;   ///< the last
  dn_epoch epoch;
};
std::string_view to_string(gap_notice::cause c) noexcept;

/// Credentials were to be renewed on the link that stands. Once they have expired, the broker ends
/// the link (`credentials_expired`); the client then comes back with what its function has.
struct credentials_notice {
  bool renewed = false;
  std::optional<event_error>
    error; ///< not renewed: why, from the broker; none: the program had none
  std::int64_t expire_time_us = 0; ///< of those that hold now, by the broker's clock; 0: never
  std::optional<std::chrono::milliseconds> again_in; ///< the next renewal; none: there will be none
};

using notice = std::variant<link_notice, registration_notice, gap_notice, event_user_event,
                            event_outcome, credentials_notice>;
using notice_handler = std::function<void(const notice&)>;

/// What became of a wish to be registered. It is kept until it is withdrawn; how it goes is told.
enum class registering : std::uint8_t {
  accepted,
  bad_dn,   ///< a DN is 1 to 255 bytes of UTF-8 without control characters
  too_many, ///< above `registrations_max`
};
std::string_view to_string(registering r) noexcept;

} // namespace ringdown::client
