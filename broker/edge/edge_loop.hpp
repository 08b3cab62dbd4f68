// All links of one edge thread: who has something to send at the end of the turn, the sweep of
// the links' clocks, and the buffer that reads go into.
#pragma once

#include "actors/context.hpp"
#include "actors/interfaces.hpp"
#include "actors/meters_at.hpp"
#include "broker/edge/admission.hpp"
#include "broker/edge/edge_host.hpp"
#include "broker/edge/io_loop.hpp"
#include "broker/edge/read_batches.hpp"
#include "broker/edge/stream.hpp"
#include "broker/edge/tls_stream.hpp"
#include "broker/edge/traces.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::edge {

class client_link;

class edge_loop {
public:
  edge_loop(std::unique_ptr<edge_host> host, caf::actor_system& system, broker_context& context,
            directory_ref directory);
  ~edge_loop();

  edge_host& host() noexcept { return *host_; }
  broker_context& context() noexcept { return context_; }
  caf::actor_system& system() noexcept { return system_; }
  const directory_ref& directory() const noexcept { return directory_; }
  /// This thread's, or where it has none that of all threads.
  meters& counts() noexcept { return counts_; }

  /// Makes a newcomer's stream, on this loop's thread.
  using stream_maker = std::function<std::unique_ptr<stream>(edge_loop&)>;
  /// Takes over a stream that is made here. A maker that is dropped, because this has stopped,
  /// closes what it holds. Any thread.
  void adopt(stream_maker make, peer_facts peer, ticket admitted);
  /// Takes over a stream that was made for this loop. Any thread.
  void adopt(std::unique_ptr<stream> bytes, peer_facts peer, ticket admitted);
  /// Asks every connection to finish in order. Any thread.
  void drain();
  /// Tells every connection that the access list has changed. Any thread.
  void tell_of_access();
  /// No more turns, no more sockets. Any thread but the host's own.
  void stop();

  // -- host's thread
  /// Calls `visit` for at most `count` connections, those at the places below `below` from the
  /// last on; returns what is left below. Between two calls some may come and go: who comes is not
  /// seen, and one may be seen twice.
  std::size_t visit_some(std::size_t below, std::size_t count,
                         const std::function<void(client_link&)>& visit);
  std::size_t connections() const noexcept { return connections_.size(); }
  void mark(client_link& connection);
  void forget(const client_link& connection);
  /// Its clocks have changed: the next sweep looks at it.
  void look_soon(const client_link& connection) noexcept;
  /// What this one has read and not heard has its turn later: one link a turn, in order.
  void hear_later(std::shared_ptr<client_link> connection);
  bool any_heard_later() const noexcept { return !hear_later_.empty(); }
  /// Room for one read behind a frame's beginning of `kept` bytes; shared by all connections.
  char* scratch(std::size_t kept);
  std::size_t scratch_size() const noexcept { return scratch_size_; }
  read_batches& reads() noexcept { return reads_; }
  /// What operators look at.
  loop_traces& traces() noexcept { return traces_; }
  /// Shared by all connections that speak TLS.
  tls_buffers& tls() noexcept { return tls_; }
  /// Reads may wait for each other: they are passed on at the end of the wait that serves, to
  /// connections on this thread. Elsewhere nothing can be fetched for them, and waiting only
  /// delays.
  bool may_gather() const noexcept { return has_actors_ && io_.is_serving(); }
  /// The time, as it was before the socket that is served.
  runtime::time_point now() const noexcept {
    return io_.is_serving() ? io_.served_at() : io_.now();
  }
  /// The time at this moment.
  runtime::time_point time() const noexcept { return io_.now(); }
  /// Gives the scratch buffer away to a large read; the next read makes another.
  std::unique_ptr<char[]> take_scratch() noexcept;

  // -- any thread
  /// The most that was ever seen of what is bounded, by a look ten times a second.
  struct high_marks {
    std::atomic<std::size_t> outbox_bytes{0};
    std::atomic<std::size_t> memory_bytes{0};
  };
  const high_marks& highest() const noexcept { return highest_; }

private:
  struct newcomer {
    peer_facts peer;
    ticket admitted;
    std::unique_ptr<stream> bytes = {};
  };
  void start(newcomer& who);
  void flush();
  void arm_sweep();
  void sweep();
  runtime::time_point sweep(client_link& connection, runtime::time_point now);
  void look_at_each();
  void relieve_memory(runtime::time_point now);
  void shut_each();
  void tell_of_access(std::size_t before);
  void hear_next();

  std::unique_ptr<edge_host> host_;
  io_loop& io_; // the host's
  const bool has_actors_;
  caf::actor_system& system_;
  broker_context& context_;
  directory_ref directory_;
  meters& counts_;
  /// The sweep reads only this, line by line, until a connection's time has come: 10,000 idle ones
  /// must not be fetched from memory ten times a second.
  struct watched {
    runtime::time_point look_at;
    std::shared_ptr<client_link> connection;
  };
  std::vector<watched> connections_;
  std::vector<std::shared_ptr<client_link>> marked_;
  std::vector<std::shared_ptr<client_link>> flushing_;
  std::deque<std::shared_ptr<client_link>> hear_later_; // each once; a task is posted if any is
  std::unique_ptr<char[]> scratch_;
  std::size_t scratch_size_ = 0;
  read_batches reads_;
  tls_buffers tls_;
  loop_traces traces_;
  std::unique_ptr<io_loop::timer> sweep_timer_;
  bool sweeping_ = false;
  runtime::time_point sweep_due_;
  bool memory_was_spent_ = false; // at the last sweep
  bool draining_ = false;
  high_marks highest_;
};

} // namespace ringdown::edge
