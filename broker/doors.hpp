// Where a broker listens: its doors, what they prove its name with, and the handshakes behind them.
// One thread at a time, that of whoever holds the broker's mutex.
#pragma once

#include "broker/config/config.hpp"
#include "broker/edge/admission.hpp"
#include "broker/edge/handshakes.hpp"
#include "broker/edge/listener.hpp"
#include "broker/edge/tls_door.hpp"
#include "broker/security/certificates.hpp"
#include "broker/security/expiry_watch.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace ringdown {

class doors {
public:
  using errors = std::vector<configuration::config_error>;

  /// Both outlive it.
  doors(broker_context& context, edge::admission& who) : context_(context), admission_(who) {}

  // ---- start and end

  /// Reads what the doors, and the admin port, need of files. `listens`: whether there are doors.
  /// Before any thread.
  errors read(const configuration::config& config, bool listens);
  /// Starts the threads of handshakes, if there is a door for them; they block the signals that the
  /// caller does. Throws `std::system_error` if there is no thread or file left.
  void start_threads(const configuration::config& config, const std::function<void()>& on_failure);
  /// Begins to accept at every door that is enabled. With errors some may be open: `stop`.
  errors open(const configuration::config& config, const std::vector<edge::edge_loop*>& loops);
  /// Nobody comes in any more, soon; nobody's handshake goes on.
  void close();
  /// The same, and no handshake is given to a loop behind it. Before the loops stop.
  void stop();
  /// Behind the loops.
  void forget_listeners();

  /// Of the plain door, and of the TLS door. 0: it is not open.
  std::uint16_t plain_port() const noexcept { return plain_port_; }
  std::uint16_t tls_port() const noexcept { return tls_port_; }

  // ---- while it runs

  /// What new handshakes would be made with; with errors nothing may be taken over.
  security::tls_material prepare(const security::tls_settings& settings) const;
  void take(security::tls_material material);
  /// Reads files that have changed, and tells of that and of certificates that end. Once a second.
  void tick();

  /// For the next visitor of the admin port. Any thread.
  std::shared_ptr<SSL_CTX> http_context() const { return certificates_.http_context(); }
  /// Any thread.
  const edge::handshake_counters& handshakes() const noexcept { return counters_; }
  /// UTC: when the first certificate of the broker's own chain ends; 0: nothing speaks TLS. Any
  /// thread.
  std::int64_t certificate_expires_us() const noexcept { return certificate_expires_us_; }

private:
  std::optional<configuration::config_error>
  open(edge::door at, const std::vector<edge::edge_loop*>& loops, std::atomic<std::uint16_t>& port);
  void tell(const errors& all, observer::severity level, std::string_view what);
  void tell_expiry(std::int64_t now_us);

  broker_context& context_;
  edge::admission& admission_;
  bool has_tls_ = false; // a door, or the admin port
  security::certificates certificates_;
  edge::handshake_counters counters_;
  security::expiry_watch certificate_expiry_;
  security::expiry_watch crl_expiry_;
  std::unique_ptr<edge::handshakes> handshakes_; ///< null: no TLS door
  std::unique_ptr<edge::tls_door> tls_door_;
  std::vector<std::shared_ptr<edge::listener>> listeners_; ///< one for each door
  std::atomic<std::uint16_t> plain_port_{0};
  std::atomic<std::uint16_t> tls_port_{0};
  std::atomic<std::int64_t> certificate_expires_us_{0};
};

} // namespace ringdown
