// A broker inside a program. It needs no other process and no file; it has threads of its own, and
// everything that it is told or asks comes from here. The daemon is a thin main over it.
//
//   ringdown::configuration::config config;          // the same keys as ringdownd's
//   ringdown::broker broker{config};
//   if (auto started = broker.start(); !started)
//     return complain(started.text());
//   auto link = broker.connect("billing");           // a T-Client without a socket ...
//   ringdown::client::connection client;             // ... spoken over by the client library
//   client.open(std::move(link.transport), {.role = ringdown::role::desktop});
//   ...
//   broker.stop(5s);                                 // drains; then closes what is left
//
// Several may live in one process, beside other actor systems; they share nothing. Nothing here
// throws but for want of memory. No CAF in this header.
//
// Threads: every function may be called from any thread at any time, but not from the broker's own
// threads, which are those that call the host's functions (`authorize`, the log sink, the clock).
#pragma once

#include "actors/authorize.hpp"
#include "broker/admin/access.hpp"
#include "broker/config/config.hpp"
#include "broker/logging/logging.hpp"
#include "messages/ids.hpp"
#include "messages/transport.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

/// What the host of a broker may bring along. Its functions are called on the broker's threads, by
/// several at a time: they must not block. One that throws is reported in the log; then `authorize`
/// and `authenticate` count as no, the clock as the system's, and the line of the log is lost.
struct broker_options {
  /// Proves who clients are. Empty: the access file does (`auth.file`), or nobody is asked.
  authenticate_function authenticate = {};
  /// Decides who may do what; empty allows everything that grants do.
  authorize_function authorize = {};
  /// UTC in microseconds, for the times in messages; empty: the system's clock. Deadlines run by
  /// the system's steady clock in any case.
  std::function<std::int64_t()> utc_clock = {};
  /// Takes the log's lines; empty: `log.file` of the configuration, or stderr.
  logging::sink log_sink = {};
  /// False: no door; `listen.*`, `listen_tls.*` and `tls.*` of the configuration are not used.
  bool listen = true;
  /// Who may use the admin port. Empty: the access file decides, unless `authenticate` stands in
  /// its place; where no file is used, who comes from this machine may read. What it throws harms
  /// one visitor, who is answered 500.
  admin_access_function admin_access = {};
  /// An operator orders it there: to drain and end, or to read the configuration again. Called on
  /// the port's thread; the broker must not be asked for anything within. Empty: the order is
  /// refused.
  std::function<void()> on_drain_ordered = {};
  std::function<void()> on_reload_ordered = {};
};

/// Counters since the start; not of one instant.
struct broker_counters {
  std::size_t connections = 0;          ///< that stand now, in-process ones too
  std::size_t connections_unsigned = 0; ///< of them not signed on yet
  std::uint64_t accepted = 0;           ///< connections, ever
  std::uint64_t refused = 0;            ///< the same, for want of room or files
  std::uint64_t reads = 0;              ///< that brought something
  std::uint64_t frames_in = 0;
  std::uint64_t sends = 0;                 ///< writes to sockets and pipes
  std::size_t queued_bytes = 0;            ///< what counts against `memory_budget_bytes` now
  std::uint64_t tls_handshakes = 0;        ///< that were done
  std::uint64_t tls_handshakes_failed = 0; ///< for whatever cause; the log says which
};

/// Whether a broker runs, and if not, why: each error with the name of its key. A broker that was
/// started before has an error without one.
struct [[nodiscard]] start_result {
  std::vector<configuration::config_error> errors;

  explicit operator bool() const noexcept { return errors.empty(); }
  /// All errors, a line each.
  std::string text() const;
};

/// A link for a T-Client of this process, or why there is none.
struct [[nodiscard]] connect_result {
  std::unique_ptr<ringdown::transport> transport;
  std::string text;

  explicit operator bool() const noexcept { return transport != nullptr; }
};

/// A broker. Every function may be called from any thread at any time, but not from the broker's
/// own threads.
class broker {
public:
  /// Nothing happens before `start`, which also checks `config`.
  explicit broker(configuration::config config, broker_options options = {});
  /// The same with the host's log, which outlives the broker; `log.*` and the sink are not used.
  broker(configuration::config config, logging::logger& log, broker_options options = {});
  /// Stops at once if it still runs.
  ~broker();
  broker(const broker&) = delete;
  broker& operator=(const broker&) = delete;

  /// What `start` would say of a configuration and of the files that it names, as far as that can
  /// be known without starting anything.
  static start_result check(const configuration::config& config);

  /// Checks the configuration, starts threads and listens. With errors nothing runs. Once in a
  /// broker's life; again is an error. Blocks all signals in the threads it starts.
  start_result start();
  /// Whether it has failed: its directory did, or memory was wanting where nobody can do without.
  /// Its log says why, and nobody is let in any more. Whoever runs the broker is to stop it; who is
  /// in can be drained.
  bool has_failed() const noexcept;
  /// It has failed for a reason that its host has seen, such as want of memory. The first counts.
  void fail(std::string_view why);
  /// Where it listens, at the first of its doors: the plain one, or else that of TLS. The kernel's
  /// choice if port 0 was configured. 0 if it does not listen.
  std::uint16_t port() const noexcept;
  /// Where it listens for TLS; 0 if it does not.
  std::uint16_t tls_port() const noexcept;

  /// The same of the admin port.
  std::uint16_t admin_port() const noexcept;

  /// A link for a T-Client of this process: it skips the socket, not the rules. Sign-on, windows,
  /// limits, errors, order and heartbeats are those of a connection over TCP, and it counts as one
  /// (`limits.connections_max`). `name` stands where a peer's address would. The link ends when
  /// the broker stops, and may outlive it.
  connect_result connect(std::string_view name = "in-process");

  /// Stops accepting, tells the clients, finishes what is in flight, and waits until all links are
  /// closed. Returns false at `limits.drain_timeout`, or when `cancelled` says so (asked every
  /// 20 ms; it must not throw). New links are refused from the first moment. Several threads may
  /// drain, each waits for itself. True at once if the broker does not run.
  bool drain(const std::function<bool()>& cancelled = {});
  /// Closes what is left and joins all threads. Idempotent.
  void stop();
  /// `drain` within `timeout` (no longer than `limits.drain_timeout`), then `stop`. Returns whether
  /// all links were closed in order.
  bool stop(std::chrono::milliseconds timeout);

  /// Takes over what a running broker can change: the list of DNs, the access file, and what its
  /// TLS doors are made of; connections that stand keep what they began with. An empty result, or
  /// what is wrong; then nothing has changed. What cannot change is the caller's to report
  /// (`configuration::differences`). Of a broker that does not run it only checks.
  start_result reload(const configuration::config& config);
  /// A configuration was wrong before it came to that: it is counted as refused.
  void note_refused_reload() noexcept;

  /// Looks whether the access file, or a file of the TLS doors, has changed, and takes over what is
  /// good. Tells in the log what was seen since the last call: turns of a loop that took long,
  /// certificates that end, lines that were left out. The daemon calls it once a second; who does
  /// not goes without. Returns whether all loops have turned since the last call that returned
  /// true: what a watchdog wants to know.
  bool tick();

  broker_counters counters() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace ringdown
