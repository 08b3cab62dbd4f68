// One link of a T-Client to the broker, over TCP or any other stream (messages/transport.hpp). It
// connects, signs on, sends requests, hands out what comes back as values, sends heartbeats when it
// has nothing else to say, and notices a broker that went silent.
//
//   connection link;
//   if (auto opened = link.open({.host = "127.0.0.1"}, {.role = role::desktop}); !opened)
//     return complain(opened.text);
//   auto sent = link.register_address({{"7001"}});
//   auto answer = link.wait_reply(sent.reference, 5s);
//   while (auto e = link.wait(1s)) ...
//
// No hidden threads: whatever it does, it does inside `poll`, `wait` and the like, which must be
// called at least as often as `next_deadline` says. No network fault throws; each is a value.
// Everything is bounded by `bounds`: bytes waiting to be sent, events waiting to be looked at,
// the size of a frame. A connection belongs to one thread at a time. A lost link is not restored
// here; that is for a layer above, which finds in `unanswered` what it may have to repeat.
#pragma once

#include "client/requests.hpp"
#include "client/tls.hpp"
#include "messages/limits.hpp"
#include "messages/transport.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::client {

using steady_time = std::chrono::steady_clock::time_point;
/// What the time is. Empty: the system's steady clock.
using time_source = std::function<steady_time()>;

/// Where the broker listens.
struct endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7480;
  std::optional<tls_options> tls = std::nullopt; ///< absent: plain TCP
};

/// Where a broker listens for TLS if it is not said.
inline constexpr std::uint16_t tls_port = 7482;

/// Reads "host:port", "host", "[::1]:port", each with "tls://" in front for TLS, then of port
/// `tls_port` if none is said; nothing if it is none of these.
std::optional<endpoint> parse_endpoint(std::string_view text);

class tls_context;

/// A host's addresses as numbers, which no later call has to look up.
struct numeric_endpoints {
  std::vector<endpoint> found; ///< empty: see `text`
  std::string text;
  /// What was read from the files of `tls`; null: they are read when the attempt begins.
  std::shared_ptr<const tls_context> secured = nullptr;
};
/// May block in the system's resolver if the host is a name, and reads the files of `tls`.
numeric_endpoints look_up(const endpoint& where);

/// What this side may cost its program.
struct bounds {
  /// From the start to the end of sign-on, a TLS handshake included. A host's addresses share it.
  std::chrono::milliseconds connect_timeout{5'000};
  /// Bytes accepted for sending that the socket has not taken yet.
  std::size_t send_bytes_max = 1024 * 1024;
  /// A longer frame from the broker ends the link. Room for the broker's default limit and what
  /// it writes in front of an event.
  std::size_t frame_bytes_max = 256 * 1024;
  /// Events not looked at yet, in number and in bytes as received. Past either, the socket is
  /// left unread; the broker then tells the client what it missed.
  std::size_t events_max = 4096;
  std::size_t event_bytes_max = 4 * 1024 * 1024;
  /// Refuse a request that the granted window has no room for (`pause` and `stop` excepted, for
  /// which the broker keeps a reserve). Tests of the broker switch it off.
  bool keep_window = true;
};

/// Requests that the broker did not answer may be above the window by so many: the room for
/// `pause` and `stop`.
inline constexpr std::size_t safety_requests_max = 1024;

enum class link_state : std::uint8_t { closed, connecting, signing_on, up, signing_off };

/// What became of an attempt to connect and sign on.
struct open_result {
  link_fault fault = link_fault::none;
  std::string text;
  std::optional<event_error> error;                            ///< with `sign_on_refused`
  std::optional<event_link_disconnected> ended = std::nullopt; ///< with `ended_by_broker`

  explicit operator bool() const noexcept { return fault == link_fault::none; }
};

/// What became of a request on this side; no answer of the broker's yet.
enum class send_status : std::uint8_t {
  accepted,
  window_full,  ///< wait for answers
  buffer_full,  ///< the socket does not take what waits already
  too_large,    ///< above the broker's frame limit
  disconnected, ///< the link is not up
};
std::string_view to_string(send_status s) noexcept;

/// What came of handing a request to the link; true if it was accepted.
struct submission {
  send_status status = send_status::disconnected;
  reference_id reference; ///< the reply will carry it

  explicit operator bool() const noexcept { return status == send_status::accepted; }
};

enum class wait_status : std::uint8_t {
  answered,
  timed_out,
  disconnected, ///< the outcome is unknown
  events_full,  ///< look at the waiting events first: the answer may stand behind them
};

/// What came of waiting for one answer; true if there is one.
struct reply {
  wait_status status = wait_status::timed_out;
  std::optional<event> answer;

  explicit operator bool() const noexcept { return status == wait_status::answered; }
};

/// One link to a broker. It belongs to one thread at a time; no call blocks but `open`, `leave`,
/// `poll`, `wait` and `wait_reply`, and those for as long as they are told.
class connection {
public:
  connection();
  /// With a clock of the program's own, for tests: `poll(0ms)` only, as waits are the system's.
  explicit connection(time_source now);
  ~connection(); ///< closes at once; `sign_off` first is politer
  connection(connection&&) noexcept;
  connection& operator=(connection&&) noexcept;

