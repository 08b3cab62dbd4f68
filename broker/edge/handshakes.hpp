// TLS handshakes, on threads of their own: one costs 0.4 ms, with client certificates 1.4 ms, and a
// shift begins with thousands of them. On a loop's thread those who have signed on would wait.
//
//   door -> begin -> (a handshake thread) SSL_do_handshake over the socket, until its deadline
//                 -> edge_loop::adopt: a tls_stream over a tcp_stream, on the loop's thread
//
// There are as many at a time as admission lets in who have not signed on: each holds its ticket.
#pragma once

#include "broker/edge/admission.hpp"
#include "broker/edge/handshake_failure.hpp"
#include "broker/edge/owned_descriptor.hpp"

#include <openssl/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace ringdown::edge {

class edge_loop;

/// The context that new handshakes are made with. Asked on the threads of handshakes.
using tls_context_source = std::function<std::shared_ptr<SSL_CTX>()>;

/// What became of handshakes. Written by the threads that make them, read by any.
struct handshake_counters {
  static constexpr std::size_t versions = 2; ///< TLS 1.2, 1.3
  /// Upper ends of the histogram's steps; the last is open.
  static constexpr std::array<std::uint32_t, 7> steps_ms{1, 5, 20, 100, 500, 2000, 5000};

  /// By version, and whether a session was resumed.
  std::array<std::array<std::atomic<std::uint64_t>, 2>, versions> done{};
  std::array<std::atomic<std::uint64_t>, handshake_failures> failed{};
  /// How long those took that were done, from their place in the waiting room on.
  std::array<std::atomic<std::uint64_t>, steps_ms.size() + 1> took{};
  std::atomic<std::uint64_t> took_us{0}; ///< in all

  std::uint64_t done_in_all() const noexcept;
  std::uint64_t failed_in_all() const noexcept;
};

class handshakes {
public:
  /// Starts its threads, which block the signals that the caller does. `context` and `counters`
  /// outlive it. `on_failure`: as `runtime::loop_options` has it. Throws `std::system_error` if
  /// there is no thread or file left.
  handshakes(std::size_t threads, broker_context& context, handshake_counters& counters,
             tls_context_source source, const std::function<void()>& on_failure);
  /// Ends those that are under way.
  ~handshakes();

  /// Makes the handshake, and gives the connection to `to`, which outlives this; or says in the log
  /// why not. Any thread, one at a time.
  void begin(edge_loop& to, owned_descriptor socket, peer_facts peer, ticket admitted);
  /// Ends those that are under way, soon, and those that would begin. Any thread.
  void drain();
  /// The same, and its threads; idempotent. Nothing is given to a loop behind it.
  void stop();

private:
  class handshake;
  class worker;

  broker_context& context_;
  handshake_counters& counters_;
  const tls_context_source source_;
  std::vector<std::unique_ptr<worker>> workers_;
  std::size_t next_ = 0;
};

} // namespace ringdown::edge
