// A broker that runs: actors, sockets, limits, from start to drain. The daemon is a thin main over
// it. No CAF, no Asio in this header.
#pragma once

#include "broker/config/config.hpp"
#include "broker/logging/logging.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown {

struct client_identity;
enum class action : std::uint8_t;

/// What the host of a broker may bring along.
struct broker_options {
  /// Decides who may do what; empty allows everything. Called on loop threads: must not block.
  std::function<bool(const client_identity&, action, std::string_view dn,
                     std::string_view credentials)>
    authorize;
};

/// Counters since the start; not of one instant.
struct broker_counters {
  std::size_t connections = 0;
  std::size_t connections_unsigned = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t reads = 0;
  std::uint64_t frames_in = 0;
  std::uint64_t sends = 0;
  std::size_t queued_bytes = 0;
};

/// One broker. Several may live in one process. Its functions may be called from any thread that
/// is not one of the broker's own, one at a time.
class broker {
public:
  /// `config` must be valid (`configuration::load` without errors). `log` outlives the broker.
  broker(configuration::config config, logging::logger& log, broker_options options = {});
  /// Stops at once if it still runs.
  ~broker();
  broker(const broker&) = delete;
  broker& operator=(const broker&) = delete;

  /// Starts threads and listens. Returns what went wrong, in one line; then nothing runs.
  [[nodiscard]] std::optional<std::string> start();
  /// Where it listens; the kernel's choice if port 0 was configured.
  std::uint16_t port() const noexcept;

  /// Stops accepting, tells the clients, finishes what is in flight. Returns true when all
  /// connections are closed, false at `drain_timeout` or when `cancelled` says so (asked every
  /// 20 ms).
  bool drain(const std::function<bool()>& cancelled = {});
  /// Closes what is left and joins all threads. Idempotent.
  void stop();

  /// Takes over what a running broker can change: the list of DNs. Returns nothing; what cannot
  /// change is the caller's to report (`configuration::differences`).
  void reload(const configuration::config& config);

  broker_counters counters() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace ringdown