  /// Connects and signs on; blocks for at most `limits.connect_timeout`, not counting the
  /// resolving of a host's name. A connection that stands is closed first.
  [[nodiscard]] open_result open(endpoint where, identity who, bounds limits = {});
  /// The same without waiting: `poll` until `state()` is `up` or `closed` (then see `result`).
  void start(endpoint where, identity who, bounds limits = {});
  /// `start` without its look-up: tries each of these in turn.
  void start_at_any(const numeric_endpoints& where, identity who, bounds limits = {});
  /// `open` and `start` over a stream that stands already, such as an embedded broker's. None at
  /// all is `link_fault::refused`.
  [[nodiscard]] open_result open(std::unique_ptr<transport> stream, identity who,
                                 bounds limits = {});
  void start(std::unique_ptr<transport> stream, identity who, bounds limits = {});
  /// How the attempt ended, or why the link is down now.
  const open_result& result() const noexcept;

  link_state state() const noexcept;
  /// It was up since it was started, whatever it is now.
  bool stood() const noexcept;
  /// What the broker granted. Meaningful once the link was up.
  const event_link_connected& link() const noexcept;

  /// Each DN gets its own answer with this reference: EventRegistered or EventError. While the link
  /// opens one request for one DN is accepted, which any window has room for: it goes out right
  /// behind the sign-on. Another is `window_full` until the link is up.
  [[nodiscard]] submission register_address(std::span<const std::string> dns,
                                            const registration& how = {});
  /// Each DN gets its own answer: EventUnregistered or EventError. What the names are is the
  /// broker's to check, here and below: 53, 59, 41.
  [[nodiscard]] submission unregister_address(std::span<const std::string> dns);
  /// Every DN in place of some, for a supervisor or an admin in mode monitor. One answer.
  [[nodiscard]] submission register_every_dn(const registration& how);
  [[nodiscard]] submission unregister_every_dn();
  /// An empty list: hear everything again. Answered by EventACK.
  [[nodiscard]] submission set_mask(std::span<const event_kind> kinds);
  /// RequestSendEvent, answered by EventACK or EventError.
  [[nodiscard]] submission send_event(const outgoing_event& what);
  /// The older RequestDistributeUserEvent, answered the same.
  [[nodiscard]] submission distribute(const outgoing_event& what);
  /// Answered by EventAddressInfo or EventError.
  [[nodiscard]] submission query_address(const std::string& dn);
  /// RequestCommandAddresses: each DN gets its own answer with this reference, which names it.
  [[nodiscard]] submission command_addresses(const bulk_command& what);
  /// Answered by EventAddressList or EventError.
  [[nodiscard]] submission list_addresses(const address_list_request& what);
  /// From role call_source: two calls have become one; a call is over. Answered by EventACK.
  [[nodiscard]] submission merge_calls(const std::string& dn, conn_id old, conn_id into);
  [[nodiscard]] submission end_call(const std::string& dn, conn_id call);
  /// New credentials on the link that stands, for the same principal and role. Answered by
  /// EventACK, which says when these expire, or EventError 119: then nothing has changed.
  [[nodiscard]] submission renew_credentials(std::string_view credentials);
  /// Answered by EventLinkDisconnected, which is the last event.
  [[nodiscard]] submission sign_off();
  /// Signs off and waits for the broker's answer; then closes in any case. Events that came in
  /// between can still be had from `next`.
  void leave(std::chrono::milliseconds timeout);
  /// Closes at once and forgets what waits to be sent.
  void close();

  /// Does what can be done now, then waits up to `timeout` for an event. True: `next` has one.
  /// Returns early, with false, when the link went down or a signal came.
  bool poll(std::chrono::milliseconds timeout);
  /// The oldest event, if there is one. Does no I/O.
  std::optional<event> next();
  /// `poll`, then `next`.
  std::optional<event> wait(std::chrono::milliseconds timeout);
  /// Waits for the next answer to a request; other events stay waiting, in their order.
  [[nodiscard]] reply wait_reply(reference_id reference, std::chrono::milliseconds timeout);

  /// Answers that a request still awaits; 0 when it is done.
  std::size_t answers_awaited(reference_id reference) const;
  /// Requests without a full answer, by number. After a loss: their outcome is unknown.
  std::vector<reference_id> unanswered() const;

  /// For a program with a loop of its own: the descriptor to poll (-1: none) and what for (POLLIN,
  /// POLLOUT; to be asked before each wait), and when to call `poll(0ms)` at the latest.
  int descriptor() const noexcept;
  short poll_events() noexcept;
  steady_time next_deadline() const noexcept;
  /// Bytes wait to be written, or the link is being made.
  bool wants_write() const noexcept;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

/// Sixteen random bytes from the system.
command_id random_command_id();
instance_id random_instance_id();

} // namespace ringdown::client
